"""On what the figures were measured."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.ingest.databases import Databases
from benchmarks.ingest.systems import Alertmanager


def facts(databases: Databases, alertmanager: Alertmanager) -> dict[str, Any]:
    """The machine and the versions of what takes part."""
    lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    models = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    kilobytes = int(Path("/proc/meminfo").read_text("ascii").split("MemTotal:")[1].split()[0])
    return {
        "processor": ", ".join(sorted(models)) or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(kilobytes / 1024 / 1024, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": databases.version(),
        "alertmanager": alertmanager.version() if alertmanager.is_installed else None,
        **{name: version(name) for name in ("Django", "granian", "psycopg", "sre-copilot")},
        "load_before": round(os.getloadavg()[0], 2),
    }
