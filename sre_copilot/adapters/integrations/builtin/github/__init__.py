"""GitHub: deployments and their states, runs of workflows that deploy, and pushes to configuration.

Everything becomes a change. A deployment (`deployment`, `deployment_status`) is one series, whatever its states; so is
each attempt of a workflow run. A push counts where it touches one of the paths `config_paths` on one of the branches
`config_branches`. Other events, such as `ping`, say nothing here.

`X-Hub-Signature-256` covers the body and no time, so a delivery can't be stale: a replayed one is recognised by
`X-GitHub-Delivery`, which names the event.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import attrs

from sre_copilot.adapters.integrations.builtin.github.events import STATES, WORKFLOWS, kind_of, read_event
from sre_copilot.adapters.integrations.builtin.github.samples import samples
from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.repositories import CONFIG_BRANCHES, CONFIG_PATHS, ENVIRONMENT, SERVICES
from sre_copilot.domain.signatures import hmac_hex, require_match
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

SECRET = "signing_secret"
SETTINGS = (
    Setting(
        name=SECRET,
        help="The secret of the webhook, as entered at GitHub. Without one the integration's key decides.",
        secret=True,
        generated="whsec_",
    ),
    STATES,
    WORKFLOWS,
    SERVICES,
    CONFIG_PATHS,
    CONFIG_BRANCHES,
    ENVIRONMENT,
)


@attrs.frozen
class GitHub:
    """Reads webhook deliveries, as JSON or as the form that GitHub offers too."""

    type: str = "github"
    title: str = "GitHub"
    settings: tuple[Setting, ...] = SETTINGS
    kept_headers: tuple[str, ...] = ("x-github-event", "x-github-delivery")

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check `X-Hub-Signature-256` against every valid secret."""
        valid = secrets.valid(SECRET)
        if valid:
            require_match([delivery.header("x-hub-signature-256")], [_signature(secret, delivery) for secret in valid])
        return bool(valid)

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign as GitHub does; no time goes into it."""
        signed = {**delivery.headers, "x-hub-signature-256": _signature(secrets.current(SECRET), delivery)}
        return attrs.evolve(delivery, headers=signed)

    def read(self, delivery: Delivery) -> Any:
        """The body, or the field `payload` of a form: a whole event, so that a form's limits don't fit."""
        body = delivery.body
        if delivery.header("content-type").lower().startswith("application/x-www-form-urlencoded"):
            body = unquote_to_bytes(body.partition(b"payload=")[2].partition(b"&")[0].replace(b"+", b" "))
        return read_json(body)

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """The header `X-GitHub-Delivery`."""
        return delivery.header("x-github-delivery").strip() or None

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the change, if the event is one. Raises UnreadableDelivery that names the field."""
        event = Fields.of(payload)
        kind = delivery.header("x-github-event").strip() or kind_of(event)
        draft = read_event(kind, event, integration, delivery.received_at)
        return Parsed(drafts=(draft,) if draft else ())

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A deployment that succeeded, the run of a workflow that failed, and the ping of a new webhook."""
        return samples(now)


def _signature(secret: str, delivery: Delivery) -> str:
    return f"sha256={hmac_hex(secret, delivery.body)}"


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `github`."""
    return [GitHub()]
