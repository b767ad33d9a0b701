"""Which kinds of evidence a diagnosis had, and which it lacks."""

import attrs

from sre_copilot.domain.snapshots import ContextSnapshot


@attrs.frozen(kw_only=True)
class Known:
    """`kinds` of evidence that were had, of "metrics", "graph", "logs", "traces" and "changes"; what could not be had.

    `lacking` is the number of kinds that should be there and are not. `missing` adds the share of samples that are holes.
    """

    kinds: frozenset[str] = frozenset()
    lacking: int = 0
    missing: float = 0.0


NOTHING_KNOWN = Known()


def known_of(snapshot: ContextSnapshot) -> Known:
    """What a snapshot has, and lacks: kinds that it names as missing, and those that its sources should have told."""
    told = snapshot.telemetry
    there = {
        "metrics": bool(snapshot.metrics),
        "graph": bool(snapshot.graph.calls),
        "logs": told is not None and bool(told.logs),
        "traces": told is not None and bool(told.operations or told.calls),
        "changes": bool(snapshot.changes),
    }
    expected = {"metrics", "graph"} | ({"logs", "traces"} if told is not None else set())
    lacking = set(snapshot.missing) | {kind for kind in expected if not there[kind]}
    if not snapshot.signals:
        lacking.add("signals")
    total = sum(len(series.values) for series in snapshot.metrics)
    holes = sum(series.values.count(None) for series in snapshot.metrics)
    return Known(
        kinds=frozenset(kind for kind, had in there.items() if had),
        lacking=len(lacking),
        missing=len(lacking) + (holes / total if total else 0.0),
    )
