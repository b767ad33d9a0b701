"""Whose certificates are believed: those of the machine's authorities, or only those that a request brings."""

import ssl
from functools import cache, lru_cache

from sre_copilot.domain.errors import OutgoingRefused

MOST_KEPT = 32
"""Sets of certificates that stay loaded."""


@cache
def system_trust() -> ssl.SSLContext:
    """The certificate authorities that this machine trusts, or those that SSL_CERT_FILE or SSL_CERT_DIR names."""
    # Loaded when first needed: most commands never call anybody.
    from httpcore2 import default_ssl_context

    return default_ssl_context()


@lru_cache(maxsize=MOST_KEPT)
def trust_in(certificates: str) -> ssl.SSLContext:
    """Trust in these certificates (PEM) and no others. Raises OutgoingRefused where they can't be read.

    Names and dates are checked as ever, but not whether an authority's own certificate has every extension that
    RFC 5280 wishes for: those that clusters make for themselves often lack some.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Whoever names a server's own certificate, or an authority between, means that one.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        context.load_verify_locations(cadata=certificates)
    except (ssl.SSLError, ValueError, TypeError):
        # A text that isn't ASCII is a TypeError.
        raise OutgoingRefused(
            "The trusted certificates can't be read; give them as PEM, each from -----BEGIN CERTIFICATE----- to "
            "-----END CERTIFICATE-----, with its line breaks."
        ) from None
    return context
