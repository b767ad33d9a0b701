"""A copilot without database or network, and a stage on which a tenant, its people and a sender stand ready."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.adapters.keyring.signatures import CertificateSignatures
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.advisor import Advisor, NoAdvisor
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import DeliveryGateway, IntegrationTypes, SignalSource
from sre_copilot.application.ports.diagnoses import DiagnosisEngine, MetricContext
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.jobs import JobQueue
from sre_copilot.application.ports.key_ring import KeyRing
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
from sre_copilot.application.use_cases.run_due_timers import TimersRun
from sre_copilot.bootstrap import compose
from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.deliveries import Delivery, Parsed, Receipt
from sre_copilot.domain.errors import CopilotError, MalformedDelivery
from sre_copilot.domain.hypotheses import CandidateKind, Confidence, Verdict
from sre_copilot.domain.integrations import Integration, Setting
from sre_copilot.domain.signals import ChangeDetails, SignalDraft, SignalStatus, SignalType
from sre_copilot.domain.tenants import Tenant, User
from sre_copilot.testing.builders import make_cause, make_draft, make_integration, make_runbook, make_tenant, make_user
from sre_copilot.testing.clock import ManualClock
from sre_copilot.testing.deliveries import FixedTypes, ScriptedGateway, ScriptedSource
from sre_copilot.testing.diagnoses import FixedEngine, FixedMetrics
from sre_copilot.testing.ids import SequentialIds
from sre_copilot.testing.jobs import InMemoryJobQueue
from sre_copilot.testing.mail import RecordedMail
from sre_copilot.testing.notifiers import RecordedNotifiers
from sre_copilot.testing.outgoing import ScriptedOutgoing
from sre_copilot.testing.runbooks import FixedRunbooks
from sre_copilot.testing.schedule import InMemoryScheduleRuns
from sre_copilot.testing.sealing import InMemoryKeyRing, make_sealer
from sre_copilot.testing.tables import TenantTables
from sre_copilot.testing.tenants import InMemoryDirectory
from sre_copilot.testing.tokens import CountedKeys
from sre_copilot.testing.unit_of_work import InMemoryUnitOfWorkFactory

SIGNING_SECRET = Setting(name="signing_secret", help="What senders sign with.", secret=True, generated="whsec_")
VERDICT = Verdict(
    causes=(
        make_cause(confidence=Confidence(lower=0.4, primary=0.7, upper=0.9)),
        make_cause(
            kind=CandidateKind.NONE_OF_THESE,
            subject="",
            claim="None of these",
            confidence=Confidence(lower=0.1, primary=0.3, upper=0.6),
            supporting=(),
        ),
    ),
    convincing=True,
    engine_version="fixed-1",
)
"""The service checkout at 0.7, and none-of-these at 0.3."""


def alert(name: str = "HighLatency", service: str = "checkout", **given: Any) -> SignalDraft:
    """Return a firing signal of the series that name and service make; without `occurred_at` it fires when received."""
    labels = {"alertname": name, "service": service}
    defaults = {"name": name, "title": f"{name} on {service}", "service": service, "identity": labels}
    return make_draft(**{**defaults, "labels": labels, "raw": dict(labels), "occurred_at": None, **given})


def recovery(name: str = "HighLatency", service: str = "checkout", **given: Any) -> SignalDraft:
    """Return the end of what `alert` of the same name and service fires; without `occurred_at` it ended when received."""
    return alert(name, service, **{"status": SignalStatus.RESOLVED, **given})


def deploy(service: str = "checkout", **given: Any) -> SignalDraft:
    """Return a deploy of the service; without `occurred_at` it happened when received."""
    details = ChangeDetails(summary=f"Deploy of {service} 1.2.3", version="1.2.3")
    kind = {"signal_type": SignalType.DEPLOY_EVENT, "status": SignalStatus.MOMENT, "change": details}
    return alert(f"Deploy of {service}", service, **{**kind, **given})


def copilot(
    *,
    units: InMemoryUnitOfWorkFactory | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    gateway: DeliveryGateway | None = None,
    types: IntegrationTypes | None = None,
    source: SignalSource | None = None,
    engine: DiagnosisEngine | None = None,
    metrics: MetricContext | None = None,
    advisor: Advisor | None = None,
    seeds: RunbookSeeds | None = None,
    ring: InMemoryKeyRing | None = None,
    outgoing: Outgoing | None = None,
    mail: Mail | None = None,
    notifiers: Notifiers | None = None,
) -> Copilot:
    """Return a copilot that keeps everything in memory, each part replaceable.

    Without parts of your own: an empty database, a clock that stands still, ids that count, a gateway and a catalogue
    without integration types, an engine with one verdict, no metrics, one seeded runbook, a key ring with one key, servers that
    can't be reached, mail that nobody reads, and targets that keep what they are told.
    """
    keys = ring or InMemoryKeyRing(clock or ManualClock())
    own = units or InMemoryUnitOfWorkFactory()
    ports: dict[type[Any], object] = {
        Clock: clock or ManualClock(),
        Ids: ids or SequentialIds(),
        UnitOfWorkFactory: own,
        Directory: InMemoryDirectory(own.database),
        DeliveryGateway: gateway or ScriptedGateway(),
        IntegrationTypes: types or FixedTypes(),
        SignalSource: source or ScriptedSource(),
        Keys: CountedKeys(),
        Outgoing: outgoing or ScriptedOutgoing(),
        Mail: mail or RecordedMail(),
        Notifiers: notifiers or RecordedNotifiers(),
        DiagnosisEngine: engine or FixedEngine(VERDICT),
        MetricContext: metrics or FixedMetrics(),
        Advisor: advisor or NoAdvisor(),
        RunbookSeeds: seeds or FixedRunbooks((make_runbook(),)),
        JobQueue: InMemoryJobQueue(own.database, clock or ManualClock()),
        ScheduleRuns: InMemoryScheduleRuns(),
        KeyRing: keys,
        Sealer: make_sealer(keys),
        Signatures: CertificateSignatures(),
    }
    return compose(ports)


@attrs.frozen
class Script:
    """What deliveries say, by their bytes."""

    answers: dict[bytes, Parsed | CopilotError] = attrs.field(factory=dict)

    def delivery(self, answer: Parsed | CopilotError, *, received_at: datetime, body: bytes | None = None) -> Delivery:
        """Return a delivery that reads as `answer`, or is refused with it; without `body` it has bytes of its own."""
        own = body if body is not None else f"delivery {len(self.answers) + 1}".encode()
        self.answers[own] = answer
        return Delivery(body=own, received_at=received_at)

    def read(self, integration: Integration, delivery: Delivery) -> Parsed | CopilotError:
        """Return what was written for these bytes; strange ones are malformed."""
        return self.answers.get(delivery.body, MalformedDelivery())


@attrs.frozen(kw_only=True)
class Stage:
    """One tenant in a copilot in memory: a person of each role, and an integration that sends what a test scripts."""

    copilot: Copilot
    units: InMemoryUnitOfWorkFactory
    clock: ManualClock
    script: Script
    source: ScriptedSource
    tenant: Tenant
    people: Mapping[Role, User]
    integration: Integration

    @property
    def sender(self) -> Actor:
        """The integration."""
        return Actor.integration(self.tenant.id, self.integration.id, name=self.integration.name, origin="http")

    @property
    def system(self) -> Actor:
        """The copilot itself."""
        return Actor.system(self.tenant.id)

    @property
    def engineer(self) -> Actor:
        """A person who responds."""
        return self.person(Role.ENGINEER)

    @property
    def tables(self) -> TenantTables:
        """What is stored of the tenant; look, don't touch."""
        return self.units.database.of(self.tenant.id)

    def person(self, role: Role) -> Actor:
        """The person with this role."""
        return self.people[role].as_actor(origin="cli")

    def send(self, *drafts: SignalDraft, at: datetime | None = None, body: bytes | None = None, **said: Any) -> Receipt:
        """Hand in one delivery that reads as these drafts, received now or at `at`; `said` are further fields of Parsed."""
        delivery = self.script.delivery(Parsed(drafts=drafts, **said), received_at=at or self.clock.now(), body=body)
        return self.copilot.ingest(actor=self.sender, integration_id=self.integration.id, delivery=delivery)

    def wait(self, **time: float) -> TimersRun:
        """Let time pass, given as `timedelta` takes it, and run what is due then."""
        now = self.clock.advance(timedelta(**time))
        return self.copilot.run_due_timers(actor=self.system, now=now)


def stage(*, tenant: Tenant | None = None, integration: Integration | None = None, **parts: Any) -> Stage:
    """Set a stage. `integration` becomes the tenant's own; `parts` are those of `copilot` but clock and gateway."""
    own = tenant or make_tenant()
    units = parts.pop("units", None) or InMemoryUnitOfWorkFactory()
    clock, script, source = ManualClock(), Script(), ScriptedSource()
    people = {role: make_user(own.id, role=role, full_name=role.value.title()) for role in Role}
    sender = attrs.evolve(integration, tenant_id=own.id) if integration else make_integration(own.id, name="alerts")
    with units(own.id) as uow:
        uow.tenants.add(own)
        for user in people.values():
            uow.tenants.add_user(user)
        uow.integrations.add(sender)
        uow.commit()
    gateway = ScriptedGateway(readers={sender.type: script.read})
    types = parts.pop("types", None) or FixedTypes(known={sender.type: (SIGNING_SECRET,)})
    return Stage(
        copilot=copilot(units=units, clock=clock, gateway=gateway, types=types, source=source, **parts),
        units=units,
        clock=clock,
        script=script,
        source=source,
        tenant=own,
        people=people,
        integration=sender,
    )
