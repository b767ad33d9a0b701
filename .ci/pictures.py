"""Draw the pictures of the documentation from what the commands really print.

Usage: pictures.py   (writes docs/images/*.svg; run it when the look of a command has changed)
"""

import os
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH = 108
# What is told of the demo in pictures: name, title, first line, the line before which it ends.
PARTS = (
    ("funnel", "make demo: from deliveries to incidents", r"^deliveries", r"^The main incident"),
    ("causes", "make demo: ranked causes with evidence and intervals", r"^Hypotheses", r"^Recommendations"),
    ("advice", "make demo: what to do about it", r"^Recommendations", r"^4\. "),
)


def main() -> int:
    """Run the demo once and cut the pictures out of it."""
    with tempfile.TemporaryDirectory() as folder:
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment = {**inherited, "SRE_COPILOT_DATA": f"{folder}/data", "COLUMNS": str(WIDTH), "FORCE_COLOR": "1"}
        command = [sys.executable, "-m", "sre_copilot.entrypoints.cli.main", "demo"]
        try:
            shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        finally:
            EmbeddedPostgres(f"{folder}/data").erase()
    lines = Text.from_ansi(shown).split("\n")
    IMAGES.mkdir(exist_ok=True)
    for name, title, first, end in PARTS:
        start = next(place for place, line in enumerate(lines) if re.search(first, line.plain))
        stop = next(place for place in range(start + 1, len(lines)) if re.search(end, lines[place].plain))
        console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
        console.print(Text("\n").join(lines[start:stop]))
        drawn = console.export_svg(title=title, theme=MONOKAI, unique_id=name)
        # No fonts from elsewhere: the reader's own will do.
        drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL).replace(
            "Fira Code", "ui-monospace, Menlo, Consolas"
        )
        (IMAGES / f"{name}.svg").write_text(drawn, encoding="utf-8")
        print(f"docs/images/{name}.svg: {stop - start} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
