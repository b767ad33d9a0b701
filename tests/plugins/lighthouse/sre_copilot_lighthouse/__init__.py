"""Lighthouse, a vendor that nobody has: it knocks with a signature, is asked for its lights, and is told of incidents."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.deliveries import Delivery, Parsed, Pulled, Sample
from sre_copilot.domain.errors import NotifyRefused, OutgoingRefused
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.outbound import Message, Sent
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.domain.signatures import require_fresh, require_match
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl
from sre_copilot_lighthouse.lights import read_light
from sre_copilot_lighthouse.signing import ID, SIGNATURE, TIME, signature

SECRET, URL = "signing_secret", "url"


@attrs.frozen
class Lighthouse:
    """Every capability that a vendor with webhooks and an API needs."""

    type: str = "lighthouse"
    title: str = "Lighthouse"
    kept_headers: tuple[str, ...] = (ID,)
    settings: tuple[Setting, ...] = (
        Setting(name=SECRET, help="What Lighthouse signs with.", secret=True, generated="lh_"),
        Setting(name=URL, help="Where Lighthouse answers questions and takes news.", default=""),
    )

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check the signature of time, id and body."""
        given, stamp = delivery.header(SIGNATURE), delivery.header(TIME)
        if given:
            require_fresh(stamp, tools.now)
        right = [signature(secret, stamp, delivery) for secret in secrets.valid(SECRET)]
        require_match([given], right)
        return True

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign as Lighthouse does."""
        stamp = str(int(now.timestamp()))
        right = signature(secrets.current(SECRET), stamp, delivery)
        return attrs.evolve(delivery, headers={**delivery.headers, TIME: stamp, SIGNATURE: right})

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """Lighthouse names each delivery in a header."""
        return delivery.header(ID)[:255] or None

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Read the lights that changed."""
        lights = Fields.of(payload).objects("lights")
        return Parsed(drafts=tuple(self._draft(integration, light, delivery) for light in lights))

    def _draft(self, integration: Integration, light: Fields, delivery: Delivery) -> SignalDraft:
        return read_light(light, delivery.received_at, integration.environment_of(light.text("sea")))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A light goes out, and is lit again."""
        return (
            _sample("firing", "out", now - timedelta(minutes=9)),
            _sample("resolved", "lit", now - timedelta(minutes=1), resolves="firing"),
        )

    def pull(self, integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
        """Ask for the lights that changed since the last answer."""
        after = int(cursor.get("after", 0))
        answer = tools.http.send(Request(url=f"{_address(integration)}/lights?after={after}"))
        answer.require_taken(tools.now)
        told = answer.json()
        if not told["lights"]:
            return Pulled(cursor={"after": after})
        body = json.dumps({"lights": told["lights"]}).encode()
        news = Delivery(body=body, received_at=tools.now, headers={ID: f"pulled-{told['after']}"})
        return Pulled(deliveries=(news,), cursor={"after": told["after"]})

    def notify(self, integration: Integration, secrets: Secrets, message: Message, tools: Tools) -> Sent:
        """Tell of an incident."""
        content = message.content
        if content.incident is None or content.happening is None:
            raise NotifyRefused("Lighthouse is told what happens to incidents, and nothing else.")
        news = {"what": content.happening.event.value, "title": content.incident.title, "key": message.key}
        url = f"{_address(integration)}/news"
        tools.http.send(Request(method="POST", url=url, body=json.dumps(news).encode())).require_taken(tools.now)
        return Sent(receipt={})


def _address(integration: Integration) -> str:
    address = integration.settings.get(URL)
    if not address:
        raise OutgoingRefused(f"The setting {URL} is missing: where is Lighthouse?")
    return str(address)


def _sample(name: str, state: str, at: datetime, resolves: str = "") -> Sample:
    light = {"id": "eddystone", "state": state, "since": at.isoformat(), "brightness": "dark", "sea": "prod"}
    body = json.dumps({"lights": [light]}).encode()
    return Sample(name=name, body=body, headers={ID: f"sample-{name}"}, resolves=resolves)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `lighthouse`."""
    return [Lighthouse()]
