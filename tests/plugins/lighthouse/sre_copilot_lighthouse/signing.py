"""How Lighthouse signs: HMAC-SHA256 over time, id and body."""

from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.signatures import hmac_hex

ID, TIME, SIGNATURE = "x-lighthouse-id", "x-lighthouse-time", "x-lighthouse-signature"


def signature(secret: str, stamp: str, delivery: Delivery) -> str:
    """The right signature of a delivery."""
    signed = f"{stamp}.{delivery.header(ID)}.".encode("utf-8", "surrogatepass")
    return hmac_hex(secret, signed + delivery.body)
