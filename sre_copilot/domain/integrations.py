"""Integrations: configured sources and targets, what opens their doors, and how well they are."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.episodes import DEDUP_WINDOW
from sre_copilot.domain.signals import Environment

UNHEALTHY_AFTER = 5
"""So many failures in a row make an integration unhealthy, and so many of its plugin's suspend it."""
SYNC_INTERVAL = timedelta(seconds=30)
KEY_PREFIX = "srei_"
"""What every integration's key begins with, so that a leaked one is recognised."""
ERROR_LENGTH = 500
"""Characters of an error that are kept."""


OWN_ENVIRONMENTS = {ours.value: ours for ours in Environment}
NOTED_EVERY = timedelta(seconds=10)
"""A healthy integration's last success is only this exact, so that a storm doesn't queue up for one row."""


class SyncStatus(StrEnum):
    """How the last delivery or poll ended."""

    SUCCESS = "success"
    QUARANTINED = "quarantined"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class Health:
    """How an integration is doing. A success ends whatever was wrong.

    `last_sync_at` is when it was last heard of: an attempt to reach it that failed is no sign of life, and what is looked
    at again later does not turn it back. `last_sync_status` is how the last attempt ended, whichever that was.
    `plugin_failures` counts failures in a row of the plugin itself; with `UNHEALTHY_AFTER` of them it is suspended:
    deliveries are kept in quarantine without asking it, until somebody enables the integration again.
    """

    is_healthy: bool = True
    last_sync_at: datetime | None = None
    last_sync_status: SyncStatus | None = None
    last_error: str = ""
    consecutive_failures: int = 0
    plugin_failures: int = 0

    @property
    def is_suspended(self) -> bool:
        """Whether its plugin failed so often that it isn't asked any more."""
        return self.plugin_failures >= UNHEALTHY_AFTER

    def succeeded(self, at: datetime) -> "Health":
        """Return the health after a delivery or poll that went well."""
        return Health(last_sync_at=self._heard(at), last_sync_status=SyncStatus.SUCCESS)

    def failed(self, at: datetime, error: str, *, status: SyncStatus, by_plugin: bool = False) -> "Health":
        """Return the health after one that did not; `error` holds nothing secret."""
        failures = self.consecutive_failures + 1
        return Health(
            is_healthy=self.is_healthy and failures < UNHEALTHY_AFTER,
            last_sync_at=self.last_sync_at if status is SyncStatus.FAILED else self._heard(at),
            last_sync_status=status,
            last_error=error[:ERROR_LENGTH],
            consecutive_failures=failures,
            plugin_failures=self.plugin_failures + 1 if by_plugin else 0,
        )

    def unverified(self, error: str) -> "Health":
        """Return the health after its plugin failed to verify a sender; `error` holds nothing secret.

        Anybody may be that sender, so that no failure is counted: it is no reason to suspend, nor for polls to wait longer.
        """
        return attrs.evolve(self, is_healthy=False, last_sync_status=SyncStatus.FAILED, last_error=error[:ERROR_LENGTH])

    def _heard(self, at: datetime) -> datetime:
        return at if self.last_sync_at is None else max(at, self.last_sync_at)


@attrs.frozen(kw_only=True)
class DoorKey:
    """The key that a sender shows where its vendor signs nothing: only SHA-256 of it is known here.

    `previous` opens too until `previous_until`, so that senders can be given a new key one after the other.
    """

    current: str
    previous: str = ""
    previous_until: datetime | None = None

    def opens(self, presented: Sequence[str], now: datetime) -> bool:
        """Whether one of the presented keys fits at `now`. Compares in constant time."""
        valid = [self.current]
        if self.previous and self.previous_until is not None and now < self.previous_until:
            valid.append(self.previous)
        hashes = [hash_of_key(key) for key in presented]
        return any(hmac.compare_digest(one.encode(), other.encode()) for one in valid for other in hashes)

    def rotated(self, key: str, *, until: datetime) -> "DoorKey":
        """Return the door's key once `key` is the current one and the one before opens until then."""
        return DoorKey(current=hash_of_key(key), previous=self.current, previous_until=until)


BACK_OFF = 6
"""A poll that fails waits at most 2 to the power of this times as long."""
LONGEST_WAIT = timedelta(hours=1)


def next_poll(interval: timedelta, failures: int, *, spread: float) -> timedelta:
    """Return how long to wait for the next poll after so many failures in a row.

    Doubles with each failure, up to an hour or the interval itself where that is longer. `spread` in [0, 1) makes it up
    to a tenth longer or shorter, so that integrations which began together don't ask together for ever.
    """
    grown: timedelta = interval * 2 ** min(failures, BACK_OFF)
    wait = max(interval, min(grown, LONGEST_WAIT))
    return wait * (0.9 + 0.2 * spread)


def hash_of_key(key: str) -> str:
    """SHA-256 of a key, 64 hex characters; keys are random and long, so that no salt is needed."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@attrs.frozen
class Secrets:
    """What an integration keeps secret, by the setting's name: every value that is valid now, the current one first."""

    values: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)

    def current(self, name: str) -> str:
        """The value to use, "" where none is set."""
        return next(iter(self.values.get(name, ())), "")

    def valid(self, name: str) -> tuple[str, ...]:
        """Every value that a sender may still use; none where nothing is set."""
        return self.values.get(name, ())


