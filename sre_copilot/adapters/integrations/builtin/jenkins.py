"""Jenkins: builds that deploy, as our pipeline snippet tells of them or the Notification plugin does.

    {"job", "number", "result", "started_at"?, "duration"?, "service"?, "environment"?, "version"?, "commit"?, "branch"?,
     "cause"?, "user"?, "url"?, "paths"?: []}

`started_at` and `duration` are in milliseconds. The Notification plugin's message has its own shape (`name`, `build`);
what it tells of phases QUEUED and FINALIZED, and of builds that did not run, says nothing here. A build is one series;
its start and its end are two changes of it. A number or time may be a text, and an unresolved variable counts as
missing, because people write these messages themselves.

A shared secret signs the body alone (hexadecimal HMAC-SHA256), so a delivery can't be stale: a replayed one repeats its
build and time, and counts once.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.patterns import name_matches
from sre_copilot.domain.payloads import MILLISECONDS, Fields, epoch_time, joined_key, texts, web_links, wrong
from sre_copilot.domain.repositories import ENVIRONMENT, MOST_PATHS, service_of
from sre_copilot.domain.signals import UNKNOWN_SERVICE, ChangeDetails, Severity, SignalDraft, SignalStatus, SignalType
from sre_copilot.domain.signatures import hmac_hex, require_match
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

SEVERITIES: Mapping[str, Severity] = {"FAILURE": Severity.LOW, "UNSTABLE": Severity.LOW}
"""Results of a deploy that went wrong. Every other result is info: a change is context, not trouble."""
STARTED = "STARTED"
NOT_BUILT = "NOT_BUILT"
PHASES = frozenset({STARTED, "COMPLETED"})
"""Phases of the Notification plugin that are taken: FINALIZED repeats what COMPLETED told."""
SECRET = "signing_secret"
HEADER = "x-jenkins-signature"
SIGNATURE_HEADER = Setting(
    name="signature_header",
    help="The header that the signature comes in, where the sender's plugin has another.",
    default=HEADER,
)
JOBS = Setting(
    name="deploy_jobs",
    help="Jobs that deploy, by full name; * is any text.",
    kind=SettingKind.LIST,
    default=("*",),
)
SERVICES = Setting(
    name="services",
    help="Which service a job deploys, as job=service, where the message doesn't name one.",
    kind=SettingKind.LIST,
    default=(),
)
SETTINGS = (
    Setting(
        name=SECRET,
        help="The secret that bodies are signed with. Without one the integration's key decides.",
        secret=True,
    ),
    SIGNATURE_HEADER,
    JOBS,
    SERVICES,
    ENVIRONMENT,
)

_UNRESOLVED = re.compile(r"\$\{?[\w.]+\}?|null", re.ASCII)


@attrs.frozen
class Jenkins:
    """Reads messages about builds."""

    type: str = "jenkins"
    title: str = "Jenkins"
    settings: tuple[Setting, ...] = SETTINGS
    takes_templates: bool = True

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check the signature against every valid secret; it may have `sha256=` before it."""
        valid = secrets.valid(SECRET)
        if valid:
            given = delivery.header(integration.text_of(SIGNATURE_HEADER)).strip().removeprefix("sha256=")
            require_match([given], [hmac_hex(secret, delivery.body) for secret in valid])
        return bool(valid)

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign the body, in the usual header."""
        signature = f"sha256={hmac_hex(secrets.current(SECRET), delivery.body)}"
        return attrs.evolve(delivery, headers={**delivery.headers, HEADER: signature})

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the change that the build is, if it is one. Raises UnreadableDelivery that names the field."""
        message = Fields.of(payload)
        read = _plugins if isinstance(message.values.get("build"), dict) else _ours
        build = read(message, delivery.received_at)
        if build is None or build.result == NOT_BUILT or not name_matches(integration.listed(JOBS), build.job):
            return Parsed()
        return Parsed(drafts=(_draft(build, integration, message),))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A deploy that succeeded, by the snippet; one that failed, by the Notification plugin; one that waits."""
        ended = int((now - timedelta(minutes=12)).timestamp() * 1000)
        ours = {
            "job": "shop/checkout-deploy",
            "number": 42,
            "result": "SUCCESS",
            "started_at": ended - 180_000,
            "duration": 180_000,
            "service": "checkout",
            "environment": "production",
            "version": "1.42.0",
            "commit": "5be2a07c1f0c6f1f36a2f7bd1cf5ae2b28d5f7c3",
            "branch": "main",
            "cause": "Started by user Ana Ruiz",
            "user": "ana",
            "url": "https://jenkins.example/job/shop/job/checkout-deploy/42/",
        }
        build = {
            "number": 43,
            "phase": "COMPLETED",
            "status": "FAILURE",
            "timestamp": ended,
            "full_url": "https://jenkins.example/job/checkout-deploy/43/",
            "scm": {
                "branch": "origin/main",
                "commit": ours["commit"],
                "changes": ["deploy/values.yaml"],
                "culprits": [],
            },
        }
        job = {"name": "checkout-deploy", "display_name": "checkout-deploy", "url": "job/checkout-deploy/"}
        queued = {**job, "build": {**build, "phase": "QUEUED", "status": None}}
        bodies = {"change": ours, "failed": {**job, "build": build}, "queued": queued}
        return tuple(Sample(name=name, body=json.dumps(body).encode()) for name, body in bodies.items())


@attrs.frozen(kw_only=True)
class Build:
    """What either shape tells of a build. `result` is STARTED while it runs."""

    job: str
    number: str
    result: str
    at: datetime | None
    service: str = ""
    environment: str = ""
    version: str = ""
    commit: str = ""
    branch: str = ""
    cause: str = ""
    author: str = ""
    paths: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def _ours(message: Fields, received_at: datetime) -> Build | None:
    result = _needed(message, "result").upper()
    began = _time(message, "started_at", received_at)
    duration = message.values.get("duration")
    lasted = duration if type(duration) is int and 0 <= duration < 10**10 and result != STARTED else 0
    return Build(
        job=_needed(message, "job"),
        number=_needed(message, "number"),
        result=result,
        at=None if began is None else began + timedelta(milliseconds=lasted),
        service=_word(message, "service"),
        environment=_word(message, "environment"),
        version=_word(message, "version"),
        commit=_word(message, "commit"),
        branch=_word(message, "branch"),
        cause=_word(message, "cause"),
        author=_word(message, "user"),
        paths=texts(message.values.get("paths"))[:MOST_PATHS],
        links=web_links(message.values.get("url")),
    )


def _plugins(message: Fields, received_at: datetime) -> Build | None:
    build = message.object("build")
    phase, scm = _needed(build, "phase").upper(), build.object("scm")
    if phase not in PHASES:
        return None
    return Build(
        job=_needed(message, "name"),
        number=_needed(build, "number"),
        result=STARTED if phase == STARTED else _needed(build, "status").upper(),
        at=_time(build, "timestamp", received_at),
        commit=_word(scm, "commit"),
        branch=_word(scm, "branch"),
        cause=_word(build, "notes"),
        author=", ".join(texts(scm.values.get("culprits"))),
        paths=texts(scm.values.get("changes"))[:MOST_PATHS],
        links=web_links(build.values.get("full_url")),
    )


def _draft(build: Build, integration: Integration, message: Fields) -> SignalDraft:
    service = build.service.strip() or service_of(integration.listed(SERVICES), build.job, "")
    environment, word = integration.environment_among(build.environment, integration.text_of(ENVIRONMENT))
    what = f"{'' if service == UNKNOWN_SERVICE else service} {build.version}".strip()
    told = " to ".join(part for part in (what, build.environment) if part)
    labels = {
        "job": build.job,
        "number": build.number,
        "branch": build.branch,
        "cause": build.cause,
        "result": build.result,
    }
    change = ChangeDetails(
        summary=f"{build.job} #{build.number}{told and f' ({told})'}: {build.result}",
        version=build.version,
        author=build.author,
        commit=build.commit,
        text=build.cause,
        paths=build.paths,
        links=build.links,
    )
    return SignalDraft(
        signal_type=SignalType.DEPLOY_EVENT,
        status=SignalStatus.MOMENT,
        severity=SEVERITIES.get(build.result, Severity.INFO),
        severity_word=build.result,
        service=service,
        environment=environment,
        environment_word=word,
        name=build.job,
        title=change.summary,
        description=build.cause,
        labels={name: value for name, value in labels.items() if value},
        vendor_key=joined_key(build.job, build.number),
        occurred_at=build.at,
        change=change,
        links=build.links,
        raw=message.values,
    )


def _word(fields: Fields, name: str) -> str:
    """A text that may be a variable which Jenkins had no value for."""
    word = fields.text(name).strip()
    return "" if _UNRESOLVED.fullmatch(word) else word


def _needed(fields: Fields, name: str) -> str:
    """A text or whole number that decides which build this is or how it went."""
    word = (fields.number_or_key(name) or "").strip()
    if not word or _UNRESOLVED.fullmatch(word):
        raise wrong(fields.at(name), "is missing")
    return word


def _time(fields: Fields, name: str, received_at: datetime) -> datetime | None:
    value = fields.values.get(name)
    if isinstance(value, str):
        value = _word(fields, name)
    return epoch_time(fields.at(name), value, received_at, per_second=MILLISECONDS)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `jenkins`."""
    return [Jenkins()]
