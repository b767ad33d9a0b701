"""Killing at random moments, and counting the time until somebody is acknowledged again."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from statistics import median

import attrs

from tests.e2e.server import awaited
from tests.faults import DEADLINE
from tests.faults.senders import Crowd
from tests.faults.victims import DATABASES, SERVERS, Victim, Victims

BETWEEN = 12
"""Acknowledgements, at most, between a recovery and the next kill."""
SPREAD = 0.2
"""Seconds over which the moment of a kill is spread, so that it finds every step of a delivery."""


@attrs.frozen(kw_only=True)
class Kill:
    """A process that was killed, and the seconds until a delivery was acknowledged that was sent later."""

    victim: Victim
    recovered_in: float


def wreak(victims: Victims, crowd: Crowd, order: list[Victim], rng: random.Random) -> list[Kill]:
    """Kill these in turn, each under load and after the one before was got over."""
    kills: list[Kill] = []
    for victim in order:
        try:
            kills.append(_killed(victims, crowd, victim, rng))
        except AssertionError as error:
            before = f"kill {len(kills) + 1} of {len(order)} was of {victim}, those before {summary(kills)}"
            runs = sorted(victims.all().items())
            raise AssertionError(f"{error}\n{before}\nit runs: {runs}\n{victims.caretaker.said()}") from error
    return kills


def _killed(victims: Victims, crowd: Crowd, victim: Victim, rng: random.Random) -> Kill:
    _flows(crowd, rng.randint(1, BETWEEN))
    time.sleep(rng.random() * SPREAD)
    awaited(lambda: victims.kill(victim, rng), f"{victim} to be there", DEADLINE)
    moment = time.monotonic()
    _flows(crowd, 1, moment)
    seconds = crowd.ledger.first_after(moment)
    assert seconds is not None
    return Kill(victim=victim, recovered_in=seconds)


def order_of(wanted: Mapping[str, int], rng: random.Random) -> list[Victim]:
    """So many kills of the server, of workers and of PostgreSQL, in random order. Of few, the first are the hardest ones."""
    server = _drawn([Victim.LISTENING, Victim.ANSWERING], SERVERS, wanted["server"], rng)
    database = _drawn([Victim.DATABASE, Victim.BACKEND], DATABASES, wanted["database"], rng)
    order = [*server, *database, *([Victim.WORKER] * wanted["worker"])]
    rng.shuffle(order)
    return order


def _drawn(surely: list[Victim], weights: Mapping[Victim, int], count: int, rng: random.Random) -> list[Victim]:
    more = rng.choices(list(weights), list(weights.values()), k=max(0, count - len(surely)))
    return [*surely[:count], *more]


def _flows(crowd: Crowd, count: int, since: float = 0.0) -> None:
    """Wait for so many acknowledgements, of deliveries that were sent after a moment."""
    reached = crowd.ledger.count + count

    def goes_on() -> bool:
        crowd.check()
        return crowd.ledger.count >= reached and crowd.ledger.latest > since

    awaited(goes_on, f"{count} more acknowledgements; so far {dict(crowd.ledger.heard)}", DEADLINE)


def summary(kills: list[Kill]) -> dict[str, dict[str, float]]:
    """Per kind: how many, and the seconds until the first acknowledgement."""
    found = {}
    for victim, count in sorted(Counter(kill.victim for kill in kills).items()):
        seconds = [kill.recovered_in for kill in kills if kill.victim is victim]
        found[victim.value] = {
            "kills": count,
            "median seconds": round(median(seconds), 2),
            "longest seconds": round(max(seconds), 2),
        }
    return found
