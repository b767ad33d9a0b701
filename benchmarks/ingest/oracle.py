"""Whether the database holds exactly what was acknowledged."""

import json
from collections.abc import Mapping

import psycopg

from benchmarks.ingest.clients import Load

COUNTS = """
SELECT (SELECT count(*) FROM signals) AS signals,
       (SELECT count(DISTINCT fingerprint) FROM signals) AS series_of_signals,
       (SELECT count(*) FROM series) AS series,
       (SELECT count(*) FROM signals WHERE is_duplicate) AS duplicates,
       (SELECT count(*) FROM deliveries WHERE status = 'accepted') AS deliveries,
       (SELECT count(*) FROM deliveries WHERE status <> 'accepted') AS quarantined,
       (SELECT coalesce(sum((receipt->>'accepted')::int), 0) FROM deliveries) AS accepted_by_receipts,
       (SELECT coalesce(sum((receipt->>'repeats')::int), 0) FROM deliveries) AS repeats_by_receipts,
       (SELECT count(*) FROM incidents) AS incidents
"""


def counted(url: str) -> dict[str, int]:
    """What the database holds."""
    with psycopg.connect(url) as db:
        cursor = db.execute(COUNTS)
        names = [column.name for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchall()[0], strict=True))


def verdict(url: str, load: Load, before: Mapping[str, int] | None = None) -> Mapping[str, int]:
    """Compare the database with what was acknowledged in `load`, which is all that was sent to it since `before`.

    What was refused or never answered may be there or not; everything else is exact. Raises AssertionError.
    """
    found = {name: count - (before or {}).get(name, 0) for name, count in counted(url).items()}
    known = load.acknowledged
    doubtful = [post for post, answer in load.answers if not answer.is_success]
    facts = {fact for post in known for fact in post.facts}
    series = {number for post in known for number in post.series}
    most_facts = facts.union(*(post.facts for post in doubtful))
    most_series = series.union(*(post.series for post in doubtful))
    _between("signals", found["signals"], len(facts), len(most_facts))
    _between("series", found["series"], len(series), len(most_series))
    _between("series_of_signals", found["series_of_signals"], len(series), len(most_series))
    _between("deliveries", found["deliveries"], len(known), len(load.answers))
    _between("quarantined", found["quarantined"], 0, 0)
    told = [json.loads(answer.body) for _, answer in load.answers if answer.is_success]
    accepted = sum(receipt["accepted"] for receipt in told)
    repeats = sum(receipt["repeats"] for receipt in told)
    alerts = sum(post.alerts for post in known)
    assert accepted + repeats == alerts, f"{accepted} accepted and {repeats} repeats are not {alerts} alerts"
    _between("accepted_by_receipts", found["accepted_by_receipts"], accepted, found["signals"])
    most_repeats = repeats + sum(post.alerts for post in doubtful)
    _between("repeats_by_receipts", found["repeats_by_receipts"], repeats, most_repeats)
    assert found["accepted_by_receipts"] == found["signals"], f"receipts and rows differ: {found}"
    return found


def _between(what: str, found: int, least: int, most: int) -> None:
    assert least <= found <= most, f"{what}: {found} in the database, {least} to {most} acknowledged"
