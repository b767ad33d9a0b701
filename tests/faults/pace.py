"""Sending and reading at fixed times, whatever the answers take: each is counted from when it was due."""

import http.client
import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median, quantiles

import attrs

from tests.e2e.server import PATIENCE
from tests.faults.alerts import Parcel
from tests.faults.homes import Home
from tests.faults.senders import Ledger, Sender

EVERY = 0.1
"""Seconds between two reads."""


def paced(
    home: Home, port: int, parcels: Sequence[Parcel], seconds: float, senders: int, ledger: Ledger
) -> list[float]:
    """Send everything, evenly over so many seconds; return the seconds from due to acknowledged, one for each."""
    began_at = time.monotonic()

    def work(place: int) -> list[float]:
        sender = Sender(home=home, port=port, ledger=ledger, rng=random.Random(place))
        took = []
        try:
            for number in range(place, len(parcels), senders):
                due = began_at + number * seconds / len(parcels)
                time.sleep(max(0.0, due - time.monotonic()))
                sender.send(parcels[number])
                took.append(time.monotonic() - due)
        finally:
            sender.close()
        return took

    with ThreadPoolExecutor(senders) as pool:
        return [one for some in pool.map(work, range(senders)) for one in some]


@attrs.define(kw_only=True)
class Reader:
    """Somebody who looks at the list of incidents again and again."""

    home: Home
    port: int
    path: str = "/api/v1/incidents"
    took: list[float] = attrs.field(factory=list)
    refused: list[int] = attrs.field(factory=list)

    def look(self, connection: http.client.HTTPConnection) -> None:
        """Read once."""
        began_at = time.monotonic()
        connection.request("GET", self.path, headers=self.home.headers)
        response = connection.getresponse()
        response.read()
        if response.status != http.client.OK:
            self.refused.append(response.status)
        self.took.append(time.monotonic() - began_at)

    def looks(self, count: int) -> None:
        """Read so often, at the same pace as while others send."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        for _ in range(count):
            self.look(connection)
            time.sleep(EVERY)
        connection.close()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Read until the block ends."""
        enough = threading.Event()

        def work() -> None:
            while not enough.is_set():
                self.looks(1)

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(work)
            try:
                yield
            finally:
                enough.set()
            done.result()


def spread(took: Sequence[float]) -> dict[str, float]:
    """Milliseconds: median, 99th percentile and longest."""
    return {
        "count": len(took),
        "median ms": round(median(took) * 1_000, 1),
        "p99 ms": round(p99(took) * 1_000, 1),
        "longest ms": round(max(took) * 1_000, 1),
    }


def p99(took: Sequence[float]) -> float:
    """The 99th percentile."""
    return quantiles(took, n=100, method="inclusive")[98]
