"""Stored episodes: what is kept of a run and of the place of each signal in it, and how both follow from what is computed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.episodes import Run
from sre_copilot.domain.values import quick_value


@quick_value(kw_only=True)
class Episode:
    """One stored run of a series. It belongs to at most one incident; a heartbeat's or an info signal's may have none.

    `waiting` says that the plan's limit is why there is none. `due_at` is when it ends by time alone.
    """

    id: UUID
    fingerprint: str
    original_id: UUID
    started_at: datetime
    last_seen_at: datetime
    incident_id: UUID | None = None
    ended_at: datetime | None = None
    end: EpisodeEnd | None = None
    end_seen_at: datetime | None = None
    due_at: datetime | None = None
    waiting: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is still going on."""
        return self.ended_at is None

    def homed(self, incident_id: UUID | None, *, waiting: bool) -> "Episode":
        """Return the episode in an incident."""
        return Episode(
            id=self.id,
            fingerprint=self.fingerprint,
            original_id=self.original_id,
            started_at=self.started_at,
            last_seen_at=self.last_seen_at,
            incident_id=incident_id,
            ended_at=self.ended_at,
            end=self.end,
            end_seen_at=self.end_seen_at,
            due_at=self.due_at,
            waiting=waiting,
        )


@quick_value(kw_only=True)
class Membership:
    """Where one firing or resolving signal belongs now: the columns of a stored signal that may change."""

    signal_id: UUID
    episode_id: UUID | None
    incident_id: UUID | None
    original_id: UUID | None
    """The episode's original, for a duplicate; None for the original itself and for resolves."""
    waiting: bool = False
    """The original of an episode that waits for the plan's limit."""

    def homed(self, incident_id: UUID | None, *, waiting: bool) -> "Membership":
        """Return the membership in an incident."""
        return Membership(
            signal_id=self.signal_id,
            episode_id=self.episode_id,
            incident_id=incident_id,
            original_id=self.original_id,
            waiting=waiting,
        )


def episode_of(
    run: Run, episode_id: UUID, fingerprint: str, incident_id: UUID | None = None, *, waiting: bool = False
) -> Episode:
    """The episode as which a run is stored."""
    return Episode(
        id=episode_id,
        fingerprint=fingerprint,
        original_id=run.original.signal_id,
        started_at=run.started_at,
        last_seen_at=run.last_seen_at,
        incident_id=incident_id,
        ended_at=run.ended_at,
        end=run.end,
        end_seen_at=run.end_seen_at,
        due_at=run.due_at,
        # What is over can't be correlated any more.
        waiting=waiting and run.is_open,
    )


def place(
    fingerprint: str,
    computed: Iterable[Run],
    stored: Sequence[Episode],
    homes: dict[UUID, Membership],
    names: dict[UUID, UUID],
) -> list[tuple[Run, Episode, bool]]:
    """Give every computed run the stored episode it continues, or a new one; the flag says which needs correlating."""
    by_id = {episode.id: episode for episode in stored}
    by_original = {episode.original_id: episode for episode in stored}
    placed = []
    for run in computed:
        continued = next((by_original[f.signal_id] for f in run.firings if f.signal_id in by_original), None)
        if continued is not None:
            same = episode_of(run, continued.id, fingerprint, continued.incident_id, waiting=continued.waiting)
            placed.append((run, same, False))
            continue
        original = run.original.signal_id
        home = homes.get(original)
        split_from = by_id.get(home.episode_id) if home is not None and home.episode_id is not None else None
        newcomer = next((f.signal_id for f in run.firings if f.signal_id in names), original)
        incident_id, waiting = (split_from.incident_id, split_from.waiting) if split_from else (None, False)
        begun = episode_of(run, names.get(newcomer, original), fingerprint, incident_id, waiting=waiting)
        placed.append((run, begun, split_from is None))
    return placed


def memberships(run: Run, episode: Episode) -> Iterable[Membership]:
    """Where the signals of a run belong that is stored as this episode."""
    for fact in run.firings:
        is_original = fact is run.firings[0]
        yield Membership(
            signal_id=fact.signal_id,
            episode_id=episode.id,
            incident_id=episode.incident_id,
            original_id=None if is_original else episode.original_id,
            waiting=is_original and episode.waiting,
        )
    if run.resolve_id is not None:
        yield Membership(
            signal_id=run.resolve_id, episode_id=episode.id, incident_id=episode.incident_id, original_id=None
        )


def displaced(homes: dict[UUID, Membership], members: Iterable[Membership]) -> Iterable[Membership]:
    """Say of resolves that ended an episode until an earlier one came to be known that they belong nowhere now."""
    for signal_id in sorted(set(homes) - {member.signal_id for member in members}):
        yield Membership(signal_id=signal_id, episode_id=None, incident_id=None, original_id=None)
