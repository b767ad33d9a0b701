"""Asking a Kubernetes API server for its events.

There is no list of what is new, so everything is listed, in chunks, and what is older than the list of the poll before is
left out. That is told by resource versions, which are whole numbers that grow within one type of resource: documented since
Kubernetes 1.35, and true of every API server before. An event that happens again is written again, and so has a new one.

One round reads all lists; it may take several polls. Where a chunk is not to be had any more (410), its list begins afresh,
and what comes twice by that is a repeat.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import attrs

from sre_copilot.adapters.integrations.builtin.kubernetes.signals import signals
from sre_copilot.application.ports.outgoing import Answer, Request
from sre_copilot.domain.canonical import content_hash
from sre_copilot.domain.deliveries import Delivery, Pulled
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused, UnreadableDelivery
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.hookspecs import Tools

AUTHORITY = Setting(
    name="certificate_authority", help="The PEM of the cluster's own authority; without it, the machine's are trusted."
)
NAMESPACES = Setting(
    name="namespaces",
    help="The namespaces whose events are pulled; without any, all.",
    kind=SettingKind.LIST,
    default=(),
)
SELECTOR = Setting(
    name="field_selector", help="What the API server tells at all, such as type=Warning; by default all."
)
ASKED = (
    Setting(name="url", help="The address of the API server, for --feature pull, such as https://10.0.0.1:6443."),
    AUTHORITY,
    Setting(name="token", help="The token of a service account that may list events.", secret=True, sent_to="url"),
    NAMESPACES,
    SELECTOR,
)
CHUNK = 150
"""Events asked for at once: an answer of 1 MiB has room for 7 KB each, which is more than `managedFields` make of them."""
CHUNKS = 5
"""Requests of a poll; each may take 5 of its 30 seconds."""
LONGEST_TOKEN = 4_096
"""Characters of the word by which a list goes on; the cursor has room for it."""
GONE = 410
UNKNOWN_TOKEN = "The API server does not accept the token; give one of a service account as secret token."
FORBIDDEN = (
    "The token does not allow it; bind a ClusterRole to its service account (or a Role in each of the namespaces) "
    'with the rule apiGroups [""], resources ["events"], verbs ["get", "list"].'
)


@attrs.frozen(kw_only=True)
class Round:
    """One reading of all lists, and how far it came: the cursor.

    What is newer than `since` counts; 0 means everything. `until` is the version that it began with, 0 before that. It is
    at the list of this `number`, which goes on at `more`. `asks` stands for what was configured: other lists are another
    round.
    """

    asks: str
    since: int = 0
    until: int = 0
    number: int = 0
    more: str = ""

    @classmethod
    def of(cls, cursor: Mapping[str, Any], asks: str) -> "Round":
        """The one to go on with, a first one where other lists were asked for."""
        return cls(**cursor) if cursor.get("asks") == asks else cls(asks=asks)

    def begun(self, version: int) -> "Round":
        """The same once the version of its first list is known. Versions that fell are those of another cluster."""
        if self.until:
            return self
        return attrs.evolve(self, since=self.since if self.since <= version else 0, until=version)

    def after(self, more: str, lists: int) -> "Round":
        """What comes next: the list goes on, another one begins, or another round of so many lists does."""
        if more or self.number + 1 < lists:
            return attrs.evolve(self, more=more, number=self.number if more else self.number + 1)
        return Round(asks=self.asks, since=self.until)


def pulled(integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
    """Return the events that were written since the round before, and have a meaning; at first, no alerts that are over.

    Raises OutgoingFailed, OutgoingRefused.
    """
    lists = _lists(integration)
    at = Round.of(cursor, content_hash(lists))
    deliveries: list[Delivery] = []
    for _ in range(CHUNKS):
        answer = _sent(integration, secrets, tools, lists[at.number], {"limit": str(CHUNK), "continue": at.more})
        if answer.status == GONE and at.more:
            at = attrs.evolve(at, more="")
            continue
        events, version, more = _chunk(answer)
        at = at.begun(version)
        fresh = [event for event in events if _version(event) > at.since]
        deliveries += _deliveries(fresh, integration, tools.now, is_first=not at.since)
        at = at.after(more, len(lists))
        if not at.until:
            break
    return Pulled(deliveries=tuple(deliveries), cursor=attrs.asdict(at), is_more=at.until > 0)


def version(integration: Integration, secrets: Secrets, tools: Tools) -> str:
    """Return which Kubernetes answers and lets events be listed. Raises OutgoingFailed, OutgoingRefused."""
    if not integration.settings.get("url"):
        return "No url is set, so it only listens: for whatever posts events to its door."
    told = _object(_sent(integration, secrets, tools, f"{_url(integration)}/version", {})).get("gitVersion")
    _chunk(_sent(integration, secrets, tools, _lists(integration)[0], {"limit": "1"}))
    name = told if isinstance(told, str) else "of an unknown version"
    return f"Kubernetes {name} answers, and its events can be listed."


def _deliveries(
    events: Iterable[Mapping[str, Any]], integration: Integration, now: datetime, *, is_first: bool
) -> list[Delivery]:
    """The events that have a meaning, oldest first; and apart from them those that can't be read, to be kept aside."""
    told: list[tuple[datetime, Mapping[str, Any]]] = []
    unreadable: list[Mapping[str, Any]] = []
    for event in events:
        try:
            drafts = signals([event], integration, now)
        except UnreadableDelivery:
            unreadable.append(event)
            continue
        lasting = [draft for draft in drafts if not is_first or draft.expires_at is None or draft.expires_at > now]
        told += [(draft.occurred_at or now, event) for draft in lasting]
    told.sort(key=lambda row: row[0])
    groups = ([event for _, event in told], unreadable)
    return [_delivery(group, now) for group in groups if group]


