"""The key file does what is asked of every key ring."""

from pathlib import Path

import pytest

from sre_copilot.adapters.keyring.key_file import KeyFile
from sre_copilot.adapters.keyring.sealing import RingSealer
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.testing.conformance.key_ring import KeyRingConformance


class TestOwnKeyFile(KeyRingConformance):
    """Beside the embedded database."""

    @pytest.fixture
    def ring(self, tmp_path: Path) -> KeyFile:
        return KeyFile(path=tmp_path / "data" / "keys.json", makes_itself=True)

    @pytest.fixture
    def sealer(self, ring: KeyFile) -> Sealer:
        return RingSealer(ring)


class TestConfiguredKeyFile(TestOwnKeyFile):
    """Where SRE_COPILOT_KEYS says, read by another process than the one that changes it."""

    @pytest.fixture
    def ring(self, tmp_path: Path) -> KeyFile:
        KeyFile(path=tmp_path / "keys.json").create()
        return KeyFile(path=tmp_path / "keys.json")

    @pytest.fixture
    def sealer(self, ring: KeyFile) -> Sealer:
        return RingSealer(KeyFile(path=ring.path))
