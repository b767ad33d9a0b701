"""The paths of the baseline."""

from django.urls import path

from benchmarks.ingest.baseline import views

urlpatterns = [
    path("healthz", views.healthz),
    path("ingest/alertmanager", views.alertmanager),
    path("ingest/events", views.events),
]
