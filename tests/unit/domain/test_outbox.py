"""Messages that wait: what a try does to one, and when it is tried again."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import NotDead
from sre_copilot.domain.outbound import Sent
from sre_copilot.domain.outbox import (
    FIRST_PAUSE,
    LEASE,
    LONGEST_PAUSE,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    SENDING,
    SHORTEST_WAIT,
    OutboxStatus,
    pause,
    wait_of,
)
from sre_copilot.domain.routing import Target
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.outbound import make_entry

ENTRY = make_entry(UUID(int=1), Target(UUID(int=2), "#ops"), UUID(int=3), id=UUID(int=4))
SECOND = timedelta(seconds=1)


def test_the_key_stays_the_same_through_claims_failures_and_revivals() -> None:
    claimed = ENTRY.claimed(BEGINNING)
    dead = claimed.refused("never", BEGINNING)
    keys = {entry.key for entry in (ENTRY, claimed, claimed.failed("away", BEGINNING), dead, dead.revived(BEGINNING))}
    assert keys == {f"msg_{UUID(int=4).hex}"}
    assert claimed.message({}).key in keys


def test_a_plugin_is_given_everything_and_which_try_it_is() -> None:
    again = ENTRY.claimed(BEGINNING).claimed(BEGINNING)
    message = again.message({"ts": "1.0"})
    assert (message.attempt, message.sequence, message.address) == (2, 1, "#ops")
    assert (message.content, message.thread) == (ENTRY.content, {"ts": "1.0"})


def test_a_claim_ends_by_itself_and_leaves_time_to_send() -> None:
    claimed = ENTRY.claimed(BEGINNING)
    assert not claimed.is_claimable(BEGINNING + LEASE - SECOND)
    assert claimed.is_claimable(BEGINNING + LEASE)
    assert SENDING < LEASE <= timedelta(seconds=20)


def test_what_is_not_due_or_no_longer_pending_is_not_claimable() -> None:
    assert ENTRY.is_claimable(BEGINNING)
    assert not ENTRY.is_claimable(BEGINNING - SECOND)
    assert not ENTRY.sent(Sent(), BEGINNING).is_claimable(BEGINNING)
    assert not ENTRY.refused("never", BEGINNING).is_claimable(BEGINNING)


def test_what_fails_waits_longer_each_time_and_is_dead_in_the_end() -> None:
    entry, at, waits = ENTRY, BEGINNING, []
    while entry.status is OutboxStatus.PENDING:
        entry = entry.claimed(at).failed("away", at)
        waits.append(entry.due_at - at)
        at = entry.due_at
    assert (entry.status, entry.attempts, entry.last_error) == (OutboxStatus.DEAD, MOST_ATTEMPTS, "away")
    growing = waits[:8]
    assert growing == sorted(growing)
    assert timedelta(minutes=35) < at - BEGINNING < timedelta(hours=1)


def test_who_asks_to_wait_costs_no_attempt() -> None:
    until = BEGINNING + timedelta(minutes=3)
    entry = ENTRY.claimed(BEGINNING)
    for _ in range(MOST_ATTEMPTS + 1):
        entry = entry.waiting(until, "asked to wait").claimed(until)
    assert (entry.status, entry.attempts) == (OutboxStatus.PENDING, 0)


def test_what_was_sent_keeps_its_receipt_and_forgets_what_went_wrong() -> None:
    sent = (
        ENTRY.failed("away", BEGINNING)
        .claimed(BEGINNING)
        .sent(Sent(receipt={"ts": "1.0"}, channel="C1", thread="1.0"), BEGINNING + SECOND)
    )
    assert (sent.status, sent.sent_at, sent.last_error, sent.lease_until) == (
        OutboxStatus.SENT,
        BEGINNING + SECOND,
        "",
        None,
    )
    assert (sent.receipt, sent.channel, sent.thread) == ({"ts": "1.0"}, "C1", "1.0")


def test_only_the_dead_are_revived_with_all_attempts_before_them() -> None:
    dead = ENTRY.claimed(BEGINNING).refused("never", BEGINNING)
    revived = dead.revived(BEGINNING + SECOND)
    assert (revived.status, revived.attempts, revived.due_at) == (OutboxStatus.PENDING, 0, BEGINNING + SECOND)
    assert revived.fence == dead.fence
    for entry in (ENTRY, ENTRY.sent(Sent(), BEGINNING)):
        with pytest.raises(NotDead):
            entry.revived(BEGINNING)


@given(st.integers(1, 10_000), st.text(max_size=5))
def test_a_pause_lies_between_three_quarters_and_all_of_what_was_meant(attempts: int, seed: str) -> None:
    meant = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    assert meant * 0.75 <= pause(attempts, seed=seed) <= meant
    assert pause(attempts, seed=seed) == pause(attempts, seed=seed)


def test_what_failed_together_is_not_tried_together() -> None:
    assert len({pause(5, seed=str(number)) for number in range(50)}) == 50


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        (None, timedelta(seconds=30)),
        (timedelta(seconds=7), timedelta(seconds=7)),
        (timedelta(0), SHORTEST_WAIT),
        (timedelta(days=1), LONGEST_WAIT),
    ],
)
def test_a_target_can_ask_for_some_time_but_not_for_any(asked: timedelta | None, waited: timedelta) -> None:
    assert wait_of(asked) == waited
