"""Fail where the unit tests leave too many branches of domain and application untried.

Usage: coverage_gate.py COVERAGE_JSON MINIMUM
"""

import json
import sys
from pathlib import Path

LAYERS = ("domain", "application")
COUNTS = ("covered_branches", "num_branches", "covered_lines", "num_statements")


def main() -> int:
    """Print lines and branches per layer; return 1 if either is below the minimum somewhere."""
    report, minimum = json.loads(Path(sys.argv[1]).read_text()), float(sys.argv[2])
    failed = False
    for layer in LAYERS:
        files = {name: f["summary"] for name, f in report["files"].items() if f"sre_copilot/{layer}/" in name}
        total = {key: sum(f[key] for f in files.values()) for key in COUNTS}
        branches = 100 * total["covered_branches"] / max(total["num_branches"], 1)
        lines = 100 * total["covered_lines"] / total["num_statements"]
        print(
            f"{layer}: {branches:.1f} % of {total['num_branches']} branches, {lines:.1f} % of {total['num_statements']} lines"
        )
        failed |= min(branches, lines) < minimum
        for name, f in sorted(files.items()):
            if f["missing_branches"] or f["missing_lines"]:
                missing = f"{f['missing_branches']} branches, {f['missing_lines']} lines"
                print(f"   {name}: {missing} untried")
    if failed:
        print(f"At least {minimum:g} % of the branches and lines of each layer have to be tried by unit tests.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
