"""What an advisor may read with: more of a diff, metrics, past incidents, runbooks. Nothing here writes or calls strangers."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import islice
from statistics import median
from uuid import UUID

import attrs

from sre_copilot.application.ports.advisor import LONGEST_READING, Tool
from sre_copilot.application.ports.diagnoses import MetricContext
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.advice import Question
from sre_copilot.domain.errors import ContextUnavailable
from sre_copilot.domain.runbook_words import symptom_query
from sre_copilot.domain.snapshots import ContextSnapshot, MetricSeries

MOST_HOURS = 6
MOST_SERIES = 12
SAMPLES = 24
MOST_INCIDENTS = 5
MOST_RUNBOOKS = 3
EXCERPT = 1_200
NOTHING = "Nothing is known of that."


@attrs.frozen(kw_only=True)
class Reading:
    """Tools about one incident of one tenant, whose unit of work is opened anew for each use."""

    units: UnitOfWorkFactory
    metrics: MetricContext
    tenant_id: UUID
    snapshot: ContextSnapshot
    question: Question

    def tools(self) -> tuple[Tool, ...]:
        """All of them; the same names and descriptions for every incident."""
        return (
            Tool(
                name="read_diff",
                description="More of the text of a change: message, paths and diff, a part of 4,000 characters at a time.",
                parameters={"evidence": "The key of the change, such as e3.", "part": "1, 2, ...; 1 unless given."},
                read=self.diff,
            ),
            Tool(
                name="read_metrics",
                description="Metrics of a component: before and since the first signal, and samples over that time.",
                parameters={
                    "component": "Its name.",
                    "hours_before": f"How many hours before the first signal to begin, up to {MOST_HOURS}; half an hour unless given.",
                },
                read=self.series,
            ),
            Tool(
                name="past_incidents",
                description="The latest incidents of a service that are over: title, how they ended, and their root cause.",
                parameters={"service": "Its name."},
                read=self.incidents,
            ),
            Tool(
                name="search_runbooks",
                description="The runbooks that fit some words best, with their beginnings.",
                parameters={"words": "Symptoms or names of alerts."},
                read=self.runbooks,
            ),
        )

    def diff(self, given: Mapping[str, str]) -> str:
        """The text of a change that the question has."""
        asked = next((one for one in self.question.exhibits if one.key == given.get("evidence")), None)
        change = next((one for one in self.snapshot.changes if asked and str(one.id) == asked.refers_to), None)
        if change is None:
            return NOTHING
        start = (max(1, _whole(given.get("part"), 1)) - 1) * LONGEST_READING
        text = "\n".join((change.summary, " ".join(change.paths), change.text))
        return text[start : start + LONGEST_READING] or "There is no such part."

    def series(self, given: Mapping[str, str]) -> str:
        """A component's metrics, from the snapshot or for longer from the metrics stores."""
        component = given.get("component", "")
        hours = min(_whole(given.get("hours_before"), 0), MOST_HOURS)
        known: Iterable[MetricSeries] = self.snapshot.metrics
        if hours > 0:
            start = self.snapshot.onset - timedelta(hours=hours)
            try:
                known = self.metrics.series(tenant_id=self.tenant_id, start=start, end=self.snapshot.window_end)
            except ContextUnavailable:
                return "No metrics store answers."
        own = (one for one in known if one.component == component)
        return "\n".join(self._told(one) for one in islice(own, MOST_SERIES)) or NOTHING

    def incidents(self, given: Mapping[str, str]) -> str:
        """Past incidents of a service."""
        narrowed = IncidentFilter(service=given.get("service", ""), until=self.snapshot.onset, limit=20)
        with self.units(self.tenant_id) as uow:
            found = [row for row in uow.incidents.list(narrowed) if row.id != self.snapshot.incident_id]
        over = [row for row in found if not row.state.is_open][:MOST_INCIDENTS]
        told = (
            f"{row.detected_at:%Y-%m-%d} {row.title}. Ended: {row.resolution.value if row.resolution else 'not stated'}. "
            f"Root cause: {row.root_cause or 'not stated'}"
            for row in over
        )
        return "\n".join(told) or NOTHING

    def runbooks(self, given: Mapping[str, str]) -> str:
        """Runbooks by words."""
        query = symptom_query([given.get("words", "")])
        if not query:
            return NOTHING
        with self.units(self.tenant_id) as uow:
            found = uow.runbooks.search(query, limit=MOST_RUNBOOKS)
        return "\n\n".join(f"{book.title}\n{book.content[:EXCERPT]}" for book, _ in found) or NOTHING

    def _told(self, series: MetricSeries) -> str:
        steps = (self.snapshot.onset - series.start).total_seconds() / max(series.step_seconds, 1.0)
        place = min(max(0, int(steps)), len(series.values))
        before, since = ([v for v in part if v is not None] for part in (series.values[:place], series.values[place:]))
        stride = max(1, -(-len(series.values) // SAMPLES))
        samples = " ".join("-" if value is None else f"{value:.4g}" for value in series.values[::stride])
        who = f"{series.component} calling {series.callee}" if series.callee else series.component
        return (
            f"{series.name} of {who} in {series.unit or 'its own unit'}: median before {_middle(before)}, since "
            f"{_middle(since)}; one sample every {series.step_seconds * stride:.0f} s from {series.start:%H:%M:%S}: {samples}"
        )


def _middle(values: list[float]) -> str:
    return f"{median(values):.4g}" if values else "not measured"


def _whole(text: str | None, otherwise: int) -> int:
    word = (text or "").strip()
    return int(word) if word.isascii() and word.isdigit() and len(word) < 4 else otherwise
