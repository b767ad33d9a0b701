"""Replaying recorded deliveries through the real use cases, on a clock of their own."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
from rich.progress import track

from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.deliveries import Delivery, Receipt
from sre_copilot.domain.errors import InvalidInput, MalformedDelivery
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.strict_json import read_json
from sre_copilot.entrypoints.cli.session import progress_console

DOORS: Mapping[str, str] = {
    "/webhooks/alertmanager": "prometheus",
    "/v2/enqueue": "pagerduty",
    "/v2/change/enqueue": "pagerduty",
}
"""Path of a recorded request -> integration type; `/webhooks/TYPE` names any other type."""


class ReplayClock:
    """Shows the largest receive time seen so far."""

    def __init__(self) -> None:
        self._now = datetime(2000, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The replay's present."""
        return self._now

    def advance(self, to: datetime) -> None:
        """Move forward, never back."""
        self._now = max(self._now, to)


@attrs.frozen(kw_only=True)
class RecordedDelivery:
    """One line of a `deliveries.jsonl`."""

    type: str
    delivery: Delivery


@attrs.frozen(kw_only=True)
class Tally:
    """What became of the deliveries of a replay."""

    received: int = 0
    redelivered: int = 0
    quarantined: int = 0
    stored: int = 0
    duplicates: int = 0
    repeats: int = 0
    resolved: int = 0

    def plus(self, receipt: Receipt) -> "Tally":
        """Return the tally with one more receipt; a redelivery's counts were counted the first time."""
        again = receipt.redelivered
        return Tally(
            received=self.received + 1,
            redelivered=self.redelivered + again,
            quarantined=self.quarantined + receipt.quarantined,
            stored=self.stored + (0 if again else receipt.accepted),
            duplicates=self.duplicates + (0 if again else receipt.duplicates),
            repeats=self.repeats + (0 if again else receipt.repeats),
            resolved=self.resolved + (0 if again else receipt.resolved),
        )

    def as_document(self) -> dict[str, dict[str, int]]:
        """The two groups of counts that reports show."""
        return {group: {name: getattr(self, name) for name in names} for group, names in COUNTS.items()}


COUNTS: Mapping[str, Sequence[str]] = {
    "deliveries": ("received", "redelivered", "quarantined"),
    "signals": ("stored", "duplicates", "repeats", "resolved"),
}


def read_recording(path: Path) -> list[RecordedDelivery]:
    """Read every line of a recording before anything is taken in. Raises InvalidInput that names the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 text, so it is no recording.") from error
    return parse_recording(text, str(path))


def parse_recording(text: str, name: str) -> list[RecordedDelivery]:
    """Read the lines of a recording. Raises InvalidInput that names the line."""
    # splitlines() would also part at U+2028 and the like, which JSON allows within a string.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise InvalidInput(f"{name} holds no deliveries; a recording has one JSON object per line.")
    return [_line(line, f"{name}, line {number}") for number, line in lines]


def _line(line: str, where: str) -> RecordedDelivery:
    try:
        row = json.loads(line)
        delivery = _delivery(row if isinstance(row, dict) else {})
        read_json(delivery.body)
        return RecordedDelivery(type=door(delivery.path), delivery=delivery)
    except MalformedDelivery as error:
        raise InvalidInput(f"{where}: {error} Nothing of the recording was taken in.") from error
    except (ValueError, RecursionError) as error:
        problem = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise InvalidInput(
            f"{where} is not a recorded delivery: {problem}. Expected an object with received_at, path, headers and body."
        ) from error


def _delivery(row: Mapping[str, Any]) -> Delivery:
    headers, response = row.get("headers") or {}, row.get("response") or {}
    if not isinstance(headers, dict):
        raise ValueError("headers is no object")
    told = response.get("body") if isinstance(response, dict) else None
    assigned_key = told.get("dedup_key") if isinstance(told, dict) else None
    if not isinstance(assigned_key, str | None):
        raise ValueError("dedup_key is no string")
    received_at = datetime.fromisoformat(_text(row, "received_at"))
    if received_at.tzinfo is None:
        raise ValueError("received_at has no zone")
    return Delivery(
        body=_text(row, "body").encode(),
        received_at=received_at,
        headers={str(key): str(value) for key, value in headers.items()},
        path=_text(row, "path"),
        assigned_key=assigned_key,
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is missing" if value is None else f"{name} is no string")
    return value


def door(path: str) -> str:
    """The integration type that a path belongs to, "" where it says none."""
    return DOORS.get(path) or (path.removeprefix("/webhooks/") if path.startswith("/webhooks/") else "")


def check_types(paths: Mapping[str, str]) -> None:
    """Make sure that every integration type of a recording is installed. `paths`: type -> a path that it came by.

    Raises InvalidInput.
    """
    # Here rather than above: it loads the plugins.
    from sre_copilot.bootstrap import installed_plugins

    installed = {name for plugin in installed_plugins() for name in plugin.types}
    for name, path in paths.items():
        if name not in installed:
            raise InvalidInput(
                f"The recording has deliveries to {path}, which no installed plugin handles. Installed types: "
                f"{', '.join(sorted(installed))}; a recorded path is /webhooks/TYPE or a path of the vendor's."
            )


def replayed(
    copilot: Copilot,
    clock: ReplayClock,
    actor: Actor,
    rows: Sequence[RecordedDelivery],
    integrations: Sequence[Integration],
) -> tuple[Tally, set[UUID]]:
    """Replay everything behind a progress bar; return the counts and the ids of the incidents that were touched."""
    receipts = replay(copilot, clock, actor, rows, integrations)
    hidden = not progress_console.is_terminal
    tally, touched = Tally(), set[UUID]()
    for receipt in track(
        receipts, "Replaying", total=len(rows), console=progress_console, transient=True, disable=hidden
    ):
        tally = tally.plus(receipt)
        touched.update(receipt.incidents)
    return tally, touched


def replay(
    copilot: Copilot,
    clock: ReplayClock,
    actor: Actor,
    rows: Iterable[RecordedDelivery],
    integrations: Sequence[Integration],
) -> Iterable[Receipt]:
    """Take in every delivery at its own receive time, due timers first; yield each receipt.

    Raises InvalidInput before the first one where some delivery has no integration, and what ingest raises.
    """
    actor.require(Permission.INGEST)
    pairs = [(row, _target(row, integrations)) for row in rows]
    system = Actor.system(actor.tenant_id, origin="replay")
    for row, target in pairs:
        clock.advance(row.delivery.received_at)
        copilot.run_due_timers(actor=system, now=clock.now())
        yield copilot.ingest(actor=actor, integration_id=target, delivery=row.delivery)


def _target(row: RecordedDelivery, integrations: Sequence[Integration]) -> UUID:
    """The integration that a delivery goes to: the only one, or the first of its type."""
    fitting = integrations if len(integrations) == 1 else [one for one in integrations if one.type == row.type]
    if not fitting:
        raise InvalidInput(
            f"No integration of type {row.type or row.delivery.path!r} was given for a delivery to {row.delivery.path}; "
            "nothing was taken in."
        )
    return fitting[0].id
