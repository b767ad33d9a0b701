"""Which addresses may be called."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.outgoing.addresses import METADATA, NEVER, PRIVATE, refusal

PUBLIC = ["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.63.255.255",
          "100.128.0.0", "169.253.255.255", "192.0.1.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
          "2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450::1"]  # fmt: skip
# Each as an attacker would write it, with the word that the refusal has for it.
REFUSED = {
    "127.0.0.1": "loopback", "127.255.255.254": "loopback", "::1": "loopback",
    "10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private",
    "fc00::1": "private", "fdff::1": "private", "100.64.0.1": "carrier", "100.127.255.255": "carrier",
    "0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "::": "unspecified",
    "169.254.0.1": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local", "febf::1": "link-local",
    "fec0::1": "reserved", "224.0.0.1": "multicast", "239.255.255.255": "multicast", "ff02::1": "multicast",
    "240.0.0.1": "reserved", "255.255.255.255": "reserved", "192.0.0.8": "reserved", "198.18.0.1": "benchmark",
    "192.0.2.1": "documentation", "198.51.100.1": "documentation", "203.0.113.1": "documentation",
    "2001:db8::1": "documentation", "3fff::1": "documentation", "192.88.99.1": "6to4", "2002:7f00:1::": "6to4",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo", "2001:10::1": "reserved", "2001:2::1": "reserved",
    "64:ff9b::127.0.0.1": "NAT64", "64:ff9b::8.8.8.8": "NAT64", "64:ff9b:1::10.0.0.1": "NAT64",
    "::ffff:127.0.0.1": "IPv4-mapped", "::ffff:8.8.8.8": "IPv4-mapped", "::ffff:0:10.0.0.1": "reserved",
    "::127.0.0.1": "reserved", "::8.8.8.8": "reserved", "100::1": "reserved", "5f00::1": "reserved",
    "169.254.169.254": "metadata", "169.254.170.2": "metadata", "100.100.100.200": "metadata",
    "168.63.129.16": "metadata", "fd00:ec2::254": "metadata", "fd20:ce::254": "metadata",
}  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_called(text: str) -> None:
    assert refusal(ip_address(text), allow_private=False) is None


@pytest.mark.parametrize(("text", "word"), REFUSED.items())
def test_what_leads_inside_or_nowhere_may_not_and_is_called_by_its_kind(text: str, word: str) -> None:
    assert word in str(refusal(ip_address(text), allow_private=False))


@pytest.mark.parametrize("network", [network for network, _ in PRIVATE], ids=str)
@given(data=st.data())
def test_a_private_network_is_called_only_where_the_settings_allow_it(network: object, data: st.DataObject) -> None:
    address = data.draw(st.ip_addresses(network=str(network)))
    assert refusal(address, allow_private=False)
    assert address in METADATA or refusal(address, allow_private=True) is None


@pytest.mark.parametrize("network", [network for network, _ in NEVER], ids=str)
@given(data=st.data())
def test_no_setting_opens_the_other_networks(network: object, data: st.DataObject) -> None:
    address = data.draw(st.ip_addresses(network=str(network)))
    private = any(address in network for network, _ in PRIVATE)
    assert refusal(address, allow_private=False)
    assert private or refusal(address, allow_private=True)


@pytest.mark.parametrize("address", sorted(METADATA, key=str), ids=str)
def test_a_clouds_metadata_is_never_called(address: IPv4Address | IPv6Address) -> None:
    assert refusal(address, allow_private=True) == "a cloud's metadata"


@given(st.ip_addresses())
def test_what_the_standard_library_knows_as_not_public_is_refused(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert refusal(address, allow_private=False)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_not_called_in_the_guise_of_an_ipv6_address(inner: IPv4Address) -> None:
    number = int(inner)
    guises = [
        0xFFFF << 32 | number,  # mapped
        number,  # compatible
        0xFFFF << 48 | number,  # translated
        0x64FF9B << 96 | number,  # NAT64
        0x64FF9B0001 << 80 | number,  # NAT64 of a network's own
        0x2002 << 112 | number << 80,  # 6to4
        0x20010000 << 96 | number ^ 0xFFFFFFFF,  # Teredo, which turns the bits over
        0x20010000 << 96 | number << 64,  # the server of Teredo
    ]
    for guise in guises:
        address = IPv6Address(guise)
        assert address == IPv6Address("::1") or refusal(address, allow_private=True), address