def _delivery(events: Sequence[Mapping[str, Any]], now: datetime) -> Delivery:
    body = {"apiVersion": "v1", "kind": "EventList", "items": events}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Delivery(body=text.encode("utf-8", "replace"), received_at=now)


def _chunk(answer: Answer) -> tuple[Sequence[Mapping[str, Any]], int, str]:
    """The events of an answer, the list's version, and the word by which it goes on, "" at its end."""
    told = _object(answer)
    events, about = told.get("items"), told.get("metadata")
    # Programs in Go write null for an empty list.
    events = [] if events is None and told.get("kind") == "EventList" else events
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise OutgoingFailed("What answered is no Kubernetes API server: it gave no list of events.")
    more = about.get("continue") if isinstance(about, dict) else None
    if more is not None and not (isinstance(more, str) and len(more) <= LONGEST_TOKEN):
        raise OutgoingFailed("The API server's list goes on in a way that can't be followed.")
    return events, _version(told), more or ""


def _version(thing: Mapping[str, Any]) -> int:
    """The resource version of a list or an event, above 0."""
    about = thing.get("metadata")
    word = about.get("resourceVersion") if isinstance(about, dict) else None
    if not (isinstance(word, str) and word.isascii() and word.isdigit() and len(word) <= 20 and int(word) > 0):
        raise OutgoingFailed("The API server gave a resource version that is no number, or none.")
    return int(word)


def _object(answer: Answer) -> dict[str, Any]:
    answer.require_told("The API server", denied=UNKNOWN_TOKEN if answer.status == 401 else FORBIDDEN)
    told = answer.json()
    if not isinstance(told, dict):
        raise OutgoingFailed("What answered is no Kubernetes API server.")
    return told


def _sent(integration: Integration, secrets: Secrets, tools: Tools, address: str, given: Mapping[str, str]) -> Answer:
    query = urlencode([(name, value) for name, value in given.items() if value])
    token = secrets.current("token")
    request = Request(
        url=f"{address}{'&' if '?' in address else '?'}{query}" if query else address,
        headers={"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
        trust=integration.text_of(AUTHORITY),
    )
    return tools.http.send(request)


def _lists(integration: Integration) -> list[str]:
    """The addresses of the lists: one of all namespaces, or one of each that is configured."""
    root, selector = f"{_url(integration)}/api/v1", integration.text_of(SELECTOR)
    query = f"?{urlencode({'fieldSelector': selector})}" if selector else ""
    namespaces = [quote(name, safe="") for name in integration.listed(NAMESPACES)]
    return [f"{root}/namespaces/{name}/events{query}" for name in namespaces] or [f"{root}/events{query}"]


def _url(integration: Integration) -> str:
    url = str(integration.settings.get("url") or "").rstrip("/")
    if not url:
        raise OutgoingRefused("The setting url is missing: where is the API server?")
    return url
