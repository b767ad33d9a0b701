"""`manage.py keep_watch TENANT OVEN...`: have the copilot watch the ovens, and remember what it made of them."""

import json
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.test import Client
from sre_copilot_lighthouse.signing import ID, SIGNATURE, TIME, signature

from ovens.models import Outage, Oven
from sre_copilot import Settings, open_copilot
from sre_copilot.domain.deliveries import Delivery


class Command(BaseCommand):
    """One delivery goes in through the library and one through the project's own paths."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A tenant and two ovens."""
        parser.add_argument("tenant")
        parser.add_argument("ovens", nargs=2)

    def handle(self, *, tenant: str, ovens: list[str], **options: Any) -> None:
        """Print as JSON what came of it."""
        first, second = (Oven.objects.create(name=name) for name in ovens)
        with open_copilot(Settings.load()) as copilot:
            ada = copilot.administration.person(copilot.create_tenant(slug=tenant, admin_email="ada@bakery.example")[0])
            made = copilot.create_integration(actor=ada, type="lighthouse")
            door, secret = made.integration.id, made.secrets["signing_secret"]
            receipt = copilot.ingest(actor=ada, integration_id=door, delivery=went_out(first))
            Outage.objects.create(oven=first, incident=receipt.opened[0])
            reply = Client(enforce_csrf_checks=True).post(
                f"/copilot/webhooks/{door}", **signed(went_out(second), secret)
            )
            Outage.objects.create(oven=second, incident=reply.json()["incidents"][0])
            found = {str(incident.id): incident.title for incident in copilot.incidents.list(actor=ada)}
        told = {outage.oven.name: found[str(outage.incident)] for outage in Outage.objects.select_related("oven")}
        self.stdout.write(json.dumps({"status": reply.status_code, "told": told}))


def went_out(oven: Oven) -> Delivery:
    """What Lighthouse tells of an oven as cold as a light that is out."""
    body = json.dumps({"lights": [{"id": oven.name, "state": "out", "brightness": "dark"}]}).encode()
    return Delivery(body=body, received_at=datetime.now(UTC), headers={ID: f"oven-{oven.pk}"})


def signed(delivery: Delivery, secret: str) -> dict[str, Any]:
    """The delivery as Lighthouse sends it."""
    stamp = str(int(time.time()))
    headers = {**delivery.headers, TIME: stamp, SIGNATURE: signature(secret, stamp, delivery)}
    return {"data": delivery.body, "content_type": "application/json", "headers": headers}
