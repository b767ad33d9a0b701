"""The server: one process that listens over as many as answer. Ends gracefully: what was accepted is answered."""

import ctypes
import gc
import os
import signal
import socket
import tempfile
import threading
import time
from functools import partial

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from sre_copilot.adapters.django_orm import setup
from sre_copilot.bootstrap import ready_database
from sre_copilot.domain.errors import EnvironmentFault
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.http import django_settings
from sre_copilot.entrypoints.http.bodies import Application, BoundedBodies
from sre_copilot.settings import Settings

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
THREADS = 20
"""Requests that one process answers at a time, each with a database connection of its own."""
GRACE = 30
"""Seconds that requests may take to be answered after the server was told to end."""
ORPHANS_GRACE = 5
"""Seconds that a process has to end once its parent was killed."""
ARENA_MAX = -8
"""The number by which `mallopt` of glibc knows the most arenas (malloc.h)."""
WATCH = 0.5
"""Seconds between two looks at whether the parent still lives."""

log = logs.logger("server")


def serve(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Make the database ready, serve until SIGTERM or SIGINT, and return once everything accepted was answered.

    Raises EnvironmentFault and its subclasses where the database lacks something or nobody can listen there.
    """
    logs.configure()
    django_settings.configure()
    ready_database(settings)
    # The processes that answer are forked from this one, and a connection can't be shared.
    setup.close()
    refuse_taken(host, port)
    with tempfile.TemporaryDirectory(prefix="sre-copilot-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            _run(settings, host, port, workers)
        finally:
            del os.environ[FOLDER_VARIABLE]


def refuse_taken(host: str, port: int) -> None:
    """Raise EnvironmentFault where nobody can listen. The server itself would share the port with whoever has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFault(
            f"Nobody can listen at {host} port {port} ({reason}). End what listens there, or choose another with --port."
        ) from error


def _run(settings: Settings, host: str, port: int, workers: int) -> None:
    server = Server(
        "sre-copilot",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=logs.dict_config(),
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE,
    )
    log.info("listening", host=host, port=port, processes=workers, threads=THREADS)
    try:
        server.serve(target_loader=partial(load, settings, os.getpid()), wrap_loader=False)
    except SystemExit as ended:
        # Its way to say that a process which answers failed again and again.
        raise EnvironmentFault("The server's processes end by themselves; the lines above say why.") from ended
    # Whoever is impatient and asks again would kill a process that is ending as it should.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    log.info("stopped")


def load(settings: Settings, parent: int) -> Application:
    """What each process that answers does first; it ends as soon as `parent` has ended."""
    share_memory()
    # Until the server sets its own, which it does last; those of the parent came along and would swallow the signal.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    # Ctrl-C is for the process that listens; it ends this one when it is time.
    os.setpgrp()
    # Here, because the process that only listens needs none of it.
    from sre_copilot.entrypoints.http.application import application

    loaded = application(settings)
    # What is loaded by now stays; to look through it for rubbish took 90 ms, in which nobody was answered.
    gc.collect()
    gc.freeze()
    threading.Thread(target=_watch, args=(parent, loaded), name="watch", daemon=True).start()
    return loaded


def share_memory() -> bool:
    """Let all threads take memory from one place, and say whether this C library can.

    glibc gives each thread a place of its own, which keeps what its largest batch once needed though nobody uses it.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(ARENA_MAX, 1))
    except (OSError, AttributeError):
        return False


def _watch(parent: int, bodies: BoundedBodies) -> None:
    """Look after what nobody else does here.

    A parent that was killed can't end its children, and they would hold the port against its successor. Threads that
    wait for bodies which never come are lost; where they are too many, the parent is asked to replace its children, the
    new one first.
    """
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    while os.getppid() == parent:
        time.sleep(WATCH)
        if bodies.stuck() >= THREADS // 2:
            log.warning("too many senders went silent in the middle of a body; this process is replaced")
            os.kill(parent, signal.SIGHUP)
            time.sleep(2 * GRACE)
    end_as_an_orphan(main_thread)


def end_as_an_orphan(main_thread: int) -> None:
    """End this process as its parent would: gracefully, and after ORPHANS_GRACE at once, because its successor needs the port.

    At the latest the kernel ends it: while the server shuts down its threads may wait for each other for ever, the one
    that runs this among them, and an open transaction would hold up everybody.
    """
    signal.alarm(ORPHANS_GRACE)
    while True:
        # To the thread that handles it: one that another thread catches wakes nobody up.
        signal.pthread_kill(main_thread, signal.SIGTERM)
        time.sleep(WATCH)