class Feature(StrEnum):
    """What an integration does besides taking in what is sent to it."""

    PULL = "pull"
    """The copilot asks the vendor for what is new, every `sync_interval`."""
    CONTEXT = "context"
    """The vendor is asked for metrics around an incident."""
    TELEMETRY = "telemetry"
    """The vendor is asked for logs, traces and notices around an incident."""


class SettingKind(StrEnum):
    """What a setting holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"
    """Several texts."""


@attrs.frozen(kw_only=True)
class Setting:
    """One thing that can be configured of an integration type.

    A `secret` is written and never read back; a `generated` one is made by the copilot where none is given, and shown
    once. `help` says what it is for and where the vendor shows it.
    """

    name: str
    help: str
    kind: SettingKind = SettingKind.TEXT
    secret: bool = False
    generated: str = ""
    """The prefix of a value that the copilot makes, such as "whsec_"; "" where it makes none."""
    required: bool = False
    default: str | int | bool | tuple[str, ...] | None = None
    sent_to: str = ""
    """For a secret that is shown to the vendor: the setting that says where; "" where it stays with us."""


@attrs.frozen(kw_only=True)
class Integration:
    """A configured source. `environments` maps vendor words to ours; `dedup_window` is the silence that ends an episode.

    `sealed` is the encrypted envelope of settings and secrets, `{}` where there are none; `settings` are those that
    are no secrets, once it was opened. `expected_every` is the longest silence that is normal; None where any is.
    With `expects_heartbeat` only heartbeats, such as Alertmanager's Watchdog, count as signs of life.
    `cursor` is how far a poll has come, in the plugin's own words.
    """

    id: UUID
    tenant_id: UUID
    type: str
    name: str
    created_at: datetime
    dedup_window: timedelta = DEDUP_WINDOW
    environments: Mapping[str, Environment] = attrs.field(factory=dict)
    is_active: bool = True
    key: DoorKey | None = attrs.field(default=None, repr=False)
    sealed: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    health: Health = Health()
    sync_interval: timedelta = SYNC_INTERVAL
    expected_every: timedelta | None = None
    expects_heartbeat: bool = False
    features: frozenset[Feature] = frozenset()
    cursor: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    last_heartbeat_at: datetime | None = None
    silence_noticed_at: datetime | None = None
    """Since when an alarm of its silence stands."""

    @property
    def last_sign_of_life(self) -> datetime:
        """When it was last heard of: by a heartbeat where those are expected, else by anything; at first its creation."""
        last = self.last_heartbeat_at if self.expects_heartbeat else self.health.last_sync_at
        return last or self.created_at

    def is_success_to_note(self, now: datetime) -> bool:
        """Whether a delivery, poll or message that went well has to be noted: something was wrong, or the last is long ago."""
        health = self.health
        was_wrong = not health.is_healthy or health.consecutive_failures > 0
        return was_wrong or self._is_long_ago(health.last_sync_at, now)

    def is_heartbeat_to_note(self, now: datetime) -> bool:
        """Whether the last heartbeat that is known lies far enough back to be noted anew."""
        return self._is_long_ago(self.last_heartbeat_at, now)

    def _is_long_ago(self, last: datetime | None, now: datetime) -> bool:
        # Whoever is expected often is noted more often, or would seem to be silent.
        every = min(NOTED_EVERY, self.expected_every / 10) if self.expected_every else NOTED_EVERY
        return last is None or now - last >= every

    def silence_changes(self, now: datetime) -> bool:
        """Whether an alarm of its silence has to be raised, or to end."""
        if self.silence_noticed_at is not None:
            return self.expected_every is None or self.last_sign_of_life > self.silence_noticed_at
        return self.expected_every is not None and now - self.last_sign_of_life > self.expected_every

    def environment_of(self, word: str) -> Environment:
        """Return what a vendor's word means here, whatever its case: by the table, else by our own three words.

        Any other word is development: production is never guessed.
        """
        wanted = word.strip().lower()
        own = OWN_ENVIRONMENTS.get(wanted, Environment.DEVELOPMENT)
        if not self.environments:
            return own
        return {theirs.lower(): ours for theirs, ours in self.environments.items()}.get(wanted, own)

    def environment_among(self, *words: str) -> tuple[Environment, str]:
        """Return what several words of a vendor's mean here, and the word that decided it.

        That is the first which the table or our own three words know, else the first that isn't blank: development.
        """
        known = {*(theirs.lower() for theirs in self.environments), *Environment}
        said = [word for word in words if word.strip()]
        word = next((word for word in said if word.strip().lower() in known), said[0] if said else "")
        return self.environment_of(word), word

    def text_of(self, setting: Setting) -> str:
        """Return the text that a setting has here, its default where it wasn't configured."""
        value = self.settings.get(setting.name)
        text = setting.default if value is None else value
        return text if isinstance(text, str) else ""

    def listed(self, setting: Setting) -> tuple[str, ...]:
        """Return the texts of a list setting, its default where it wasn't configured."""
        value = self.settings.get(setting.name)
        listed = setting.default if value is None else value
        return tuple(item for item in listed if isinstance(item, str)) if isinstance(listed, list | tuple) else ()
