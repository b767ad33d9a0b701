"""The seeded runbooks: all readable, all complete, and all found by the words of an alert."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from sre_copilot.adapters.runbooks.seed import SeededRunbooks, SeedRunbook, load_seed_runbooks, parse_seed
from sre_copilot.domain.actions import ACTIONS, ActionType, RiskLevel
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.runbook_words import symptom_query

SEEDS = load_seed_runbooks()
SECTIONS = ["What it means", "Check first", "Mitigate", "Verify", "Afterwards"]

seeds = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.slug)

SMALL = """\
+++
title = "A title"
description = "What it is for."
tags = ["one"]
risk_level = "low"
estimated_duration_minutes = 5

[[actions]]
action_type = "observe"
description = "Look."
+++

## What it means
"""


def test_there_are_about_twenty_runbooks_with_unique_slugs_in_order() -> None:
    slugs = [seed.slug for seed in SEEDS]
    assert 20 <= len(slugs) <= 30
    assert slugs == sorted(set(slugs))


@seeds
def test_every_runbook_has_the_five_sections_in_order_and_something_in_each(seed: SeedRunbook) -> None:
    parts = re.split(r"^## (.+)$", seed.content, flags=re.MULTILINE)
    assert parts[1::2] == SECTIONS
    assert all(len(body.split()) >= 15 for body in parts[2::2])


@seeds
def test_every_runbook_gives_commands_or_queries_to_check_with(seed: SeedRunbook) -> None:
    check = seed.content.partition("## Check first")[2].partition("## Mitigate")[0]
    assert re.search(r"^ *```(sh|sql|promql)$", check, flags=re.MULTILINE)
    assert seed.content.count("```") % 2 == 0


@seeds
def test_every_runbook_fits_its_columns(seed: SeedRunbook) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", seed.slug)
    assert 0 < len(seed.title) <= 100
    assert seed.description.endswith(".")
    assert 3 <= len(seed.tags) == len(set(seed.tags))
    assert 5 <= seed.estimated_duration_minutes <= 60


@seeds
def test_the_stated_risk_is_that_of_the_riskiest_action(seed: SeedRunbook) -> None:
    levels = [ACTIONS[action.action_type].risk_level for action in seed.actions]
    assert seed.risk_level is max(levels, key=lambda level: level.severity)


@seeds
def test_every_runbook_names_each_of_its_actions_once(seed: SeedRunbook) -> None:
    named = [action.action_type for action in seed.actions]
    assert named
    assert len(named) == len(set(named))
    assert all(action.description.endswith(".") for action in seed.actions)


def test_a_tenant_gets_a_copy_of_its_own() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    copy = SEEDS[0].runbook(id=UUID(int=5), at=at)
    assert (copy.id, copy.slug, copy.created_at, copy.usage_count) == (UUID(int=5), SEEDS[0].slug, at, 0)
    assert copy.actions == SEEDS[0].actions


class CountingIds:
    """Ids 1, 2, 3 ..."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> UUID:
        self._last += 1
        return UUID(int=self._last)


def test_every_tenant_begins_with_all_of_them_under_ids_of_its_own() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    copies = SeededRunbooks().runbooks(ids=CountingIds(), at=at)
    assert [copy.slug for copy in copies] == [seed.slug for seed in SEEDS]
    assert [copy.id.int for copy in copies] == list(range(1, len(SEEDS) + 1))


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        (["DatabaseConnectionsExhausted", "uses most of its connections"], "database-connections-exhausted"),
        (["DatabaseSlowQueries", "Queries are slow"], "slow-queries-and-locks"),
        (["KubeNodeNotReady", "Node is not ready", "NodeExporterDown"], "node-lost"),
        (["QueueBacklog", "Queue is backing up"], "queue-backlog"),
        (["CPUThrottlingHigh", "runs at its CPU limit"], "cpu-saturation"),
        (["HighErrorRate", "answers with 5xx"], "high-error-rate"),
        (["HighLatencyP99", "/v1/orders is slow"], "high-latency"),
        (["ErrorBudgetBurn", "burns its error budget too fast"], "error-budget-burn"),
        (["KubeDeploymentReplicasMismatch", "lacks replicas"], "pods-crash-looping"),
        (["CacheHitRatioLow", "misses often"], "cache-miss-storm"),
        (["Nightly export of settlement reports is late"], "scheduled-job-late"),
        (["NodeFilesystemAlmostOutOfSpace", "disk has no space left"], "disk-full"),
        (["SSLCertExpiringSoon", "certificate expires in 3 days"], "certificate-expiry"),
        (["KafkaConsumerGroupLag", "consumer lag grows"], "consumer-lag"),
        (["CoreDNSErrorsHigh", "SERVFAIL responses"], "dns-failure"),
        (["ContainerOOMKilled", "memory limit reached"], "memory-pressure"),
    ],
)
def test_the_words_of_an_alert_lead_to_its_runbook_among_the_first_three(alerts: list[str], expected: str) -> None:
    wanted = [_stem(word) for word in symptom_query(alerts).split()]
    ranked = sorted(SEEDS, key=lambda seed: -_overlap(wanted, seed))
    assert expected in [seed.slug for seed in ranked[:3]]


def _overlap(wanted: Iterable[str], seed: SeedRunbook) -> float:
    """A crude search of our own: rare words count more, those of title and tags three times. Adapters do better."""
    strong, weak = STEMS[seed.slug]
    return sum(
        (3 * (word in strong) + (word in weak)) / (1 + sum(word in other for _, other in STEMS.values()))
        for word in wanted
    )


def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in re.findall(r"[a-z0-9]+", text.lower()))


def _stem(word: str) -> str:
    return word.removesuffix("s")[:5]


STEMS = {
    seed.slug: (_stems(" ".join((seed.title, *seed.tags))), _stems(f"{seed.description} {seed.content}"))
    for seed in SEEDS
}


def test_a_seed_is_read_from_front_matter_and_markdown() -> None:
    seed = parse_seed("small", SMALL)
    assert (seed.slug, seed.title, seed.risk_level) == ("small", "A title", RiskLevel.LOW)
    assert seed.actions[0].action_type is ActionType.OBSERVE
    assert seed.content == "## What it means\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "two lines of"),
        ("title = 'no fences'", "two lines of"),
        (SMALL.replace('title = "A title"\n', ""), "title"),
        (SMALL.replace('"low"', '"harmless"'), "harmless"),
        (SMALL.replace('"observe"', '"pray"'), "pray"),
        (SMALL.replace("tags =", "tag ="), "tag"),
        (SMALL.replace("= 5", "= ["), "front matter"),
        (SMALL.replace('["one"]', "1"), "front matter"),
    ],
)
def test_a_seed_that_can_not_be_read_is_named_with_its_fault(text: str, fault: str) -> None:
    with pytest.raises(InvalidInput, match="broken") as refused:
        parse_seed("broken", text)
    assert fault in str(refused.value)
