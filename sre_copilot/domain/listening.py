"""What is heard of a vendor that is listened to, where it can't knock at a door of ours."""

import attrs


@attrs.frozen(kw_only=True)
class Heard:
    """One message through a socket. `body` is the delivery in it, JSON, None where there is none.

    `envelope` is the vendor's name for the message, to be acknowledged once the delivery is durable; "" where nothing is.
    `takes_reply` says that an answer may go with the acknowledgement, `is_last` that the vendor hangs up.
    """

    body: bytes | None = attrs.field(default=None, repr=False)
    envelope: str = ""
    takes_reply: bool = False
    is_last: bool = False
