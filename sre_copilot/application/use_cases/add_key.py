"""Begin to seal with a new key."""

import attrs

from sre_copilot.application.ports.key_ring import KeyOnRing, KeyRing


@attrs.frozen(kw_only=True)
class AddKey:
    """Put a new key on the ring of the installation; `ResealSecrets` then moves what is sealed to it, tenant by tenant."""

    ring: KeyRing

    def __call__(self) -> KeyOnRing:
        """Return the new current key. Raises KeyRingUnusable."""
        return self.ring.add()
