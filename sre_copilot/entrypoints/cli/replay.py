"""Replaying recorded deliveries through the real use cases, on a clock of their own."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import attrs

from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.deliveries import Delivery, Integration, Receipt
from sre_copilot.domain.errors import InvalidInput

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
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} can't be read: {error}.") from error
    return parse_recording(text, str(path))


def parse_recording(text: str, name: str) -> list[RecordedDelivery]:
    """Read the lines of a recording. Raises InvalidInput that names the line."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise InvalidInput(f"{name} holds no deliveries; a recording has one JSON object per line.")
    return [_line(line, f"{name}, line {number}") for number, line in lines]


def _line(line: str, where: str) -> RecordedDelivery:
    try:
        row = json.loads(line)
        received_at = datetime.fromisoformat(row["received_at"])
        if received_at.tzinfo is None:
            raise ValueError("received_at has no zone")
        told = (row.get("response") or {}).get("body")
        return RecordedDelivery(
            type=door(row["path"]),
            delivery=Delivery(
                body=row["body"].encode(),
                received_at=received_at,
                headers={str(key): str(value) for key, value in (row.get("headers") or {}).items()},
                path=row["path"],
                assigned_key=told.get("dedup_key") if isinstance(told, dict) else None,
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        problem = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise InvalidInput(
            f"{where} is not a recorded delivery: {problem}. Expected an object with received_at, path, headers and body."
        ) from error


def door(path: str) -> str:
    """The integration type that a path belongs to, "" where it says none."""
    return DOORS.get(path) or (path.removeprefix("/webhooks/") if path.startswith("/webhooks/") else "")


def replay(
    copilot: Copilot,
    clock: ReplayClock,
    actor: Actor,
    rows: Iterable[RecordedDelivery],
    integrations: Sequence[Integration],
) -> Iterable[Receipt]:
    """Take in every delivery at its own receive time, due timers first; yield each receipt. Raises what ingest raises."""
    actor.require(Permission.INGEST)
    by_type: dict[str, UUID] = {}
    for integration in integrations:
        by_type.setdefault(integration.type, integration.id)
    system = Actor.system(actor.tenant_id, origin="replay")
    for row in rows:
        clock.advance(row.delivery.received_at)
        copilot.run_due_timers(actor=system, now=clock.now())
        target = integrations[0].id if len(integrations) == 1 else by_type.get(row.type)
        if target is None:
            raise InvalidInput(
                f"No integration of type {row.type or row.delivery.path!r} was given for a delivery to {row.delivery.path}."
            )
        sender = Actor.integration(actor.tenant_id, target, name=row.type, origin="replay")
        yield copilot.ingest(actor=sender, integration_id=target, delivery=row.delivery)
