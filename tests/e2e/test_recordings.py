"""Every recorded incident comes out as a person would want it, however its deliveries arrive."""

import os
import re
from pathlib import Path

import pytest

from sre_copilot.entrypoints.cli.replay import Tally
from tests.e2e.disguise import disguise
from tests.e2e.installation import INTEGRATIONS, Installation, finished
from tests.e2e.picture import Picture, renamed
from tests.e2e.recordings import (
    NAMES,
    expected_incidents,
    folder_of,
    read_lines,
    shuffled,
    truth_of,
    write_lines,
)

COUNTS = {
    "bad-deploy": Tally(received=109, stored=40, duplicates=1, repeats=76, resolved=17),
    "database-exhaustion": Tally(received=86, stored=48, duplicates=7, repeats=42, resolved=20),
    "alert-storm": Tally(received=179, stored=101, duplicates=1, repeats=129, resolved=49),
}
SOAK = os.environ.get("SRE_COPILOT_SOAK") == "1"
SEEDS = range(20) if SOAK else range(1)


@pytest.fixture(scope="session", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Which recording."""
    return str(request.param)


@pytest.fixture(scope="session")
def tenant(installation: Installation, name: str) -> str:
    """A tenant with the services of a recording."""
    return installation.tenant_for(folder_of(name))


@pytest.fixture(scope="session")
def once(installation: Installation, tenant: str, name: str) -> Picture:
    """A recording, replayed once as it is."""
    return installation.replay(tenant, folder_of(name))


def test_a_recording_becomes_exactly_the_incidents_that_a_person_would_open(once: Picture, name: str) -> None:
    assert frozenset(incident.series for incident in once.incidents) == expected_incidents(name)
    assert len(once.incidents) == truth_of(name)["expected_incidents"]


def test_the_signals_of_a_recording_are_counted_exactly(once: Picture, name: str) -> None:
    assert once.tally == COUNTS[name]


def test_the_root_cause_is_among_the_first_three_and_no_innocent_change_is_first(once: Picture, name: str) -> None:
    truth = truth_of(name)
    components = [component for component, _, _ in once.main.ranking]
    assert truth["root_cause"]["service"] in components[:3]
    assert once.main.ranking[0][1] not in [change["summary"] for change in truth["innocent_changes"]]
    if truth["culprit_change"] is not None:
        assert once.main.ranking[0][:2] == (truth["culprit_change"]["service"], truth["culprit_change"]["summary"])


def test_replaying_a_recording_again_stores_nothing_and_changes_nothing(
    installation: Installation, tenant: str, once: Picture, name: str
) -> None:
    again = installation.replay(tenant, folder_of(name))
    assert again.tally is not None
    assert (again.tally.stored, again.tally.duplicates, again.tally.resolved) == (0, 0, 0)
    assert again == once


def test_replaying_from_two_processes_at_once_gives_the_same_as_once(
    installation: Installation, once: Picture, name: str
) -> None:
    slug = installation.tenant_for(folder_of(name))
    arguments = ["ingest", str(folder_of(name) / "deliveries.jsonl"), "--tenant", slug, "--json"]
    for integration in INTEGRATIONS:
        arguments += ["--integration", integration]
    both = [installation.started(*arguments) for _ in range(2)]
    said = [finished(arguments, process).expect(0).document["signals"] for process in both]
    assert installation.look(slug) == once
    wanted = COUNTS[name]
    assert sum(one["stored"] for one in said) == wanted.stored
    assert sum(one["resolved"] for one in said) == wanted.resolved


@pytest.mark.parametrize("seed", SEEDS)
def test_replaying_in_another_order_gives_the_same(
    installation: Installation, once: Picture, name: str, seed: int, tmp_path: Path
) -> None:
    write_lines(tmp_path, shuffled(read_lines(folder_of(name)), seed))
    slug = installation.tenant_for(folder_of(name))
    mixed = installation.replay_untimed(slug, tmp_path)
    assert mixed == once
    assert mixed.tally is not None
    assert (mixed.tally.stored, mixed.tally.repeats) == (COUNTS[name].stored, COUNTS[name].repeats)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_recording_under_other_names_and_at_another_time_gives_the_same(
    installation: Installation, once: Picture, name: str, seed: int, tmp_path: Path
) -> None:
    worn = disguise(folder_of(name), tmp_path / "disguised", seed)
    seen = installation.replay(installation.tenant_for(tmp_path / "disguised"), tmp_path / "disguised")
    known = renamed(seen, worn.shown, worn.later)
    assert known == once
    assert known.tally == once.tally
    # Without the confidence: whether a change speaks of the same things as an alert is told from shared parts of
    # words ("charge", "/v1/charges"), and other names don't share them.
    assert [row[:2] for row in known.main.ranking] == [row[:2] for row in once.main.ranking]


def test_a_disguise_leaves_no_name_and_no_time_of_the_original(name: str, tmp_path: Path) -> None:
    source = folder_of(name)
    worn = disguise(source, tmp_path / "disguised", seed=1)
    deliveries = (tmp_path / "disguised" / "deliveries.jsonl").read_text()
    assert worn.hidden(deliveries) == deliveries
    plain, shifted = (
        set(re.findall(r"20\d\d-\d\d-\d\dT[\d:.]+", text))
        for text in ((source / "deliveries.jsonl").read_text(), deliveries)
    )
    assert len(plain) == len(shifted) > 0
    assert not plain & shifted
