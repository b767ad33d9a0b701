"""The key file: who may read it, what is wrong with it, and that running processes notice what becomes of it."""

import base64
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sre_copilot.adapters.keyring.key_file import KeyFile
from sre_copilot.adapters.keyring.sealing import RingSealer
from sre_copilot.application.ports.sealing import Place
from sre_copilot.domain.errors import AlreadyExists, KeyInUse, KeyRingUnusable, NotFound, SealBroken
from sre_copilot.testing.sealing import make_sealer

PLACE = Place(table="integrations", tenant_id=UUID(int=1), row_id=UUID(int=2), field="config")
VALUE = b"planted-canary"
GOOD = {"id": "one", "created_at": "2026-01-05T09:00:00Z", "key": base64.b64encode(b"k" * 32).decode()}
OTHER = {"id": "two", "created_at": "2026-01-06T09:00:00+01:00", "key": base64.b64encode(b"l" * 32).decode()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a key file may be."""
    return tmp_path / "keys.json"


def own(path: Path) -> KeyFile:
    """The ring beside an embedded database."""
    return KeyFile(path=path, makes_itself=True)


def written(path: Path, document: object, mode: int = 0o600) -> KeyFile:
    """The ring in a file that somebody wrote."""
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    path.chmod(mode)
    return KeyFile(path=path)


def everything_in(error: BaseException) -> str:
    """What a crash report might show of an error: the whole chain, with everything that hangs on it."""
    found, chain = "", [error]
    while chain:
        one = chain.pop()
        found += repr(one) + str(one) + repr(one.args) + repr(vars(one))
        chain += [next_one for next_one in (one.__cause__, one.__context__) if next_one is not None]
    return found


def refused(use: Callable[[], object]) -> str:
    """The message with which a use of the ring is refused."""
    with pytest.raises(KeyRingUnusable) as caught:
        use()
    for entry in (GOOD, OTHER):
        assert entry["key"] not in everything_in(caught.value)
    return str(caught.value)


def test_a_ring_of_its_own_is_made_when_something_is_sealed_first_and_not_before(path: Path) -> None:
    ring = own(path.parent / "data" / path.name)
    assert ring.all() == []
    with pytest.raises(SealBroken):
        RingSealer(ring).open(make_sealer().seal(VALUE, PLACE), PLACE)
    assert not path.parent.joinpath("data").exists()
    envelope = RingSealer(ring).seal(VALUE, PLACE)
    assert [key.id for key in ring.all()] == [envelope["key_id"]]


def test_only_its_owner_may_read_it_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        own(path).add()
    finally:
        os.umask(before)
    assert [stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666])
def test_a_file_that_others_may_read_or_change_is_refused(path: Path, mode: int) -> None:
    ring = written(path, {"current": "one", "keys": [GOOD]}, mode)
    assert f"(mode {mode:04o}): chmod 600 it" in refused(ring.all)
    assert "chmod 600" in refused(ring.made_ring)
    assert "chmod 600" in refused(ring.add)
    path.chmod(0o400)
    assert [key.id for key in ring.all()] == ["one"]


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("", "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        (f'{{"current": "one", "keys": [{json.dumps(GOOD)}', "no JSON object"),
        ([GOOD], "no JSON object"),
        ({"keys": [GOOD]}, "current"),
        ({"current": "two", "keys": [GOOD]}, "current"),
        ({"current": "one", "keys": []}, "keys"),
        ({"current": "one", "keys": {"one": GOOD}}, "keys"),
        ({"current": "one", "keys": [GOOD, "two"]}, "number 2"),
        ({"current": "one", "keys": [GOOD, {**OTHER, "id": "one"}]}, "same id"),
        ({"current": "one", "keys": [GOOD, {**GOOD, "id": "two"}]}, "same key"),
        ({"current": "one", "keys": [GOOD, {**OTHER, "id": "a b"}]}, '"id" (1 to 64'),
        ({"current": "one", "keys": [GOOD, {**OTHER, "id": 2}]}, '"id" (1 to 64'),
        ({"current": "one", "keys": [{**GOOD, "created_at": "yesterday"}]}, '"created_at"'),
        ({"current": "one", "keys": [{**GOOD, "created_at": "2026-01-05T09:00:00"}]}, '"created_at"'),
        ({"current": "one", "keys": [{"id": "one", "key": GOOD["key"]}]}, '"created_at"'),
        ({"current": "one", "keys": [{**GOOD, "key": GOOD["key"][:-4]}]}, '"key" (base64 of 32'),
        ({"current": "one", "keys": [{**GOOD, "key": "k" * 32}]}, '"key" (base64 of 32'),
        ({"current": "one", "keys": [{**GOOD, "key": 1}]}, '"key" (base64 of 32'),
        (" " * (1 << 20) + json.dumps({"current": "one", "keys": [GOOD]}), "too long"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong_and_without_what_is_in_it(
    path: Path, document: object, what: str
) -> None:
    ring = written(path, document)
    before = path.read_bytes()
    for use in (ring.all, ring.made_ring, ring.add, lambda: ring.retire("one")):
        message = refused(use)
        assert str(path) in message
        assert what in message
    assert path.read_bytes() == before


def test_a_file_written_by_hand_is_a_ring(path: Path) -> None:
    ring = written(path, {"current": "one", "keys": [OTHER, GOOD]})
    assert [(key.id, key.is_current) for key in ring.all()] == [("one", True), ("two", False)]


def test_without_a_configured_file_nothing_is_sealed_or_opened_and_it_is_said_what_to_do() -> None:
    sealer, envelope = RingSealer(KeyFile()), make_sealer().seal(VALUE, PLACE)
    assert "SRE_COPILOT_KEYS" in refused(lambda: sealer.seal(VALUE, PLACE))
    assert "sre-copilot keys create" in refused(lambda: sealer.current_key_id)
    assert "SRE_COPILOT_KEYS" in refused(lambda: sealer.open(envelope, PLACE))


def test_a_configured_file_that_is_not_there_is_missed_and_not_made(path: Path) -> None:
    ring = KeyFile(path=path)
    for use in (ring.all, ring.made_ring, ring.add, lambda: ring.retire("one")):
        assert f"{path} does not exist" in refused(use)
    assert not path.exists()


@pytest.mark.parametrize("elsewhere", [".", "file/keys.json", "absent/absent/keys.json"])
def test_a_path_that_leads_nowhere_is_named(tmp_path: Path, elsewhere: str) -> None:
    (tmp_path / "file").write_text("no folder")
    ring = KeyFile(path=tmp_path / elsewhere)
    assert str(tmp_path / elsewhere) in refused(ring.all)


def test_a_file_is_created_once(path: Path) -> None:
    ring = KeyFile(path=path)
    made = ring.create()
    assert KeyFile(path=path).all() == [made]
    with pytest.raises(AlreadyExists, match="keys rotate"):
        ring.create()
    assert KeyFile(path=path).all() == [made]


def test_a_running_process_notices_a_new_key_in_the_file(path: Path) -> None:
    here, there = own(path), KeyFile(path=path)
    first = RingSealer(here).seal(VALUE, PLACE)
    assert RingSealer(there).open(first, PLACE) == VALUE
    added = there.add()
    second = RingSealer(here).seal(VALUE, PLACE)
    assert second["key_id"] == added.id != first["key_id"]
    assert RingSealer(there).open(second, PLACE) == VALUE
    assert RingSealer(here).open(first, PLACE) == VALUE


def test_a_key_that_is_missing_is_looked_for_in_the_file_even_if_that_looks_unchanged(path: Path) -> None:
    ring = written(path, {"current": "one", "keys": [GOOD]})
    before = ring.made_ring()
    added = KeyFile(path=path).add()
    about = path.stat()
    # As on a file system whose clock is too coarse to tell the two writes apart.
    ring._known = ((about.st_ino, about.st_ctime_ns, about.st_size), before)
    assert [key.id for key in ring.all()] == ["one"]
    found = ring.ring(needing=added.id)
    assert found is not None
    assert found.current == added.id


def gone(path: Path) -> None:
    path.unlink()


def damaged(path: Path) -> None:
    path.write_text("{")


def opened_up(path: Path) -> None:
    path.chmod(0o644)


@pytest.mark.parametrize("harm", [gone, damaged, opened_up])
@pytest.mark.parametrize("makes_itself", [False, True])
def test_once_the_file_is_lost_what_is_known_still_opens_and_nothing_is_sealed_any_more(
    path: Path, harm: Callable[[Path], None], makes_itself: bool
) -> None:
    KeyFile(path=path).create()
    ring = KeyFile(path=path, makes_itself=makes_itself)
    sealer = RingSealer(ring)
    envelope = sealer.seal(VALUE, PLACE)
    copy = path.read_bytes()
    harm(path)
    assert sealer.open(envelope, PLACE) == VALUE
    refused(lambda: sealer.seal(VALUE, PLACE))
    refused(lambda: sealer.open({**envelope, "key_id": "another"}, PLACE))
    refused(ring.add)
    path.write_bytes(copy)
    path.chmod(0o600)
    assert sealer.open(sealer.seal(VALUE, PLACE), PLACE) == VALUE


def test_the_current_key_and_a_strange_one_are_not_retired(path: Path) -> None:
    ring = own(path)
    with pytest.raises(NotFound, match="keys list"):
        ring.retire("strange")
    old, new = ring.add(), ring.add()
    with pytest.raises(KeyInUse, match="keys rotate"):
        ring.retire(new.id)
    ring.retire(old.id)
    assert ring.all() == [new]


def test_what_a_link_leads_to_is_rotated_and_the_link_stays(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    KeyFile(path=path).create()
    link.symlink_to(path)
    added = KeyFile(path=link).add()
    assert link.is_symlink()
    assert KeyFile(path=path).all()[-1] == added


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have files of others")
def test_what_root_rotates_stays_the_file_of_its_owner(path: Path) -> None:
    ring = KeyFile(path=path)
    ring.create()
    os.chown(path, 4711, 4712)
    ring.add()
    owners = {(file.stat().st_uid, file.stat().st_gid) for file in path.parent.iterdir()}
    assert owners == {(4711, 4712)}


def test_no_key_is_in_any_repr(path: Path) -> None:
    ring: Any = written(path, {"current": "one", "keys": [GOOD, OTHER]})
    shown = f"{ring!r}{ring.all()!r}{ring.made_ring()!r}{RingSealer(ring)!r}"
    assert GOOD["key"] not in shown
    assert "kkkk" not in shown
