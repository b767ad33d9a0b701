"""Looking at the installation, as `sre-copilot doctor` does."""

from collections.abc import Collection

import attrs

from sre_copilot.adapters.django_orm import setup as database
from sre_copilot.adapters.system import SystemClock
from sre_copilot.application.queries.administration import AdministrationQueries
from sre_copilot.bootstrap import installed_plugins, key_file, ready_database
from sre_copilot.domain.errors import CopilotError
from sre_copilot.domain.integrations import Integration
from sre_copilot.settings import Settings


@attrs.frozen(kw_only=True)
class Check:
    """One finding about the installation."""

    name: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Check]:
    """Look at the installation as `sre-copilot doctor` does; nothing is raised for what is wrong."""
    where = f"embedded in {settings.data_folder}" if settings.is_embedded else "at DATABASE_URL"
    found: list[Check] = []
    ailing: list[Check] = []
    plugins = installed_plugins()
    try:
        ready_database(settings)
        found.append(Check(name="database", ok=True, detail=f"{where}, reachable, migrated, under the app role"))
        ailing = _integrations({kind for plugin in plugins for kind in plugin.types})
    except CopilotError as error:
        found.append(Check(name="database", ok=False, detail=f"{where}: {error}"))
    found.append(_key_ring(settings))
    if settings.llm_key:
        model = (
            f"{settings.llm_model} at {settings.llm_base_url}, {settings.llm_daily_tokens} tokens a day for each tenant"
        )
        found.append(Check(name="language model", ok=True, detail=f"{model}; not asked now"))
    for plugin in plugins:
        detail = plugin.problem or f"handles {', '.join(plugin.types)}"
        found.append(Check(name=f"plugin {plugin.name}", ok=not plugin.problem, detail=detail))
    return found + ailing


def _integrations(types: Collection[str]) -> list[Check]:
    """One finding per integration that isn't well, and one about all of them where every one is."""
    units, directory = database.adapters()
    known = AdministrationQueries(directory=directory, units=units, clock=SystemClock()).active_integrations()
    named = {f"integration {tenant.slug}/{row.name}": _ailment(tenant.slug, row, types) for tenant, row in known}
    found = [Check(name=name, ok=False, detail=ailment) for name, ailment in named.items() if ailment]
    return found or [Check(name="integrations", ok=True, detail=f"{len(known)} in use, every one is well")]


def _ailment(slug: str, row: Integration, types: Collection[str]) -> str:
    health = row.health
    if row.type not in types:
        return f"no installed plugin handles the type {row.type}; install its plugin again"
    if health.is_suspended:
        again = f"sre-copilot integrations enable {row.name} --tenant {slug}"
        return f"suspended, and all it sends is in quarantine: {health.last_error} Once that is mended: {again}"
    if not health.is_healthy:
        return f"{health.consecutive_failures} failures in a row, the last one: {health.last_error}"
    return ""


def _key_ring(settings: Settings) -> Check:
    ring = key_file(settings)
    if ring.path is None:
        # Nothing is wrong until something has to be sealed.
        return Check(name="key ring", ok=True, detail="none; set SRE_COPILOT_KEYS before integrations hold credentials")
    try:
        keys = ring.all()
    except CopilotError as error:
        return Check(name="key ring", ok=False, detail=str(error))
    current = next((f"current key {key.id}, {len(keys)} in all" for key in keys if key.is_current), None)
    return Check(name="key ring", ok=True, detail=f"{ring.path}: {current or 'made when something is sealed first'}")
