"""A sound plugin of a vendor that nobody has, and one broken in each way that the conformance kit looks for."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.payloads import Fields, wrong
from sre_copilot.domain.signals import ChangeDetails, Severity, SignalDraft, SignalStatus, SignalType
from sre_copilot.domain.signatures import hmac_hex, require_fresh, require_match
from sre_copilot.hookspecs import Tools

SECRET = "signing_secret"
SEVERITIES = {"urgent": Severity.CRITICAL, "normal": Severity.HIGH}
COUNTER = count()


@attrs.define
class Busy:
    """How many are at it."""

    now: int = 0
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    @contextmanager
    def place(self) -> Iterator[int]:
        with self.lock:
            before = self.now
            self.now += 1
        try:
            yield before
        finally:
            with self.lock:
                self.now -= 1


BUSY = Busy()


def signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac_hex(secret, f"{stamp}:".encode("utf-8", "surrogatepass") + body)


@attrs.frozen
class Sound:
    """Reads alerts and deploys; signs time and body; names each delivery."""

    type: str = "acme"
    title: str = "Acme"
    settings: tuple[Setting, ...] = (Setting(name=SECRET, help="What Acme signs with.", secret=True),)
    kept_headers: tuple[str, ...] = ("x-acme-delivery",)

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        valid = secrets.valid(SECRET)
        if not valid:
            return False
        stamp = delivery.header("x-acme-time")
        if delivery.header("x-acme-signature"):
            require_fresh(stamp, tools.now)
        right = [signature(secret, stamp, self.signed(delivery.body)) for secret in valid]
        require_match([delivery.header("x-acme-signature")], right)
        return True

    def signed(self, body: bytes) -> bytes:
        return body

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        stamp = str(int(now.timestamp()))
        right = signature(secrets.current(SECRET), stamp, self.signed(delivery.body))
        headers = {**delivery.headers, "x-acme-time": stamp, "x-acme-signature": right}
        return attrs.evolve(delivery, headers=headers)

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        return delivery.header("x-acme-delivery")[:255] or None

    def samples(self, now: datetime) -> Sequence[Sample]:
        start, end = now - timedelta(minutes=9), now - timedelta(minutes=1)
        alert = {"key": "disk-1", "what": "Disk is full", "service": "storage", "urgency": "urgent", "free": 3}
        deploy = {"key": "deploy-7", "what": "Deploy storage", "service": "storage", "version": "1.2.3"}
        return (
            self.sample("firing", {**alert, "state": "on", "at": start.isoformat()}),
            self.sample("resolved", {**alert, "state": "off", "at": end.isoformat()}, resolves="firing"),
            self.sample("change", {**deploy, "state": "done", "at": start.isoformat()}),
        )

    def sample(self, name: str, body: Mapping[str, Any], resolves: str = "") -> Sample:
        headers = {"x-acme-delivery": f"d-{name}", "x-acme-region": "eu"}
        return Sample(name=name, body=json.dumps(body).encode(), headers=headers, resolves=resolves)

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        fields = Fields.of(payload)
        state = fields.required("state")
        if state not in ("on", "off", "done"):
            raise wrong("state", 'must be "on", "off" or "done"')
        return Parsed(drafts=(self.draft(fields, state, delivery),))

    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        urgency, name = fields.text("urgency"), fields.required("what")
        is_change = state == "done"
        return SignalDraft(
            signal_type=SignalType.DEPLOY_EVENT if is_change else SignalType.ALERT,
            status={"on": SignalStatus.FIRING, "off": SignalStatus.RESOLVED, "done": SignalStatus.MOMENT}[state],
            severity=Severity.INFO if is_change else SEVERITIES.get(urgency, Severity.MEDIUM),
            severity_word=urgency,
            service=fields.text("service")[:255].strip() or "unknown",
            name=name,
            title=name,
            vendor_key=fields.key("key"),
            identity={"what": name},
            occurred_at=fields.time("at", delivery.received_at),
            change=ChangeDetails(summary=name, version=fields.loose("version")) if is_change else None,
            raw=fields.values,
        )


class BadSamples(Sound):
    def sample(self, name: str, body: Mapping[str, Any], resolves: str = "") -> Sample:
        names = {"firing": "trouble"}
        made = super().sample(name, body, resolves)
        return attrs.evolve(made, name=names.get(name, name), resolves=names.get(resolves, resolves))


class Undetermined(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        # Whoever reads at the same time is seen, and a lonely reader never notices.
        with BUSY.place() as readers:
            time.sleep(0.004)
            told = super().draft(fields, state, delivery)
            return attrs.evolve(told, description=f"with {readers} others")


class Confused(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        told = super().draft(fields, state, delivery)
        # A field that the vendor adds some day makes another series of everything.
        return attrs.evolve(told, vendor_key=f"{told.vendor_key or told.name}/{len(fields.values)}"[:255])


class Careless(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        told = super().draft(fields, state, delivery)
        known = told.severity_word in SEVERITIES or told.change
        return told if known else attrs.evolve(told, severity=Severity.INFO)


class NeverEnding(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        told = super().draft(fields, state, delivery)
        ends = told.status is SignalStatus.RESOLVED
        return attrs.evolve(told, vendor_key=f"end of {told.vendor_key}"[:255]) if ends else told


class Forgetful(Sound):
    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        known = super().delivery_id(payload, delivery)
        return f"{known[:200]} {delivery.received_at.isoformat()}" if known else None


class Fragile(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        told = super().draft(fields, state, delivery)
        version = fields.values.get("version", "")
        return attrs.evolve(told, description=version.upper())


class Gullible(Sound):
    def signed(self, body: bytes) -> bytes:
        return body[10:]


class Talkative(Sound):
    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        state = payload.get("state") if isinstance(payload, dict) else payload
        if state not in ("on", "off", "done"):
            raise wrong("state", f"can't be {str(state)[:1000]}")
        return super().parse(integration, payload, delivery)


class Headstrong(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        told = super().draft(fields, state, delivery)
        return attrs.evolve(told, labels={"region": delivery.header("x-acme-region")})


class Slow(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        told = super().draft(fields, state, delivery)
        if len(told.name) > 50_000:
            time.sleep(5.5)
        return told


class Loud(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        print("reading", fields.path)
        return super().draft(fields, state, delivery)


class Untidy(Sound):
    def draft(self, fields: Fields, state: str, delivery: Delivery) -> SignalDraft:
        os.environ["ACME_READ"] = str(next(COUNTER))
        return super().draft(fields, state, delivery)


BROKEN: Mapping[str, Callable[[], Sound]] = {
    "samples": BadSamples,
    "determinism": Undetermined,
    "identity": Confused,
    "severity": Careless,
    "resolving": NeverEnding,
    "redelivery": Forgetful,
    "hostility": Fragile,
    "authenticity": Gullible,
    "secrecy": Talkative,
    "headers": Headstrong,
    "deadlines": Slow,
    "silence": Loud,
    "cleanliness": Untidy,
}
"""Check -> a plugin that it, and no other check, fails."""
