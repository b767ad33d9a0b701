"""The published plugin contract: one hook that registers integrations, and the capabilities they may have.

A plugin is a module (or any object) with a `sre_copilot_integrations` function marked `@hookimpl`, named by an entry
point of the group `sre_copilot.integrations`. The hook only hands over objects; what an object can do is said by the
protocols it fulfils, each a method or an attribute. Readers that name the field that was wrong are in
`sre_copilot.domain.payloads`, strict JSON and forms in `sre_copilot.domain.strict_json`, signature checks in
`sre_copilot.domain.signatures`.

Every call runs in a thread of its own and has 5 seconds, a message to people 12, a poll 30 and a look at metrics 10;
one type has at most 4 calls at a time, those that hang included, and further ones fail at once. Attributes are read
once, when the plugin is loaded. What a method prints is thrown away. What it raises besides the errors that it names,
and an answer that is larger than any delivery can be, counts as the plugin's failure; after 5 in a row the integration
is suspended. Not contained is what takes the whole process: an endless loop without a pause slows down everybody, and a
crash or `os._exit` ends it.
"""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import pluggy

from sre_copilot.application.ports.tools import Tools as Tools  # noqa: PLC0414 - plugins find it here
from sre_copilot.domain.commands import Command, Response
from sre_copilot.domain.deliveries import Delivery, Parsed, Pulled, Reply, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.listening import Heard
from sre_copilot.domain.outbound import Message, Sent
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.domain.telemetry import Telemetry

PROJECT = "sre_copilot"
ENTRY_POINT_GROUP = "sre_copilot.integrations"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class IntegrationPlugin(Protocol):
    """What every integration object has.

    `type` is the word that people configure and that signals carry as their source: lower-case letters, digits and
    `_`, a letter first, at most 50 characters, unique among the installed plugins. `title` names it for people.
    Plain attributes will do.
    """

    @property
    @abstractmethod
    def type(self) -> str:
        """The word for it."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The name that people read."""


@runtime_checkable
class ParsesDeliveries(IntegrationPlugin, Protocol):
    """Capability: reads the deliveries of a vendor that knocks at our door, or that were pulled from it."""

    @abstractmethod
    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return what a delivery says.

        `payload` is the body as plain JSON (dict, list, str, int, float, bool, None), already within the limits and
        free of NUL and lone surrogates. `integration.settings` has what was configured. `delivery` holds no
        credentials any more. Must be deterministic: the same arguments give the same answer, because deliveries are
        replayed. Raises UnreadableDelivery, naming the field, where the meaning can't be read; never put values of the
        body into its message.
        """


@runtime_checkable
class PullsSignals(IntegrationPlugin, Protocol):
    """Capability: asks a vendor for what is new. What it brings is parsed by its own `parse`, and kept as it came.

    It runs in a process of its own and has 30 seconds.
    """

    @abstractmethod
    def pull(self, integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
        """Return what is new since `cursor`, which is empty at first; then begin with what is active now.

        What was pulled may come again after a failure, so deliveries need ids, or signals that are repeats. At most 50
        requests through `tools.http`. Raises OutgoingFailed, CredentialsRefused among them, OutgoingRefused.
        """


@runtime_checkable
class ProvidesContext(IntegrationPlugin, Protocol):
    """Capability: knows metrics around an incident. It runs in a process of its own and has 10 seconds."""

    @abstractmethod
    def metrics(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, tools: Tools
    ) -> Sequence[MetricSeries]:
        """Return the metrics that were configured, evenly spaced, at most 2,000 samples each and 500 series.

        Raises OutgoingFailed, CredentialsRefused among them, OutgoingRefused.
        """


@runtime_checkable
class ProvidesTelemetry(IntegrationPlugin, Protocol):
    """Capability: counts logs and traces around an incident, or reads status pages. As for context, it has 10 seconds."""

    @abstractmethod
    def telemetry(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, tools: Tools
    ) -> Telemetry:
        """Return the counts of [start, end], None where nothing is known, which is not 0. Raises as `pull` does."""


@runtime_checkable
class ReadsBodies(Protocol):
    """Capability: turns bodies that aren't JSON into plain JSON: forms, headers that carry data."""

    @abstractmethod
    def read(self, delivery: Delivery) -> Any:
        """Return the payload for `parse`. Raises MalformedDelivery; use the readers of `sre_copilot.domain.strict_json`."""


@runtime_checkable
class IdentifiesDeliveries(Protocol):
    """Capability: knows the vendor's own id of a delivery, by which a redelivery is recognised."""

    @abstractmethod
    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """Return the id, 1 to 255 characters, or None where this delivery has none. It is asked before `parse`."""


