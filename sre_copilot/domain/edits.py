"""What people change of an incident by hand, and what its title must be."""

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.text import checked_text

TITLE_LENGTH = 500


@attrs.frozen(kw_only=True)
class Impact:
    """Whom the incident hurts, as far as people have said."""

    description: str = ""
    affected_user_count: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    slo_breached: bool = False


@attrs.frozen(kw_only=True)
class Edit:
    """What people may change by hand; None leaves a field as it is."""

    title: str | None = None
    description: str | None = None
    severity: Severity | None = None
    impact: Impact | None = None
    tags: tuple[str, ...] | None = None


def checked_title(title: str) -> str:
    """Return the title, every white space in it one blank. Raises InvalidInput unless 1 to 500 characters can be stored."""
    stripped = " ".join(checked_text("The title", title).split())
    if not stripped or len(stripped) > TITLE_LENGTH:
        raise InvalidInput(f"A title needs 1 to {TITLE_LENGTH} characters; this one has {len(stripped)}.")
    return stripped
