"""Series as they are recorded: locked in order, known by their heads, saved as sets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

import attrs
from django.db.models import Q

from sre_copilot.adapters.django_orm import heads, models, sets
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.repositories.histories import histories
from sre_copilot.adapters.django_orm.repositories.neighbourhood import Neighbourhood
from sre_copilot.adapters.django_orm.repositories.series_statements import DECIDED, KNOWN, LOCK, SEEN
from sre_copilot.adapters.django_orm.repositories.signals import scores_text, signal_columns
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.series import DueSeries, Heard, KnownSignal, Locked, StoredDecision, VendorId
from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.series_head import SeriesHead
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.stored_episodes import Episode, Membership

EPISODE_COLUMNS = (
    "original_id",
    "incident_id",
    "started_at",
    "last_seen_at",
    "ended_at",
    "end_seen_at",
    "due_at",
    "waiting",
)
BY_NAME = attrgetter("fingerprint")


@attrs.frozen
class DjangoSeriesStore:
    """The tenant's series. Remembers for as long as its unit of work lasts which heads it read."""

    tenant_id: UUID
    _neighbourhood: Neighbourhood
    _heads: dict[str, SeriesHead] = attrs.field(factory=dict, init=False)

    def lock(self, heard: Sequence[Heard]) -> Mapping[str, Locked]:
        """Lock the series in sorted order and note repeats of their newest signals, in one statement."""
        if not heard:
            return {}
        rows = sorted(heard, key=BY_NAME)
        asked = {
            "tenant": self.tenant_id,
            "ids": packed("uuid", [new_id() for _ in rows]),
            "names": packed("text", [row.fingerprint for row in rows]),
            "statuses": packed("text", [row.status and row.status.value for row in rows]),
            "occurred": packed("timestamptz", [row.occurred_at for row in rows]),
            "started": packed("timestamptz", [row.episode_started_at for row in rows]),
            "received": packed("timestamptz", [row.received_at for row in rows]),
            "seen": packed("timestamptz", [row.seen_at for row in rows]),
            "expires": packed("timestamptz", [row.expires_at for row in rows]),
        }
        with translated():
            answers = sets.ask(LOCK, asked, prepared=True)
        by_name = {row.fingerprint: row for row in rows}
        return {answer[0]: self._locked(by_name[answer[0]], *answer[1:]) for answer in answers}

    def _locked(
        self,
        heard: Heard,
        is_new: bool,
        goes_on: bool,
        status: str | None,
        occurred_at: datetime | None,
        started_at: datetime | None,
        received_at: datetime | None,
        seen_at: datetime | None,
        expires_at: datetime | None,
        text: str | None,
    ) -> Locked:
        if is_new:
            return Locked(is_new=True)
        said = (heard.status, heard.occurred_at, heard.episode_started_at)
        if goes_on and said == (status, occurred_at, started_at) and _is_later(heard.received_at, received_at):
            return Locked(repeated=True)
        if text is None:
            return Locked()
        head = heads.from_text(text, heard.fingerprint)
        if goes_on and seen_at is not None:
            head = head.seen_again(seen_at, expires_at)
        self._heads[heard.fingerprint] = head
        return Locked(head=head)

    def histories(self, fingerprints: Sequence[str]) -> Mapping[str, SeriesHistory]:
        """The whole history of series that are locked already."""
        return histories(self.tenant_id, sorted(set(fingerprints)))

    def load(self, fingerprints: Sequence[str]) -> Mapping[str, SeriesHistory]:
        """Lock and return the history of every fingerprint."""
        names = sorted(set(fingerprints))
        self.lock([Heard(fingerprint=name) for name in names])
        return self.histories(names)

    def known(self, integration_id: UUID, keys: Sequence[VendorId]) -> Mapping[VendorId, KnownSignal]:
        """The stored signals that these vendor ids lead to."""
        if not keys:
            return {}
        names = {name for name, _ in keys}
        with translated():
            rows = sets.ask(
                KNOWN,
                {"tenant": self.tenant_id, "integration": integration_id, "names": packed("text", list(names))},
            )
        found = {
            (name, position): KnownSignal(signal_id=signal_id, fingerprint=fingerprint, content_hash=content)
            for name, position, signal_id, fingerprint, content in rows
        }
        return {key: found[key] for key in keys if key in found}

    def save(
        self, updates: Sequence[SeriesUpdate], signals: Sequence[Signal], decisions: Sequence[StoredDecision] = ()
    ) -> None:
        """Store it all in one statement, and before that what ended: of one series one episode is open at any time."""
        homes = {m.signal_id: m.episode_id for update in updates for m in update.history.memberships}
        fresh = {signal.id for signal in signals}
        writes = sets.Writes()
        with translated():
            writes.insert(models.Signal, signal_columns(signals, homes))
            self._save_episodes(updates, writes)
            self._move([m for update in updates for m in update.memberships if m.signal_id not in fresh], writes)
            self._save_heads(updates, writes)
            self._save_sightings(
                {
                    fact.signal_id: fact
                    for update in updates
                    for fact in (*self._left_behind(update), *update.sightings)
                },
                writes,
            )
            self._decide(decisions, writes)
            writes.run()

    def _save_episodes(self, updates: Sequence[SeriesUpdate], writes: sets.Writes) -> None:
        dropped = [one for update in updates for one in update.dropped]
        if dropped:
            models.Episode.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id__in=dropped).delete()
        saved = [(e, e.id in update.begun) for update in updates for e in update.saved]
        changed = [episode for episode, is_new in saved if not is_new]
        new = [episode for episode, is_new in saved if is_new]
        ended, going_on = [e for e in changed if not e.is_open], [e for e in changed if e.is_open]
        sets.update(models.Episode, ("tenant_id", "id"), self._episode_columns(ended))
        writes.update(models.Episode, ("tenant_id", "id"), self._episode_columns(going_on))
        names = {"fingerprint": [episode.fingerprint for episode in new]}
        writes.insert(models.Episode, {**self._episode_columns(new), **names})

    def _episode_columns(self, episodes: Sequence[Episode]) -> dict[str, list[object]]:
        return {
            "tenant_id": [self.tenant_id] * len(episodes),
            "id": [episode.id for episode in episodes],
            "end": [episode.end.value if episode.end else None for episode in episodes],
            **{name: [getattr(episode, name) for episode in episodes] for name in EPISODE_COLUMNS},
        }

    def _move(self, members: Sequence[Membership], writes: sets.Writes) -> None:
        columns: dict[str, list[object]] = {
            "tenant_id": [self.tenant_id] * len(members),
            "id": [member.signal_id for member in members],
            "episode_id": [member.episode_id for member in members],
            "incident_id": [member.incident_id for member in members],
            "original_signal_id": [member.original_id for member in members],
            "is_duplicate": [member.original_id is not None for member in members],
            "waiting": [member.waiting for member in members],
            "processed": [not member.waiting for member in members],
        }
        writes.update(models.Signal, ("tenant_id", "id"), columns)

    def _save_heads(self, updates: Sequence[SeriesUpdate], writes: sets.Writes) -> None:
        found = [(update.history.fingerprint, SeriesHead.after(update, self._before(update))) for update in updates]
        rows = [(name, head) for name, head in found if head is not None]
        columns: dict[str, list[object]] = {
            "tenant_id": [self.tenant_id] * len(rows),
            "fingerprint": [name for name, _ in rows],
            "newest_status": [head.newest.status.value for _, head in rows],
            "newest_occurred_at": [head.newest.occurred_at for _, head in rows],
            "newest_started_at": [head.newest.episode_started_at for _, head in rows],
            "newest_received_at": [head.newest.received_at for _, head in rows],
            "newest_seen_at": [head.newest.last_seen_at for _, head in rows],
            "newest_expires_at": [head.newest.expires_at for _, head in rows],
            "goes_on": [head.goes_on for _, head in rows],
            "head": [heads.to_text(head) for _, head in rows],
        }
        writes.update(models.Series, ("tenant_id", "fingerprint"), columns)

    def _before(self, update: SeriesUpdate) -> SeriesHead | None:
        return self._heads[update.history.fingerprint] if update.history.is_summary else None

    def _left_behind(self, update: SeriesUpdate) -> Iterable[Fact]:
        """The signal that was the newest until now, where its repeats are noted in the head alone."""
        head = self._heads.get(update.history.fingerprint)
        if head is not None and head.newest.last_seen_at > head.newest.received_at:
            yield head.newest

    def _save_sightings(self, seen: Mapping[UUID, Fact], writes: sets.Writes) -> None:
        facts = [seen[signal_id] for signal_id in sorted(seen)]
        if facts:
            writes.add(
                SEEN,
                [
                    self.tenant_id,
                    packed("uuid", [fact.signal_id for fact in facts]),
                    packed("timestamptz", [fact.received_at for fact in facts]),
                    packed("timestamptz", [fact.last_seen_at for fact in facts]),
                    packed("timestamptz", [fact.expires_at for fact in facts]),
                ],
            )

    def _decide(self, decisions: Sequence[StoredDecision], writes: sets.Writes) -> None:
        """Decisions are numbered in the order of those who held the tenant's correlation lock."""
        if decisions:
            ids = [new_id() for _ in decisions]
            # Only who looked at the open incidents can have decided anything.
            self._neighbourhood.decided(ids)
            writes.add(
                DECIDED,
                [
                    self.tenant_id,
                    self.tenant_id,
                    packed("uuid", ids),
                    packed("uuid", [stored.episode_id for stored in decisions]),
                    packed("uuid", [stored.signal_id for stored in decisions]),
                    packed("uuid", [stored.decision.incident_id for stored in decisions]),
                    packed("text", [stored.decision.outcome.value for stored in decisions]),
                    packed("double precision", [stored.decision.threshold for stored in decisions]),
                    packed("text", [scores_text(stored.decision.scores) for stored in decisions]),
                    packed("timestamptz", [stored.at for stored in decisions]),
                    packed("uuid", [stored.decision.silence_id for stored in decisions]),
                    packed("integer", [stored.decision.ruled_out for stored in decisions]),
                ],
            )

    def due(self, now: datetime) -> Sequence[DueSeries]:
        """Series with an open episode whose stored `due_at` has come."""
        episodes = models.Episode.objects.using(ALIAS).filter(
            Q(tenant_id=self.tenant_id, ended_at__isnull=True, due_at__lte=now)
        )
        found = dict(episodes.order_by("fingerprint").values_list("fingerprint", "original_id"))
        windows = dict(
            models.Signal.objects.using(ALIAS)
            .filter(tenant_id=self.tenant_id, id__in=found.values())
            .values_list("id", "integration__dedup_window_seconds")
        )
        return [
            DueSeries(fingerprint=name, window=timedelta(seconds=windows[original])) for name, original in found.items()
        ]


def _is_later(received_at: datetime | None, than: datetime | None) -> bool:
    return received_at is not None and than is not None and received_at >= than
