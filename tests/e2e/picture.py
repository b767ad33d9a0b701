"""What a tenant holds after a replay, in a form that can be compared: no ids of ours, no order."""

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.queries.incidents import IncidentView
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.signals import Signal, SignalStatus
from sre_copilot.entrypoints.cli.replay import Tally


@attrs.frozen(kw_only=True, order=True)
class SeenEpisode:
    """One run of a series: the vendor's own name of the series, when it began, when it ended."""

    series: str
    started_at: datetime
    ended_at: datetime | None


@attrs.frozen(kw_only=True)
class SeenIncident:
    """One incident by what belongs to it. `ranking` is left out of comparisons: it has its own tests."""

    series: frozenset[str]
    episodes: frozenset[SeenEpisode]
    firing: int
    duplicates: int
    resolves: int
    ranking: tuple[tuple[str, str | None, float], ...] = attrs.field(eq=False)


@attrs.frozen(kw_only=True)
class Picture:
    """The incidents of a tenant, and what became of the deliveries where they were counted."""

    incidents: frozenset[SeenIncident]
    tally: Tally | None = attrs.field(default=None, eq=False)

    @property
    def main(self) -> SeenIncident:
        """The incident with most series."""
        return max(self.incidents, key=lambda one: len(one.series))


def picture_of(copilot: Copilot, actor: Actor, tally: Tally | None = None) -> Picture:
    """Look at every incident of a tenant."""
    found = copilot.incidents.list(actor=actor)
    views = [copilot.incidents.show(actor=actor, incident_id=incident.id) for incident in found]
    incidents = list(map(_seen, views))
    assert len(set(incidents)) == len(incidents), "two incidents hold the same"
    return Picture(incidents=frozenset(incidents), tally=tally)


def identity(signal: Signal) -> str:
    """The vendor's own name of a series, as `truth.json` writes it."""
    return signal.draft.vendor_fingerprint or signal.draft.vendor_key or signal.draft.name


def _seen(view: IncidentView) -> SeenIncident:
    names = {signal.fingerprint: identity(signal) for signal in view.signals}
    firing = [signal for signal in view.signals if signal.is_firing]
    return SeenIncident(
        series=frozenset(identity(signal) for signal in firing),
        episodes=frozenset(
            SeenEpisode(series=names[one.fingerprint], started_at=one.started_at, ended_at=one.ended_at)
            for one in view.episodes
        ),
        firing=len(firing),
        duplicates=sum(signal.is_duplicate for signal in firing),
        resolves=sum(signal.draft.status is SignalStatus.RESOLVED for signal in view.signals),
        ranking=tuple(
            (row.cause.subject or row.cause.kind.value, row.cause.change_summary, row.cause.confidence.primary)
            for row in view.hypotheses
        ),
    )


def renamed(picture: Picture, back: Callable[[str], str], earlier: timedelta) -> Picture:
    """The picture under the names that `back` gives, with every time moved back by `earlier`."""

    def episode(one: SeenEpisode) -> SeenEpisode:
        ended = None if one.ended_at is None else one.ended_at - earlier
        return SeenEpisode(series=back(one.series), started_at=one.started_at - earlier, ended_at=ended)

    def incident(one: SeenIncident) -> SeenIncident:
        return attrs.evolve(
            one,
            series=frozenset(map(back, one.series)),
            episodes=frozenset(map(episode, one.episodes)),
            ranking=tuple((back(name), change and back(change), value) for name, change, value in one.ranking),
        )

    return Picture(incidents=frozenset(map(incident, picture.incidents)), tally=picture.tally)
