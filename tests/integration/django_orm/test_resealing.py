"""Keys are rotated under load on PostgreSQL: everything opens all the time, no edit is lost, and a kill costs nothing."""

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from uuid import UUID

import attrs
import psycopg
import pytest

from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.keyring.key_file import KeyFile
from sre_copilot.adapters.keyring.sealing import RingSealer
from sre_copilot.adapters.system import SystemClock, TimeOrderedIds
from sre_copilot.application.ports.sealing import Place
from sre_copilot.application.use_cases.reseal_secrets import ResealSecrets
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.errors import SealBroken
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.builders import make_integration, make_tenant
from tests.integration.database import Database
from tests.integration.threads import at_once

SOAK = os.environ.get("SRE_COPILOT_SOAK") == "1"
ROTATIONS = 40 if SOAK else 6
KILLS = 12 if SOAK else 4
VALUES = 12
CANARY = "planted-canary"
CHILD = """
import sys
from pathlib import Path
from uuid import UUID
from sre_copilot.bootstrap import bootstrap
from sre_copilot.domain.actors import Actor
from sre_copilot.settings import Settings
_, url, keys, tenant = sys.argv
with bootstrap(Settings(database_url=url, key_file=keys)) as copilot:
    after = None
    while True:
        step = copilot.reseal_secrets(actor=Actor.system(UUID(tenant)), after=after, limit=1)
        print(step.moved, flush=True)
        after = step.last
        if after is None:
            break
"""


@attrs.frozen(kw_only=True)
class Safe:
    """A tenant whose integrations have values that say whose and how new they are, sealed with the keys of a file."""

    units: DjangoUnitOfWorkFactory
    tenant: Tenant
    keys: Path
    ids: Sequence[UUID]

    @classmethod
    def build(cls, units: DjangoUnitOfWorkFactory, tenant: Tenant, keys: Path) -> "Safe":
        """Store the integrations."""
        safe = cls(units=units, tenant=tenant, keys=keys, ids=[])
        ids = []
        for number in range(VALUES):
            integration = make_integration(tenant.id, name=f"integration {number}")
            with units(tenant.id) as uow:
                uow.integrations.add(attrs.evolve(integration, sealed=safe.seal(safe.ring(), integration.id, 0)))
                uow.commit()
            ids.append(integration.id)
        return attrs.evolve(safe, ids=sorted(ids))

    def ring(self) -> KeyFile:
        """The key file as another process has it open."""
        return KeyFile(path=self.keys, makes_itself=True)

    def place(self, one: UUID) -> Place:
        """Where a value lives."""
        return Place.of_integration(self.tenant.id, one)

    def seal(self, ring: KeyFile, one: UUID, number: int) -> dict[str, object]:
        """Edition `number` of the value of an integration."""
        return dict(RingSealer(ring).seal(f"{CANARY} {one} {number}".encode(), self.place(one)))

    def edition(self, ring: KeyFile, one: UUID) -> int:
        """The number of the stored edition, opened."""
        with self.units(self.tenant.id) as uow:
            stored = uow.integrations.get(one).sealed
        canary, owner, number = RingSealer(ring).open(stored, self.place(one)).decode().split(" ")
        assert (canary, owner) == (CANARY, str(one))
        return int(number)

    def edit(self, ring: KeyFile, one: UUID) -> None:
        """Store the next edition; nobody else edits this one, but rotations may come between."""
        following = self.edition(ring, one) + 1
        while True:
            with self.units(self.tenant.id) as uow:
                before = uow.integrations.get(one).sealed
                if uow.integrations.replace_sealed(one, before, self.seal(ring, one, following)):
                    uow.commit()
                    return

    def edit_under_lock(self, ring: KeyFile, one: UUID) -> None:
        """Store the next edition as use cases do."""
        with self.units(self.tenant.id) as uow:
            stored = uow.integrations.lock(one)
            *_, number = RingSealer(ring).open(stored.sealed, self.place(one)).decode().split(" ")
            uow.integrations.save(attrs.evolve(stored, sealed=self.seal(ring, one, int(number) + 1)))
            uow.commit()

    def reseal(self) -> int:
        """Rotate the values as another process would; return how many moved."""
        use_case = ResealSecrets(
            units=self.units, sealer=RingSealer(self.ring()), clock=SystemClock(), ids=TimeOrderedIds()
        )
        moved, after = 0, None
        while True:
            step = use_case(actor=Actor.system(self.tenant.id), after=after, limit=5)
            assert step.broken == ()
            moved += step.moved
            if step.last is None:
                return moved
            after = step.last

    def keys_in_use(self) -> set[str]:
        """The ids of the keys that anything is sealed with."""
        with self.units(self.tenant.id) as uow:
            return {str(envelope["key_id"]) for _, envelope in uow.integrations.sealed()}

    def audited(self) -> int:
        """How many moves the audit trail tells of."""
        with self.units(self.tenant.id) as uow:
            entries = uow.audit.recent(10_000)
        return sum(entry.details["count"] for entry in entries if entry.event_type == "secrets.resealed")


@pytest.fixture
def safe(units: DjangoUnitOfWorkFactory, tenant: Tenant, tmp_path: Path) -> Safe:
    """A safe with one key."""
    return Safe.build(units, tenant, tmp_path / "keys.json")


