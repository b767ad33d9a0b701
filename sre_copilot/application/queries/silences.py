"""Silences, and what one would hold."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.series import SignalFilter
from sre_copilot.application.ports.silences import SilenceFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import Severity, Signal
from sre_copilot.domain.silences import Matcher, ShownSilence, SilenceState, checked_matchers, facts_of

LOOKED_BACK = timedelta(hours=24)
MOST_EPISODES = 2_000
MOST_SIGNALS = 10_000
MOST_SHOWN = 100
PAGE = 1_000


@attrs.frozen(kw_only=True)
class PreviewedEpisode:
    """An open episode whose original fits. One in an incident would stay there; one without would be silenced from then on."""

    signal_id: UUID
    name: str
    service: str
    severity: Severity
    started_at: datetime
    incident_id: UUID | None


@attrs.frozen(kw_only=True)
class SilencePreview:
    """What matchers fit now: how many open episodes, the latest of them by name, and how many signals of the last 24 h.

    `is_whole` says that everything was looked at; where not, both counts are of the latest only.
    """

    open_episodes: int
    signals: int
    episodes: tuple[PreviewedEpisode, ...]
    is_whole: bool


@attrs.frozen(kw_only=True)
class SilenceQueries:
    """Reads silences."""

    units: UnitOfWorkFactory
    clock: Clock

    def list(
        self,
        *,
        actor: Actor,
        state: SilenceState | None = None,
        before: tuple[datetime, UUID] | None = None,
        limit: int = 50,
    ) -> Sequence[ShownSilence]:
        """Silences by creation, newest first, after the keyset where one is given. Raises NotPermitted."""
        actor.require(Permission.READ)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            found = uow.silences.list(SilenceFilter(state=state, now=now, before=before, limit=limit))
        return [ShownSilence.of(silence, now) for silence in found]

    def get(self, *, actor: Actor, silence_id: UUID) -> ShownSilence:
        """One silence. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return ShownSilence.of(uow.silences.get(silence_id), self.clock.now())

    def preview(self, *, actor: Actor, matchers: Sequence[Matcher]) -> SilencePreview:
        """Say what a silence with these matchers would fit, had it begun. Raises NotPermitted, and InvalidInput as creating it would."""
        actor.require(Permission.READ)
        looked_for = _Matching(matchers=checked_matchers(matchers))
        with self.units(actor.tenant_id) as uow:
            looked_for = attrs.evolve(looked_for, integrations={one.id: one for one in uow.integrations.all()})
            there = uow.silences.open_episodes(MOST_EPISODES + 1)
            episodes = [
                PreviewedEpisode(
                    signal_id=original.id,
                    name=original.draft.name,
                    service=original.draft.service,
                    severity=original.draft.severity,
                    started_at=episode.started_at,
                    incident_id=episode.incident_id,
                )
                for episode, original in there[:MOST_EPISODES]
                if looked_for.fits(original)
            ]
            signals, is_whole = self._signals(uow, looked_for)
        return SilencePreview(
            open_episodes=len(episodes),
            signals=signals,
            episodes=tuple(episodes[:MOST_SHOWN]),
            is_whole=is_whole and len(there) <= MOST_EPISODES,
        )

    def _signals(self, uow: UnitOfWork, looked_for: "_Matching") -> tuple[int, bool]:
        """How many signals of the last 24 h fit, and whether all of them were looked at."""
        wanted = SignalFilter(since=self.clock.now() - LOOKED_BACK, limit=PAGE)
        fitting = 0
        for _ in range(MOST_SIGNALS // PAGE):
            rows = uow.signals.list(wanted)
            fitting += sum(looked_for.fits(row) for row in rows)
            if len(rows) < PAGE:
                return fitting, True
            wanted = attrs.evolve(wanted, before=(rows[-1].timestamp, rows[-1].id))
        return fitting, not uow.signals.list(attrs.evolve(wanted, limit=1))


@attrs.frozen(kw_only=True)
class _Matching:
    """Matchers, and the integrations that some of them may name."""

    matchers: tuple[Matcher, ...]
    integrations: Mapping[UUID, Integration] = attrs.field(factory=dict)

    def fits(self, signal: Signal) -> bool:
        facts = facts_of(signal, self.integrations.get(signal.integration_id))
        return all(matcher.holds(facts) for matcher in self.matchers)
