"""What a request may look like; the twin for tests refuses the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.requests import GuardedClient
from sre_copilot.adapters.outgoing.targets import Target, checked_host, read_target
from sre_copilot.application.ports.outgoing import Outgoing, Request
from sre_copilot.domain.errors import OutgoingRefused
from sre_copilot.testing.outgoing import ScriptedOutgoing, json_answer

URL = "https://hooks.example.com/services/T1"

READ = {
    "https://hooks.example.com": ("hooks.example.com", 443, "/", "hooks.example.com"),
    "HTTPS://Hooks.Example.COM/A": ("hooks.example.com", 443, "/A", "hooks.example.com"),
    "https://a.example:443/": ("a.example", 443, "/", "a.example"),
    "https://a.example:8443/x/?y=1&z=[2]#part": ("a.example", 8443, "/x/?y=1&z=[2]", "a.example:8443"),
    "https://a.example?x=https://b.example/@c": ("a.example", 443, "/?x=https://b.example/@c", "a.example"),
    "https://a.example./": ("a.example.", 443, "/", "a.example."),
    "https://under_score.example/": ("under_score.example", 443, "/", "under_score.example"),
    "https://[2001:DB8::1]:9/": ("2001:db8::1", 9, "/", "[2001:db8::1]:9"),
    "https://10.1.2.3/%00%0d%0a": ("10.1.2.3", 443, "/%00%0d%0a", "10.1.2.3"),
}
REFUSED_URLS = [
    "", "hooks.example.com", "//hooks.example.com/", "ftp://a.example/", "file:///etc/passwd", "gopher://a.example/",
    "https:/a.example/", "https:///x", "https://", "https://:443/", "https://ada@a.example/",
    "https://ada:secret@a.example/", "https://a.example@b.example/", "https://a.example\\@b.example/",
    "https://a.example\\.b.example/", "https://a.example:/", "https://a.example:0/", "https://a.example:65536/",
    "https://a.example:٣/", "https://a.example:-1/", "https://a example/", "https://a.example/a b",
    "https://a.example/\r\nX: y", "https://a.example/\n", "\nhttps://a.example/", " https://a.example/",
    "https://a.example/\t", "https://a.exa\tmple/", "https://a.example/ü", "https://bücher.example/",
    "https://a。example/", "https://a..example/", "https://.example/", "https://[::1", "https://::1/", "https://[::1]x/",
    "https://[192.0.2.1]/", "https://[fe80::1%25eth0]/", "https://[:]/", "https://a.example%2f@b.example/",
    "https://" + "a" * 64 + ".example/", "https://" + "a." * 127 + "example/", "https://a.example/#\\",
]  # fmt: skip
REFUSED_HEADERS = {
    "a line break in a value": {"X-Key": "planted\r\nX-Other: 1"},
    "a lone line feed": {"X-Key": "planted\n"},
    "a lone carriage return": {"X-Key": "planted\r"},
    "a NUL": {"X-Key": "planted\0"},
    "what is not ASCII": {"X-Key": "plantedü"},
    "a line break in a name": {"X-Planted\r\nY": "1"},
    "a colon in a name": {"X-Planted:": "1"},
    "an empty name": {"": "planted"},
    "the host": {"Host": "planted.example"},
    "the length": {"content-length": "3"},
    "the framing": {"Transfer-Encoding": "chunked"},
    "a wish for compression": {"Accept-Encoding": "gzip"},
}


UNREADABLE_CERTIFICATES = [
    "planted",
    "plantedü",
    "-----BEGIN CERTIFICATE-----\nplanted\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\nMIIB",
    "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
]


@pytest.fixture(params=["real", "twin"])
def outgoing(request: pytest.FixtureRequest) -> Outgoing:
    if request.param == "real":
        return GuardedClient(guard=Guard(look_up=lambda host: pytest.fail("nobody is looked up")))
    twin = ScriptedOutgoing()
    twin.answer("GET", "", json_answer("reached"))
    return twin


@pytest.mark.parametrize(("url", "read"), READ.items())
def test_a_url_is_taken_apart(url: str, read: tuple[str, int, str, str]) -> None:
    target = read_target(Request(url=url), allow_plain=False)
    assert (target.host, target.port, target.path, target.authority) == read


def test_plain_http_is_read_only_where_it_is_allowed() -> None:
    plain = Request(url="http://a.example/x")
    expected = Target(encrypted=False, host="a.example", port=80, path="/x")
    assert read_target(plain, allow_plain=True) == expected
    assert (expected.scheme, expected.authority) == ("http", "a.example")
    with pytest.raises(OutgoingRefused, match="only called over https"):
        read_target(plain, allow_plain=False)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_any_other_url_is_refused_and_not_repeated(url: str, outgoing: Outgoing) -> None:
    with pytest.raises(OutgoingRefused, match=r"^The (URL must read|port must lie)") as caught:
        outgoing.send(Request(url=url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("headers", REFUSED_HEADERS.values(), ids=REFUSED_HEADERS)
def test_a_header_that_would_say_something_else_is_refused(headers: dict[str, str], outgoing: Outgoing) -> None:
    with pytest.raises(OutgoingRefused) as caught:
        outgoing.send(Request(url=URL, headers=headers))
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("method", ["get", "CONNECT", "TRACE", "", "GET /x HTTP/1.1\r\nHost: a"])
def test_a_strange_method_is_refused(method: str, outgoing: Outgoing) -> None:
    with pytest.raises(OutgoingRefused, match="must be one of DELETE, GET"):
        outgoing.send(Request(method=method, url=URL))


@pytest.mark.parametrize("trust", UNREADABLE_CERTIFICATES)
def test_certificates_that_are_none_are_refused_with_what_to_give(trust: str, outgoing: Outgoing) -> None:
    with pytest.raises(OutgoingRefused, match="give them as PEM") as caught:
        outgoing.send(Request(url=URL, trust=trust))
    assert "planted" not in str(caught.value)


@given(st.text(max_size=60) | st.from_regex(r"https?://[a-z@:\\\[\]./#?%]{0,20}", fullmatch=True))
def test_any_text_is_a_target_or_refused_and_nothing_else(url: str) -> None:
    try:
        target = read_target(Request(url=url), allow_plain=True)
    except OutgoingRefused:
        return
    assert target.path.isprintable()
    assert target.path.isascii()
    assert " " not in target.path
    assert checked_host(target.host) == target.host
