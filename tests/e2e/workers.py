"""Workers that really run, and what they say."""

import itertools
import json
import subprocess
from pathlib import Path

import attrs

from tests.e2e.installation import Installation

_numbers = itertools.count(1)


@attrs.frozen(kw_only=True)
class Worker:
    """`sre-copilot worker` in a process of its own. It writes into files: a pipe that nobody reads would stop it."""

    process: "subprocess.Popen[str]"
    log: Path
    out: Path

    @classmethod
    def start(cls, installation: Installation, *words: str, **environment: str) -> "Worker":
        """Start one; it may take no jobs yet."""
        log, out = (installation.data_folder.parent / f"worker-{next(_numbers)}.{end}" for end in ("log", "out"))
        process = installation.started("worker", *words, stdin=False, into=(out, log), **environment)
        return cls(process=process, log=log, out=out)

    def events(self) -> list[str]:
        """What it has said so far; of a line that is being written, nothing."""
        lines = self.log.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line)["event"] for line in lines if line.endswith("\n")]

    def takes_jobs(self) -> bool:
        """Whether it has begun."""
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.events()[-5:]}"
        return "worker takes jobs" in self.events()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(60)
