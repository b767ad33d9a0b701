"""Deliveries and integrations: headers whatever their case, and what an environment's word means."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from sre_copilot.domain.deliveries import Delivery, Integration
from sre_copilot.domain.signals import Environment

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
