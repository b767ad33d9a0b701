"""Whether this process is alive, whether it can serve, and its numbers."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from sre_copilot.entrypoints.http import metrics
from sre_copilot.entrypoints.http.problems import answering
from sre_copilot.entrypoints.http.running import running


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Answer at all; asks nobody."""
    return JsonResponse({"status": "alive"})


@require_safe
@answering
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 where the database is reachable and migrated, else 503 and why."""
    running().check()
    return JsonResponse({"status": "ready"})


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Everything that is counted, for Prometheus."""
    text, content_type = metrics.exposition()
    return HttpResponse(text, content_type=content_type)
