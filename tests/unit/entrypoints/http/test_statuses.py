"""Errors and the statuses they are answered with."""

from collections.abc import Iterator

import pytest

from sre_copilot.domain import errors
from sre_copilot.domain.errors import CopilotError
from sre_copilot.entrypoints.http.statuses import STATUSES, status_of


def every_error(kind: type[CopilotError] = CopilotError) -> Iterator[type[CopilotError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_error(child)


@pytest.mark.parametrize("kind", sorted(set(every_error()), key=str))
def test_every_error_has_a_status_that_says_whose_fault_it_is(kind: type[CopilotError]) -> None:
    status = status_of(kind("told"))
    ours = issubclass(kind, errors.EnvironmentFault) or kind is CopilotError
    assert status in (range(500, 504) if ours else range(400, 430))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidTransition(), 409),
        (errors.ConcurrentTransition(), 409),
        (errors.RecommendationDecided(), 409),
        (errors.AlreadyExists(), 409),
        (errors.MissingConclusion(), 422),
        (errors.TenantBusy(), 429),
        (errors.TenantBusy("told", is_heeded=False), 503),
        (errors.TenantInactive(), 403),
        (errors.NotPermitted(), 403),
        (errors.NotFound(), 404),
        (errors.InvalidInput(), 422),
        (errors.MalformedDelivery(), 400),
        (errors.DeliveryTooLarge(), 413),
        (errors.NotAuthentic(), 401),
        (errors.IntegrationDisabled(), 403),
        (errors.DatabaseUnavailable(), 503),
        (errors.WriteConflict(), 503),
        (errors.InvalidSettings(), 500),
        (errors.OutgoingFailed(), 503),
        (errors.CredentialsRefused(), 502),
    ],
)
def test_what_the_contract_says_of_a_status_holds(error: CopilotError, status: int) -> None:
    assert status_of(error) == status


def test_every_status_of_the_table_is_one_of_an_error() -> None:
    assert all(400 <= status < 600 for status in STATUSES.values())
