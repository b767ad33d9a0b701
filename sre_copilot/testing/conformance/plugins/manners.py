"""Checks of what a plugin does besides answering: what it prints, and what it leaves behind in the process."""

import decimal
import io
import locale
import logging
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from sre_copilot.adapters.integrations.isolation import Failure, contained
from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import (
    HidesCredentials,
    IdentifiesDeliveries,
    ParsesDeliveries,
    ReadsBodies,
    SignsSamples,
    VerifiesDeliveries,
)
from sre_copilot.testing.conformance.plugins.subject import Subject, Violation
from sre_copilot.testing.doors import toolbox

SHOWN = 200
"""Characters of what was printed that a violation quotes."""


def silence(subject: Subject) -> None:
    """It writes nothing: not to standard output or standard error, not to a log. What it would say may be secret."""
    with _listening() as heard:
        _exercise(subject)
    for where, text in heard.items():
        if text:
            raise Violation(f"It writes to {where}: {text[:SHOWN]!r}")


def cleanliness(subject: Subject) -> None:
    """It leaves the process as it was: environment, folder, signals, warnings, chance, threads."""
    # The first calls may import what they need.
    _exercise(subject)
    before = _state()
    _exercise(subject)
    after = _state()
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        raise Violation(f"It changes what belongs to the whole process: {', '.join(changed)}.")


def _exercise(subject: Subject) -> None:
    """Call everything that a plugin does with a delivery, in this thread and unmuted."""
    plugin, secrets = subject.plugin, subject.secrets()
    repr(plugin)
    for sample in subject.samples:
        delivery = sample.delivery(subject.now)
        with suppress(Failure):
            if isinstance(plugin, SignsSamples):
                delivery = contained(partial(plugin.sign, secrets, delivery, subject.now))
        for body in (delivery.body, delivery.body[:-1], b"{}"):
            for call in _calls(subject, attrs.evolve(delivery, body=body)):
                # What it may raise is the matter of other checks.
                with suppress(Failure):
                    contained(call)


def _calls(subject: Subject, delivery: Delivery) -> Iterator[Callable[[], object]]:
    plugin, integration = subject.plugin, subject.integration()
    tools = toolbox().at(subject.now)
    if isinstance(plugin, VerifiesDeliveries):
        yield partial(plugin.verify, integration, subject.secrets(), delivery, tools)
    if isinstance(plugin, HidesCredentials):
        yield partial(plugin.without_credentials, delivery.body)
    payload: list[Any] = []
    yield lambda: payload.append(plugin.read(delivery) if isinstance(plugin, ReadsBodies) else read_json(delivery.body))
    if payload and isinstance(plugin, IdentifiesDeliveries):
        yield partial(plugin.delivery_id, payload[0], delivery)
    if payload and isinstance(plugin, ParsesDeliveries):
        yield partial(plugin.parse, integration, payload[0], delivery)


@contextmanager
def _listening() -> Iterator[dict[str, str]]:
    """Catch what is written meanwhile, by way of Python's streams, past them, and to logs; by where it was written."""
    heard: dict[str, str] = {}
    out, err, log = io.StringIO(), io.StringIO(), _Listener()
    with ExitStack() as stack:
        fds = {f"file descriptor {fd}": stack.enter_context(_caught(fd)) for fd in (1, 2)}
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        stack.enter_context(_heard(log))
        yield heard
        heard |= {"standard output": out.getvalue(), "standard error": err.getvalue(), "a log": "; ".join(log.records)}
        heard |= {where: _written(file) for where, file in fds.items()}


@contextmanager
def _caught(fd: int) -> Iterator[BinaryIO]:
    """Let what is written to a file descriptor go to a file."""
    with tempfile.TemporaryFile() as file:
        before = os.dup(fd)
        os.dup2(file.fileno(), fd)
        try:
            yield file
        finally:
            os.dup2(before, fd)
            os.close(before)


def _written(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(SHOWN).decode("utf-8", "replace")


class _Listener(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(f"{record.name}: {record.getMessage()}")


@contextmanager
def _heard(listener: _Listener) -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(listener)


def _state() -> Mapping[str, Any]:
    """What a plugin could change of the process and others would notice."""
    return {
        "the environment": dict(os.environ),
        "the working folder": str(Path.cwd()),
        "the import path": list(sys.path),
        "standard output": (sys.stdout, sys.stderr),
        "signal handlers": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)],
        "filters of warnings": list(warnings.filters),
        "the state of random": random.getstate(),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the time zone": time.tzname,
        "the default timeout of sockets": socket.getdefaulttimeout(),
        "the context of decimals": repr(decimal.getcontext()),
        "the recursion limit": sys.getrecursionlimit(),
        "the limit of digits": sys.get_int_max_str_digits(),
        "the level or handlers of the root logger": (
            logging.root.level,
            list(logging.root.handlers),
            logging.root.disabled,
        ),
        "threads": sorted(thread.name for thread in threading.enumerate() if not thread.name.startswith("plugin-call")),
    }
