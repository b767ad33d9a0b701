"""From a host's name to a connection: resolved once, every address checked, and one of those connected to."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from queue import Empty, SimpleQueue

import attrs

from sre_copilot.adapters.outgoing.addresses import SETTING, Address, refusal
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused

LookUp = Callable[[str], Sequence[str]]
"""From a host's name to its addresses; raises OSError where there are none."""
MOST_TRIED = 4
"""Addresses of one name that are connected to before giving up."""
MOST_LOOK_UPS = 16
"""Names that are looked up at a time; a name service that hangs keeps a thread for each until it gives up."""


@attrs.frozen
class Deadline:
    """The moment by which everything has to be done."""

    seconds: float
    until: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Return the deadline that lies so many seconds ahead."""
        return cls(seconds, time.monotonic() + seconds)

    def left(self) -> float:
        """Return the seconds that are left, more than 0. Raises TimeoutError when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def system_look_up(host: str) -> Sequence[str]:
    """Ask the system's name service. Raises OSError for a name that it doesn't know."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@attrs.frozen(kw_only=True)
class Guard:
    """Connects to hosts that may be called. Thread-safe; `allow_private` is the setting of that name."""

    allow_private: bool = False
    look_up: LookUp = system_look_up
    places: threading.Semaphore = attrs.field(factory=lambda: threading.Semaphore(MOST_LOOK_UPS), repr=False)

    def connect(self, host: str, port: int, deadline: Deadline) -> socket.socket:
        """Return a connected socket. Raises OutgoingRefused, and OSError where no address answers in time."""
        addresses = self._checked(host, deadline)
        failures: list[OSError] = []
        for number, address in enumerate(addresses):
            # Each gets its share of the time, so that one which swallows everything does not hide the next.
            share = deadline.left() / (len(addresses) - number)
            try:
                return _dialled(address, port, share)
            except OSError as error:
                failures.append(error)
        raise failures[-1]

    def _checked(self, host: str, deadline: Deadline) -> Sequence[Address]:
        addresses = [ip_address(text) for text in self._resolved(host, deadline)]
        for address in addresses:
            kind = refusal(address, allow_private=self.allow_private)
            if kind is not None:
                # The address itself is not named: what names mean inside is not for whoever configures a URL.
                may = refusal(address, allow_private=True) is None
                hint = f" unless {SETTING} allows it, for development" if may else ""
                raise OutgoingRefused(f"{host} leads to {kind} address, which is not called{hint}.")
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return addresses[:MOST_TRIED]

    def _resolved(self, host: str, deadline: Deadline) -> Sequence[str]:
        """Look a name up in a thread of its own: the system's name service knows no deadline."""
        with suppress(ValueError):
            return [str(ip_address(host))]
        found: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()
        if not self.places.acquire(timeout=deadline.left()):
            raise TimeoutError
        threading.Thread(target=self._answer, args=(host, found), name="look-up", daemon=True).start()
        try:
            answer = found.get(timeout=deadline.left())
        except Empty:
            raise TimeoutError from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _answer(self, host: str, found: "SimpleQueue[Sequence[str] | OSError]") -> None:
        try:
            found.put(self.look_up(host))
        except OSError as error:
            found.put(error)
        finally:
            self.places.release()


def _dialled(address: Address, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.connect((str(address), port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        sock.close()
        raise
    return sock


@contextmanager
def failures_named(host: str, deadline: Deadline) -> Iterator[None]:
    """Turn what the network does into OutgoingFailed, which names the host and the reason and nothing else."""
    try:
        yield
    except TimeoutError:
        raise OutgoingFailed(f"{host} gave no full answer within {deadline.seconds:g} s.") from None
    except OSError as error:
        raise OutgoingFailed(f"{host} can't be reached: {_reason(error)}.") from None


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold ({error.verify_message.rstrip('.')})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({(error.reason or 'no reason given').lower().replace('_', ' ')})"
    if isinstance(error, socket.gaierror):
        return "the name service does not know it"
    return (error.strerror or type(error).__name__).lower()
