"""`sre-copilot keys`: made, listed, rotated under a running service, killed, retired; and never shown."""

import json
import stat
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.sealing import Place
from sre_copilot.testing.builders import make_integration
from tests.e2e.command_line import Terminal
from tests.e2e.installation import Answer, Installation

KILLS = 3


@attrs.frozen(kw_only=True)
class House:
    """An installation of its own with two tenants, whose every integration has a value that says whose it is."""

    installation: Installation
    terminal: Terminal
    ids: Mapping[UUID, UUID]
    """Integration -> tenant."""

    @property
    def key_file(self) -> Path:
        """Where its keys are."""
        return self.installation.data_folder / "keys.json"

    def opened(self, copilot: Copilot) -> dict[UUID, str]:
        """Every value, opened by a copilot that may have been running for long."""
        found = {}
        for one, tenant_id in self.ids.items():
            with copilot.administration.units(tenant_id) as uow:
                envelope = uow.integrations.get(one).sealed
            place = Place.of_integration(tenant_id, one)
            found[one] = copilot.reseal_secrets.sealer.open(envelope, place).decode()
        return found

    def replace(self, copilot: Copilot, one: UUID, envelope: Mapping[str, Any] | None = None) -> None:
        """Store an envelope, by default its value sealed anew."""
        place = Place.of_integration(self.ids[one], one)
        sealed = envelope or copilot.reseal_secrets.sealer.seal(str(one).encode(), place)
        with copilot.administration.units(self.ids[one]) as uow:
            uow.integrations.replace_sealed(one, uow.integrations.get(one).sealed, sealed)
            uow.commit()

    def check(self) -> None:
        """Every value opens in a new process."""
        with self.installation.open() as copilot:
            assert self.opened(copilot) == {one: str(one) for one in self.ids}

    def counts(self) -> dict[str, int]:
        """How many values each key on the ring seals, oldest first."""
        return {row["id"]: row["sealed"] for row in self.terminal.told("keys", "list")["keys"]}

    def age(self) -> None:
        """Let the last rotation be an hour ago."""
        document = json.loads(self.key_file.read_text())
        for row in document["keys"]:
            made = datetime.fromisoformat(row["created_at"]) - timedelta(hours=1)
            row["created_at"] = made.isoformat()
        self.key_file.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all; it begins without a key."""
    installation = Installation(data_folder=tmp_path_factory.mktemp("keys"))
    terminal = Terminal(installation=installation)
    assert terminal.told("keys", "list") == {"keys": [], "missing": {}}
    assert "no key yet" in terminal.done("keys", "list")
    assert terminal.told("keys", "rotate", "--no-new-key") == {"key": None, "moved": 0, "broken": []}
    ids = {}
    for slug in ("one", "two"):
        terminal.done("tenants", "create", slug, "--admin", f"ada@{slug}.example.com")
        with installation.open() as copilot:
            tenant = copilot.administration.tenant(slug)
            for number in range(5):
                integration = make_integration(tenant.id, name=f"integration {number}")
                with copilot.administration.units(tenant.id) as uow:
                    uow.integrations.add(integration)
                    uow.commit()
                ids[integration.id] = tenant.id
    made = House(installation=installation, terminal=terminal, ids=ids)
    with installation.open() as copilot:
        for one in ids:
            made.replace(copilot, one)
    yield made
    EmbeddedPostgres(installation.data_folder).erase()


def no_key_in(house: House, *texts: str) -> None:
    """Whatever was printed, it was no key."""
    keys = [row["key"] for row in json.loads(house.key_file.read_text())["keys"]]
    assert keys
    assert [key for key in keys for text in texts if key in text] == []


def test_the_keys_are_listed_with_what_they_seal_and_the_doctor_knows_the_ring(house: House) -> None:
    (key,) = house.terminal.told("keys", "list")["keys"]
    assert key["is_current"] is True
    assert key["sealed"] == len(house.ids)
    shown, doctor = house.terminal.done("keys", "list"), house.terminal.done("doctor", "--json")
    assert key["id"] in shown
    assert "current" in shown
    (check,) = [row for row in json.loads(doctor)["checks"] if row["name"] == "key ring"]
    assert check == {"name": "key ring", "ok": True, "detail": f"{house.key_file}: current key {key['id']}, 1 in all"}
    no_key_in(house, shown, doctor)


def test_a_running_copilot_goes_on_through_a_rotation_by_another_process(house: House) -> None:
    before = list(house.counts())
    with house.installation.open() as copilot:
        house.opened(copilot)
        rotated = house.installation.call("keys", "rotate", "--json").expect(0)
        new = rotated.document["key"]["id"]
        assert rotated.document["moved"] == len(house.ids)
        assert house.opened(copilot) == {one: str(one) for one in house.ids}
        for one in list(house.ids)[:2]:
            house.replace(copilot, one)
    assert house.counts() == {**dict.fromkeys(before, 0), new: len(house.ids)}
    no_key_in(house, rotated.out, rotated.err)


def test_a_key_is_retired_once_nothing_is_sealed_with_it(house: House) -> None:
    house.terminal.done("keys", "rotate")
    (*older, current) = house.counts()
    with house.installation.open() as copilot:
        document = json.loads(house.key_file.read_text())
        house.key_file.write_text(json.dumps({**document, "current": older[0]}))
        house.replace(copilot, next(iter(house.ids)))
        house.key_file.write_text(json.dumps(document))
    house.age()
    refused = house.terminal("keys", "retire", older[0]).expect(1)
    assert f"sealed with {older[0]} (1)" in refused.err
    assert "keys rotate --no-new-key" in house.terminal.done("keys", "list")
    assert house.terminal.told("keys", "rotate", "--no-new-key")["moved"] == 1
    assert house.terminal.told("keys", "retire", older[0]) == {"retired": older[0]}
    for key_id in older[1:]:
        assert "is destroyed" in house.terminal.done("keys", "retire", key_id)
    assert house.counts() == {current: len(house.ids)}
    house.check()
    assert "current key" in house.terminal("keys", "retire", current).expect(1).err
    assert "keys list" in house.terminal("keys", "retire", "strange").expect(4).err


def test_right_after_a_rotation_a_key_is_retired_when_what_is_under_way_is_stored(house: House) -> None:
    old = next(iter(house.counts()))
    house.terminal.done("keys", "rotate")
    began = datetime.now(UTC)
    document = json.loads(house.key_file.read_text())
    # All but half a second of the time to wait has passed.
    document["keys"][-1]["created_at"] = (began - timedelta(seconds=9.5)).isoformat()
    house.key_file.write_text(json.dumps(document))
    house.terminal.done("keys", "retire", old)
    assert datetime.now(UTC) - began >= timedelta(seconds=0.5)
    assert old not in house.counts()
    house.check()


def test_a_rotation_that_is_killed_is_completed_by_the_next(house: House) -> None:
    for _ in range(KILLS):
        child = house.installation.started("keys", "rotate")
        before = house.key_file.read_bytes()
        while house.key_file.read_bytes() == before and child.poll() is None:
            time.sleep(0.001)
        child.kill()
        child.communicate()
        house.check()
    done = house.terminal.told("keys", "rotate")
    counts = house.counts()
    assert counts.pop(done["key"]["id"]) == len(house.ids)
    assert set(counts.values()) == {0}
    house.check()


def test_what_does_not_open_is_named_and_everything_else_moves(house: House) -> None:
    broken, intact, *_ = house.ids
    with house.installation.open() as copilot:
        with copilot.administration.units(house.ids[intact]) as uow:
            copied = uow.integrations.get(intact).sealed
        house.replace(copilot, broken, copied)
        answer = house.terminal("keys", "rotate", "--json").expect(5)
        assert answer.document["broken"] == [{"tenant": "one", "integration": str(broken)}]
        assert answer.document["moved"] == len(house.ids) - 1
        assert f"1 value was not moved, because it can't be opened: one {broken}" in answer.err
        house.replace(copilot, broken, {"api_key": "plain"})
        assert house.terminal.told("keys", "list")["missing"] == {"": 1}
        assert "missing" in house.terminal.done("keys", "list")
        house.replace(copilot, broken)
    house.check()


def as_service(house: House, key_file: Path | None, *arguments: str) -> Answer:
    """A command beside a database that isn't ours, with this key file."""
    urls = EmbeddedPostgres(house.installation.data_folder).urls()
    keys = {"SRE_COPILOT_KEYS": str(key_file)} if key_file else {}
    return house.terminal(*arguments, environment={"DATABASE_URL": urls.app, **keys})


