"""`sre-copilot keys`: the keys that credentials are sealed with, of the whole installation."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import click
from rich.console import RenderableType
from rich.progress import Progress

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.key_ring import KeyOnRing
from sre_copilot.application.use_cases.reseal_secrets import Resealed
from sre_copilot.application.use_cases.retire_key import SETTLING
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.errors import KeyInUse, SealBroken
from sre_copilot.domain.tenants import Tenant
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.render import table, when, words
from sre_copilot.entrypoints.cli.session import Session, json_option, progress_console, waiting
from sre_copilot.settings import Settings

PASSES = 5
"""Times that a rotation looks for values which were sealed with an older key while it ran; the second finds none but by chance."""
NONE_YET = "There is no key yet; the first one is made when something is sealed."


@click.group(cls=InOrder)
def keys() -> None:
    """List, make, rotate and retire the keys that credentials are sealed with."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the keys, and how many values each of them seals.

    The values of all tenants are counted.
    """
    session = Session(as_json=as_json)
    with session.open() as copilot:
        on_ring, counts = copilot.key_ring.all(), _sealed(copilot)
    missing = {key_id: count for key_id, count in sorted(counts.items()) if key_id not in {key.id for key in on_ring}}
    document = [{**attrs.asdict(key), "sealed": counts.get(key.id, 0)} for key in on_ring]
    session.show({"keys": document, "missing": missing}, *_listed(on_ring, counts, missing))


def _listed(
    on_ring: Sequence[KeyOnRing], counts: Mapping[str, int], missing: Mapping[str, int]
) -> Iterator[RenderableType]:
    if not on_ring and not missing:
        yield NONE_YET
        return
    rows = table("Key", "Created (UTC)", "State", "Values sealed")
    for key in on_ring:
        state = words("current", "green") if key.is_current else words("opens")
        rows.add_row(key.id, when(key.created_at), state, str(counts.get(key.id, 0)))
    for key_id, count in missing.items():
        rows.add_row(words(key_id or "(no envelope)"), when(None), words("missing", "red"), str(count))
    yield rows
    if any(count for key_id, count in counts.items() if not _is_current(key_id, on_ring) and key_id not in missing):
        yield words("Next: sre-copilot keys rotate --no-new-key moves every value to the current key.", "dim")


@keys.command("create")
@json_option
def create(as_json: bool) -> None:
    """Make the key file with a first key.

    The file is where SRE_COPILOT_KEYS (or key_file in the settings file) says.

    The embedded database needs none: its key file is made by itself.
    """
    # Here rather than above: it loads Django and the plugins, which takes longer than `--help` should.
    from sre_copilot.bootstrap import create_key_file

    made = create_key_file(Settings.load())
    told = words(f"Key {made.id} made. Keep a copy of the file where the backups are not.")
    Session(as_json=as_json).show({"key": made}, told)


@keys.command("rotate")
@click.option(
    "--no-new-key",
    is_flag=True,
    help="Move every value to the key that is current already: after a rotation that was stopped, or where the key file "
    "is written by something else.",
)
@json_option
def rotate(no_new_key: bool, as_json: bool) -> None:
    """Make a new key, and move every sealed value to it.

    The values of all tenants are moved, and everything stays in service meanwhile. It may be stopped at any moment and
    called again. Older keys stay on the ring to open what they sealed, until they are retired.
    """
    session = Session(as_json=as_json)
    with session.open() as copilot:
        if not no_new_key:
            copilot.add_key()
        current = next((key for key in copilot.key_ring.all() if key.is_current), None)
        if current is None:
            session.show({"key": None, "moved": 0, "broken": []}, NONE_YET)
            return
        moved, broken = _moved(copilot, current)
        older = [key.id for key in copilot.key_ring.all() if not key.is_current]
    session.show(
        {"key": current, "moved": moved, "broken": broken},
        words(f"Key {current.id} is current, and {_values(moved)} moved to it."),
        *([words(f"Next: sre-copilot keys retire {older[0]}, once no backup needs it.", "dim")] if older else []),
    )
    if broken:
        named = ", ".join(f"{row['tenant']} {row['integration']}" for row in broken)
        raise SealBroken(f"{_values(len(broken))} not moved, because it can't be opened: {named}. Enter it again.")


@keys.command("retire")
@click.argument("key_id", metavar="KEY")
@json_option
def retire(key_id: str, as_json: bool) -> None:
    """Destroy a key that seals nothing any more. Backups with values that it sealed become useless for those."""
    session = Session(as_json=as_json)
    with session.open() as copilot:
        try:
            copilot.retire_key(key_id=key_id)
        except KeyInUse as error:
            if "free_at" not in error.data:
                raise
            with waiting("Letting writes that are under way end"):
                time.sleep(_seconds_until(error.data["free_at"]))
            copilot.retire_key(key_id=key_id)
    session.show({"retired": key_id}, words(f"Key {key_id} is destroyed."))


def _values(count: int) -> str:
    return "1 value was" if count == 1 else f"{count} values were"


def _seconds_until(free_at: object) -> float:
    left = free_at - datetime.now(UTC) if isinstance(free_at, datetime) else timedelta(0)
    return max(timedelta(0), min(left, SETTLING)).total_seconds()


def _is_current(key_id: str, on_ring: Sequence[KeyOnRing]) -> bool:
    return any(key.id == key_id and key.is_current for key in on_ring)


def _sealed(copilot: Copilot) -> Counter[str]:
    found: Counter[str] = Counter()
    for tenant in copilot.administration.tenants():
        found.update(copilot.key_ring.sealed(actor=_operator(tenant)))
    return found


def _operator(tenant: Tenant) -> Actor:
    return Actor.system(tenant.id, origin="cli")


def _moved(copilot: Copilot, current: KeyOnRing) -> tuple[int, list[dict[str, Any]]]:
    """Move everything behind a progress bar; return how much was moved, and what can't be opened."""
    total = sum(count for key_id, count in _sealed(copilot).items() if key_id != current.id)
    moved, broken = 0, list[dict[str, Any]]()
    with Progress(console=progress_console, transient=True, disable=not progress_console.is_terminal) as progress:
        task = progress.add_task("Moving", total=total)
        for _ in range(PASSES):
            before, broken = moved, list[dict[str, Any]]()
            for tenant, step in _steps(copilot):
                moved += step.moved
                broken += [{"tenant": tenant.slug, "integration": str(one)} for one in step.broken]
                progress.update(task, completed=moved)
            if moved == before:
                break
    return moved, broken


def _steps(copilot: Copilot) -> Iterator[tuple[Tenant, Resealed]]:
    for tenant in copilot.administration.tenants():
        step = copilot.reseal_secrets(actor=_operator(tenant))
        yield tenant, step
        while step.last is not None:
            step = copilot.reseal_secrets(actor=_operator(tenant), after=step.last)
            yield tenant, step
