"""RSA signatures against certificates, as Amazon SNS makes them."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sre_copilot.adapters.keyring.signatures import CertificateSignatures
from sre_copilot.domain.errors import InvalidInput, UnreadableCertificate

Algorithm = Literal["sha1", "sha256"]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=30)
NOON = BEGIN + timedelta(days=1)
MESSAGE = b"Message\nDiskFull\nMessageId\n1\n"
HASHES: dict[Algorithm, hashes.HashAlgorithm] = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None) -> bytes:
    own = key or rsa_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example.com")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=own.public_key(),
        serial_number=1,
        not_valid_before=BEGIN,
        not_valid_after=END,
    )
    return builder.sign(own, hashes.SHA256()).public_bytes(Encoding.PEM)


def signed(algorithm: Algorithm = "sha256", message: bytes = MESSAGE) -> bytes:
    return rsa_key().sign(message, padding.PKCS1v15(), HASHES[algorithm])


def verifies(
    *,
    certificate_pem: bytes | None = None,
    message: bytes = MESSAGE,
    signature: bytes | None = None,
    algorithm: Algorithm = "sha256",
    now: datetime = NOON,
) -> bool:
    return CertificateSignatures().rsa_verifies(
        certificate_pem=certificate_pem or certificate(),
        message=message,
        signature=signature if signature is not None else signed(algorithm),
        algorithm=algorithm,
        now=now,
    )


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_what_the_holder_signed_verifies(algorithm: Algorithm) -> None:
    assert verifies(algorithm=algorithm)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_every_single_changed_byte_of_message_and_signature_is_refused(algorithm: Algorithm) -> None:
    signature = signed(algorithm)
    for place in range(len(MESSAGE)):
        changed = MESSAGE[:place] + bytes([MESSAGE[place] ^ 1]) + MESSAGE[place + 1 :]
        assert not verifies(message=changed, signature=signature, algorithm=algorithm)
    for place in range(len(signature)):
        changed = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]
        assert not verifies(signature=changed, algorithm=algorithm)


@pytest.mark.parametrize("signature", [b"", b"\0" * 256, b"x" * 10_000], ids=["none", "zeros", "long"])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    assert not verifies(signature=signature)


def test_a_signature_over_another_hash_is_refused() -> None:
    assert not verifies(signature=signed("sha1"), algorithm="sha256")
    assert not verifies(signature=signed("sha256"), algorithm="sha1")


def test_a_signature_with_another_padding_is_refused() -> None:
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    assert not verifies(signature=rsa_key().sign(MESSAGE, pss, hashes.SHA256()))


def test_the_certificate_of_somebody_else_is_refused() -> None:
    assert not verifies(certificate_pem=certificate(rsa_key(3072)))


@pytest.mark.parametrize(
    ("now", "valid"),
    [
        (BEGIN - timedelta(seconds=1), False),
        (BEGIN, True),
        (END, True),
        (END + timedelta(seconds=1), False),
    ],
    ids=["not yet", "first moment", "last moment", "no more"],
)
def test_a_certificate_counts_from_its_first_to_its_last_moment(now: datetime, valid: bool) -> None:
    assert verifies(now=now) is valid


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"\xff\0",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        certificate().replace(b"CERTIFICATE", b"X509 CRL"),
        certificate()[: len(certificate()) // 2],
        certificate(rsa_key(1024)),
        certificate(ec.generate_private_key(ec.SECP256R1())),
        rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ],
    ids=["empty", "bytes", "garbage", "revocations", "half", "short key", "no RSA key", "private key"],
)
def test_what_is_no_certificate_of_a_usable_rsa_key_is_an_error_that_says_so(pem: bytes) -> None:
    with pytest.raises(UnreadableCertificate) as caught:
        verifies(certificate_pem=pem or b" ")
    assert isinstance(caught.value, InvalidInput)
    assert "PRIVATE" not in repr(caught.value)
