"""What stands in a message of SNS: an alarm, an event of EventBridge, or any text."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, first_text, fitting_key, joined_key, texts, wrong
from sre_copilot.domain.signals import (
    UNKNOWN_SERVICE,
    ChangeDetails,
    Severity,
    SignalDraft,
    SignalStatus,
    SignalType,
)
from sre_copilot.domain.strict_json import read_json

STATES: Mapping[str, tuple[SignalStatus, Severity]] = {
    "ALARM": (SignalStatus.FIRING, Severity.MEDIUM),
    "INSUFFICIENT_DATA": (SignalStatus.FIRING, Severity.LOW),
    "OK": (SignalStatus.RESOLVED, Severity.MEDIUM),
}
"""State of an alarm -> ours, and its severity, which CloudWatch doesn't know."""
ALARM_EVENT = "CloudWatch Alarm State Change"
DEPLOY_EVENTS: Mapping[str, tuple[str, str, str]] = {
    "CodeDeploy Deployment State-change Notification": ("application", "deploymentId", "state"),
    "CodePipeline Pipeline Execution State Change": ("pipeline", "execution-id", "state"),
    "ECS Deployment State Change": ("", "deploymentId", "eventName"),
}
"""Events that are changes -> the fields that hold what is deployed (else the resource is it), by which id, and how far."""
SERVICE_NAMES = (
    *("service", "servicename", "app", "application", "functionname", "apiname", "queuename", "topicname", "tablename"),
    *("dbclusteridentifier", "dbinstanceidentifier", "cacheclusterid", "clustername", "autoscalinggroupname"),
    *("loadbalancername", "loadbalancer", "targetgroup", "instanceid"),
)
"""Tags and dimensions that say what an alarm is about, in lower case, the best first."""
ENVIRONMENT_NAMES = ("environment", "env", "stage")
TITLE_LENGTH = 200


