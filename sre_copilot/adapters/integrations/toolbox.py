"""What plugins may use of the world, as it is made ready for one call."""

from datetime import datetime

import attrs

from sre_copilot.application.ports.mail import Mail
from sre_copilot.application.ports.outgoing import Outgoing
from sre_copilot.application.ports.signatures import Signatures
from sre_copilot.hookspecs import Tools


@attrs.frozen(kw_only=True)
class Toolbox:
    """The ways out and the checks that every plugin gets."""

    outgoing: Outgoing
    mail: Mail
    signatures: Signatures

    def at(self, now: datetime) -> Tools:
        """Return the tools for a call at that time."""
        return Tools(now=now, http=self.outgoing, mail=self.mail, signatures=self.signatures)
