"""One PostgreSQL for all that need one, as the copilot sets it up for itself, and databases with nothing in them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import attrs
import psycopg

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.e2e.installation import Installation

OURS = "sre_copilot"
OUR_TEMPLATE = "bench_ours"
BASELINE = "baseline"
BASELINE_TEMPLATE = "bench_baseline"
PLENTY = 10_000_000
"""A plan's limit that is never reached: what waits for a limit costs less than what opens an incident."""


@attrs.frozen(kw_only=True)
class Made:
    """An integration of a tenant, and its key."""

    tenant_id: str
    id: str
    key: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Databases:
    """The server of a data folder. `prepare` first."""

    folder: Path

    @property
    def installation(self) -> Installation:
        """The copilot that lives there."""
        return Installation(data_folder=self.folder)

    @property
    def server(self) -> EmbeddedPostgres:
        """Its PostgreSQL."""
        return EmbeddedPostgres(self.folder)

    def prepare(self, *, baseline: bool) -> None:
        """Start the server, and migrate what is copied for each turn; the baseline's only where it takes part."""
        with self.installation.open():
            pass
        setup.close()
        self.server.create_database(OUR_TEMPLATE, template=OURS)
        if baseline:
            self._prepare_baseline()

    def _prepare_baseline(self) -> None:
        self.server.create_database(BASELINE_TEMPLATE)
        migrate = (sys.executable, "-m", "benchmarks.ingest.baseline.manage", "migrate", "--verbosity=0")
        environment = {**os.environ, **self.baseline_environment(BASELINE_TEMPLATE)}
        subprocess.run(migrate, env=environment, cwd=Path(__file__).parents[2], check=True)
        with psycopg.connect(self.superuser_url(BASELINE_TEMPLATE)) as db:
            db.execute("INSERT INTO baseline_tenant (name, token) VALUES ('bench', 'bench')")

    def renew_ours(self) -> None:
        """Give the copilot a new database."""
        setup.close()
        self._renew(OURS, OUR_TEMPLATE)

    def renew_baseline(self) -> None:
        """Give the baseline a new database."""
        self._renew(BASELINE, BASELINE_TEMPLATE)

    def _renew(self, name: str, template: str) -> None:
        self.server.drop_database(name)
        self.server.create_database(name, template=template)
        with psycopg.connect(self.server.superuser_url(name), autocommit=True) as db:
            # What earlier turns left to be written is not this turn's work.
            db.execute("CHECKPOINT")

    def integration(self, kind: str) -> Made:
        """A tenant with an integration of that type."""
        with self.installation.open() as copilot:
            found = [tenant for tenant in copilot.administration.tenants() if tenant.slug == f"bench-{kind}"]
            if found:
                tenant = found[0]
                actor = copilot.administration.person(tenant)
                integration = copilot.integrations.list(actor=actor)[0]
                key = copilot.rotate_integration_key(actor=actor, integration_id=integration.id).key
                return Made(tenant_id=str(tenant.id), id=str(integration.id), key=key)
            tenant, admin = copilot.create_tenant(
                slug=f"bench-{kind}",
                admin_email="ada@bench.example.com",
                max_services=PLENTY,
                max_incidents_per_month=PLENTY,
            )
            settings = {"accept_key": True} if kind == "generic" else {}
            made = copilot.create_integration(actor=admin.as_actor(), type=kind, settings=settings)
            return Made(tenant_id=str(tenant.id), id=str(made.integration.id), key=made.key)

    def superuser_url(self, name: str = OURS) -> str:
        """How to see everything."""
        return self.server.superuser_url(name)

    def postmaster(self) -> int:
        """The process that all of PostgreSQL began as."""
        return int((self.server.status().folder / "data" / "postmaster.pid").read_text("ascii").splitlines()[0])

    def version(self) -> str:
        """PostgreSQL's version."""
        with psycopg.connect(self.superuser_url("postgres")) as db:
            return str(db.execute("SHOW server_version").fetchall()[0][0])

    def baseline_environment(self, name: str = BASELINE) -> Mapping[str, str]:
        """How the baseline signs in: as the owner, whom no row security holds up."""
        url = urlsplit(self.server.urls(name).owner)
        asked = parse_qs(url.query)
        return {
            "BASELINE_DATABASE": name,
            "BASELINE_USER": unquote(url.username or ""),
            "BASELINE_PASSWORD": unquote(url.password or ""),
            "BASELINE_HOST": asked["host"][0],
            "BASELINE_PORT": asked["port"][0],
            "DJANGO_SETTINGS_MODULE": "benchmarks.ingest.baseline.settings",
        }

    def stop(self) -> None:
        """Stop the server."""
        self.server.stop()
