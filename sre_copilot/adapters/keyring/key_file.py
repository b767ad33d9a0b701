"""The key ring in a file that only its owner can read; running processes notice when it changes."""

import json
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs
from filelock import FileLock, Timeout

from sre_copilot.adapters.keyring.ring import KEY_BYTES, Key, Ring, read_ring
from sre_copilot.adapters.postgres.files import write_whole
from sre_copilot.adapters.system import SystemClock
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.key_ring import KeyOnRing
from sre_copilot.domain.errors import AlreadyExists, KeyInUse, KeyRingUnusable, NotFound

LONGEST = 1 << 20
"""Bytes of a key file at most: thousands of keys."""
LOCK_PATIENCE = 30.0
"""Seconds that a writer waits for another one."""
SET_IT = "Set SRE_COPILOT_KEYS (or key_file in the settings file) to the path of the key file"

Stamp = tuple[int, int, int]
"""Inode, time of its last change (also of its mode) in ns, and size: another stamp means that something changed."""


@attrs.define(kw_only=True)
class KeyFile:
    """A ring in a JSON file of mode 0600: `{"current": ID, "keys": [{"id", "created_at", "key"}]}`, keys in base64.

    Without a `path` every use is refused. With `makes_itself` a missing file is made when something is sealed first;
    otherwise that is an error, because sealing with other keys than yesterday's is seldom what is wanted.
    """

    path: Path | None = None
    makes_itself: bool = False
    clock: Clock = attrs.field(factory=SystemClock, repr=False)
    _known: tuple[Stamp, Ring] | None = attrs.field(default=None, init=False, repr=False, eq=False)
    """What was read last; replaced as a whole, so that threads need no lock."""

    def ring(self, *, needing: str | None = None) -> Ring | None:
        """Return the ring as the file has it now, None where it is still to be made.

        What was read before is good enough to open something with the key `needing`, should the file be gone or
        damaged by now. Raises KeyRingUnusable.
        """
        known = self._known
        try:
            if known is None or known[0] != self._stamp() or (needing and needing not in known[1].by_id):
                known = self._known = self._read()
        except KeyRingUnusable:
            if known is None or needing is None or needing not in known[1].by_id:
                raise
        return known[1] if known is not None else None

    def made_ring(self) -> Ring:
        """Return the ring as the file has it now, made where it may make itself. Raises KeyRingUnusable."""
        ring = self.ring()
        if ring is not None:
            return ring
        with self._changing():
            # Another process may have been quicker.
            return self.ring() or self._write(self._first())

    def all(self) -> Sequence[KeyOnRing]:
        """Every key, oldest first. Raises KeyRingUnusable."""
        ring = self.ring()
        return ring.described() if ring is not None else []

    def create(self) -> KeyOnRing:
        """Make the file with a first key. Raises AlreadyExists, KeyRingUnusable."""
        with self._changing():
            if self._place().exists():
                raise AlreadyExists(f"{self.path} exists already; `sre-copilot keys rotate` adds a key to it.")
            return self._write(self._first()).described()[-1]

    def add(self) -> KeyOnRing:
        """Make a new key the current one. Raises KeyRingUnusable."""
        with self._changing():
            ring, key = self.ring(), self._new_key()
            self._write(ring.with_new(key) if ring is not None else Ring(current=key.id, keys=(key,)))
            return KeyOnRing(id=key.id, created_at=key.created_at, is_current=True)

    def retire(self, key_id: str) -> None:
        """Destroy a key. Raises NotFound, KeyInUse for the current one, KeyRingUnusable."""
        with self._changing():
            ring = self.ring()
            if ring is None or key_id not in ring.by_id:
                raise NotFound(f"There is no key {key_id} on the ring; `sre-copilot keys list` shows them.")
            if key_id == ring.current:
                raise KeyInUse(f"{key_id} is the current key; `sre-copilot keys rotate` makes a new one first.")
            self._write(ring.without(key_id))

    def _first(self) -> Ring:
        key = self._new_key()
        return Ring(current=key.id, keys=(key,))

    def _new_key(self) -> Key:
        now = self.clock.now()
        name = f"{now:%Y-%m-%d}-{secrets.token_hex(4)}"
        return Key(id=name, created_at=now, material=secrets.token_bytes(KEY_BYTES))

    def _place(self) -> Path:
        if self.path is None:
            raise KeyRingUnusable(
                f"No key file is configured, so credentials can be neither sealed nor opened. {SET_IT}; "
                "`sre-copilot keys create` makes it."
            )
        return self.path

    # reading

    def _stamp(self) -> Stamp | None:
        try:
            return _stamp_of(self._place().stat())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(f"can't be read: {error.strerror}") from error

    def _read(self) -> tuple[Stamp, Ring] | None:
        path = self._place()
        try:
            with path.open("rb") as file:
                about, content = os.fstat(file.fileno()), file.read(LONGEST + 1)
        except FileNotFoundError as error:
            if self.makes_itself and self._known is None:
                return None
            raise KeyRingUnusable(
                f"The key file {path} does not exist. Put it back, or point SRE_COPILOT_KEYS elsewhere; the first time "
                "`sre-copilot keys create` makes it."
            ) from error
        except OSError as error:
            raise self._unusable(f"can't be read: {error.strerror}") from error
        if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise self._unusable(
                f"can be read or changed by others (mode {stat.S_IMODE(about.st_mode):04o}): chmod 600 it"
            )
        ring = read_ring(_parsed(content)) if len(content) <= LONGEST else "it is too long"
        if isinstance(ring, str):
            raise self._unusable(f"is damaged: {ring}. Put it back from a backup")
        return _stamp_of(about), ring

    def _unusable(self, what: str) -> KeyRingUnusable:
        return KeyRingUnusable(f"The key file {self.path} {what}.")

    # writing

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One writer at a time, of all processes."""
        path = self._place()
        lock = path.with_name(f".{path.name}.lock")
        try:
            if self.makes_itself:
                # As the embedded server's supervisor makes it: root's server user must be able to walk through.
                path.parent.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            with FileLock(lock, timeout=LOCK_PATIENCE, mode=0o600):
                _hand_over(lock, _owner_of(path))
                yield
        except Timeout as error:
            raise self._unusable(
                f"has been locked by another process for over {LOCK_PATIENCE:.0f} s; end it"
            ) from error
        except OSError as error:
            raise self._unusable(
                f"can't be written: {error.strerror}. Where it has to be read-only, add the new key to its source, and run "
                "`sre-copilot keys rotate --no-new-key`"
            ) from error

    def _write(self, ring: Ring) -> Ring:
        # What a symbolic link leads to is replaced, not the link: others may read the file by its own name.
        path = self._place().resolve()
        write_whole(path, json.dumps(ring.document(), indent=2) + "\n", mode=0o600, owner=_owner_of(path))
        self._known = (_stamp_of(path.stat()), ring)
        return ring


def _stamp_of(about: os.stat_result) -> Stamp:
    return about.st_ino, about.st_ctime_ns, about.st_size


def _owner_of(path: Path) -> tuple[int, int] | None:
    """Whose file it stays: root may rotate what a service reads. None where it is ours, or not there."""
    with suppress(FileNotFoundError):
        about = path.stat()
        return (about.st_uid, about.st_gid) if os.geteuid() == 0 else None
    return None


def _hand_over(lock: Path, owner: tuple[int, int] | None) -> None:
    if owner is not None:
        os.chown(lock, *owner)


def _parsed(content: bytes) -> object:
    """Return the JSON document, None where it is none. The parser's error holds the content, so it is not passed on."""
    with suppress(ValueError, RecursionError):
        return json.loads(content)
    return None
