"""Key rings: one current key, older ones that open, and no way to lose the wrong one."""

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.key_ring import KeyRing
from sre_copilot.application.ports.sealing import Place, Sealer
from sre_copilot.domain.errors import KeyInUse, NotFound, SealBroken

VALUE = b"a secret"


class KeyRingConformance:
    """Override `ring`, and `sealer` with one of the same ring."""

    @pytest.fixture
    def ring(self) -> KeyRing:
        """A ring that nobody has used yet."""
        raise NotImplementedError("override the fixture `ring` in the subclass")

    @pytest.fixture
    def sealer(self, ring: KeyRing) -> Sealer:
        """What seals with it."""
        raise NotImplementedError("override the fixture `sealer` in the subclass")

    @pytest.fixture
    def place(self) -> Place:
        """Where a value lives."""
        return Place.of_integration(new_id(), new_id())

    def test_sealing_needs_no_preparation(self, ring: KeyRing, sealer: Sealer, place: Place) -> None:
        """The first key is there when it is needed first."""
        assert sealer.open(sealer.seal(VALUE, place), place) == VALUE
        (key,) = ring.all()
        assert key.is_current
        assert key.created_at.tzinfo is not None
        assert sealer.current_key_id == key.id

    def test_a_new_key_is_the_current_one_and_the_last(self, ring: KeyRing, sealer: Sealer) -> None:
        """Exactly one is current."""
        first = sealer.current_key_id
        added = [ring.add(), ring.add()]
        assert [key.id for key in ring.all()] == [first, *(key.id for key in added)]
        assert [key.is_current for key in ring.all()] == [False, False, True]
        assert sealer.current_key_id == added[-1].id

    def test_an_older_key_opens_and_moves_to_the_new_one(self, ring: KeyRing, sealer: Sealer, place: Place) -> None:
        """As long as it is on the ring."""
        old = sealer.seal(VALUE, place)
        added = ring.add()
        assert sealer.open(old, place) == VALUE
        moved = sealer.reseal(old, place)
        assert moved is not None
        assert moved["key_id"] == added.id
        ring.retire(old["key_id"])
        assert sealer.open(moved, place) == VALUE

    def test_a_retired_key_is_named_by_what_it_sealed(self, ring: KeyRing, sealer: Sealer, place: Place) -> None:
        """So that whoever has a copy knows which one is meant."""
        old = sealer.seal(VALUE, place)
        ring.add()
        ring.retire(old["key_id"])
        assert [key.is_current for key in ring.all()] == [True]
        with pytest.raises(SealBroken, match=old["key_id"]):
            sealer.open(old, place)
        with pytest.raises(SealBroken, match=old["key_id"]):
            sealer.reseal(old, place)

    def test_neither_the_current_key_nor_a_strange_one_is_retired(self, ring: KeyRing, sealer: Sealer) -> None:
        """Nothing is changed by the attempt."""
        current = sealer.current_key_id
        with pytest.raises(KeyInUse):
            ring.retire(current)
        with pytest.raises(NotFound):
            ring.retire("strange")
        assert sealer.current_key_id == current
