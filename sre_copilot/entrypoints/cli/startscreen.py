"""What `sre-copilot up` shows: where everything is, then one line for everything that happens."""

import json
import sys
import threading
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from rich.panel import Panel
from rich.text import Text

from sre_copilot.entrypoints.cli.plain_text import one_line
from sre_copilot.entrypoints.cli.render import grid
from sre_copilot.entrypoints.cli.session import Screen as Terminal
from sre_copilot.entrypoints.cli.supervision import address
from sre_copilot.settings import Settings

BAD = 400
STYLES = {"warning": "yellow", "error": "red", "critical": "bold red"}
TOLD_ELSEWHERE = frozenset({"at", "level", "event", "source", "request_id", "tenant", "client", "exception"})


class StartScreen:
    """On a terminal for people; elsewhere the logs stay JSON lines. Thread-safe."""

    def __init__(self, *, settings: Settings, host: str, port: int) -> None:
        self._settings = settings
        shown, _ = address(host, port)
        self._root = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
        self._out, self._err = Terminal(), Terminal(stderr=True)
        self._lock = threading.Lock()

    def began(self, seconds: float) -> None:
        """Say where everything is."""
        where = f"embedded in {self._settings.data_folder}" if self._settings.is_embedded else "at DATABASE_URL"
        rows = grid()
        for name, told in (
            ("API and its page", f"{self._root}/api/v1, {self._root}/docs"),
            ("Webhooks", f"{self._root}/webhooks/INTEGRATION"),
            ("Health, metrics", f"{self._root}/readyz, {self._root}/metrics"),
            ("Database", where),
            ("Set up", "sre-copilot tenants create, integrations create, tokens create"),
            ("End", "Ctrl-C"),
        ):
            rows.add_row(Text(name, style="bold"), Text(told))
        title = f"SRE Copilot {version('sre-copilot')}, up after {seconds:.1f} s"
        with self._lock:
            self._out.print(Panel(rows, title=title, title_align="left", border_style="green", expand=False))
            sys.stdout.flush()

    def line(self, part: str, text: str) -> None:
        """Show a line of a part's log."""
        with self._lock:
            if not self._err.is_terminal:
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()
                return
            self._err.print(told(part, text), soft_wrap=True)

    def said(self, text: str) -> None:
        """Show what the supervisor says, as a line of the log."""
        at = datetime.now(UTC).isoformat()
        self.line("up", json.dumps({"source": "up", "event": text, "level": "warning", "at": at}))


def told(part: str, text: str) -> Text:
    """A line of a log as people read it: when, who, what."""
    row = _object(text)
    if row is None:
        return Text.assemble((f"{part:7}", "dim"), one_line(text))
    at = str(row.get("at", ""))[11:19] or " " * 8
    style = STYLES.get(str(row.get("level")), "")
    line = Text.assemble((f"{at} {part:7} ", "dim"))
    if row.get("event") == "request":
        status = row.get("status")
        style = style or ("yellow" if isinstance(status, int) and status >= BAD else "")
        asked = f"{row.get('method')} {row.get('path')} {status} {row.get('milliseconds')} ms"
        return line.append(one_line(asked), style=style)
    details = " ".join(f"{name}={value}" for name, value in row.items() if name not in TOLD_ELSEWHERE)
    return line.append(one_line(f"{row.get('event')} {details}"), style=style)


def _object(text: str) -> dict[str, Any] | None:
    try:
        row = json.loads(text)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
