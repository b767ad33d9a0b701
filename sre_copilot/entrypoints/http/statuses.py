"""Which HTTP status an error is answered with."""

from sre_copilot.domain.errors import (
    CopilotError,
    CredentialsRefused,
    DeliveryTooLarge,
    EnvironmentFault,
    ForeignReference,
    InvalidInput,
    InvalidSettings,
    MalformedDelivery,
    MissingConclusion,
    NotAuthentic,
    NotFound,
    NotPermitted,
    RefusedByRule,
    TenantBusy,
    TenantInactive,
    UnfoundedEvidence,
)

STATUSES: dict[type[CopilotError], int] = {
    RefusedByRule: 409,
    MissingConclusion: 422,
    UnfoundedEvidence: 422,
    ForeignReference: 422,
    TenantInactive: 403,
    InvalidInput: 422,
    MalformedDelivery: 400,
    DeliveryTooLarge: 413,
    NotAuthentic: 401,
    NotPermitted: 403,
    NotFound: 404,
    EnvironmentFault: 503,
    TenantBusy: 429,
    CredentialsRefused: 502,
    InvalidSettings: 500,
    CopilotError: 500,
}
"""Error class -> status; a subclass has its nearest ancestor's."""

RETRY_AFTER = 2
"""Seconds after which it is worth coming back to what answers 503 or 429."""


def status_of(error: CopilotError) -> int:
    """Return the status that an error is answered with."""
    if isinstance(error, TenantBusy) and not error.is_heeded:
        return STATUSES[EnvironmentFault]
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
