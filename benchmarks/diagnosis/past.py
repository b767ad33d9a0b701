"""What of a shared background counts as the past of one case."""

from datetime import datetime, timedelta

from benchmarks.diagnosis.stress import LOST, Document

LEAST = timedelta(minutes=30)
"""A case with less than this of recorded past takes the rest of its day for what is usual."""
MINUTE = timedelta(minutes=1)


def as_past(document: Document, background: Document | None, *, strict: bool = False) -> Document | None:
    """Return the background on the clock of the case, so that all of it that counts lies before the window.

    A reference of another date ends where the window begins. Of the case's own day counts what lies before its window;
    where that is under 30 minutes (the record begins only minutes before its first faults, which no real system does),
    the whole day counts as a reference, without the minutes of the window; not so where `strict`. What the document
    lost was never recorded.
    """
    if background is None:
        return None
    background = {**background, **{kind: [] for kind in document.get(LOST, ()) if kind in background}}
    window, whole = _span(document), _span(background)
    if background["clock"] == "same" and (strict or window[0] - whole[0] >= LEAST):
        return background
    moved = dict(background)
    if background["clock"] == "same":
        moved = _without(moved, window)
    back = (
        timedelta(minutes=-(-(whole[1] - window[0]) // MINUTE))
        if background["clock"] == "same"
        else whole[1] - window[0]
    )
    moved["window"] = {"start": (whole[0] - back).isoformat(), "end": (whole[1] - back).isoformat()}
    for kind in ("series", "edge_series"):
        if kind in moved:
            moved[kind] = [
                {**row, "start": (datetime.fromisoformat(row["start"]) - back).isoformat()} for row in moved[kind]
            ]
    return moved


def _span(document: Document) -> tuple[datetime, datetime]:
    window = document["window"]
    return datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"])


def _without(background: Document, window: tuple[datetime, datetime]) -> Document:
    """The background without what it holds of the window: those samples are null, those minutes unknown."""
    found = dict(background)
    for kind in ("series", "edge_series"):
        if kind in found:
            found[kind] = [_emptied(row, window) for row in found[kind]]
    zero = _span(background)[0]
    inside = set(range((window[0] - zero) // MINUTE, (window[1] - zero) // MINUTE + 2))
    found["coverage"] = {
        kind: [minute for minute in minutes if minute not in inside] for kind, minutes in found["coverage"].items()
    }
    for kind in ("operations", "edges", "logs"):
        found[kind] = [_shortened(row, inside) for row in found[kind]]
    return found


def _emptied(row: Document, window: tuple[datetime, datetime]) -> Document:
    start, step = datetime.fromisoformat(row["start"]), timedelta(seconds=row["step_seconds"])
    values = [
        None if window[0] <= start + place * step <= window[1] else value for place, value in enumerate(row["values"])
    ]
    return {**row, "values": values}


def _shortened(row: Document, inside: set[int]) -> Document:
    kept = [place for place, minute in enumerate(row["minutes"]) if minute not in inside]
    length = len(row["minutes"])
    return {
        key: [value[place] for place in kept] if isinstance(value, list) and len(value) == length else value
        for key, value in row.items()
    }
