"""What the model is told: the versioned prompt, the form of the answer, and the question as data between marks."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from sre_copilot.application.ports.advisor import Tool
from sre_copilot.domain.advice import Question

PROMPT = "diagnosis-1"
"""The version: the name of its file. Another wording is another file."""

_KEYS = {"type": "array", "items": {"type": "string"}}


def _object(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_TEXT = {"type": "string"}
ANSWER_SCHEMA: dict[str, Any] = _object(
    statements=_list(
        _object(
            candidate=_TEXT,
            verdict={"type": "string", "enum": ["supports", "contradicts"]},
            cites=_KEYS,
            text=_TEXT,
        )
    ),
    descriptions=_list(_object(candidate=_TEXT, cites=_KEYS, text=_TEXT)),
    summary=_list(_object(text=_TEXT, cites=_KEYS)),
)
"""The same for every question: a schema is compiled when it is first seen, and is part of what is cached."""


@cache
def system_prompt() -> str:
    """The prompt that ships with this version."""
    return files("sre_copilot.adapters.llm").joinpath("prompts", f"{PROMPT}.md").read_text("utf-8")


def question_document(question: Question) -> dict[str, Any]:
    """The question as a JSON-like document; every text of it is data from outside."""
    return {
        "incident": {
            "title": question.title,
            "alarm_at": question.alarm,
            "first_signal": question.onset.strftime("%Y-%m-%d %H:%M:%S"),
        },
        "candidates": [
            {
                "key": option.key,
                "kind": option.kind.value,
                "component": option.subject,
                "claim": option.claim,
                "counted_for": list(option.supporting),
                "counted_against": list(option.contradicting),
            }
            for option in question.options
        ],
        "evidence": [
            {"key": one.key, "kind": one.kind.value, "component": one.subject, "summary": one.summary}
            | ({"text": one.text} if one.text else {})
            for one in question.exhibits
        ],
        "graph": {"around": list(question.services), "calls": [f"{a} calls {b}" for a, b in question.calls]},
    }


def as_data(document: Any, mark: str) -> str:
    """A document between two marks that nothing within it can imitate: its angle brackets are escaped."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return f"<{mark}>\n{text.replace('<', chr(92) + 'u003c').replace('>', chr(92) + 'u003e')}\n</{mark}>"


def tool_definitions(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """The tools as the Messages API wants them."""
    return [
        {
            "name": tool.name,
            "description": tool.description,
            "input_schema": {"type": "object", "properties": _parameters(tool.parameters), "required": []},
        }
        for tool in tools
    ]


def _parameters(parameters: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"type": "string", "description": meaning} for name, meaning in parameters.items()}
