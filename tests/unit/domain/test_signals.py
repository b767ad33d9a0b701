"""Signals: what tells them apart, and what does not."""

from datetime import UTC, datetime
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.canonical import content_hash
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.signals import Environment, Severity, Signal, SignalDraft, SignalStatus, SignalType

NOW = datetime(2026, 5, 1, tzinfo=UTC)
documents = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4), max_size=4)


def test_only_deploys_and_config_changes_are_what_people_did() -> None:
    assert [kind for kind in SignalType if kind.is_change] == [SignalType.DEPLOY_EVENT, SignalType.CONFIG_CHANGE]


def test_severities_weigh_five_down_to_one() -> None:
    assert [(word.value, word.weight) for word in Severity] == [
        ("critical", 5),
        ("high", 4),
        ("medium", 3),
        ("low", 2),
        ("info", 1),
    ]


def test_a_draft_of_which_nothing_is_known_invents_nothing() -> None:
    draft = SignalDraft(name="n")
    assert (draft.severity, draft.environment, draft.service) == (Severity.MEDIUM, Environment.DEVELOPMENT, "unknown")
    assert (draft.occurred_at, draft.identity, draft.vendor_key, draft.vendor_id) == (None, None, None, None)


@given(documents, documents)
def test_the_content_hash_is_that_of_the_vendors_own_words_alone(
    raw: dict[str, object], other: dict[str, object]
) -> None:
    draft = SignalDraft(name="n", raw=raw)
    assert draft.content_hash == content_hash(raw)
    assert (attrs.evolve(draft, raw=other).content_hash == draft.content_hash) == (raw == other)
    assert attrs.evolve(draft, title="t", severity=Severity.LOW, vendor_id="v").content_hash == draft.content_hash


@pytest.mark.parametrize("status", SignalStatus)
def test_only_a_firing_signal_opens_or_continues_an_episode(status: SignalStatus) -> None:
    signal = Signal(
        id=UUID(int=1),
        tenant_id=UUID(int=2),
        integration_id=UUID(int=3),
        delivery_id=UUID(int=4),
        source="generic",
        fingerprint="f" * 64,
        ordinal=1,
        draft=SignalDraft(name="n", status=status),
        occurred_at=NOW,
        timestamp=NOW,
        received_at=NOW,
        decision=Decision.NEW_EPISODE,
    )
    assert signal.is_firing is (status is SignalStatus.FIRING)
