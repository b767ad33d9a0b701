"""Commands: what people ask for where they talk, in a chat, by words and by buttons."""

from enum import StrEnum

import attrs

from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.lifecycle import Action, State
from sre_copilot.domain.outbound import IncidentFacts
from sre_copilot.domain.signals import Severity


class Verb(StrEnum):
    """What can be asked for."""

    HELP = "help"
    LIST = "list"
    SHOW = "show"
    DECLARE = "declare"
    NOTE = "note"
    ACKNOWLEDGE = "acknowledge"
    INVESTIGATE = "investigate"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    CONCLUDE = "conclude"
    REOPEN = "reopen"
    ACCEPT = "accept"
    REJECT = "reject"


STEPS: dict[Verb, tuple[Action, State]] = {
    Verb.ACKNOWLEDGE: (Action.ACKNOWLEDGE, State.ACKNOWLEDGED),
    Verb.INVESTIGATE: (Action.INVESTIGATE, State.INVESTIGATING),
    Verb.MITIGATE: (Action.MITIGATE, State.MITIGATED),
    Verb.RESOLVE: (Action.RESOLVE, State.RESOLVED),
    Verb.CONCLUDE: (Action.CONCLUDE, State.INCONCLUSIVE),
    Verb.REOPEN: (Action.REOPEN, State.INVESTIGATING),
}
"""The verbs of the lifecycle, each with the state that it leads to. `learn` needs more words than a chat has room for."""

HELP = """list - the open incidents
show ID - one incident, its causes and what to do
declare SERVICE [SEVERITY] TITLE - open one by hand
acknowledge, investigate, mitigate, conclude, reopen ID [REASON]
resolve ID [fixed, recovered, false_alarm, duplicate or expected] [REASON]
note ID TEXT - write on its timeline; so does every word in an incident's thread
ID is the whole id or at least 6 characters of its beginning or end; without one the only open incident is meant."""


class Way(StrEnum):
    """How the answer gets back."""

    REPLY = "reply"
    """At once, as the vendor's answer to its delivery."""
    MESSAGE = "message"
    """As a message to the person, where a reply would not be shown; nothing is said where all can see what happened."""
    SILENT = "silent"
    """As a message too, but only where somebody may not do this, and once per incident and person."""


@attrs.frozen(kw_only=True)
class Command:
    """What a person asked for. Persons, channels and threads go by the names that the chat gives them.

    `incident` is an id or a part of one; "" means the one of the thread, else the only open one. `subject` is the id of
    the recommendation that is accepted or rejected. `text` is plain text: a note, a reason, the words after the verb.
    """

    by: str
    verb: Verb
    incident: str = ""
    subject: str = ""
    text: str = ""
    channel: str = ""
    thread: str = ""
    answered: Way = Way.REPLY


@attrs.frozen(kw_only=True)
class Response:
    """What came of a command: `text` is plain text for the person; `incidents` and `lines` are what it asked to see.

    `ok` says that what was asked for is so now, `changed` that it was not before.
    """

    text: str
    ok: bool = True
    changed: bool = False
    incidents: tuple[IncidentFacts, ...] = ()
    lines: tuple[str, ...] = ()


def spoken(words: str, *, by: str, channel: str = "", thread: str = "") -> Command:
    """Return the command that words like `resolve 3e4f5a6b fixed: rolled back` mean; `help` where they mean none."""
    first, _, rest = words.strip().partition(" ")
    verb = next((one for one in Verb if one.value == first.lower()), Verb.HELP)
    if verb in (Verb.ACCEPT, Verb.REJECT):
        verb = Verb.HELP
    incident, text = "", rest.strip()
    if verb in STEPS or verb in (Verb.SHOW, Verb.NOTE):
        word, _, after = text.partition(" ")
        if is_id(word):
            incident, text = word.lower(), after.strip()
    return Command(by=by, verb=verb, incident=incident, text=text, channel=channel, thread=thread)


def is_id(word: str) -> bool:
    """Whether a word can be the id of an incident or a part of one: 6 to 36 hex digits and hyphens, a digit among them."""
    letters = set(word.lower())
    return 6 <= len(word) <= 36 and letters <= set("0123456789abcdef-") and bool(letters & set("0123456789"))


@attrs.frozen(kw_only=True)
class Declared:
    """What `declare` was given."""

    service: str
    severity: Severity
    title: str


def declared(text: str) -> Declared | None:
    """Return what `SERVICE [SEVERITY] TITLE` says, None where service or title is missing."""
    service, _, rest = text.strip().partition(" ")
    word, _, after = rest.strip().partition(" ")
    severity = next((one for one in Severity if one.value == word.lower()), None)
    title = after.strip() if severity is not None else rest.strip()
    return Declared(service=service, severity=severity or Severity.HIGH, title=title) if service and title else None


def resolved(text: str) -> tuple[Resolution, str]:
    """Return how an incident was resolved, and the reason: the first word may say how, `fixed` where it does not."""
    word, _, rest = text.strip().partition(" ")
    how = next((one for one in Resolution if one.value == word.rstrip(":,").lower()), None)
    return (Resolution.FIXED, text.strip()) if how is None else (how, rest.strip())
