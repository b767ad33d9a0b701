"""A storm of alerts: what a Prometheus that watches some clusters tells about while much is wrong in them.

The same seed gives the same storm. Alerts come in notifications, as Alertmanager groups them by alert name, cluster and
service; within one they are in no order, as Prometheus sends them. `opening` notifications of new groups come first. Of
the alerts after them `share_new` tell something new: a series that was not seen before, or, one in ten, the end of one that
was. All others are alerts that came before, exactly as they were.
"""

import hashlib
import itertools
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import attrs

from benchmarks.ingest.rules import CLUSTERS, RULES, SERVICES, Rule

NEVER = "0001-01-01T00:00:00Z"
SHARE_OF_ENDS = 0.1
"""Of what is new in a storm with repeats, how much is the end of something."""
MOST_IN_GROUP = 200


@attrs.frozen(kw_only=True)
class Alert:
    """An alert as it is notified. Equal alerts are the same fact; `series` and `fact` number both within the storm."""

    series: int
    fact: int
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str
    fingerprint: str


@attrs.frozen(kw_only=True)
class Notification:
    """Alerts of one group that are told together."""

    rule: Rule
    cluster: str
    service: str
    alerts: tuple[Alert, ...]


@attrs.define(kw_only=True)
class Group:
    """The alerts of one rule, cluster and service so far."""

    rule: Rule
    cluster: str
    service: str
    alerts: list[Alert] = attrs.field(factory=list)


@attrs.define(kw_only=True)
class Storm:
    """Makes notifications without end. `begin` is when it began; all of it lies in the ten minutes after that."""

    seed: int
    share_new: float
    size: int
    begin: datetime
    opening: int = 0
    with_ends: bool = True
    _groups: list[Group] = attrs.field(factory=list, init=False)
    _chance: random.Random = attrs.field(init=False)
    _series: "itertools.count[int]" = attrs.field(factory=itertools.count, init=False)
    _facts: "itertools.count[int]" = attrs.field(factory=itertools.count, init=False)
    _told: int = attrs.field(default=0, init=False)
    _new: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def notifications(self) -> Iterator[Notification]:
        """The notifications, in the order in which they are sent."""
        for number in itertools.count():
            group = self._chosen() if number >= self.opening else self._opened()
            if number == self.opening:
                self._told = self._new = 0
            alerts = tuple(self._alerts(group))
            yield Notification(rule=group.rule, cluster=group.cluster, service=group.service, alerts=alerts)

    def _chosen(self) -> Group:
        if not self._groups or (self._owes_news() and self._chance.random() < 0.5):
            return self._opened()
        return self._chance.choice(self._groups)

    def _opened(self) -> Group:
        group = Group(
            rule=self._chance.choice(RULES),
            cluster=self._chance.choice(CLUSTERS),
            service=self._chance.choice(SERVICES),
        )
        self._groups.append(group)
        return group

    def _owes_news(self) -> bool:
        return self._new <= self.share_new * self._told

    def _alerts(self, group: Group) -> Iterator[Alert]:
        known = self._chance.sample(group.alerts, min(self.size, len(group.alerts)))
        fresh: list[Alert] = []
        for _ in range(self.size):
            news = self._owes_news() and len(group.alerts) < MOST_IN_GROUP
            if not news and known:
                yield self._count(known.pop(), news=False)
                continue
            if self.with_ends and known and self._chance.random() < SHARE_OF_ENDS and known[-1].ends_at is None:
                alert = self._ended(known.pop())
                group.alerts = [other for other in group.alerts if other.series != alert.series]
            else:
                alert = self._started(group)
            fresh.append(alert)
            yield self._count(alert, news=True)
        if self.share_new < 1:
            group.alerts += fresh

    def _count(self, alert: Alert, *, news: bool) -> Alert:
        self._told += 1
        self._new += news
        return alert

    def _ended(self, alert: Alert) -> Alert:
        after = timedelta(milliseconds=self._chance.randrange(30_000, 240_000))
        return attrs.evolve(alert, fact=next(self._facts), status="resolved", ends_at=alert.starts_at + after)

    def _started(self, group: Group) -> Alert:
        number = next(self._series)
        labels = group.rule.labels(group.cluster, group.service, number)
        return Alert(
            series=number,
            fact=next(self._facts),
            status="firing",
            labels=labels,
            annotations=group.rule.annotations(labels, f"{self._chance.random() * 100:.2f}"),
            starts_at=self.begin + timedelta(milliseconds=self._chance.randrange(300_000)),
            ends_at=None,
            generator_url=group.rule.generator_url(group.cluster),
            fingerprint=hashlib.sha256(repr(sorted(labels.items())).encode()).hexdigest()[:16],
        )


def moment(at: datetime) -> str:
    """A time as Alertmanager writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
