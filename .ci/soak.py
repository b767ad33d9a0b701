"""The third ring: every test at its full count, and mutation testing of the domain's core.

Writes build/soak.json: seconds, counts, what tests recorded with `record_property`, and the share of killed mutants per
module. Ends with 1 if a test fails or too many mutants of a module survive.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

BUILD = Path("build")
FAULTS = BUILD / "faults.json"
BIN = Path(sys.executable).parent
DEBIANS_POSTGRES = Path("/usr/lib/postgresql/15/bin/postgres")
MINIMUM_KILLED = 0.90
KILLED = ("killed", "timeout", "caught by type check")


def main() -> int:
    """Run everything, print a line per part, write the figures."""
    BUILD.mkdir(exist_ok=True)
    FAULTS.unlink(missing_ok=True)
    full = {"SRE_COPILOT_SOAK": "1"}
    figures: dict[str, Any] = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _output("git", "rev-parse", "HEAD"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "tests": _tests("all", ["tests", "--ignore=tests/faults"], full),
        # Alone: some of it is timed.
        "faults": _tests("faults", ["tests/faults"], full, workers=0),
    }
    if FAULTS.exists():
        figures["faults"]["figures"] = json.loads(FAULTS.read_text())
    if DEBIANS_POSTGRES.exists():
        figures["tests_on_postgresql_18"] = _tests("pg18", ["tests/integration"], {**full, "SRE_COPILOT_TEST_PG": "18"})
    figures["mutation"] = _mutation()
    figures["passed"] = all(part["passed"] for part in figures.values() if isinstance(part, dict))
    (BUILD / "soak.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(f"build/soak.json written: {'passed' if figures['passed'] else 'FAILED'}")
    return 0 if figures["passed"] else 1


def _tests(name: str, paths: list[str], environment: Mapping[str, str], workers: int = 2) -> dict[str, Any]:
    report = BUILD / f"soak-{name}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-n", str(workers), f"--junit-xml={report}", *paths]
    started = time.monotonic()
    code = subprocess.run(command, env={**os.environ, **environment}, check=False).returncode
    seconds = round(time.monotonic() - started, 1)
    if not report.exists():
        return {"passed": False, "seconds": seconds, "exit_code": code}
    suite = next(ET.parse(report).iter("testsuite"))
    counts = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
    recorded = {
        f"{case.get('classname')}.{case.get('name')}": {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in suite.iter("testcase")
        if case.find("properties") is not None
    }
    return {"passed": code == 0, "seconds": seconds, **counts, "recorded": recorded}


def _mutation() -> dict[str, Any]:
    started = time.monotonic()
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutation"}
    # What mutmut finds there it doesn't try again, whatever became of the tests meanwhile.
    shutil.rmtree("mutants", ignore_errors=True)
    log = BUILD / "mutation.log"
    with log.open("w") as output:
        code = subprocess.run([BIN / "mutmut", "run"], env=environment, stdout=output, stderr=output, check=False)
    modules: dict[str, Counter[str]] = {}
    for line in _output(str(BIN / "mutmut"), "results", "--all", "true").splitlines():
        mutant, found, status = line.strip().rpartition(": ")
        if found:
            # Mutants are called <module>.x_<function>__mutmut_<n>; x followed by a separator for methods.
            modules.setdefault(mutant.rsplit(".x", 1)[0], Counter())[status] += 1
    shares = {name: sum(c[status] for status in KILLED) / c.total() for name, c in sorted(modules.items())}
    for name, share in shares.items():
        print(f"{name}: {share:.1%} of {modules[name].total()} mutants killed")
    return {
        "passed": code.returncode == 0 and bool(shares) and min(shares.values()) >= MINIMUM_KILLED,
        "seconds": round(time.monotonic() - started, 1),
        "log": str(log),
        "modules": {name: {"killed_share": round(share, 4), **modules[name]} for name, share in shares.items()},
    }


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
