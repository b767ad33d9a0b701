"""Create a silence."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import InvalidInput, TooManySilences
from sre_copilot.domain.silences import (
    MOST_SILENCES,
    Matcher,
    ShownSilence,
    Silence,
    checked_comment,
    checked_matchers,
)

LONGEST_AHEAD = timedelta(days=3660)


@attrs.frozen(kw_only=True)
class CreateSilence:
    """Keep signals that fit from opening or joining incidents for a time. What is in an incident already stays there."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        matchers: Sequence[Matcher],
        ends_at: datetime,
        comment: str,
        starts_at: datetime | None = None,
    ) -> ShownSilence:
        """Return the new silence. It starts now where no start is given, or one that has passed.

        Raises NotPermitted, TooManySilences, and InvalidInput for matchers that can't be understood or would silence
        everything, a blank comment, and an end that has passed or comes before the start.
        """
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        begins = max(starts_at or now, now)
        if ends_at <= begins:
            raise InvalidInput("A silence ends after its start, and not in the past; give a later end.")
        if ends_at - now > LONGEST_AHEAD:
            raise InvalidInput("A silence ends within ten years; what nobody ever wants to hear is better not sent.")
        silence = Silence(
            id=self.ids.new(),
            tenant_id=actor.tenant_id,
            matchers=checked_matchers(matchers),
            starts_at=begins,
            ends_at=ends_at,
            comment=checked_comment(comment),
            created_by=actor.user_id,
            created_at=now,
        )
        with self.units(actor.tenant_id) as uow:
            if uow.silences.standing(now) >= MOST_SILENCES:
                raise TooManySilences
            uow.silences.add(silence)
            record_audit(
                uow,
                self.ids,
                actor,
                "silence.created",
                AuditAction.CREATE,
                at=now,
                resource=("silence", silence.id),
                details={
                    "matchers": [str(matcher) for matcher in silence.matchers],
                    "starts_at": silence.starts_at.isoformat(),
                    "ends_at": silence.ends_at.isoformat(),
                },
            )
            uow.commit()
        return ShownSilence.of(silence, now)
