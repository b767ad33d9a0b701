"""The fingerprint: which series a signal belongs to.

SHA-256 over a versioned, length-prefixed encoding, so that no two different identities share an
encoding: ("ab", "c") and ("a", "bc") differ, and a missing label differs from an empty one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import chain
from uuid import UUID

from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.signals import SignalDraft

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
        return _hash(
            "labels",
            str(integration_id),
            draft.signal_type.value,
            draft.environment.value,
            *_sorted_pairs(draft.identity),
        )
    return _hash("raw", str(integration_id), canonical(draft.raw).decode())


def _sorted_pairs(labels: Mapping[str, str]) -> Iterable[str]:
    return chain.from_iterable(sorted(labels.items()))


def _hash(*parts: str) -> str:
    encoded = "".join([f"{len(part)}:{part}" for part in (FORMAT, *parts)])
    if not encoded.isascii():
        # Lengths are of bytes, and only ASCII has as many as characters.
        pairs = [part.encode() for part in (FORMAT, *parts)]
        return hashlib.sha256(b"".join([b"%d:%b" % (len(part), part) for part in pairs])).hexdigest()
    return hashlib.sha256(encoded.encode()).hexdigest()
