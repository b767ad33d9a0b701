"""What can only be said about a checkout by running something in it: import-linter, and imports of the package.

`findings_of` runs this file with the checkout as working directory and first on the path, so that its package and not
the installed one is looked at. It prints one JSON object: name of the rule -> findings.
"""

import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from graphlib import CycleError, TopologicalSorter
from io import StringIO
from pathlib import Path

import grimp
from importlinter import api as importlinter
from importlinter.application.use_cases import lint_imports

PACKAGE = "sre_copilot"
IMPORT_SECONDS = 0.150
HEAVY = {
    "anthropic", "attr", "cryptography", "django", "granian", "ninja", "pluggy", "psycopg", "punq", "pydantic", "rich",
    "structlog",
}  # fmt: skip
TIMED_IMPORT = f"""
import json, sys, time
before = time.perf_counter()
import {PACKAGE}
print(json.dumps([time.perf_counter() - before, sorted(set(name.split(".")[0] for name in sys.modules))]))
"""


def findings_of(checkout: Path) -> dict[str, list[str]]:
    """Return every finding in the checkout; the contracts of importlinter.ini go by the id of their section."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000"}
    run = subprocess.run(
        [sys.executable, __file__], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, list[str]] = json.loads(run.stdout)
    return found


def main() -> None:
    """Print the findings of the checkout in the working directory."""
    found = {
        **broken_contracts(),
        "module_cycles": module_cycles(),
        "root_import": root_import(),
        "unmapped_errors": unmapped_errors(),
    }
    print(json.dumps({rule: rows for rule, rows in found.items() if rows}))


def broken_contracts() -> dict[str, list[str]]:
    """The broken contracts of importlinter.ini."""
    contracts = importlinter.read_configuration("importlinter.ini")["contracts_options"]
    with redirect_stdout(StringIO()) as output:
        lint_imports("importlinter.ini", cache_dir=None, no_logo=True)
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", output.getvalue(), re.MULTILINE))
    if set(verdicts) != {contract["name"] for contract in contracts}:
        return {"importlinter.ini": [output.getvalue()]}
    sections = re.split(r"^(.+)\n-{5,}\n", output.getvalue().partition("Broken contracts")[2], flags=re.MULTILINE)
    details = dict(zip(sections[1::2], sections[2::2], strict=True))
    return {c["id"]: details[c["name"]].splitlines() for c in contracts if verdicts[c["name"]] == "BROKEN"}


def module_cycles() -> list[str]:
    """A cycle among the modules themselves; import-linter compares siblings only and misses a package with its child."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    try:
        TopologicalSorter({m: graph.find_modules_directly_imported_by(m) for m in graph.modules}).prepare()
    except CycleError as error:
        return [" -> ".join(reversed(error.args[1]))]
    return []


def root_import() -> list[str]:
    """`import sre_copilot` takes under 150 ms (the best of up to twenty: other work on the machine only adds) and loads nothing heavy."""
    seconds = float("inf")
    loaded: set[str] = set()
    for _ in range(20):
        run = subprocess.run([sys.executable, "-c", TIMED_IMPORT], capture_output=True, text=True, check=True)
        once, modules = json.loads(run.stdout)
        seconds, loaded = min(seconds, once), set(modules)
        if seconds < IMPORT_SECONDS:
            break
    slow = [f"takes {seconds:.3f} s, at most {IMPORT_SECONDS}"] if seconds >= IMPORT_SECONDS else []
    return slow + [f"loads {name}" for name in sorted(loaded & HEAVY)]


def unmapped_errors() -> list[str]:
    """Error classes that the tables of exit codes and HTTP statuses only reach by their common root."""
    from sre_copilot.domain.errors import CopilotError
    from sre_copilot.entrypoints.cli.errors import EXIT_CODES
    from sre_copilot.entrypoints.http.statuses import STATUSES

    found = []
    pending = [*CopilotError.__subclasses__()]
    while pending:
        error = pending.pop()
        pending += error.__subclasses__()
        categories = [parent for parent in error.__mro__ if parent in EXIT_CODES and parent is not CopilotError]
        if not categories or EXIT_CODES[categories[0]] not in range(1, 6):
            found.append(f"{error.__name__} has no exit code")
        answers = [STATUSES[parent] for parent in error.__mro__ if parent in STATUSES and parent is not CopilotError]
        if not answers or answers[0] not in range(400, 600):
            found.append(f"{error.__name__} has no HTTP status")
    return sorted(found)


if __name__ == "__main__":
    main()