def test_beside_a_database_of_your_own_the_keys_are_asked_for_when_they_are_needed_and_not_before(
    house: House, tmp_path: Path
) -> None:
    assert len(as_service(house, None, "tenants", "list", "--json").expect(0).document["tenants"]) == 2
    assert "set SRE_COPILOT_KEYS" in as_service(house, None, "doctor", "--json").expect(0).out
    for arguments in (("keys", "list"), ("keys", "rotate"), ("keys", "create")):
        assert "SRE_COPILOT_KEYS" in as_service(house, None, *arguments).expect(5).err
    path = tmp_path / "service.json"
    assert "keys create" in as_service(house, path, "keys", "rotate").expect(5).err
    made = as_service(house, path, "keys", "create", "--json").expect(0).document["key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "exists already" in as_service(house, path, "keys", "create").expect(1).err
    listed = as_service(house, Path(f"file:{path}"), "keys", "list", "--json").expect(0).document
    assert [row["id"] for row in listed["keys"]] == [made["id"]]
    assert sum(listed["missing"].values()) == len(house.ids)


def test_a_key_file_that_others_may_read_is_refused_with_what_to_do(house: House, tmp_path: Path) -> None:
    path = tmp_path / "service.json"
    path.write_bytes(house.key_file.read_bytes())
    path.chmod(0o644)
    answer = as_service(house, path, "keys", "rotate").expect(5)
    assert "chmod 600" in answer.err
    doctor = as_service(house, path, "doctor", "--json").expect(5)
    assert [row["name"] for row in doctor.document["checks"] if not row["ok"]] == ["key ring"]
    no_key_in(house, answer.err, doctor.out)
