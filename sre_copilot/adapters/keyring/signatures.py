"""Signatures that are checked against a certificate."""

from datetime import datetime
from typing import Literal

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from sre_copilot.domain.errors import UnreadableCertificate

LEAST_BITS = 2048
"""A shorter RSA key proves nothing any more."""


@attrs.frozen
class CertificateSignatures:
    """Checks RSA signatures against X.509 certificates."""

    def rsa_verifies(
        self,
        *,
        certificate_pem: bytes,
        message: bytes,
        signature: bytes,
        algorithm: Literal["sha1", "sha256"],
        now: datetime,
    ) -> bool:
        """Return whether the certificate's holder signed the message, and it is valid at `now`. Raises UnreadableCertificate."""
        certificate, key = _read(certificate_pem)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return False
        try:
            # Vendors still sign with SHA-1: whoever forges has to find a second message, not just any two that collide.
            key.verify(signature, message, PKCS1v15(), SHA256() if algorithm == "sha256" else SHA1())
        except InvalidSignature:
            return False
        return True


def _read(pem: bytes) -> tuple[x509.Certificate, RSAPublicKey]:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise UnreadableCertificate from error
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise UnreadableCertificate
    return certificate, key
