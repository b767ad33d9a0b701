"""Doors that other tools' senders know already: only their URL and key change. Each answers in its vendor's own words."""

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import attrs
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from sre_copilot.adapters.system import SystemClock
from sre_copilot.domain.deliveries import Delivery, Receipt
from sre_copilot.domain.errors import CopilotError, DeliveryTooLarge, MalformedDelivery, NotAuthentic
from sre_copilot.domain.strict_json import read_json
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.http import metrics
from sre_copilot.entrypoints.http.authentication import origin_of
from sre_copilot.entrypoints.http.problems import Refused, answer_to, in_other_words, in_vendors_words
from sre_copilot.entrypoints.http.running import copilot
from sre_copilot.entrypoints.http.webhooks import delivery_of

LARGEST_EVENT = 512 * 1024
"""Bytes, as at PagerDuty."""
STARTED = SystemClock().now()


def _answering_alertmanager(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let a view answer errors of ours as a sentence in JSON: Alertmanager's clients can't read anything else."""

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except (CopilotError, Refused) as error:
            return in_other_words(answer_to(error), json.dumps(str(error), ensure_ascii=False))

    return answered


@csrf_exempt
@require_POST
def pagerduty_events(request: HttpRequest) -> HttpResponse:
    """Take in an event as PagerDuty's Events API v2 does; its routing key is the key of an integration."""
    try:
        delivery = attrs.evolve(delivery_of(request), path=f"/{request.path_info.strip('/')}")
        receipt = _receive(request, _with_routing_key(delivery), "pagerduty")
    except (CopilotError, Refused) as error:
        return _pagerduty_refusal(error)
    if receipt.quarantined:
        return _told(400, status="invalid event", message="Event object is invalid", errors=[receipt.problem])
    told = {"status": "success", "message": "Event processed"}
    return _told(202, **told, dedup_key=receipt.assigned_key or _dedup_key(delivery))


@csrf_exempt
@require_POST
@_answering_alertmanager
def alertmanager_alerts(request: HttpRequest) -> HttpResponse:
    """Take in alerts as Alertmanager's API v2 does: 200 with nothing to say, 400 with a sentence."""
    delivery = attrs.evolve(delivery_of(request), path="/api/v2/alerts")
    receipt = _receive(request, delivery, "prometheus")
    if receipt.reply is not None:
        return in_vendors_words(receipt.reply.body, receipt.reply.status, receipt.reply.content_type)
    if receipt.quarantined:
        return in_vendors_words(json.dumps(receipt.problem), 400)
    return HttpResponse(status=200)


@require_GET
@_answering_alertmanager
def alertmanager_status(request: HttpRequest) -> HttpResponse:
    """Say that we are ready, as Alertmanager's API v2 does."""
    delivery = delivery_of(request)
    integration_id = _integration(delivery, "prometheus")
    copilot().authenticate_delivery(integration_id=integration_id, delivery=delivery, origin=origin_of(request))
    about = {"branch": "", "buildDate": "", "buildUser": "", "goVersion": "", "revision": "", "version": "sre-copilot"}
    cluster = {"status": "disabled", "peers": []}
    uptime = STARTED.isoformat(timespec="milliseconds")
    return _told(200, cluster=cluster, config={"original": ""}, uptime=uptime, versionInfo=about)


def _receive(request: HttpRequest, delivery: Delivery, kind: str) -> Receipt:
    try:
        integration_id = _integration(delivery, kind)
        logs.bind(integration=str(integration_id))
        receipt = copilot().receive(integration_id=integration_id, delivery=delivery, origin=origin_of(request))
    except (CopilotError, Refused):
        metrics.delivery("refused")
        raise
    metrics.delivery("quarantined" if receipt.quarantined else "accepted")
    return receipt


def _integration(delivery: Delivery, kind: str) -> Any:
    """The integration that the sender's key opens. Raises NotAuthentic."""
    for key in delivery.presented_keys:
        found = copilot().administration.door_of_key(key, kind=kind)
        if found is not None:
            return found
    raise NotAuthentic(f"There is no {kind} integration with this key.")


def _with_routing_key(delivery: Delivery) -> Delivery:
    """The delivery with its routing key as what it presents. Raises MalformedDelivery, NotAuthentic."""
    if len(delivery.body) > LARGEST_EVENT:
        raise DeliveryTooLarge(f"The event has {len(delivery.body)} bytes; at most {LARGEST_EVENT} are taken.")
    event = read_json(delivery.body, max_bytes=LARGEST_EVENT)
    key = event.get("routing_key") if isinstance(event, dict) else None
    if not isinstance(key, str) or not key:
        raise NotAuthentic("The event has no routing_key.", reason="missing")
    headers = {name: value for name, value in delivery.headers.items() if name.lower() != "authorization"}
    return attrs.evolve(delivery, headers=headers, token=key)


def _dedup_key(delivery: Delivery) -> str | None:
    key = read_json(delivery.body).get("dedup_key")
    return key if isinstance(key, str) else None


def _pagerduty_refusal(error: CopilotError | Refused) -> HttpResponse:
    refusal = answer_to(error)
    words = "temporarily unavailable" if refusal.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid event"
    if refusal.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        words = "throttle exceeded"
    message = "Event object is invalid" if isinstance(error, MalformedDelivery) else words.capitalize()
    return in_other_words(refusal, _written(status=words, message=message, errors=[str(error)]))


def _told(status_code: int, **told: object) -> HttpResponse:
    return in_vendors_words(_written(**told), status_code)


def _written(**told: object) -> str:
    return json.dumps(told, ensure_ascii=False)