def test_under_load_every_value_opens_at_every_moment_and_no_edit_is_lost(safe: Safe) -> None:
    done, edits = Event(), dict.fromkeys(safe.ids, 0)

    def editor(ids: Sequence[UUID], edit: Callable[[KeyFile, UUID], None]) -> Callable[[], int]:
        def work() -> int:
            ring = safe.ring()
            while not done.is_set():
                for one in ids:
                    edit(ring, one)
                    edits[one] += 1
            return 0

        return work

    def reader() -> int:
        ring, seen = safe.ring(), dict.fromkeys(safe.ids, 0)
        while not done.is_set():
            for one in safe.ids:
                edition = safe.edition(ring, one)
                assert edition >= seen[one]
                seen[one] = edition
        return 0

    def rotator() -> int:
        try:
            ring, moved = safe.ring(), 0
            for _ in range(ROTATIONS):
                ring.add()
                moved += safe.reseal()
            return moved
        finally:
            done.set()

    def second_rotator() -> int:
        moved = 0
        while not done.is_set():
            moved += safe.reseal()
        return moved

    half = len(safe.ids) // 2
    editors = editor(safe.ids[:half], safe.edit), editor(safe.ids[half:], safe.edit_under_lock)
    outcomes = at_once(*editors, reader, rotator, second_rotator)
    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    moved = sum(outcome for outcome in outcomes if isinstance(outcome, int)) + safe.reseal()
    current = RingSealer(safe.ring()).current_key_id
    assert safe.keys_in_use() == {current}
    assert {one: safe.edition(safe.ring(), one) for one in safe.ids} == edits
    assert min(edits.values()) > 0
    assert safe.audited() == moved > 0


def test_a_rotation_that_is_killed_anywhere_leaves_everything_open_and_is_completed_by_the_next(
    safe: Safe, database: Database
) -> None:
    for number in range(KILLS):
        safe.ring().add()
        before = safe.audited()
        child = rotating(database, safe)
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(1 + number * (VALUES - 2) // KILLS)]
        child.kill()
        child.wait(timeout=60)
        assert said == ["1\n"] * len(said)
        assert [safe.edition(safe.ring(), one) for one in safe.ids] == [0] * VALUES
        already = safe.audited() - before
        assert len(said) <= already <= VALUES
        # The server may still be ending the last transaction of the killed process.
        assert safe.reseal() <= VALUES - already
        assert safe.keys_in_use() == {RingSealer(safe.ring()).current_key_id}
        assert safe.audited() - before == VALUES
    for key in safe.ring().all()[:-1]:
        safe.ring().retire(key.id)
    assert [safe.edition(safe.ring(), one) for one in safe.ids] == [0] * VALUES


def rotating(database: Database, safe: Safe) -> "subprocess.Popen[str]":
    """Start a rotation in a process of its own, one value a step; it says each."""
    arguments = (database.urls.app, str(safe.keys), str(safe.tenant.id))
    return subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def superuser(database: Database) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Somebody who may do everything in the database, and has no key."""
    with database.connect("superuser") as db:
        db.autocommit = True
        yield db


def test_a_value_that_was_copied_to_another_row_or_tenant_does_not_open_there(
    safe: Safe, superuser: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    other = make_tenant()
    stranger = make_integration(other.id)
    with safe.units(other.id) as uow:
        uow.tenants.add(other)
        uow.integrations.add(stranger)
        uow.commit()
    copy = "UPDATE integrations SET config = (SELECT config FROM integrations WHERE id = %s) WHERE id = %s"
    source = safe.ids[0]
    for tenant_id, target in ((safe.tenant.id, safe.ids[1]), (other.id, stranger.id)):
        superuser.execute(copy, [source, target])
        with safe.units(tenant_id) as uow:
            stored = uow.integrations.get(target).sealed
        with pytest.raises(SealBroken, match="another place"):
            RingSealer(safe.ring()).open(stored, Place.of_integration(tenant_id, target))
    assert safe.edition(safe.ring(), source) == 0


def test_no_value_and_no_key_is_readable_in_any_table(
    safe: Safe, superuser: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    safe.ring().add()
    safe.reseal()
    names = superuser.execute("SELECT relname FROM pg_stat_user_tables").fetchall()
    everything = "".join(
        str(row) for (name,) in names for row in superuser.execute(f'SELECT t::text FROM "{name}" t'.encode())
    )
    assert str(safe.ids[0]) in everything
    assert any(text in base64.b64encode(f"ab{CANARY} and more".encode()).decode() for text in readings(CANARY.encode()))
    ring = safe.ring().made_ring()
    hidden = [CANARY.encode(), *(key.material for key in ring.keys)]
    for secret in hidden:
        shown = readings(secret)
        assert [text for text in shown if text in everything] == []


def readings(secret: bytes) -> list[str]:
    """How some bytes might be written: plain, in hex, and in base64 at each of the three places in a group."""
    texts = [secret.hex(), secret.decode("latin-1")]
    for pad in range(3):
        text = base64.b64encode(b"x" * pad + secret).decode()
        texts.append(text[4 if pad else 0 : len(text) // 4 * 4 - 4])
    return texts
