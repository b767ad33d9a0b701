"""Tenants, the limits of their plans, and their people."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.actors import Actor, ActorKind, Role
from sre_copilot.domain.errors import NotPermitted, TenantInactive
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.tenants import Plan, Tenant, User, month_of

NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)
TENANT = Tenant(id=UUID(int=1), name="Acme", slug="acme", contact_email="a@example.com", created_at=NOW)
USER = User(
    id=UUID(int=2),
    tenant_id=TENANT.id,
    email="ada@example.com",
    full_name="Ada",
    role=Role.ENGINEER,
    created_at=NOW,
)


def test_a_new_tenant_is_active_on_the_smallest_plan() -> None:
    assert (TENANT.plan, TENANT.max_services, TENANT.max_incidents_per_month) == (Plan.STARTER, 5, 100)
    assert (TENANT.is_active, TENANT.trial_ends_at) == (True, None)


@pytest.mark.parametrize(
    ("is_active", "trial_ends_in", "taken_in"),
    [(True, None, True), (True, 1, True), (True, 0, False), (True, -1, False), (False, None, False), (False, 1, False)],
)
def test_an_inactive_tenant_or_an_expired_trial_is_refused(
    is_active: bool, trial_ends_in: int | None, taken_in: bool
) -> None:
    ends = None if trial_ends_in is None else NOW + timedelta(seconds=trial_ends_in)
    tenant = attrs.evolve(TENANT, is_active=is_active, trial_ends_at=ends)
    if taken_in:
        tenant.require_active(NOW)
    else:
        with pytest.raises(TenantInactive) as refused:
            tenant.require_active(NOW)
        assert refused.value.data == {"tenant": "acme"}


@given(st.sampled_from(Severity), st.integers(0, 300), st.integers(0, 300))
def test_the_incident_limit_binds_every_severity_but_critical(severity: Severity, limit: int, opened: int) -> None:
    tenant = attrs.evolve(TENANT, max_incidents_per_month=limit)
    assert tenant.may_open_incident(severity, opened) is (severity is Severity.CRITICAL or opened < limit)


@given(st.sampled_from(Severity), st.integers(0, 100), st.integers(0, 100))
def test_what_may_open_late_in_a_month_may_open_earlier_too(severity: Severity, opened: int, more: int) -> None:
    tenant = attrs.evolve(TENANT, max_incidents_per_month=50)
    assert tenant.may_open_incident(severity, opened) >= tenant.may_open_incident(severity, opened + more)


def test_a_person_acts_for_their_tenant_with_their_role() -> None:
    assert USER.as_actor(origin="cli") == Actor(
        tenant_id=TENANT.id, kind=ActorKind.PERSON, id=USER.id, role=Role.ENGINEER, name="Ada", origin="cli"
    )
    assert USER.as_actor().origin == ""


def test_a_deactivated_account_acts_no_more_and_says_whose_it_is() -> None:
    with pytest.raises(NotPermitted, match=r"^The account ada@example\.com is deactivated"):
        attrs.evolve(USER, is_active=False).as_actor()


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_month_begins_at_its_first_instant(moment: datetime) -> None:
    first = month_of(moment)
    assert first <= moment
    assert (first.year, first.month, first.day) == (moment.year, moment.month, 1)
    assert (first.hour, first.minute, first.second, first.microsecond, first.tzinfo) == (0, 0, 0, 0, UTC)
    assert month_of(first) == first
