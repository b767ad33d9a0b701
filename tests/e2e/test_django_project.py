"""Inside a Django project the copilot keeps to its own database, and the project to its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.e2e.installation import Installation

PROJECT = """
import json, sys
from datetime import UTC, datetime

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *APPS],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "project.sqlite3"}},
    DATABASE_ROUTERS=["sre_copilot.adapters.django_orm.routing.CopilotRouter"],
    USE_TZ=USE_TZ,
    ROOT_URLCONF="__main__",
    ALLOWED_HOSTS=["*"],
)
django.setup()

from django.urls import include, path

urlpatterns = [path("copilot/", include("sre_copilot.entrypoints.http.urls"))]

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from sre_copilot import CopilotError, Settings, open_copilot
from sre_copilot.domain.deliveries import Delivery
from sre_copilot.entrypoints.http.running import use

try:
    with open_copilot(Settings(data_folder=sys.argv[1])) as copilot:
        call_command("migrate", verbosity=0)
        User.objects.create(username="project")
        ada = copilot.create_tenant(slug=sys.argv[2], admin_email=f"ada@{sys.argv[2]}.example")[1].as_actor()
        door = copilot.create_integration(actor=ada, type="generic").integration
        body = b'{"title": "Checkout answers 500", "service": "checkout"}'
        delivery = Delivery(body=body, received_at=datetime.now(UTC))
        receipt = copilot.ingest(actor=ada, integration_id=door.id, delivery=delivery)
        tables = sorted(connection.introspection.table_names())
        use(copilot)
        token = copilot.create_token(actor=ada, user_id=ada.id, name="ci", role=ada.role).secret
        http, mine = Client(), {"Authorization": f"Bearer {token}"}
        replies = [
            http.get("/copilot/readyz"),
            http.get("/copilot/openapi.json"),
            http.get("/copilot/api/v1/incidents", headers=mine),
            http.get("/copilot/api/v1/incidents"),
            http.post(f"/copilot/webhooks/{door.id}", data=body, content_type="application/json"),
            http.post(f"/copilot/webhooks/{door.id}", data=b"x" * 5_000_000, content_type="text/plain"),
        ]
        answers = [[reply.status_code, reply["Content-Type"]] for reply in replies]
        told = {"opened": len(receipt.opened), "users": User.objects.count(), "tables": tables, "answers": answers}
        print(json.dumps({**told, "paths": sorted({path.split("/")[1] for path in replies[1].json()["paths"]}), "found": len(replies[2].json()["items"])}))
except CopilotError as error:
    print(json.dumps({"refused": str(error)}))
"""


def run_project(
    installation: Installation, folder: Path, slug: str, *, apps: list[str], use_tz: bool
) -> dict[str, object]:
    """Run a project's script in a process of its own and return what it printed."""
    code = f"APPS = {apps!r}\nUSE_TZ = {use_tz!r}\n{PROJECT}"
    command = [sys.executable, "-c", code, str(installation.data_folder), slug]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


OURS = "sre_copilot.adapters.django_orm"


def test_both_work_side_by_side_and_neither_has_the_others_tables(installation: Installation, tmp_path: Path) -> None:
    found = run_project(installation, tmp_path, "in-a-project", apps=[OURS], use_tz=True)
    assert (found["opened"], found["users"]) == (1, 1)
    tables = found["tables"]
    assert isinstance(tables, list)
    assert "auth_user" in tables
    ours, plain = "application/problem+json", "application/json"
    answers = [[200, plain], [200, plain], [200, plain], [401, ours], [401, ours], [413, ours]]
    assert found["answers"] == answers
    assert (found["paths"], found["found"]) == (["copilot"], 1)
    assert not {"incidents", "signals", "tenants"} & set(tables)
    server = EmbeddedPostgres(installation.data_folder)
    server.start()
    assert installation.call("incidents", "list", "--tenant", "in-a-project", "--json").expect(0).document["incidents"]


@pytest.mark.parametrize(("apps", "use_tz", "told"), [([], True, "INSTALLED_APPS"), ([OURS], False, "USE_TZ = True")])
def test_a_project_that_is_not_set_up_for_it_is_told_what_to_do(
    installation: Installation, tmp_path: Path, apps: list[str], use_tz: bool, told: str
) -> None:
    found = run_project(installation, tmp_path, "refused", apps=apps, use_tz=use_tz)
    assert told in str(found["refused"])
