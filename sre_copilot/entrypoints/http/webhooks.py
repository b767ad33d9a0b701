"""The door for signals: whoever has an integration sends here. Plain views, for speed."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpHeaders, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sre_copilot.adapters.system import SystemClock
from sre_copilot.domain.deliveries import Delivery, Receipt
from sre_copilot.domain.errors import CopilotError
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.http import metrics
from sre_copilot.entrypoints.http.authentication import origin_of
from sre_copilot.entrypoints.http.bodies import body_of
from sre_copilot.entrypoints.http.problems import Refused, answering, in_vendors_words
from sre_copilot.entrypoints.http.running import copilot

TOLD = ("delivery_id", "accepted", "duplicates", "repeats", "redelivered", "resolved", "incidents")
"""What a receipt says always; the rest where there is something to say."""
TOLD_IF_SO = ("waiting", "silenced", "quarantined", "problem", "assigned_key")


@csrf_exempt
@require_POST
@answering
def receive(request: HttpRequest, integration_id: UUID) -> HttpResponse:
    """Take in a delivery. 202 once it is durable, never before."""
    logs.bind(integration=str(integration_id))
    try:
        delivery = delivery_of(request)
        receipt = copilot().receive(integration_id=integration_id, delivery=delivery, origin=origin_of(request))
    except (CopilotError, Refused):
        metrics.delivery("refused")
        raise
    metrics.delivery("quarantined" if receipt.quarantined else "accepted")
    return answer_of(receipt)


def delivery_of(request: HttpRequest) -> Delivery:
    """The delivery that a request brings. Raises Refused."""
    return Delivery(
        body=body_of(request),
        received_at=SystemClock().now(),
        headers=headers_of(request.META),
        path=request.path_info.strip("/"),
        token=request.GET.get("token", "") if request.META.get("QUERY_STRING") else "",
    )


def headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """What `request.headers` holds, without the time that it takes to be found in any case."""
    named = ((_header(name), value) for name, value in environ.items())
    return {name: value for name, value in named if name is not None}


_header = lru_cache(maxsize=1024)(HttpHeaders.parse_header_name)


def answer_of(receipt: Receipt) -> HttpResponse:
    """What the sender is answered: what its vendor expects, else the receipt."""
    reply = receipt.reply
    if reply is not None:
        return in_vendors_words(reply.body, reply.status, reply.content_type)
    told = {name: getattr(receipt, name) for name in TOLD}
    told |= {name: value for name in TOLD_IF_SO if (value := getattr(receipt, name))}
    return HttpResponse(orjson.dumps(told), status=HTTPStatus.ACCEPTED, content_type="application/json")
