"""Sealing of values that must not be readable in the database: credentials of integrations above all."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

import attrs


@attrs.frozen(kw_only=True)
class Place:
    """Where a sealed value lives. It opens nowhere else: not in another row, not in another tenant."""

    table: str
    tenant_id: UUID
    row_id: UUID
    field: str

    @classmethod
    def of_integration(cls, tenant_id: UUID, integration_id: UUID) -> "Place":
        """Where the settings and secrets of an integration live."""
        return cls(table="integrations", tenant_id=tenant_id, row_id=integration_id, field="config")


class Sealer(Protocol):
    """Seals values with the current key of the key ring, and opens those of any key in it. Thread-safe.

    An envelope is a JSON document: `v` (1), `key_id`, and as base64 text `wrapped_key`, `nonce` and `ciphertext`.
    Every method raises KeyRingUnusable where no key ring can be read.
    """

    @abstractmethod
    def seal(self, value: bytes, place: Place) -> Mapping[str, Any]:
        """Return the envelope of a value; never the same twice."""

    @abstractmethod
    def open(self, envelope: Mapping[str, Any], place: Place) -> bytes:
        """Return the value. Raises SealBroken where it was altered, moved, or sealed with a key that is not there."""

    @abstractmethod
    def reseal(self, envelope: Mapping[str, Any], place: Place) -> Mapping[str, Any] | None:
        """Return the envelope with its data key under the current key, or None where it is already.

        Raises SealBroken as `open` does.
        """

    @property
    @abstractmethod
    def current_key_id(self) -> str:
        """The id of the key that new values are sealed with."""
