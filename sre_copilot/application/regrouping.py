"""Regrouping: people put episodes into another incident, and both sides take note. One unit of work, one audit entry."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.absorbing import quiet_since
from sre_copilot.application.announcing import announce, done, stepped
from sre_copilot.application.placing import diagnosis_of
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.corrections import Correction, CorrectionKind, Rehomed, pair_of
from sre_copilot.domain.incidents import Changed, Incident
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.regrouping import merged_away, took_over
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.domain.timeline import Note


@attrs.frozen(kw_only=True)
class Regrouping:
    """What merging, splitting and moving have in common. The unit of work is the caller's, and so are locks, audit, commit.

    Series are held, correlation is locked, and so are the incidents on both sides.
    """

    uow: UnitOfWork
    ids: Ids
    actor: Actor
    now: datetime
    reason: str = ""

    def rehome(self, episodes: Sequence[Episode], into_id: UUID, kind: CorrectionKind) -> Rehomed | None:
        """Put episodes into an incident, and keep what correlation had decided about each; None where there are none."""
        if not episodes:
            return None
        decided = self.uow.corrections.decided([episode.original_id for episode in episodes])
        moved = self.uow.corrections.rehome(episodes, into_id, at=self.now)
        corrections = []
        for episode in episodes:
            stored = decided.get(episode.original_id)
            decision = stored.decision if stored is not None else None
            corrections.append(
                Correction(
                    id=self.ids.new(),
                    kind=kind,
                    at=self.now,
                    user_id=self.actor.user_id,
                    reason=self.reason,
                    fingerprint=episode.fingerprint,
                    episode_id=episode.id,
                    signal_id=episode.original_id,
                    left_id=episode.incident_id,
                    joined_id=into_id,
                    outcome=decision.outcome if decision else None,
                    threshold=decision.threshold if decision else None,
                    scores=pair_of(decision, episode.incident_id, into_id) if decision else (),
                )
            )
        self.uow.corrections.add(corrections)
        return moved

    def merge(self, away: Incident, into: Incident, moved: Rehomed | None) -> Incident:
        """Resolve an incident of which everything is in another one, and return that one as it is then.

        What was said of it goes along. Both are announced, once each.
        """
        self.uow.corrections.inherit(away.id, into.id)
        changed = merged_away(away, into, by=self.actor, at=self.now, transition_id=self.ids.new(), reason=self.reason)
        self.log(changed)
        announce(self.uow, self.ids, changed.incident, stepped(changed, self.actor))
        after = self.settled(took_over(into, away, moved, at=self.now))
        self.uow.incidents.save(after)
        count = f" ({_signals(moved.signals)})" if moved else ""
        text = self._because(f"{away.title}{count}")
        self._note(after, f"Merged into this: {text} [{away.id}]")
        announce(self.uow, self.ids, after, done(Event.MERGED, self.actor, self.now, text=text))
        self.have_diagnosed(after)
        return after

    def settled(self, incident: Incident) -> Incident:
        """Return an incident with the settle time that follows from its episodes as they are stored now."""
        ends = self.uow.signals.ends_of([incident.id]).get(incident.id)
        return incident.settle(last_end_seen_at=quiet_since(incident, ends, self.now))

    def log(self, changed: Changed) -> None:
        """Store an incident with a row of its log."""
        self.uow.incidents.save(changed.incident)
        self.uow.incidents.log(changed.transition)

    def announce_moved(self, incident: Incident, moved: Rehomed, words: str, other: Incident | None) -> None:
        """Announce that signals came `from` another incident, None for none, or went `to` it; its timeline says so, too."""
        text = self._because(f"{_signals(moved.signals)} {words} {other.title if other else 'no incident'}")
        announce(self.uow, self.ids, incident, done(Event.SIGNALS_MOVED, self.actor, self.now, text=text))
        self._note(incident, f"Moved {text}{f' [{other.id}]' if other else ''}")

    def have_diagnosed(self, incident: Incident) -> None:
        """Have the causes ranked anew: what is known of them is of other signals."""
        if incident.state.is_open:
            self.uow.jobs.defer(diagnosis_of(incident, as_of=self.now))

    def _note(self, incident: Incident, text: str) -> None:
        """Put it on the timeline. It is announced in other words."""
        note = Note(id=self.ids.new(), incident_id=incident.id, user_id=self.actor.user_id, text=text, at=self.now)
        self.uow.incidents.add_note(note)

    def _because(self, text: str) -> str:
        return f"{text}: {self.reason}" if self.reason else text


def _signals(count: int) -> str:
    return f"{count} signal" if count == 1 else f"{count} signals"
