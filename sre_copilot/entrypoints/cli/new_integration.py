"""`sre-copilot integrations new`: a starting point for a plugin of one's own, which installs and passes the kit as it is."""

import re
from pathlib import Path

import click

from sre_copilot.domain.errors import AlreadyExists, InvalidInput
from sre_copilot.entrypoints.cli.render import words
from sre_copilot.entrypoints.cli.session import Session, json_option

TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")

PROJECT = """\
[build-system]
requires = ["flit_core>=3.12,<5"]
build-backend = "flit_core.buildapi"

[project]
name = "sre-copilot-{hyphens}"
version = "0.1.0"
description = "{title} for SRE Copilot."
requires-python = ">=3.11"
dependencies = ["sre-copilot"]

[project.entry-points."sre_copilot.integrations"]
{name} = "sre_copilot_{name}"
"""

MODULE = '''\
"""{title}: what it sends to a webhook, as signals."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, wrong
from sre_copilot.domain.signals import Severity, SignalDraft, SignalStatus
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

SEVERITIES: Mapping[str, Severity] = {{"down": Severity.CRITICAL, "slow": Severity.MEDIUM}}
"""The vendor's words -> ours. Every other word is medium."""


@attrs.frozen
class {classname}:
    """Reads deliveries; whoever shows the integration's key is let in."""

    type: str = "{name}"
    title: str = "{title}"

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return what a delivery says. Raises UnreadableDelivery that names the field."""
        check = Fields.of(payload)
        state, word = check.required("state"), check.text("problem")
        if state not in ("firing", "resolved"):
            raise wrong("state", 'must be "firing" or "resolved"')
        draft = SignalDraft(
            status=SignalStatus(state),
            severity=SEVERITIES.get(word, Severity.MEDIUM),
            severity_word=word,
            service=check.text("service").strip()[:255] or "unknown",
            environment=integration.environment_of(check.text("environment")),
            environment_word=check.text("environment"),
            name=check.required("name"),
            title=check.text("message"),
            vendor_key=check.key("check"),
            identity={{"name": check.required("name"), "service": check.text("service")}},
            occurred_at=check.time("since", delivery.received_at),
            raw=check.values,
        )
        return Parsed(drafts=(draft,))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An alert, and its end."""
        fires = {{"check": "c-1", "name": "Front page", "service": "web", "problem": "down", "message": "It is down"}}
        start, end = now - timedelta(minutes=9), now - timedelta(minutes=1)
        return (
            _sample("firing", {{**fires, "state": "firing", "since": start.isoformat()}}),
            _sample("resolved", {{**fires, "state": "resolved", "since": end.isoformat()}}, resolves="firing"),
        )


def _sample(name: str, body: Mapping[str, Any], resolves: str = "") -> Sample:
    return Sample(name=name, body=json.dumps(body).encode(), resolves=resolves)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `{name}`."""
    return [{classname}()]
'''

README = """\
# {title} for SRE Copilot

    pip install -e . "sre-copilot[testing]"
    sre-copilot plugins list
    pytest --sre-copilot-conformance={name}

`sre_copilot_{name}.py` has everything; change what `parse` reads to what your vendor sends, and its samples with it.
`sre_copilot/hookspecs.py` says what else a plugin can do: check signatures, name deliveries, pull, notify.
"""


@click.command("new")
@click.argument("name", metavar="NAME")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to write it; must not exist yet. [default: sre-copilot-NAME]",
)
@json_option
def new_integration(name: str, folder: Path | None, as_json: bool) -> None:
    """Write a starting point for a plugin.

    NAME is the integration type: a small letter, then small letters, digits and _. What is written installs, and passes
    the conformance kit as it is.
    """
    if not TYPE.fullmatch(name):
        raise InvalidInput(f"{name!r} is no type; write small letters, digits and _, a letter first, at most 40.")
    hyphens = name.replace("_", "-")
    target = folder or Path(f"sre-copilot-{hyphens}")
    given = {
        "name": name,
        "hyphens": hyphens,
        "title": name.replace("_", " ").title(),
        "classname": name.title().replace("_", ""),
    }
    files = {"pyproject.toml": PROJECT, f"sre_copilot_{name}.py": MODULE, "README.md": README}
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise AlreadyExists(f"{target} is there already; name another folder with --folder.") from None
    for file, text in files.items():
        (target / file).write_text(text.format(**given), encoding="utf-8")
    Session(as_json=as_json).show(
        {"folder": str(target), "files": sorted(files)},
        words(f"Written to {target}: {', '.join(files)}."),
        words(f"Next: pip install -e {target}, then pytest --sre-copilot-conformance={name}", "dim"),
    )
