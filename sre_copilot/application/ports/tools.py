"""What plugins are handed of the world."""

from datetime import datetime

import attrs

from sre_copilot.application.ports.mail import Mail
from sre_copilot.application.ports.outgoing import Outgoing
from sre_copilot.application.ports.signatures import Signatures


@attrs.frozen(kw_only=True)
class Tools:
    """What plugins may use of the world: the time (UTC), the guarded HTTP client and mail, checks of asymmetric signatures."""

    now: datetime
    http: Outgoing
    mail: Mail
    signatures: Signatures
