"""Integrations: their keys, their health, their words for environments."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.integrations import (
    ERROR_LENGTH,
    UNHEALTHY_AFTER,
    DoorKey,
    Health,
    Secrets,
    SyncStatus,
    hash_of_key,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def failed(health: Health, *, by_plugin: bool = False) -> Health:
    return health.failed(NOW, "it broke", status=SyncStatus.FAILED, by_plugin=by_plugin)


def test_a_key_opens_its_door_and_another_does_not() -> None:
    key = DoorKey(current=hash_of_key("right"))
    assert key.opens(["right"], NOW)
    assert key.opens(["wrong", "right"], NOW)
    assert not key.opens(["wrong"], NOW)
    assert not key.opens([], NOW)


def test_the_key_before_opens_until_its_time_is_over() -> None:
    key = DoorKey(current=hash_of_key("old")).rotated("new", until=NOW + HOUR)
    assert key.opens(["new"], NOW)
    assert key.opens(["old"], NOW)
    assert not key.opens(["old"], NOW + HOUR)
    assert not DoorKey(current=hash_of_key("old")).rotated("new", until=NOW).opens(["old"], NOW)


def test_two_rotations_leave_no_third_key() -> None:
    key = DoorKey(current=hash_of_key("first")).rotated("second", until=NOW + HOUR).rotated("third", until=NOW + HOUR)
    assert [name for name in ("first", "second", "third") if key.opens([name], NOW)] == ["second", "third"]


@given(st.text())
def test_any_text_can_be_hashed_and_keys_are_not_kept(text: str) -> None:
    assert len(hash_of_key(text)) == 64
    assert not DoorKey(current=hash_of_key("right")).opens([text], NOW) or text == "right"


def test_five_failures_in_a_row_make_it_unhealthy_and_a_success_ends_that() -> None:
    health = Health()
    for _ in range(UNHEALTHY_AFTER - 1):
        health = failed(health)
    assert health.is_healthy
    health = failed(health)
    assert (health.is_healthy, health.consecutive_failures, health.last_sync_status) == (False, 5, SyncStatus.FAILED)
    assert health.last_error == "it broke"
    assert health.succeeded(NOW + HOUR) == Health(last_sync_at=NOW + HOUR, last_sync_status=SyncStatus.SUCCESS)


def test_an_attempt_that_failed_is_no_sign_of_life_and_a_delivery_that_nobody_can_read_is_one() -> None:
    heard = Health().succeeded(NOW)
    assert heard.failed(NOW + HOUR, "it is away", status=SyncStatus.FAILED).last_sync_at == NOW
    assert heard.failed(NOW + HOUR, "it says nonsense", status=SyncStatus.QUARANTINED).last_sync_at == NOW + HOUR


def test_what_is_looked_at_again_later_does_not_turn_back_when_it_was_last_heard() -> None:
    heard = Health().succeeded(NOW)
    assert heard.succeeded(NOW - HOUR).last_sync_at == NOW
    assert heard.failed(NOW - HOUR, "still nonsense", status=SyncStatus.QUARANTINED).last_sync_at == NOW


def test_only_failures_of_the_plugin_in_a_row_suspend_it() -> None:
    health = Health()
    for _ in range(UNHEALTHY_AFTER):
        health = failed(health, by_plugin=True)
    assert health.is_suspended
    assert not failed(health).is_suspended
    for _ in range(UNHEALTHY_AFTER * 2):
        health = failed(Health(), by_plugin=False)
    assert not health.is_suspended


def test_of_a_long_error_only_the_beginning_is_kept() -> None:
    long = Health().failed(NOW, "x" * 10_000, status=SyncStatus.FAILED)
    assert long.last_error == "x" * ERROR_LENGTH


def test_of_secrets_the_current_one_comes_first_and_none_is_shown() -> None:
    secrets = Secrets({"token": ("new", "old")})
    assert (secrets.current("token"), secrets.valid("token")) == ("new", ("new", "old"))
    assert (secrets.current("other"), secrets.valid("other")) == ("", ())
    assert "new" not in repr(secrets)
