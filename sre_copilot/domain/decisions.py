"""The reason for what was done with a signal, stored with it or counted in its delivery."""

from enum import StrEnum


class Decision(StrEnum):
    """Why a signal ended up where it is."""

    NEW_EPISODE = "new_episode"
    """It opened an episode and is its original."""
    DUPLICATE = "duplicate"
    """Another firing signal of an episode that has its original."""
    REPEAT = "repeat"
    """The same (series, status, time) again; no row."""
    REDELIVERY = "redelivery"
    """The same vendor id again; no row."""
    RESOLVED = "resolved"
    """It ended an episode."""
    ORPHAN_RESOLVE = "orphan_resolve"
    """A resolve that matches no episode."""
    CHANGE = "change"
    """A deploy or config change: context, never an incident by itself."""
    HEARTBEAT = "heartbeat"
    """It only says that the pipeline works; never correlated."""
    SILENCED = "silenced"
    """It opened an episode and is its original, but a silence keeps it from any incident."""


class EpisodeEnd(StrEnum):
    """How an episode ended."""

    RESOLVED = "resolved"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    SILENT = "silent"


class CorrelationOutcome(StrEnum):
    """Where an original went."""

    JOINED = "joined"
    """The best candidate scored over the threshold."""
    OPENED = "opened"
    """No candidate did: a new incident."""
    OPENED_RECURRENCE = "opened_recurrence"
    """A new incident, linked to the closed one of the same series."""
    CONTEXT_ONLY = "context_only"
    """An info signal without a candidate over the threshold."""
    WAITING = "waiting"
    """The plan's monthly incident limit is reached."""
    SILENCED = "silenced"
    """A silence is in force; when it is over and the episode is not, the decision is made then."""
    MOVED_BY_PERSON = "moved_by_person"
    """People put it there: a merge, a split or a move. What correlation decided stays on record."""
