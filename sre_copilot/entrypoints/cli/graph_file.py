"""Reading a service graph from a file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.text import NAME_LENGTH

EXPECTED = (
    'Expected {"services": [{"service"}], "edges": [{"caller", "callee"}], '
    '"placements": [{"service", "pod", "node"}]}; each of the three may be missing.'
)
PARTS = ("services", "edges", "placements")


def read_graph(file: Path) -> ServiceGraph:
    """Read a service graph. Raises InvalidInput that says what was expected."""
    try:
        return parse_graph(file.read_text(encoding="utf-8"), str(file))
    except OSError as error:
        raise InvalidInput(f"{file} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not UTF-8 text. {EXPECTED}") from error


def parse_graph(text: str, name: str) -> ServiceGraph:
    """Read a service graph; `name` is what messages call it. Raises InvalidInput that says what was expected."""
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or not any(part in document for part in PARTS):
            raise ValueError("it is no object with services, edges or placements")
        services, edges, placements = (_rows(document, part) for part in PARTS)
        named = {_name(row, "service") for row in (*services, *placements)}
        calls = frozenset(Call(caller=_name(row, "caller"), callee=_name(row, "callee")) for row in edges)
        return ServiceGraph(
            services=frozenset(named | {end for call in calls for end in (call.caller, call.callee)}),
            calls=calls,
            placements=frozenset(
                Placement(
                    service=_name(row, "service"),
                    host=_name(row, "node"),
                    pod=_name(row, "pod") if row.get("pod") else "",
                )
                for row in placements
            ),
        )
    except RecursionError as error:
        raise InvalidInput(f"{name} is not a service graph: it is nested too deep. {EXPECTED}") from error
    except ValueError as error:
        raise InvalidInput(f"{name} is not a service graph: {error}. {EXPECTED}") from error


def _rows(document: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    rows = document.get(part, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{part} is no list of objects")
    return rows


def _name(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None:
        raise ValueError(f"{key} is missing")
    if not isinstance(value, str) or not 0 < len(value.strip()) <= NAME_LENGTH or not value.isprintable():
        raise ValueError(f"{key} is {str(value)[:40]!r}, no name of 1 to {NAME_LENGTH} printable characters")
    return value.strip()
