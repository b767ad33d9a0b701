"""A storm as domain values: deliveries of Alertmanager about 20 services in 3 clusters, and the incidents that are open already.

Deterministic: the same numbers always give the same storm.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.domain.correlation import Candidate
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.signals import Environment, Severity, SignalDraft
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.subjects import Subject, signalled

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CLUSTERS = {
    "eu-1": Environment.PRODUCTION,
    "eu-2": Environment.STAGING,
    "lab": Environment.DEVELOPMENT,
}
ONE_ENVIRONMENT = dict.fromkeys(CLUSTERS, Environment.PRODUCTION)
"""The harder storm: every newcomer has several open incidents of its own service and those around it."""
KINDS = (
    ("HighErrorRate", "{service} answers {n} % of its requests with an error"),
    ("HighLatency", "The slowest requests of {service} take longer than {n} seconds"),
    ("KubePodCrashLooping", "Pod {namespace}/{pod} is restarting again and again"),
    ("KubePodNotReady", "Pod {namespace}/{pod} has been in a non-ready state for longer than 15 minutes"),
    (
        "KubeDeploymentReplicasMismatch",
        "Deployment {namespace}/{service} has not matched the expected number of replicas",
    ),
    ("CPUThrottlingHigh", "{n} % throttling of CPU in namespace {namespace} for container {service} in pod {pod}"),
    ("ContainerMemoryNearLimit", "Container {service} in {pod} uses {n} % of its memory limit"),
    ("DiskWillFillInFourHours", "The volume of {service} at /data is predicted to fill within four hours"),
    ("DatabaseConnectionsExhausted", "No free connections are left in the pool of {service}"),
    ("QueueBacklog", "Queue {service}-jobs has a backlog of {n}0 messages"),
    ("TargetDown", "{n} % of the {service} targets are down"),
    ("CertificateExpiresSoon", "The certificate of {service} expires in less than a day"),
    ("ProbeFailed", "The probe of {service} has failed for {n} minutes"),
    ("ThreadPoolSaturated", "All worker threads of {service} are busy"),
    ("CacheHitRateLow", "The cache of {service} answers only {n} % of what it is asked"),
    ("GarbageCollectionSlow", "{service} stands still for garbage collection {n} % of the time"),
)
SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.HIGH, Severity.MEDIUM)


@attrs.frozen(kw_only=True)
class Estate:
    """What a tenant runs: `alerting` services of `len(names)`, in three clusters."""

    names: tuple[str, ...]
    alerting: tuple[str, ...]
    graph: ServiceGraph
    clusters: Mapping[str, Environment]

    @classmethod
    def of(cls, services: int, alerting: int, clusters: Mapping[str, Environment] = CLUSTERS) -> "Estate":
        """Teams of ten services, each a shallow tree of calls; every third alerting service is unknown to the graph."""
        names = tuple(f"{word}-{number}" for number, word in enumerate(_words(services)))
        calls = {
            Call(caller=names[(n - n % 10) + (n % 10 - 1) // 3], callee=names[n]) for n in range(services) if n % 10
        }
        placements = {
            Placement(service=name, host=f"node-{(n + pod) % 12}", pod=f"{name}-{pod}")
            for n, name in enumerate(names)
            for pod in range(2)
        }
        known = names[: alerting * 2 // 3]
        strangers = tuple(f"{word}-worker-{number}" for number, word in enumerate(_words(alerting - len(known))))
        graph = ServiceGraph(services=frozenset(names), calls=frozenset(calls), placements=frozenset(placements))
        return cls(names=names, alerting=(*known, *strangers), graph=graph, clusters=clusters)


def _words(count: int) -> Iterator[str]:
    words = ("checkout", "basket", "search", "payment", "ledger", "mail", "stock", "login", "image", "price", "tax")
    for number in range(count):
        yield words[number % len(words)]


def draft(estate: Estate, chance: random.Random, service: str, started_at: datetime, cluster: str) -> SignalDraft:
    """One alert as the Alertmanager plugin reads it."""
    environment = estate.clusters[cluster]
    name, template = chance.choice(KINDS)
    tail = "".join(chance.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
    pod = f"{service}-7d9f{chance.randrange(10)}c{chance.randrange(10)}b-{tail}"
    namespace = service.partition("-")[0]
    labels = {
        "alertname": name,
        "cluster": cluster,
        "namespace": namespace,
        "service": service,
        "severity": chance.choice(("critical", "warning")),
        "pod": pod,
        "container": service,
        "instance": f"10.{chance.randrange(4)}.{chance.randrange(250)}.{chance.randrange(250)}:8080",
        "job": namespace,
        "prometheus": "monitoring/k8s",
        "environment": environment.value,
    }
    title = template.format(service=service, namespace=namespace, pod=pod, n=chance.randrange(5, 99))
    raw = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": title, "runbook_url": f"https://runbooks.example.com/{name}"},
        "startsAt": started_at.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": f"https://prometheus.example.com/graph?g0.expr={name}&g0.tab=1",
        "fingerprint": f"{chance.getrandbits(64):016x}",
    }
    return SignalDraft(
        name=name,
        title=title,
        severity=chance.choice(SEVERITIES),
        service=service,
        environment=environment,
        environment_word=environment.value,
        labels=labels,
        identity=labels,
        occurred_at=started_at,
        episode_started_at=started_at,
        raw=raw,
    )


def signals(estate: Estate, count: int, seed: int) -> list[SignalDraft]:
    """Alerts of the last minutes, each of a series of its own."""
    chance = random.Random(seed)
    drafts = []
    for _ in range(count):
        service = chance.choice(estate.alerting)
        started = NOW - timedelta(seconds=chance.randrange(300))
        drafts.append(draft(estate, chance, service, started, chance.choice(list(estate.clusters))))
    return drafts


def incidents(estate: Estate, count: int, seed: int, members: int = 500) -> list[Candidate]:
    """Open incidents with 1 to `members` members, most with few; each about one service, a part of it about its callees too."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        service = chance.choice(estate.alerting)
        near = (service, service, *estate.graph.callees(service)[:2])
        cluster = chance.choice(list(estate.clusters))
        opened = NOW - timedelta(minutes=chance.randrange(1, 240))
        size = max(1, round(members ** chance.random())) if number % 20 else members
        joined: list[Subject] = []
        for _ in range(size):
            start = opened + timedelta(seconds=chance.randrange(600))
            joined.append(signalled(draft(estate, chance, chance.choice(near), start, cluster), start))
        found.append(
            Candidate(
                incident_id=UUID(int=chance.getrandbits(128)),
                opened_at=opened,
                detected_at=min(one.started_at for one in joined),
                last_signal_at=NOW,
                has_open_episode=True,
                members=tuple(joined),
            )
        )
    return found


def changes(estate: Estate, count: int, seed: int) -> Sequence[ObservedChange]:
    """Deploys of the last day."""
    chance = random.Random(seed)
    return [
        ObservedChange(
            id=UUID(int=number),
            service=chance.choice(estate.names),
            kind="deploy",
            summary="",
            at=NOW - timedelta(minutes=chance.randrange(1440)),
        )
        for number in range(count)
    ]
