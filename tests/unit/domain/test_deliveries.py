"""Deliveries and integrations: headers whatever their case, and what an environment's word means."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import Environment
from sre_copilot.domain.tenants import month_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def integration(**environments: Environment) -> Integration:
    return Integration(
        id=UUID(int=1), tenant_id=UUID(int=2), type="generic", name="g", created_at=NOW, environments=environments
    )


def test_a_header_is_found_whatever_its_case_and_empty_where_missing() -> None:
    delivery = Delivery(body=b"{}", received_at=NOW, headers={"Webhook-ID": "msg_1"})
    assert delivery.header("webhook-id") == "msg_1"
    assert delivery.header("webhook-timestamp") == ""


def test_the_hash_of_a_body_is_of_its_bytes() -> None:
    assert Delivery(body=b"{}", received_at=NOW).body_hash.startswith("44136fa355b3678a")


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("production", Environment.PRODUCTION),
        (" Production ", Environment.PRODUCTION),
        ("STAGING", Environment.STAGING),
        ("development", Environment.DEVELOPMENT),
        ("prod", Environment.DEVELOPMENT),
        ("production-eu", Environment.DEVELOPMENT),
        ("", Environment.DEVELOPMENT),
    ],
)
def test_without_a_table_only_our_own_words_count_and_the_rest_is_development(word: str, meaning: Environment) -> None:
    assert integration().environment_of(word) is meaning


def test_the_table_of_the_integration_goes_first_whatever_the_case() -> None:
    configured = integration(Prod=Environment.PRODUCTION, staging=Environment.PRODUCTION)
    assert configured.environment_of("PROD") is Environment.PRODUCTION
    assert configured.environment_of("staging") is Environment.PRODUCTION
    assert configured.environment_of("live") is Environment.DEVELOPMENT


def test_a_receive_time_in_whatever_zone_is_kept_in_utc() -> None:
    tokyo = datetime(2026, 6, 1, 5, 30, tzinfo=timezone(timedelta(hours=9)))
    received_at = Delivery(body=b"{}", received_at=tokyo).received_at
    assert (received_at, received_at.tzinfo) == (tokyo, UTC)
    assert month_of(received_at) == datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment", [NOW.replace(tzinfo=None), datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))]
)
def test_a_receive_time_without_a_zone_or_beyond_the_calendar_is_refused_with_what_to_give(moment: datetime) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        Delivery(body=b"{}", received_at=moment)