def read_message(envelope: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    """Return what a notification says. Raises UnreadableDelivery that names the field."""
    text = envelope.text("Message")
    told = _json(text)
    if isinstance(told, dict) and "AlarmName" in told and "NewStateValue" in told:
        draft = _alarm(Fields(told, "Message"), integration, received_at)
    elif isinstance(told, dict) and told.get("detail-type") == ALARM_EVENT:
        draft = _alarm_event(Fields(told, "Message"), integration, received_at)
    elif isinstance(told, dict) and told.get("detail-type") and told.get("source"):
        draft = _event(Fields(told, "Message"), integration, received_at)
    else:
        draft = _text(envelope, text, received_at)
    return attrs.evolve(draft, raw=envelope.values)


def _json(text: str) -> Any:
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except MalformedDelivery:
        return None


def _alarm(alarm: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    name = alarm.required("AlarmName")
    trigger = alarm.values.get("Trigger")
    arn = alarm.text("AlarmArn").strip()
    key = fitting_key(arn) if arn else joined_key(alarm.text("AWSAccountId"), alarm.text("Region"), name)
    draft = _labelled(name, {**_dimensions(trigger), **_tags(alarm.values.get("AlarmTags"))}, integration)
    return attrs.evolve(
        _in_state(draft, alarm, "NewStateValue"),
        vendor_key=key,
        description=_paragraphs(alarm.loose("AlarmDescription"), alarm.loose("NewStateReason")),
        occurred_at=alarm.time("StateChangeTime", received_at),
    )


def _alarm_event(event: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    detail = event.object("detail")
    name = detail.required("alarmName")
    state = detail.object("state")
    configured = detail.values.get("configuration")
    configuration = Fields(configured if isinstance(configured, dict) else {})
    labels = {**_dimensions(configuration.values), **_tags(detail.values.get("alarmTags"))}
    arn = next(iter(_resources(event)), "")
    key = fitting_key(arn) if arn else joined_key(event.text("account"), event.text("region"), name)
    return attrs.evolve(
        _in_state(_labelled(name, labels, integration), state, "value"),
        vendor_key=key,
        description=_paragraphs(configuration.loose("description"), state.loose("reason")),
        occurred_at=state.time("timestamp", received_at) or event.time("time", received_at),
    )


def _event(event: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    """An event that is no alarm: a deployment is a change, anything else an alert that nobody ends."""
    kind, source = event.required("detail-type"), event.required("source")
    detail = event.object("detail")
    resource = next(iter(_resources(event)), "")
    at = event.time("time", received_at)
    if kind in DEPLOY_EVENTS:
        return attrs.evolve(_deploy(kind, detail, resource, integration), occurred_at=at)
    draft = _labelled(detail.loose("title") or kind, {"source": source}, integration)
    known = {"source": source, "detail-type": kind, "resource": resource, "title": draft.title}
    return attrs.evolve(draft, identity=known, description=detail.loose("description"), occurred_at=at)


def _deploy(kind: str, detail: Fields, resource: str, integration: Integration) -> SignalDraft:
    what, identifier, progress = (detail.loose(name).strip() for name in DEPLOY_EVENTS[kind])
    service = what or resource.rpartition("/")[2] or resource.rpartition(":")[2] or UNKNOWN_SERVICE
    summary = f"{kind.partition(' ')[0]}: {service} {progress or 'changed'}"
    failed = any(word in progress.upper() for word in ("FAIL", "STOPPED", "CANCELED"))
    return attrs.evolve(
        _labelled(summary, {}, integration),
        signal_type=SignalType.DEPLOY_EVENT,
        status=SignalStatus.MOMENT,
        severity=Severity.LOW if failed else Severity.INFO,
        service=service,
        identity={"event": kind, "service": service, "id": identifier, "progress": progress},
        change=ChangeDetails(summary=summary, version=identifier, text=detail.loose("reason")),
    )


def _text(envelope: Fields, text: str, received_at: datetime) -> SignalDraft:
    subject = envelope.loose("Subject").strip()
    title = subject or next((line.strip() for line in text.splitlines() if line.strip()), "")[:TITLE_LENGTH]
    if not title:
        raise wrong("Message", "is missing, and Subject too")
    return SignalDraft(
        name=title,
        title=title,
        description=text,
        identity={"topic": envelope.text("TopicArn"), "title": title},
        occurred_at=envelope.time("Timestamp", received_at),
    )


def _in_state(draft: SignalDraft, fields: Fields, name: str) -> SignalDraft:
    word = fields.required(name)
    if word not in STATES:
        raise wrong(fields.at(name), f"must be one of {', '.join(STATES)}")
    status, severity = STATES[word]
    return attrs.evolve(draft, status=status, severity=severity)


def _labelled(name: str, labels: Mapping[str, str], integration: Integration) -> SignalDraft:
    found = {label.lower(): value for label, value in labels.items()}
    # Load balancers and target groups are named like app/shop/50dc6c495c0c9188 or targetgroup/shop/73e2d6bc24d8a067.
    service = first_text(found, SERVICE_NAMES)
    service = service.split("/")[1] if service.count("/") == 2 else service
    environment_word = first_text(found, ENVIRONMENT_NAMES)
    return SignalDraft(
        service=service or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=name,
        title=name,
        labels=labels,
    )


def _dimensions(value: Any) -> dict[str, str]:
    """Every dimension within the description of what is watched: pairs in CloudWatch's messages, an object in events."""
    found: dict[str, str] = {}
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            found.update(_tags(item.get("Dimensions") or item.get("dimensions")))
            waiting.extend(item.values())
    return found


def _tags(value: Any) -> dict[str, str]:
    """Names and values, told as an object or as a list of pairs."""
    if isinstance(value, dict):
        return Fields(value).scalars()
    pairs = [Fields({name.lower(): text for name, text in item.items()}) for item in _objects(value)]
    named = ((pair.loose("name") or pair.loose("key"), pair.loose("value")) for pair in pairs)
    return {name: text for name, text in named if name}


def _objects(value: Any) -> Iterable[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _resources(event: Fields) -> list[str]:
    return [item.strip() for item in texts(event.values.get("resources"))]


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text.strip())
