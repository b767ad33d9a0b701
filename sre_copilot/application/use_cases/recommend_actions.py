"""Propose what to do about an incident, from its latest diagnosis and the runbooks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, done
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.hypotheses import CandidateKind, Diagnosis, EvidenceKind, Hypothesis, RankedCause
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.outbound import Event, advice_of
from sre_copilot.domain.proposals import ProposedRecommendation, RunbookMatch
from sre_copilot.domain.recommendations import Recommendation, recommend
from sre_copilot.domain.runbook_words import symptom_query
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import ContextSnapshot, ObservedSignal
from sre_copilot.domain.subjects import NAME_LABEL

TOP_HYPOTHESES = 3
MATCHES_PER_QUERY = 5
UNSPECIFIC = frozenset({CandidateKind.NONE_OF_THESE, CandidateKind.OTHERS})


@attrs.frozen(kw_only=True)
class RecommendActions:
    """Match runbooks with the top hypotheses and rank the actions. Nothing is ever executed."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, incident_id: UUID, limit: int = 5) -> tuple[Recommendation, ...]:
        """Return the stored recommendations by rank; none before a first diagnosis. Raises NotPermitted, NotFound."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            incident = uow.incidents.get(incident_id)
            latest = uow.diagnoses.latest(incident_id)
            if latest is None:
                return ()
            diagnosis, hypotheses = latest
            taken = uow.diagnoses.snapshot(diagnosis.snapshot_id)
            proposals = recommend(
                [hypothesis.cause for hypothesis in hypotheses],
                _matches(uow, incident, diagnosis, hypotheses, taken),
                now=now,
                limit=limit,
                change_kinds={change.id: change.kind for change in taken.changes},
            )
            # All of one moment, by which they are known to belong together.
            rows = tuple(self._stored(proposal, hypotheses, incident_id, now) for proposal in proposals)
            uow.recommendations.add(rows)
            record_audit(
                uow,
                self.ids,
                actor,
                "incident.recommended",
                AuditAction.EXECUTE,
                at=now,
                resource=("incident", incident_id),
                details={"diagnosis": str(diagnosis.id), "count": len(rows)},
            )
            if rows:
                advised = attrs.evolve(
                    done(Event.RECOMMENDATIONS_READY, actor, now), advice=tuple(advice_of(row) for row in rows)
                )
                announce(uow, self.ids, incident, advised)
            uow.commit()
        return rows

    def _stored(
        self, proposal: ProposedRecommendation, hypotheses: Sequence[Hypothesis], incident_id: UUID, at: datetime
    ) -> Recommendation:
        index = proposal.hypothesis_index
        return Recommendation(
            id=self.ids.new(),
            incident_id=incident_id,
            hypothesis_id=None if index is None else hypotheses[index].id,
            runbook_id=proposal.runbook_id,
            action_type=proposal.action_type,
            description=proposal.description,
            rationale=proposal.rationale,
            risk_level=proposal.risk_level,
            estimated_impact=proposal.estimated_impact,
            reversibility=proposal.reversibility,
            relevance_score=proposal.relevance_score,
            rank=proposal.rank,
            created_at=at,
        )


def _matches(
    uow: UnitOfWork,
    incident: Incident,
    diagnosis: Diagnosis,
    hypotheses: Sequence[Hypothesis],
    taken: ContextSnapshot,
) -> list[RunbookMatch]:
    """Search for each specific hypothesis by what is known of its subject, and unless that convinces, for all symptoms."""
    names = _names(taken.graph, incident)
    queries: list[tuple[int | None, list[str]]] = [
        (index, _symptoms_of(hypothesis.cause, taken))
        for index, hypothesis in enumerate(hypotheses[:TOP_HYPOTHESES])
        if hypothesis.cause.kind not in UNSPECIFIC
    ]
    if not diagnosis.convincing:
        queries.append((None, [incident.title, *map(_said, taken.signals)]))
    found: list[RunbookMatch] = []
    for place, texts in queries:
        hits = uow.runbooks.search(symptom_query(texts, names=names), limit=MATCHES_PER_QUERY)
        found += [RunbookMatch(runbook=book, relevance=relevance, hypothesis_index=place) for book, relevance in hits]
    outcomes = uow.recommendations.outcomes({match.runbook.id for match in found})
    return [
        attrs.evolve(match, outcomes=tuple(o for o in outcomes if o.runbook_id == match.runbook.id)) for match in found
    ]


def _symptoms_of(cause: RankedCause, taken: ContextSnapshot) -> list[str]:
    """What its own signals say, or without any which of its metrics moved, and what was changed; of ours, that it is a host."""
    signals = [_said(signal) for signal in taken.signals if cause.subject in (signal.service, *signal.hosts)]
    metrics = [item.refers_to.rpartition("/")[2] for item in cause.supporting if item.kind is EvidenceKind.METRIC]
    kind = ["node host"] if cause.kind is CandidateKind.HOST else []
    return [*(signals or metrics), cause.change_summary or "", *kind]


def _said(signal: ObservedSignal) -> str:
    return f"{signal.labels.get(NAME_LABEL, '')} {signal.title}"


def _names(graph: ServiceGraph, incident: Incident) -> frozenset[str]:
    pods = {placement.pod for placement in graph.placements}
    return graph.services | graph.hosts | pods | {incident.service}
