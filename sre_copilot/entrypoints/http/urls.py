"""Every path. A Django project may include these below a prefix of its own: `path("copilot/", include(...))`."""

from django.urls import path

from sre_copilot.entrypoints.http import compatible, documentation, health, webhooks
from sre_copilot.entrypoints.http.api.root import api

urlpatterns = [
    path("webhooks/<uuid:integration_id>", webhooks.receive),
    path("v2/enqueue", compatible.pagerduty_events),
    path("v2/change/enqueue", compatible.pagerduty_events),
    path("api/v2/alerts", compatible.alertmanager_alerts),
    path("api/v2/status", compatible.alertmanager_status),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", health.numbers),
    path("openapi.json", documentation.description),
    path("docs", documentation.page),
    path("docs/<str:name>", documentation.asset),
    path("api/v1/", api.urls),
]
