"""Heads of series as compact documents: lists of numbers and words, because they are written with every signal.

Whoever changes the form has a migration note the repeats that only heads know (`series.newest_*`) as sightings, and set
the heads to null.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.series_head import SeriesHead
from sre_copilot.domain.signals import Severity, SignalStatus
from sre_copilot.domain.stored_episodes import Episode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def to_text(head: SeriesHead) -> str:
    """Return a head as JSON."""
    written = [
        head.ordinal,
        _fact(head.newest),
        head.is_latest,
        _time(head.latest_at),
        _time(head.latest_start),
        head.is_stated,
        head.previous_incident_id,
        None if head.episode is None else _episode(head.episode),
        [_fact(fact) for fact in head.firings],
    ]
    return orjson.dumps(written).decode()


def from_text(text: str, fingerprint: str) -> SeriesHead:
    """Return the head that was written."""
    written = orjson.loads(text)
    ordinal, newest, is_latest, latest_at, latest_start, is_stated, previous, episode, firings = written
    return SeriesHead(
        ordinal=ordinal,
        newest=_as_fact(newest),
        is_latest=is_latest,
        latest_at=_sure(latest_at),
        latest_start=_as_time(latest_start),
        is_stated=is_stated,
        previous_incident_id=None if previous is None else UUID(previous),
        episode=None if episode is None else _as_episode(episode, fingerprint),
        firings=tuple(_as_fact(fact) for fact in firings),
    )


def _fact(fact: Fact) -> list[Any]:
    return [
        fact.signal_id,
        fact.ordinal,
        fact.status.value,
        _time(fact.occurred_at),
        _time(fact.received_at),
        _time(fact.last_seen_at),
        fact.severity.value,
        _time(fact.episode_started_at),
        _time(fact.expires_at),
    ]


def _as_fact(written: list[Any]) -> Fact:
    return Fact(
        signal_id=UUID(written[0]),
        ordinal=written[1],
        status=SignalStatus(written[2]),
        occurred_at=_sure(written[3]),
        received_at=_sure(written[4]),
        last_seen_at=_sure(written[5]),
        severity=Severity(written[6]),
        episode_started_at=_as_time(written[7]),
        expires_at=_as_time(written[8]),
    )


def _episode(episode: Episode) -> list[Any]:
    return [
        episode.id,
        episode.original_id,
        episode.incident_id,
        _time(episode.started_at),
        _time(episode.last_seen_at),
        _time(episode.ended_at),
        episode.end.value if episode.end else None,
        _time(episode.end_seen_at),
        _time(episode.due_at),
        episode.waiting,
    ]


def _as_episode(written: list[Any], fingerprint: str) -> Episode:
    return Episode(
        id=UUID(written[0]),
        fingerprint=fingerprint,
        original_id=UUID(written[1]),
        incident_id=None if written[2] is None else UUID(written[2]),
        started_at=_sure(written[3]),
        last_seen_at=_sure(written[4]),
        ended_at=_as_time(written[5]),
        end=EpisodeEnd(written[6]) if written[6] else None,
        end_seen_at=_as_time(written[7]),
        due_at=_as_time(written[8]),
        waiting=written[9],
    )


def _time(moment: datetime | None) -> int | None:
    """Microseconds since 1970."""
    return None if moment is None else (moment - _EPOCH) // _TICK


def _as_time(ticks: int | None) -> datetime | None:
    return None if ticks is None else _sure(ticks)


def _sure(ticks: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks)
