"""What a request may look like: one strict grammar for URLs, so that no two readers of one can disagree."""

import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv6Address
from typing import get_args

import attrs

from sre_copilot.adapters.outgoing.addresses import SETTING
from sre_copilot.application.ports.mail import MailServer, Security
from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.errors import OutgoingRefused

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OWN_HEADERS = frozenset(
    {
        "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Headers that belong to the connection, which only the client knows."""

_NAME = r"(?=[^/?#:\[]{1,253}(?:[/?#:]|\Z))(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?"
_URL = re.compile(
    rf"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://(?:(?P<name>{_NAME})|\[(?P<literal>[0-9A-Fa-f:.]{{2,45}})\])"
    # What is visible in ASCII, but no backslash: some readers take it for a slash.
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>[/?][!\"$-\[\]-~]*)?(?:\#[!-\[\]-~]*)?",
    re.ASCII,
)
_HOST = re.compile(rf"{_NAME}|[0-9A-Fa-f:.]{{2,45}}", re.ASCII)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t -~]*", re.ASCII)


@attrs.frozen(kw_only=True)
class Target:
    """Where a request goes. `host` is a name in lower case or an address without brackets; `path` has the query."""

    encrypted: bool
    host: str
    port: int
    path: str = attrs.field(repr=False)

    @property
    def scheme(self) -> str:
        """https or http."""
        return "https" if self.encrypted else "http"

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL and in the Host header; the usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.encrypted else 80) else f"{host}:{self.port}"


def read_target(request: Request, *, allow_plain: bool) -> Target:
    """Return where a request goes. Raises OutgoingRefused for a URL or a method that is never sent."""
    if request.method not in METHODS:
        raise OutgoingRefused(f"The method must be one of {', '.join(sorted(METHODS))}.")
    match = _URL.fullmatch(request.url)
    if match is None or (match["literal"] and not _is_address(match["literal"])):
        raise OutgoingRefused(
            "The URL must read https://HOST/PATH or https://HOST:PORT/PATH, in ASCII (other characters percent-encoded, "
            "other host names as xn--...), without a user name or password in it."
        )
    encrypted = match["scheme"].lower() == "https"
    host = checked_host(match["name"] or match["literal"])
    if not (encrypted or allow_plain):
        raise OutgoingRefused(f"{host} is only called over https unless {SETTING} allows it, for development.")
    target = match["target"] or "/"
    return Target(
        encrypted=encrypted,
        host=host,
        port=checked_port(int(match["port"] or (443 if encrypted else 80))),
        path=target if target.startswith("/") else f"/{target}",
    )


def checked_server(server: MailServer, *, allow_plain: bool) -> tuple[str, int]:
    """Return host and port of a mail server. Raises OutgoingRefused for what can't be one, and for unencrypted ones."""
    if server.security not in get_args(Security):
        raise OutgoingRefused(f"The security of a mail server is one of {', '.join(get_args(Security))}.")
    host = checked_host(server.host)
    if server.security == "none" and not allow_plain:
        raise OutgoingRefused(f"Mail is not sent unencrypted unless {SETTING} allows it, for development.")
    return host, checked_port(server.port)


def checked_host(host: str) -> str:
    """Return a host's name in lower case, or an address. Raises OutgoingRefused for what can be neither."""
    if not _HOST.fullmatch(host) or (":" in host and not _is_address(host)):
        raise OutgoingRefused("The host must be a name in ASCII (others as xn--...) or an address without brackets.")
    return host.lower()


def checked_port(port: int) -> int:
    """Return a port of 1 to 65535. Raises OutgoingRefused."""
    if not 1 <= port <= 65535:
        raise OutgoingRefused("The port must lie between 1 and 65535.")
    return port


def sendable_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers to send. Raises OutgoingRefused for one that would say something else than it seems to."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise OutgoingRefused("A header's name has a character that can't be sent.")
        if name.lower() in OWN_HEADERS:
            raise OutgoingRefused(f"The header {name} belongs to the connection and can't be given.")
        if not _HEADER_VALUE.fullmatch(value):
            raise OutgoingRefused(f"The header {name} has a line break or another character that can't be sent.")
    return [(name, value.strip(" \t")) for name, value in headers.items()]


def _is_address(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True
