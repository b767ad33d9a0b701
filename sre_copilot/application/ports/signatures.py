"""Checks of signatures that vendors make with a private key."""

from abc import abstractmethod
from datetime import datetime
from typing import Literal, Protocol


class Signatures(Protocol):
    """Checks signatures against public keys. Thread-safe."""

    @abstractmethod
    def rsa_verifies(
        self,
        *,
        certificate_pem: bytes,
        message: bytes,
        signature: bytes,
        algorithm: Literal["sha1", "sha256"],
        now: datetime,
    ) -> bool:
        """Return whether the holder of an X.509 certificate signed the message (RSA, PKCS#1 v1.5).

        False also where the certificate is not valid at `now`. Who issued it is not looked at: take it only from a
        place that is trusted. Raises UnreadableCertificate where it is no certificate of a usable RSA key.
        """
