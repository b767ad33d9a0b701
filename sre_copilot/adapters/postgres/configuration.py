"""The settings of the embedded server."""

from collections.abc import Mapping
from pathlib import Path

PORT = 5432
"""Part of the socket's name only: the server does not listen on the network."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "password_encryption": "'scram-sha-256'",
    # A connection for each thread that answers: enough for eight processes.
    "max_connections": "200",
    # Kept small: it shares the machine with what it helps to watch. Parallel queries would need shared memory of their
    # own, which containers limit to 64 MB.
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "max_wal_size": "256MB",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "max_logical_replication_workers": "0",
    "jit": "off",
    # An acknowledged signal is never lost.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    "default_text_search_config": "'pg_catalog.english'",
    # The log stays small and holds no data of tenants: starts, stops and crashes. A failed statement's error, with the
    # row in it, goes to whoever sent the statement.
    "log_min_messages": "'log'",
    "log_min_error_statement": "'panic'",
    "log_checkpoints": "off",
}
SINCE_18: Mapping[str, str] = {"io_method": "'sync'"}
"""18 would start three more processes for reading."""

LOCALE_SINCE_17 = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
LOCALE = ("--locale=C", "--lc-ctype=C.UTF-8")
"""Sorted by code point, the same on every machine, and upper and lower case known beyond ASCII."""


def locale_options(version: int) -> tuple[str, ...]:
    """What initdb of a major version is told about the locale."""
    return LOCALE_SINCE_17 if version >= 17 else LOCALE


def configuration(version: int, sockets: Path, extra: Mapping[str, str]) -> str:
    """The text of postgresql.conf for a major version; `extra` wins over our own settings.

    `sockets` has no quote, backslash or comma in it.
    """
    settings = {
        **SETTINGS,
        **(SINCE_18 if version >= 18 else {}),
        # Quoted twice: the value is a list of paths.
        "unix_socket_directories": f"'\"{sockets}\"'",
        **extra,
    }
    lines = ["# Written by SRE Copilot at each start. To change a setting for good use ALTER SYSTEM."]
    lines += [f"{name} = {value}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"
