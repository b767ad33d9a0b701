"""Which exit code an error ends with."""

from sre_copilot.domain.errors import (
    CopilotError,
    EnvironmentFault,
    InvalidInput,
    NotAuthentic,
    NotFound,
    NotPermitted,
    RefusedByRule,
    TenantBusy,
)

DONE = 0
WRONG_USAGE = 2
UNEXPECTED = 5

EXIT_CODES: dict[type[CopilotError], int] = {
    RefusedByRule: 1,
    InvalidInput: WRONG_USAGE,
    NotPermitted: 3,
    NotAuthentic: 3,
    NotFound: 4,
    EnvironmentFault: 5,
    TenantBusy: 5,
    CopilotError: UNEXPECTED,
}
"""Error class -> exit code; a subclass has its nearest ancestor's."""


def exit_code(error: CopilotError) -> int:
    """Return the exit code of an error."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)
