"""The fingerprint: which series a signal belongs to.

SHA-256 over a versioned, length-prefixed encoding, so that no two different identities share an
encoding: ("ab", "c") and ("a", "bc") differ, and a missing label differs from an empty one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from uuid import UUID

from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.signals import Environment, SignalDraft, SignalType

FORMAT = "1"


def fingerprint(integration_id: UUID, draft: SignalDraft) -> str:
    """Return the series' identity: 64 lower-case hex characters.

    With a vendor key: of (format, integration, key) and nothing else, because a vendor's resolve may carry
    only its key. Otherwise of (format, integration, type, environment, identity labels); with nothing to
    identify by, of the raw payload, so that strangers are never merged.
    """
    known: str | None = draft.worked_out.get(integration_id)
    if known is None:
        known = draft.worked_out[integration_id] = _fingerprint(integration_id, draft)
    return known


def _fingerprint(integration_id: UUID, draft: SignalDraft) -> str:
    if draft.vendor_key is not None:
        return _hash("key", str(integration_id), draft.vendor_key)
    if draft.identity:
        return _labelled(_scope(integration_id, draft.signal_type, draft.environment), draft.identity)
    return _hash("raw", str(integration_id), canonical(draft.raw).decode())


@lru_cache(maxsize=512)
def _scope(integration_id: UUID, signal_type: SignalType, environment: Environment) -> str:
    """What the identities of many have in common; all of it is ASCII."""
    return _encoded((FORMAT, "labels", str(integration_id), signal_type.value, environment.value))


def _labelled(scope: str, labels: Mapping[str, str]) -> str:
    names = sorted(labels)
    encoded = scope + "".join([f"{len(name)}:{name}{len(value := labels[name])}:{value}" for name in names])
    if encoded.isascii():
        return hashlib.sha256(encoded.encode()).hexdigest()
    # Lengths are of bytes, and only ASCII has as many as characters.
    return _digest(scope, [part for name in names for part in (name, labels[name])])


def _hash(*parts: str) -> str:
    return _digest(_encoded((FORMAT,)), parts)


def _digest(scope: str, parts: Iterable[str]) -> str:
    encoded = [part.encode() for part in parts]
    return hashlib.sha256(scope.encode() + b"".join([b"%d:%b" % (len(part), part) for part in encoded])).hexdigest()


def _encoded(parts: Iterable[str]) -> str:
    return "".join([f"{len(part)}:{part}" for part in parts])
