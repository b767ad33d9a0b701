"""From settings to a copilot: the composition root, and the only place that knows the container."""

import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import attrs
import punq

from sre_copilot.adapters.diagnosis.engine import OfflineEngine
from sre_copilot.adapters.django_orm import setup as database
from sre_copilot.adapters.intake.group_commit import MOST_AT_ONCE, GroupCommit
from sre_copilot.adapters.integrations.calls import Calls, CallsHere
from sre_copilot.adapters.integrations.gateway import PluginGateway, PluginTypes
from sre_copilot.adapters.integrations.hosts import PluginHosts
from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.adapters.integrations.manager import PluginManager, PluginReport
from sre_copilot.adapters.integrations.notifying import PluginNotifiers
from sre_copilot.adapters.integrations.source import PluginSource
from sre_copilot.adapters.integrations.toolbox import Toolbox
from sre_copilot.adapters.keyring.key_file import KeyFile
from sre_copilot.adapters.keyring.sealing import RingSealer
from sre_copilot.adapters.keyring.signatures import CertificateSignatures
from sre_copilot.adapters.llm.claude import ClaudeAdvisor
from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.mail import SmtpMail
from sre_copilot.adapters.outgoing.requests import GuardedClient
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.postgres.roles import check_app_role, database_name, roles_sql
from sre_copilot.adapters.runbooks.seed import SeededRunbooks
from sre_copilot.adapters.system import RandomKeys, SystemClock, TimeOrderedIds
from sre_copilot.application.connected_metrics import ConnectedMetrics
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.doors import Doors
from sre_copilot.application.ports.advisor import Advisor, NoAdvisor, Prices
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import DeliveryGateway, IntegrationTypes, SignalSource
from sre_copilot.application.ports.diagnoses import DiagnosisEngine, MetricContext
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.intake import Intake
from sre_copilot.application.ports.jobs import JobQueue
from sre_copilot.application.ports.key_ring import KeyOnRing, KeyRing
from sre_copilot.application.ports.mail import Mail
from sre_copilot.application.ports.notifiers import Notifiers
from sre_copilot.application.ports.outgoing import Outgoing
from sre_copilot.application.ports.runbooks import RunbookSeeds
from sre_copilot.application.ports.schedule import ScheduleRuns
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.signatures import Signatures
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.tokens import Keys
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.domain.errors import DatabaseNotReady, EnvironmentFault, KeyRingUnusable
from sre_copilot.settings import Settings

USUAL_DATABASE = "sre_copilot"
"""The name that a database of our own goes by unless somebody calls it otherwise."""
OWN_KEYS = "keys.json"
"""The key file in the data folder, beside the embedded database."""


def bootstrap(
    settings: Settings | None = None, *, clock: Clock | None = None, metrics: MetricContext | None = None, **more: Any
) -> Copilot:
    """Return a copilot for these settings (by default those of the file and the environment).

    The embedded database is started and brought up to date; one at `database_url` is only checked. `clock` and
    `metrics` replace the present and the metrics store, for replays; `more` is given to `compose`. Raises EnvironmentFault and its subclasses,
    each saying what is missing.
    """
    given = settings or Settings.load()
    ready_database(given)
    units, directory = database.adapters()
    guard = Guard(allow_private=given.allow_private_addresses)
    options = ["--allow-private"] if given.allow_private_addresses else []
    # Hosts of their own, so that vendors who answer slowly keep nobody from being told.
    pulling, telling = PluginHosts(options), PluginHosts(options)
    ports = parts(
        clock=clock or SystemClock(),
        metrics=metrics,
        units=units,
        directory=directory,
        ring=key_file(given),
        guard=guard,
        advisor=advisor_of(given, guard, clock or SystemClock()),
        calls=pulling,
        telling=telling,
    )

    def close() -> None:
        pulling.close()
        telling.close()
        database.close()

    return compose(ports, on_close=close, **more)


def parts(
    *,
    clock: Clock,
    metrics: MetricContext | None,
    units: UnitOfWorkFactory,
    directory: Directory,
    ring: KeyFile,
    guard: Guard,
    advisor: Advisor,
    calls: Calls,
    telling: Calls,
) -> dict[type[Any], object]:
    """Every port with what stands behind it."""
    toolbox = toolbox_of(guard)
    queue, runs = database.operations()
    manager, isolation = PluginManager(), Isolation()
    source, sealer = PluginSource(calls), RingSealer(ring)
    connected = ConnectedMetrics(units=units, source=source, sealer=sealer, clock=clock)
    return {
        Clock: clock,
        Ids: TimeOrderedIds(),
        UnitOfWorkFactory: units,
        Directory: directory,
        JobQueue: queue,
        ScheduleRuns: runs,
        DeliveryGateway: PluginGateway(manager, isolation, toolbox),
        IntegrationTypes: PluginTypes(manager, isolation, toolbox),
        Notifiers: PluginNotifiers(manager, isolation, telling),
        Outgoing: toolbox.outgoing,
        Mail: toolbox.mail,
        Keys: RandomKeys(),
        DiagnosisEngine: OfflineEngine(),
        MetricContext: metrics or connected,
        SignalSource: source,
        Advisor: advisor,
        RunbookSeeds: SeededRunbooks(),
        KeyRing: ring,
        Sealer: sealer,
        Signatures: toolbox.signatures,
    }


