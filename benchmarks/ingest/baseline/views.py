"""The doors of the baseline. Each statement is a transaction of its own, as is Django's default."""

import hashlib
import json

from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from benchmarks.ingest.baseline.models import Alert, Event, Tenant


def healthz(request: HttpRequest) -> HttpResponse:
    """It is alive."""
    return HttpResponse("ok")


def tenant_of(request: HttpRequest) -> Tenant:
    """Whose token it is."""
    return get_object_or_404(Tenant, token=request.headers.get("Authorization", "").removeprefix("Bearer "))


@csrf_exempt
@require_POST
def alertmanager(request: HttpRequest) -> JsonResponse:
    """Take in a webhook of Alertmanager."""
    tenant = tenant_of(request)
    created_count = 0
    for item in json.loads(request.body)["alerts"]:
        labels = item["labels"]
        ends_at = parse_datetime(item["endsAt"]) if item["status"] == "resolved" else None
        now = timezone.now()
        alert, created = Alert.objects.get_or_create(
            tenant=tenant,
            fingerprint=hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest(),
            defaults={
                "name": labels["alertname"],
                "status": item["status"],
                "severity": labels.get("severity", ""),
                "service": labels.get("service", ""),
                "labels": labels,
                "annotations": item["annotations"],
                "starts_at": parse_datetime(item["startsAt"]),
                "ends_at": ends_at,
                "last_seen": now,
            },
        )
        alert.status = item["status"]
        alert.ends_at = ends_at
        alert.last_seen = now
        alert.count = F("count") + 1
        alert.save(update_fields=["status", "ends_at", "last_seen", "count"])
        created_count += created
    return JsonResponse({"created": created_count}, status=202)


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> JsonResponse:
    """Take in a list of events: each a row, in the group of its key."""
    tenant = tenant_of(request)
    for item in json.loads(request.body):
        occurred_at = parse_datetime(item["occurred_at"])
        alert, _ = Alert.objects.get_or_create(
            tenant=tenant,
            fingerprint=item["dedup_key"],
            defaults={
                "name": item["title"],
                "status": item["status"],
                "severity": item["severity"],
                "service": item["service"],
                "labels": item["labels"],
                "starts_at": occurred_at,
                "last_seen": timezone.now(),
            },
        )
        Event.objects.create(event_id=item["id"], alert=alert, payload=item, occurred_at=occurred_at)
    return JsonResponse({"accepted": True}, status=202)
