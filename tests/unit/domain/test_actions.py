"""The action table: complete, ordered, and worded for people."""

import pytest

from sre_copilot.domain.actions import ACTIONS, ActionType, Reversibility, RiskLevel


def test_every_action_type_has_exactly_one_profile_under_its_own_name() -> None:
    assert list(ACTIONS) == list(ActionType)
    assert all(profile.action_type is action_type for action_type, profile in ACTIONS.items())


@pytest.mark.parametrize("action_type", ActionType)
def test_every_profile_says_in_one_sentence_what_people_will_notice(action_type: ActionType) -> None:
    impact = ACTIONS[action_type].estimated_impact
    assert impact.endswith(".")
    assert impact.count(". ") == 0


@pytest.mark.parametrize("action_type", ActionType)
def test_a_headline_names_its_subject_and_does_without_one(action_type: ActionType) -> None:
    profile = ACTIONS[action_type]
    assert "payments" in profile.headline_for("payments")
    assert "the affected service" in profile.headline_for("")


@pytest.mark.parametrize("action_type", ActionType)
def test_every_action_makes_sense_for_a_service_a_host_or_both(action_type: ActionType) -> None:
    assert ACTIONS[action_type].for_services or ACTIONS[action_type].for_hosts


def test_only_hosts_are_drained_and_only_services_failed_over() -> None:
    assert not ACTIONS[ActionType.DRAIN_NODE].for_services
    assert not ACTIONS[ActionType.FAILOVER].for_hosts


def test_discarding_queued_messages_is_the_gravest_action_of_all() -> None:
    profile = ACTIONS[ActionType.PURGE_QUEUE]
    assert (profile.risk_level, profile.reversibility) == (RiskLevel.CRITICAL, Reversibility.IRREVERSIBLE)


def test_no_action_that_can_not_be_taken_back_counts_as_low_risk() -> None:
    assert all(
        profile.risk_level is not RiskLevel.LOW
        for profile in ACTIONS.values()
        if profile.reversibility is Reversibility.IRREVERSIBLE
    )


def test_looking_and_asking_are_free_of_risk() -> None:
    for action_type in (ActionType.OBSERVE, ActionType.CONTACT_PROVIDER):
        profile = ACTIONS[action_type]
        assert (profile.risk_level, profile.reversibility) == (RiskLevel.LOW, Reversibility.INSTANT)


def test_risk_and_reversibility_are_ordered_from_harmless_to_grave() -> None:
    assert [level.severity for level in RiskLevel] == [0, 1, 2, 3]
    assert [way.severity for way in Reversibility] == [0, 1, 2, 3]


def test_the_worse_of_two_risks_is_the_same_from_both_sides() -> None:
    for one in RiskLevel:
        for other in RiskLevel:
            assert one.worse_of(other) is other.worse_of(one)
            assert one.worse_of(other).severity == max(one.severity, other.severity)