def advisor_of(settings: Settings, guard: Guard, clock: Clock) -> Advisor:
    """Whoever reads along with diagnoses: nobody, unless there is a key."""
    if not settings.llm_key:
        return NoAdvisor()
    return ClaudeAdvisor(
        key=settings.llm_key,
        secret=_redaction_secret(key_file(settings)),
        outgoing=GuardedClient(guard=guard),
        clock=clock,
        model=settings.llm_model,
        base_url=settings.llm_base_url.rstrip("/"),
        effort=settings.llm_effort,
        prices=Prices(
            prompt=settings.llm_price_input,
            completion=settings.llm_price_output,
            cache_read=settings.llm_price_cache_read,
            cache_written=settings.llm_price_cache_write,
        ),
        tokens_a_day=settings.llm_daily_tokens,
        tokens_each=settings.llm_tokens_per_diagnosis,
        deadline=settings.llm_deadline,
    )


def _redaction_secret(keys: KeyFile) -> bytes:
    """What keys for redaction are made of: derived from the key ring, so that hashes stay the same; else of this process."""
    with suppress(KeyRingUnusable):
        ring = keys.ring()
        if ring is not None:
            return hmac.digest(ring.by_id[ring.current].material, b"sre-copilot redaction", "sha256")
    return secrets.token_bytes(32)


def plugin_calls(*, allow_private: bool) -> Calls:
    """What a host of plugins calls them with: without a database, and out of this process by nothing but the guard."""
    return CallsHere(PluginManager(), Isolation(), toolbox_of(Guard(allow_private=allow_private)))


def toolbox_of(guard: Guard) -> Toolbox:
    """What plugins may use of the world, through this guard."""
    return Toolbox(outgoing=GuardedClient(guard=guard), mail=SmtpMail(guard=guard), signatures=CertificateSignatures())


def compose(ports: dict[type[Any], object], *, most_at_once: int = MOST_AT_ONCE, **extra: Any) -> Copilot:
    """Build the facade from ports, also for tests; of a tenant `most_at_once` deliveries are taken in at a time."""
    container = punq.Container()
    for port, instance in ports.items():
        container.register(port, instance=instance)
    pieces = {field.name: field.type for field in attrs.fields(Copilot) if field.name != "on_close" and field.type}
    # One of each for all: both remember what callers have in common.
    container.register(Doors, scope=punq.Scope.singleton)
    take_in = container.register(TakeIn).resolve(TakeIn)
    container.register(Intake, instance=GroupCommit(take_in, most_at_once=most_at_once))
    for kind in pieces.values():
        container.register(kind)
    return Copilot(**{name: container.resolve(kind) for name, kind in pieces.items()}, **extra)


def ready_database(settings: Settings) -> str:
    """Make the database usable and return how the app signs in, which is a secret.

    Raises what says what it lacks: DatabaseUnavailable, DatabaseNotReady, UnsafeDatabaseRole.
    """
    if settings.database_url is None:
        urls = EmbeddedPostgres(settings.data_folder).start()
        database.setup(urls.app)
        if database.pending_migrations():
            database.migrate(urls.owner)
        return urls.app
    check_app_role(settings.database_url)
    database.setup(settings.database_url)
    missing = database.pending_migrations()
    if missing:
        raise DatabaseNotReady(
            f"The database lacks {len(missing)} migrations (first: {missing[0]}). Run `sre-copilot migrate` with "
            "DATABASE_OWNER_URL set; if the roles are missing too, `sre-copilot roles sql` prints them."
        )
    return settings.database_url


def revive_database(settings: Settings) -> bool:
    """Start the embedded server again if it crashed, and return whether it did; one that was stopped stays so."""
    return settings.is_embedded and EmbeddedPostgres(settings.data_folder).revive()


def migrate_database(settings: Settings) -> list[str]:
    """Apply what is missing as the owner and return the names. Raises DatabaseNotReady where no owner URL is set."""
    if settings.database_url is None:
        urls = EmbeddedPostgres(settings.data_folder).start()
        database.setup(urls.app)
        return database.migrate(urls.owner)
    if settings.database_owner_url is None:
        raise DatabaseNotReady(
            "Migrations run as the owner role: set DATABASE_OWNER_URL; `sre-copilot roles sql` prints how to create it."
        )
    database.setup(settings.database_url)
    return database.migrate(settings.database_owner_url)


def stop_database(settings: Settings) -> bool:
    """Stop the embedded server; return whether one was running. Raises EnvironmentFault where it isn't ours to stop."""
    if not settings.is_embedded:
        raise EnvironmentFault(
            "DATABASE_URL is set, so the database is not ours to stop; unset it to stop the embedded one."
        )
    return EmbeddedPostgres(settings.data_folder).stop()


def database_roles_sql(settings: Settings, name: str | None = None) -> str:
    """The statements that create the roles in a database of that name, by default the one that the settings lead to."""
    configured = database_name(settings.database_url) if settings.database_url else None
    return roles_sql(name or configured or USUAL_DATABASE)


def key_file(settings: Settings) -> KeyFile:
    """The key ring of these settings: the named file, else one of its own beside the embedded database, else none."""
    if settings.key_file is None and settings.is_embedded:
        return KeyFile(path=settings.data_folder / OWN_KEYS, makes_itself=True)
    return KeyFile(path=settings.key_file)


def create_key_file(settings: Settings) -> KeyOnRing:
    """Make the key file with a first key. Raises AlreadyExists, KeyRingUnusable."""
    return key_file(settings).create()


def installed_plugins() -> Sequence[PluginReport]:
    """Every plugin that was found, with what went wrong where it did not load."""
    return PluginManager().report()
