"""Several processes with one key file: whatever they do at once, and wherever one is killed, it stays whole."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from sre_copilot.adapters.keyring.key_file import KeyFile

AT_ONCE = 6
ROUNDS = 5
KILLS = 8
BEGIN = """
import sys
from pathlib import Path
from sre_copilot.adapters.keyring.key_file import KeyFile
ring = KeyFile(path=Path(sys.argv[1]), makes_itself=True)
print("ready", flush=True)
"""
SEAL_FIRST = "sys.stdin.readline(); print(ring.made_ring().current)"
ADD_ONE = "sys.stdin.readline(); print(ring.add().id)"
ADD_FOREVER = "while True: print(ring.add().id, flush=True)"


@pytest.fixture
def started() -> Iterator[ExitStack]:
    """Ends what was started."""
    with ExitStack() as stack:
        yield stack


def process(stack: ExitStack, path: Path, work: str) -> "subprocess.Popen[str]":
    """Start a process that says when it is ready."""
    child = subprocess.Popen(
        [sys.executable, "-c", BEGIN + work, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    stack.callback(child.wait)
    stack.callback(child.kill)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def answers(children: Sequence["subprocess.Popen[str]"]) -> list[str]:
    """Let all of them go together; return what each says."""
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    return [child.communicate(timeout=60)[0].strip() for child in children]


def test_processes_that_need_the_first_key_at_once_end_with_the_same(tmp_path: Path, started: ExitStack) -> None:
    for number in range(ROUNDS):
        path = tmp_path / str(number) / "keys.json"
        said = answers([process(started, path, SEAL_FIRST) for _ in range(AT_ONCE)])
        (key,) = KeyFile(path=path).all()
        assert said == [key.id] * AT_ONCE


def test_processes_that_add_keys_at_once_lose_none(tmp_path: Path, started: ExitStack) -> None:
    path = tmp_path / "keys.json"
    said = answers([process(started, path, ADD_ONE) for _ in range(AT_ONCE)])
    assert sorted(said) == sorted(key.id for key in KeyFile(path=path).all())
    assert len(set(said)) == AT_ONCE


def test_wherever_a_process_is_killed_the_file_is_whole_and_the_next_can_write(
    tmp_path: Path, started: ExitStack
) -> None:
    path, said = tmp_path / "keys.json", set()
    for number in range(KILLS):
        child = process(started, path, ADD_FOREVER)
        assert child.stdout is not None
        said |= {child.stdout.readline().strip() for _ in range(number + 1)}
        child.kill()
        said |= {line for line in child.stdout.read().split("\n")[:-1] if line}
        child.wait()
        on_ring = {key.id for key in KeyFile(path=path).all()}
        assert said <= on_ring
    said.add(KeyFile(path=path).add().id)
    assert said <= {key.id for key in KeyFile(path=path).all()}
