"""Which addresses may be called: a list of our own, because `ipaddress.is_global` is wrong on several.

It calls NAT64 (64:ff9b::/96), the 6to4 relays and multicast global, and knows nothing of metadata services. The networks
are those of IANA's special-purpose registries; of IPv6 only 2000::/3 is given out at all, so the rest is refused whole.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

SETTING = "SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES"
"""What allows private addresses and unencrypted connections; named where they are refused."""
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METADATA: frozenset[Address] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, Oracle, DigitalOcean, OpenStack and others
        "169.254.170.2",  # AWS: credentials of ECS tasks
        "169.254.170.23",  # AWS: credentials of EKS pods
        "100.100.100.200",  # Alibaba, in the range for carriers' NAT
        "168.63.129.16",  # Azure: the host's own agent, at an address that looks public
        "192.0.0.192",  # Oracle, before its current cloud
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS: credentials of EKS pods
        "fd20:ce::254",  # Google
        "fd00:c1::a9fe:a9fe",  # Oracle
        "fe80::a9fe:a9fe",  # OpenStack
    )
)
"""Where clouds hand out credentials to whoever asks from inside. Never called, whatever the settings say."""

PRIVATE: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), kind)
    for text, kind in (
        ("127.0.0.0/8", "a loopback"),
        ("::1/128", "a loopback"),
        ("10.0.0.0/8", "a private"),
        ("172.16.0.0/12", "a private"),
        ("192.168.0.0/16", "a private"),
        ("fc00::/7", "a private"),
        ("100.64.0.0/10", "a carrier's private"),
    )
)
"""Called only where the settings allow private addresses."""

NEVER: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), kind)
    for text, kind in (
        ("0.0.0.0/8", "an unspecified"),
        ("169.254.0.0/16", "a link-local"),
        ("192.0.0.0/24", "a reserved"),
        ("192.0.2.0/24", "a documentation"),
        ("192.88.99.0/24", "a 6to4"),
        ("198.18.0.0/15", "a benchmark"),
        ("198.51.100.0/24", "a documentation"),
        ("203.0.113.0/24", "a documentation"),
        ("224.0.0.0/4", "a multicast"),
        ("240.0.0.0/4", "a reserved"),
        ("::/128", "an unspecified"),
        ("::ffff:0:0/96", "an IPv4-mapped"),
        ("64:ff9b::/96", "a NAT64"),
        ("64:ff9b:1::/48", "a NAT64"),
        ("fe80::/10", "a link-local"),
        ("ff00::/8", "a multicast"),
        ("2001::/32", "a Teredo"),
        ("2001::/23", "a reserved"),
        ("2001:db8::/32", "a documentation"),
        ("2002::/16", "a 6to4"),
        ("3fff::/20", "a documentation"),
        # Everything outside of 2000::/3, IPv4-compatible addresses among it.
        ("::/3", "a reserved"),
        ("4000::/2", "a reserved"),
        ("8000::/1", "a reserved"),
    )
)
"""Called by nobody. The first network that holds an address names it."""


def refusal(address: Address, *, allow_private: bool) -> str | None:
    """Return what kind of address this is when it may not be called ("a loopback"), None when it may."""
    if address in METADATA:
        return "a cloud's metadata"
    for network, kind in PRIVATE:
        if address in network:
            return None if allow_private else kind
    return next((kind for network, kind in NEVER if address in network), None)