@runtime_checkable
class VerifiesDeliveries(Protocol):
    """Capability: proves by the vendor's signature who sent a delivery. Without it the integration's key decides."""

    @abstractmethod
    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Return True where the signature fits the raw bytes, False where none is set up: then the key decides.

        Raises NotAuthentic where it is missing, wrong or stale. Compare with `sre_copilot.domain.signatures`.
        """


@runtime_checkable
class HidesCredentials(Protocol):
    """Capability: takes credentials out of bodies that carry them, before anything is kept."""

    @abstractmethod
    def without_credentials(self, body: bytes) -> bytes:
        """Return the body without them. Must be deterministic, and take any bytes, malformed ones too."""


@runtime_checkable
class KeepsHeaders(Protocol):
    """Capability: needs headers besides the usual ones to read a delivery, so that they are kept with it."""

    @property
    @abstractmethod
    def kept_headers(self) -> Collection[str]:
        """Names in lower case, none of a credential; `ce-*` means every header that begins with `ce-`."""


@runtime_checkable
class TakesTemplates(Protocol):
    """Capability: the text is the user's own template, so that a malformed body is kept in quarantine, not refused."""

    @property
    @abstractmethod
    def takes_templates(self) -> bool:
        """Always True."""


@runtime_checkable
class HeedsTooMany(Protocol):
    """Capability: the sender repeats after a 429; others are answered 503 where too much comes at once."""

    heeds_429: bool


@runtime_checkable
class LimitsBodies(Protocol):
    """Capability: takes only bodies smaller than the general limit of 4 MiB."""

    @property
    @abstractmethod
    def max_body_bytes(self) -> int:
        """Largest body in bytes, above 0; more than the general limit has no effect."""


@runtime_checkable
class HasSettings(Protocol):
    """Capability: can be configured."""

    @property
    @abstractmethod
    def settings(self) -> Sequence[Setting]:
        """What can be set, each name once."""


@runtime_checkable
class ProvidesSamples(Protocol):
    """Capability: shows what the vendor sends, for trying an integration and for the conformance kit."""

    @abstractmethod
    def samples(self, now: datetime) -> Sequence[Sample]:
        """Return deliveries as the vendor sends them around `now`; at least one, "firing", "change" or "command" first."""


@runtime_checkable
class SignsSamples(Protocol):
    """Capability: signs a sample as the vendor would; wanted of whatever verifies signatures."""

    @abstractmethod
    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Return the delivery with the headers of a signature made at `now`."""


@runtime_checkable
class ChecksHealth(Protocol):
    """Capability: can find out whether what was configured works."""

    @abstractmethod
    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        """Return what works, in a sentence. Raises OutgoingFailed or OutgoingRefused, which say what does not."""


@runtime_checkable
class Notifies(IntegrationPlugin, Protocol):
    """Capability: tells people what happens to incidents."""

    @abstractmethod
    def notify(self, integration: Integration, secrets: Secrets, message: Message, tools: Tools) -> Sent:
        """Send one message and return that it arrived.

        All it says is in `message.content`: write it from that alone. It may be asked for the same message again, by
        the same `message.key`, where it is not sure that it arrived. Raises NotifyLater where the target asks to wait
        (that costs no attempt), NotifyRefused where it would never take this message, OutgoingFailed and
        OutgoingRefused as the tools do. Texts of incidents come from anywhere: escape what the target would obey.
        """


@runtime_checkable
class TakesAddresses(Protocol):
    """Capability: one integration reaches several places, and a routing rule may say which."""

    @abstractmethod
    def address(self, word: str) -> str:
        """Return what people gave as it is to be kept, at most 500 characters. Raises InvalidInput where it is no address."""


@runtime_checkable
class AnswersCommands(Protocol):
    """Capability: people give commands through the vendor (`Parsed.command`), and are answered at once."""

    @abstractmethod
    def answer(self, command: Command, response: Response) -> Reply:
        """Return what the vendor is answered, so that the person reads `response`; escape what the vendor would obey."""


@runtime_checkable
class Listens(IntegrationPlugin, Protocol):
    """Capability: hears its vendor through a WebSocket, so that the vendor needs no door to knock at.

    What is heard is verified, stripped and parsed like any delivery, by the plugin's other methods, except that no
    signature is asked for: whoever gave us the address is the vendor.
    """

    @abstractmethod
    def listen_at(self, integration: Integration, secrets: Secrets, tools: Tools) -> str | None:
        """Return a `wss://` address, asked of the vendor for this one connection; None where that is not set up.

        Raises OutgoingFailed and OutgoingRefused.
        """

    @abstractmethod
    def heard(self, message: str) -> Heard:
        """Return what a message is. A delivery's bytes must be the same when the vendor sends it again."""

    @abstractmethod
    def acknowledgement(self, heard: Heard, reply: Reply | None) -> str:
        """Return what the vendor is told once the delivery is durable, with the reply where it takes one."""


@hookspec
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Return the integrations that this plugin brings.

    Called once per process, when plugins are loaded: only make objects, no input or output, no threads. A plugin that
    raises, or whose objects lack `type`, `title` or every capability, is left out and reported by `sre-copilot doctor`.
    """
    return []
