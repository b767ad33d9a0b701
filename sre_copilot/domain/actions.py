"""What people can do about an incident, and how dangerous each of it is: our own table.

Risk and reversibility of a recommendation come from here (a runbook may raise the risk, never lower it)
and never from a model.
"""

from enum import StrEnum
from typing import NamedTuple

import attrs


class RiskLevel(StrEnum):
    """How much an action can hurt when it is the wrong one, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def severity(self) -> int:
        """0 for low up to 3 for critical."""
        return list(RiskLevel).index(self)

    def worse_of(self, other: "RiskLevel") -> "RiskLevel":
        """Return whichever of the two is the greater risk."""
        return max(self, other, key=lambda level: level.severity)


class Reversibility(StrEnum):
    """How an action is taken back, easiest first."""

    INSTANT = "instant"
    """One command or switch, at once."""
    MANUAL = "manual"
    """A deliberate second procedure of minutes."""
    DIFFICULT = "difficult"
    """Possible, but slow or with losses."""
    IRREVERSIBLE = "irreversible"
    """What it removes is gone."""

    @property
    def severity(self) -> int:
        """0 for instant up to 3 for irreversible."""
        return list(Reversibility).index(self)


class ActionType(StrEnum):
    """The kinds of action that are recommended and that runbooks may name."""

    ROLLBACK = "rollback"
    REVERT_CONFIG = "revert_config"
    DISABLE_FLAG = "disable_flag"
    RESTART = "restart"
    SCALE_OUT = "scale_out"
    RAISE_LIMIT = "raise_limit"
    SHED_LOAD = "shed_load"
    ISOLATE_DEPENDENCY = "isolate_dependency"
    REROUTE_TRAFFIC = "reroute_traffic"
    FAILOVER = "failover"
    DRAIN_NODE = "drain_node"
    REPLACE_NODE = "replace_node"
    TERMINATE_SESSIONS = "terminate_sessions"
    PAUSE_JOB = "pause_job"
    RERUN_JOB = "rerun_job"
    PURGE_QUEUE = "purge_queue"
    RENEW_CERTIFICATE = "renew_certificate"
    CORRECT_DNS = "correct_dns"
    CLEAR_DISK = "clear_disk"
    EXPAND_DISK = "expand_disk"
    WARM_CACHE = "warm_cache"
    CONTACT_PROVIDER = "contact_provider"
    OBSERVE = "observe"
    FOLLOW_RUNBOOK = "follow_runbook"


@attrs.frozen(kw_only=True)
class ActionProfile:
    """What is always true of one type of action.

    `headline` has one place, `{subject}`, for the service, host or dependency. `estimated_impact` is one
    sentence on what users and data will notice while and after it is done.
    """

    action_type: ActionType
    headline: str
    risk_level: RiskLevel
    reversibility: Reversibility
    estimated_impact: str
    for_services: bool = True
    """Whether it makes sense for a service."""
    for_hosts: bool = True
    """Whether it makes sense for a host."""

    def headline_for(self, subject: str) -> str:
        """Return the headline about `subject`, or about the affected service where it is empty."""
        return self.headline.format(subject=subject or "the affected service")


class _Row(NamedTuple):
    headline: str
    risk: RiskLevel
    reversibility: Reversibility
    impact: str


_ROWS: dict[ActionType, _Row] = {
    ActionType.ROLLBACK: _Row(
        "Roll back {subject}",
        RiskLevel.MEDIUM,
        Reversibility.MANUAL,
        "The previous version serves again after one roll-out; data and schema changes made by the newer one stay.",
    ),
    ActionType.REVERT_CONFIG: _Row(
        "Revert the configuration of {subject}",
        RiskLevel.MEDIUM,
        Reversibility.MANUAL,
        "The previous settings apply after a reload or restart; whatever relied on the new ones loses them.",
    ),
    ActionType.DISABLE_FLAG: _Row(
        "Switch off the feature flag of {subject}",
        RiskLevel.LOW,
        Reversibility.INSTANT,
        "The flagged behaviour is gone for everyone within the flag client's refresh time; nothing restarts.",
    ),
    ActionType.RESTART: _Row(
        "Restart {subject}",
        RiskLevel.MEDIUM,
        Reversibility.DIFFICULT,
        "Requests in flight fail, in-memory caches start cold, and the evidence in the old processes is lost.",
    ),
    ActionType.SCALE_OUT: _Row(
        "Add capacity for {subject}",
        RiskLevel.LOW,
        Reversibility.INSTANT,
        "More instances share the load; each opens its own connections to what lies behind, and costs money.",
    ),
    ActionType.RAISE_LIMIT: _Row(
        "Raise the limit that {subject} runs into",
        RiskLevel.MEDIUM,
        Reversibility.MANUAL,
        "The shortage ends here and the load moves on to whatever the limit protected.",
    ),
    ActionType.SHED_LOAD: _Row(
        "Shed load in front of {subject}",
        RiskLevel.MEDIUM,
        Reversibility.INSTANT,
        "A part of the requests is refused on purpose so that the rest is served.",
    ),
    ActionType.ISOLATE_DEPENDENCY: _Row(
        "Stop calling {subject} and serve without it",
        RiskLevel.MEDIUM,
        Reversibility.INSTANT,
        "What needs the dependency is degraded or missing for users; everything else recovers.",
    ),
    ActionType.REROUTE_TRAFFIC: _Row(
        "Route traffic away from {subject}",
        RiskLevel.MEDIUM,
        Reversibility.MANUAL,
        "Users move to another zone, region or path, which takes the whole load and may answer more slowly.",
    ),
    ActionType.FAILOVER: _Row(
        "Fail {subject} over to its standby",
        RiskLevel.HIGH,
        Reversibility.DIFFICULT,
        "Writes stop for seconds to minutes, and those that had not reached the standby may be lost.",
    ),
    ActionType.DRAIN_NODE: _Row(
        "Drain {subject}",
        RiskLevel.MEDIUM,
        Reversibility.MANUAL,
        "Its workloads move to other hosts, which need the room; local scratch data is lost.",
    ),
    ActionType.REPLACE_NODE: _Row(
        "Replace {subject}",
        RiskLevel.HIGH,
        Reversibility.IRREVERSIBLE,
        "A new host takes over; everything that was only on the old one's disks, evidence included, is gone.",
    ),
    ActionType.TERMINATE_SESSIONS: _Row(
        "End the stuck sessions on {subject}",
        RiskLevel.HIGH,
        Reversibility.IRREVERSIBLE,
        "Their open transactions roll back and their clients see an error; locks and connections become free.",
    ),
    ActionType.PAUSE_JOB: _Row(
        "Pause the background work of {subject}",
        RiskLevel.LOW,
        Reversibility.INSTANT,
        "Results of the paused work come later; its backlog has to be worked off afterwards.",
    ),
    ActionType.RERUN_JOB: _Row(
        "Run the missed job of {subject} again",
        RiskLevel.MEDIUM,
        Reversibility.DIFFICULT,
        "The job's effects happen now, twice if the job is not idempotent and had come half-way.",
    ),
    ActionType.PURGE_QUEUE: _Row(
        "Discard the queued messages of {subject}",
        RiskLevel.CRITICAL,
        Reversibility.IRREVERSIBLE,
        "The discarded messages are lost for good, with whatever their senders were promised.",
    ),
    ActionType.RENEW_CERTIFICATE: _Row(
        "Renew the certificate of {subject}",
        RiskLevel.MEDIUM,
        Reversibility.MANUAL,
        "Clients connect again once the new chain is loaded; those that pin the old certificate fail.",
    ),
    ActionType.CORRECT_DNS: _Row(
        "Correct the name resolution of {subject}",
        RiskLevel.MEDIUM,
        Reversibility.MANUAL,
        "Clients follow as their caches expire: up to the old record's TTL, longer where they ignore it.",
    ),
    ActionType.CLEAR_DISK: _Row(
        "Free disk space on {subject}",
        RiskLevel.HIGH,
        Reversibility.IRREVERSIBLE,
        "The deleted files are gone; writes succeed again at once.",
    ),
    ActionType.EXPAND_DISK: _Row(
        "Enlarge the volume of {subject}",
        RiskLevel.LOW,
        Reversibility.DIFFICULT,
        "More room, usually without interruption; most volumes can't be made smaller again.",
    ),
    ActionType.WARM_CACHE: _Row(
        "Warm the cache of {subject}",
        RiskLevel.LOW,
        Reversibility.INSTANT,
        "The source behind the cache gets extra reads for a while, then far fewer.",
    ),
    ActionType.CONTACT_PROVIDER: _Row(
        "Ask the provider behind {subject}",
        RiskLevel.LOW,
        Reversibility.INSTANT,
        "Nothing changes for users; the provider looks at its side and you learn when to expect recovery.",
    ),
    ActionType.OBSERVE: _Row(
        "Watch {subject} and gather the missing evidence",
        RiskLevel.LOW,
        Reversibility.INSTANT,
        "Nothing changes for users, and the disruption goes on meanwhile.",
    ),
    ActionType.FOLLOW_RUNBOOK: _Row(
        "Follow the runbook for {subject}",
        RiskLevel.LOW,
        Reversibility.MANUAL,
        "As the runbook says.",
    ),
}

_NOT_FOR_HOSTS = frozenset(
    {
        ActionType.DISABLE_FLAG,
        ActionType.SHED_LOAD,
        ActionType.ISOLATE_DEPENDENCY,
        ActionType.FAILOVER,
        ActionType.TERMINATE_SESSIONS,
        ActionType.PAUSE_JOB,
        ActionType.RERUN_JOB,
        ActionType.PURGE_QUEUE,
        ActionType.WARM_CACHE,
    }
)
_NOT_FOR_SERVICES = frozenset({ActionType.DRAIN_NODE, ActionType.REPLACE_NODE})

ACTIONS: dict[ActionType, ActionProfile] = {
    action_type: ActionProfile(
        action_type=action_type,
        headline=row.headline,
        risk_level=row.risk,
        reversibility=row.reversibility,
        estimated_impact=row.impact,
        for_services=action_type not in _NOT_FOR_SERVICES,
        for_hosts=action_type not in _NOT_FOR_HOSTS,
    )
    for action_type, row in _ROWS.items()
}
"""The whole table, one profile per action type."""
