"""Senders that repeat a delivery until it is acknowledged, and what they saw."""

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import attrs

from tests.faults import DEADLINE
from tests.faults.alerts import Parcel
from tests.faults.homes import Home

PATIENCE = 30.0
"""Seconds that a sender waits for an answer, as vendors do, before it sends again."""
PAUSE = 0.1
"""Seconds before a sender tries again that was not answered."""
EXPECTED = (202, 429, 503)
"""Acknowledged, or told to come back."""


@attrs.frozen(kw_only=True)
class Acknowledged:
    """A 2xx: when its request began and when the answer was there, by the monotonic clock, and what it said."""

    began_at: float
    at: float
    told: Mapping[str, Any]


@attrs.define
class Ledger:
    """What all senders sent and heard. Thread-safe."""

    parcels: dict[str, Parcel] = attrs.field(factory=dict)
    tries: Counter[str] = attrs.field(factory=Counter)
    """How often each parcel was sent, answered or not."""
    acknowledged: dict[str, list[Acknowledged]] = attrs.field(factory=dict)
    heard: Counter[str] = attrs.field(factory=Counter)
    """Statuses, and errors of connections."""
    surprises: list[str] = attrs.field(factory=list)
    """Answers that no sender should get, whatever is killed."""
    latest: float = 0.0
    """When the request began that was acknowledged last, of all the one that began last."""
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def trying(self, parcel: Parcel) -> None:
        """Note that something is sent now."""
        with self._lock:
            known = self.parcels.setdefault(parcel.name, parcel)
            assert known.body == parcel.body, f"{parcel.name} is sent with two bodies: the test itself is wrong"
            self.tries[parcel.name] += 1

    def heard_of(self, what: str, surprise: str = "") -> None:
        """Note what came back instead of an acknowledgement."""
        with self._lock:
            self.heard[what] += 1
            if surprise:
                self.surprises.append(surprise)

    def acknowledge(self, parcel: Parcel, began_at: float, told: Mapping[str, Any]) -> None:
        """Note an acknowledgement."""
        with self._lock:
            one = Acknowledged(began_at=began_at, at=time.monotonic(), told=told)
            self.acknowledged.setdefault(parcel.name, []).append(one)
            self.heard["202"] += 1
            self.latest = max(self.latest, began_at)

    @property
    def count(self) -> int:
        """How many acknowledgements there were."""
        return self.heard["202"]

    def first_after(self, moment: float) -> float | None:
        """Seconds from a moment to the first acknowledgement of a request that began later."""
        with self._lock:
            found = [one.at for some in self.acknowledged.values() for one in some if one.began_at > moment]
        return min(found) - moment if found else None


@attrs.define(kw_only=True)
class Sender:
    """One connection to a home's door, kept for as long as it lives."""

    home: Home
    port: int
    ledger: Ledger
    rng: random.Random
    deadline: float = DEADLINE
    """Seconds after which a delivery should have been acknowledged, whatever happened."""
    _connection: http.client.HTTPConnection | None = attrs.field(default=None, init=False)

    def send(self, parcel: Parcel) -> Mapping[str, Any]:
        """Send until it is acknowledged, and return what the acknowledgement says."""
        until = time.monotonic() + self.deadline
        while True:
            told = self.attempt(parcel)
            if told is not None:
                return told
            assert time.monotonic() < until, f"{parcel.name} is not acknowledged in {self.deadline:.0f} s"

    def attempt(self, parcel: Parcel) -> Mapping[str, Any] | None:
        """Send once, and wait as long as one is told to where it isn't acknowledged."""
        self.ledger.trying(parcel)
        began_at = time.monotonic()
        try:
            connection = self._open()
            connection.request("POST", self.home.door, body=parcel.body, headers=self._headers(parcel))
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self.ledger.heard_of(type(error).__name__)
            time.sleep(PAUSE)
            return None
        if response.status == 202:
            told: Mapping[str, Any] = json.loads(body)
            self.ledger.acknowledge(parcel, began_at, told)
            return told
        self._refused(parcel, response, body)
        return None

    def drop(self, parcel: Parcel) -> None:
        """Send once, and go away before the answer, or long before it."""
        self.ledger.trying(parcel)
        headers = {**self._headers(parcel), "Host": "localhost", "Content-Length": str(len(parcel.body))}
        lines = [f"POST {self.home.door} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items()), "", ""]
        message = "\r\n".join(lines).encode() + parcel.body
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(message)
            time.sleep(self.rng.random() * 0.02)

    def close(self) -> None:
        """Let go of the connection; the next delivery gets another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        return self._connection

    def _headers(self, parcel: Parcel) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.home.key}",
            "Content-Type": "application/json",
            "webhook-id": parcel.name,
        }

    def _refused(self, parcel: Parcel, response: http.client.HTTPResponse, body: bytes) -> None:
        said = f"{parcel.name} was answered {response.status}: {body.decode(errors='replace')[:300]}"
        wait = response.getheader("Retry-After")
        if response.status not in EXPECTED:
            self.ledger.heard_of(str(response.status), said)
        elif wait is None:
            self.ledger.heard_of(str(response.status), f"{said} (without Retry-After)")
        else:
            self.ledger.heard_of(str(response.status))
        if response.will_close:
            self.close()
        time.sleep(float(wait) if wait else PAUSE)


@attrs.define(kw_only=True)
class Crowd:
    """Several senders at work, each with its own endless supply."""

    ledger: Ledger
    _threads: list[threading.Thread] = attrs.field(factory=list)
    _enough: threading.Event = attrs.field(factory=threading.Event)
    _failures: list[BaseException] = attrs.field(factory=list)

    def work(self, sender: Sender, parcels: Iterator[Parcel]) -> None:
        """Let a sender begin."""
        thread = threading.Thread(target=self._send, args=(sender, parcels), daemon=True)
        self._threads.append(thread)
        thread.start()

    def check(self) -> None:
        """Raise what made a sender give up."""
        if self._failures:
            raise self._failures[0]

    def end(self) -> None:
        """Let everybody finish what they have begun."""
        self._enough.set()
        for thread in self._threads:
            thread.join(2 * DEADLINE)
            assert not thread.is_alive(), "a sender never ends"
        self.check()

    def _send(self, sender: Sender, parcels: Iterator[Parcel]) -> None:
        try:
            for parcel in parcels:
                if self._enough.is_set():
                    return
                if parcel.with_patience:
                    sender.send(parcel)
                else:
                    sender.drop(parcel)
        except BaseException as error:
            self._failures.append(error)
            raise
        finally:
            sender.close()


@contextmanager
def sending(
    home: Home, port: int, supplies: Callable[[int], Iterator[Parcel]], count: int = 8, seed: int = 0
) -> Iterator[Crowd]:
    """So many senders at work until the block ends, and then until what they have begun is acknowledged."""
    crowd = Crowd(ledger=Ledger())
    for number in range(count):
        rng = random.Random(f"{seed}/sender/{number}")
        crowd.work(Sender(home=home, port=port, ledger=crowd.ledger, rng=rng), supplies(number))
    try:
        yield crowd
    finally:
        crowd.end()
