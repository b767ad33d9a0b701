"""What has to hold before an action is taken, and how it is taken back: our own words for each type of action.

People read them before they decide. As with risk and reversibility, no model has a say in them.
"""

import attrs

from sre_copilot.domain.actions import ActionType


@attrs.frozen
class Safeguard:
    """The preconditions of an action, to be looked at one after the other, and the step that takes it back.

    `rollback` says so where nothing brings back what the action removed.
    """

    preconditions: tuple[str, ...]
    rollback: str


SAFEGUARDS: dict[ActionType, Safeguard] = {
    ActionType.ROLLBACK: Safeguard(
        ("The previous version can still be deployed", "No schema or data change since needs the newer version"),
        "Roll the newer version out again.",
    ),
    ActionType.REVERT_CONFIG: Safeguard(
        ("The previous settings are known word for word", "Nothing deployed since relies on the new ones"),
        "Apply the newer settings again, then reload.",
    ),
    ActionType.DISABLE_FLAG: Safeguard(
        ("The code behind the flag still works without it",),
        "Switch the flag on again.",
    ),
    ActionType.RESTART: Safeguard(
        ("Thread dumps, heap and logs are saved", "The other instances carry the load meanwhile"),
        "None: what was in memory is gone. Restart one instance first and watch it.",
    ),
    ActionType.SCALE_OUT: Safeguard(
        ("What lies behind takes the further connections", "Quota and nodes have room"),
        "Set the old number of instances again.",
    ),
    ActionType.RAISE_LIMIT: Safeguard(
        ("The limit is what is run into", "What the limit protects has room for more"),
        "Set the old limit again.",
    ),
    ActionType.SHED_LOAD: Safeguard(
        ("It is agreed which requests may be refused", "Clients back off instead of asking harder"),
        "Let all requests in again, a part at a time.",
    ),
    ActionType.ISOLATE_DEPENDENCY: Safeguard(
        ("There is an answer to give without the dependency",),
        "Let calls to it through again, a few first.",
    ),
    ActionType.REROUTE_TRAFFIC: Safeguard(
        ("The other path is healthy", "It has room for the whole load"),
        "Route traffic back, a part at a time.",
    ),
    ActionType.FAILOVER: Safeguard(
        ("The standby is healthy and its lag is known", "The old primary can't take writes any more"),
        "Fail back once the old primary has caught up as a standby; writes that were lost stay lost.",
    ),
    ActionType.DRAIN_NODE: Safeguard(
        ("Other hosts have room for its workloads", "Disruption budgets allow it"),
        "Let the host take workloads again (uncordon).",
    ),
    ActionType.REPLACE_NODE: Safeguard(
        ("Nothing that is needed lies only on its disks", "The evidence on it is saved"),
        "None: the old host is gone. Keep its disks detached until the incident is understood.",
    ),
    ActionType.TERMINATE_SESSIONS: Safeguard(
        ("The sessions that are ended are the ones that block", "Their clients try again"),
        "None: their transactions are rolled back, and clients have to begin again.",
    ),
    ActionType.PAUSE_JOB: Safeguard(
        ("Nobody needs its results meanwhile", "Its backlog has room to grow"),
        "Let the job go on, and watch the backlog shrink.",
    ),
    ActionType.RERUN_JOB: Safeguard(
        ("The job may run twice, or is known not to have begun", "What it needs is there again"),
        "None in general: undo the job's effects by its own means.",
    ),
    ActionType.PURGE_QUEUE: Safeguard(
        ("Whoever sent the messages agrees, or they can be made again", "A copy of them is saved"),
        "Put the saved copy back; without one there is none.",
    ),
    ActionType.RENEW_CERTIFICATE: Safeguard(
        ("The certificate is what fails: expired, or the wrong names", "Nobody pins the old one"),
        "Load the previous certificate again while it is valid.",
    ),
    ActionType.CORRECT_DNS: Safeguard(
        ("The right record is known from its owner", "The old record is written down"),
        "Set the old record again; caches follow within its time to live.",
    ),
    ActionType.CLEAR_DISK: Safeguard(
        ("What is deleted is needed by nobody: no data, no log that is evidence", "No process holds it open"),
        "None: deleted files are gone. Move them elsewhere where there is a place.",
    ),
    ActionType.EXPAND_DISK: Safeguard(
        ("The volume can grow while it is in use", "A snapshot of it is there"),
        "Copy to a smaller volume; most can't shrink.",
    ),
    ActionType.WARM_CACHE: Safeguard(
        ("The source behind the cache has room for the reads",),
        "Stop the warming.",
    ),
    ActionType.CONTACT_PROVIDER: Safeguard(
        ("Times, request ids and what was ruled out are at hand",),
        "Close the ticket.",
    ),
    ActionType.OBSERVE: Safeguard(
        ("It is agreed when to act even without the evidence",),
        "Nothing to take back.",
    ),
    ActionType.FOLLOW_RUNBOOK: Safeguard(
        ("The runbook is about this system and is up to date",),
        "As the runbook says; read that part before the first step.",
    ),
}
"""One for each type of action."""
