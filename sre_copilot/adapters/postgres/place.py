"""Where the server of a data folder lives: in the folder, or elsewhere where the server's user can't reach it."""

import hashlib
import re
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

import attrs

from sre_copilot.adapters.postgres.account import Account, server_account
from sre_copilot.adapters.postgres.files import write_whole
from sre_copilot.adapters.postgres.passwords import has_passwords
from sre_copilot.domain.errors import EmbeddedDatabaseFailed

RELOCATED = Path("/var/lib/sre-copilot")
"""Where programs and data go when root's server user can't reach the environment or the data folder."""
NOTE = "DATABASE-IS-ELSEWHERE.txt"
HOME = "postgres"
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET = 103
"""Bytes of a socket's path that every Unix takes (Linux 107, macOS 103)."""
AWKWARD = re.compile(r"""[,'"\\\x00-\x1f\x7f\ud800-\udfff]""")
"""What a comma-separated list of paths, a setting or a connection string can't hold without being quoted its own way."""
TEMPORARY = "sre-copilot-"
"""How the name of a socket's folder begins that is in the temporary folder."""


@attrs.frozen(kw_only=True)
class Place:
    """The folders and files of one server. `folder` belongs to the calling user, what is below `home` to the server's."""

    folder: Path
    account: Account

    @property
    def home(self) -> Path:
        """What the server's user owns, closed to everybody else."""
        return self.folder / HOME

    @property
    def data(self) -> Path:
        """The data directory in PostgreSQL's sense; whole or absent."""
        return self.home / "data"

    @property
    def draft(self) -> Path:
        """Where initdb works until its result is whole."""
        return self.home / "data.new"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"

    @property
    def configuration(self) -> Path:
        """The settings, written anew at each start."""
        return self.folder / "postgresql.conf"

    @property
    def held(self) -> Path:
        """The file on which every process of the server holds a lock, for as long as it lives."""
        return self.folder / "server.lock"

    @property
    def prepared(self) -> Path:
        """Says which roles the database was set up with."""
        return self.folder / "prepared"

    @property
    def exists(self) -> bool:
        """Whether a database was made here."""
        return (self.data / "PG_VERSION").exists()

    def running_sockets(self) -> Path | None:
        """The socket folder that the running (or crashed) server wrote into its pid file."""
        try:
            text = (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            return None
        lines = text.split("\n")
        return Path(lines[4]) if len(lines) > 4 and lines[4] else None

    def is_listening(self) -> bool:
        """Whether a server takes connections here, be it only to say that it is busy starting or full."""
        sockets = self.running_sockets()
        if sockets is None:
            return False
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(sockets / SOCKET))
            except OSError:
                return False
        return True

    def make_sockets(self) -> Path:
        """A folder for the socket: in `home`, or in the temporary folder where a socket can't have that path.

        In `home` it is named for the data directory. A server whose data folder somebody deleted goes on for up to a
        minute and then removes the path of its socket, which must not be that of the next server in the same folder.
        """
        sockets = self.home / f"run-{self.data.stat().st_ino:x}"
        if not _takes_socket(sockets):
            sockets = self._left_sockets() or Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=self._temporary_folder()))
        sockets.mkdir(mode=0o700, exist_ok=True)
        self.account.own(sockets)
        return sockets

    def drop_sockets(self, sockets: Path | None) -> None:
        """Remove the folder of a stopped server's socket where it is in the temporary folder."""
        if sockets is not None and sockets.name.startswith(TEMPORARY):
            with suppress(OSError):
                sockets.rmdir()

    def _left_sockets(self) -> Path | None:
        """The folder in the temporary folder that a crashed server used, where it is still there and its own."""
        left = self.running_sockets()
        if left is None or not left.name.startswith(TEMPORARY) or left.is_symlink() or not left.is_dir():
            return None
        return left if left.stat().st_uid == self.account.uid else None

    def _temporary_folder(self) -> Path:
        usual = Path(tempfile.gettempdir()).resolve()
        fits = _takes_socket(usual / f"{TEMPORARY}12345678") and self.account.reaches(usual / TEMPORARY)
        return usual if fits else Path("/tmp")


def _takes_socket(folder: Path) -> bool:
    return len(bytes(folder / SOCKET)) <= LONGEST_SOCKET and not AWKWARD.search(str(folder))


def find_place(data_folder: Path, relocated: Path = RELOCATED) -> Place:
    """The place of an existing database, or the data folder itself. Raises EmbeddedDatabaseFailed, OSError."""
    folder = _noted(data_folder, relocated) or data_folder
    return Place(folder=folder, account=server_account(folder / HOME))


def make_place(data_folder: Path, binaries: Path, relocated: Path = RELOCATED) -> Place:
    """The place of the data folder's server, made and noted where there is none yet.

    Once made it never moves: what decides is the note, not who can reach what today. Raises EmbeddedDatabaseFailed, OSError.
    """
    if "\n" in str(data_folder):
        raise EmbeddedDatabaseFailed(
            f"The name of the data folder {str(data_folder)!r} has a line break in it, and PostgreSQL keeps paths line by line. "
            "Choose another data folder with SRE_COPILOT_DATA."
        )
    place = find_place(data_folder, relocated)
    moved = relocated_folder(data_folder, relocated)
    if place.folder == data_folder and not place.exists:
        if not (place.account.reaches(place.data) and place.account.reaches(binaries / "postgres")):
            # With its passwords at hand, what is there is this folder's own, and only the note was lost.
            if not has_passwords(data_folder):
                _set_aside(moved)
            place = attrs.evolve(place, folder=moved)
            make_enterable(moved)
            write_whole(
                data_folder / NOTE,
                f"{moved}\nThe database server runs as a user who can't reach this folder, so its data is in the folder above.\n",
                mode=0o600,
            )
    elif place.folder != data_folder:
        make_enterable(place.folder)
    if not place.account.reaches(place.data):
        raise EmbeddedDatabaseFailed(
            f"User {place.account.uid}, whom the database server runs as, can't reach {place.folder}. Give everybody execute "
            f"permission on the folders above it (chmod o+x), or choose another data folder with SRE_COPILOT_DATA."
        )
    if not place.home.exists():
        place.home.mkdir(mode=0o700)
        place.account.own(place.home)
    return place


def relocated_folder(data_folder: Path, relocated: Path = RELOCATED) -> Path:
    """Where programs, and maybe data, of a data folder go when they can't stay."""
    return relocated / hashlib.sha256(bytes(data_folder)).hexdigest()[:16]


def make_enterable(folder: Path) -> None:
    """Make a folder for relocated programs or data, which the server's user may enter. Raises OSError."""
    for part in (folder.parent, folder):
        part.mkdir(parents=True, exist_ok=True)
        part.chmod(0o755)


def _noted(data_folder: Path, relocated: Path) -> Path | None:
    try:
        first = (data_folder / NOTE).read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    except (FileNotFoundError, NotADirectoryError):
        return None
    noted = Path(first)
    # As root we make and hand over what is named here, so it may lead nowhere else.
    if noted.parent != relocated or not re.fullmatch(r"[0-9a-f]{16}", noted.name):
        raise EmbeddedDatabaseFailed(
            f"{data_folder / NOTE} should name a folder in {relocated}, but its first line is {first!r}. Write the folder of "
            "the data there again, or choose another data folder with SRE_COPILOT_DATA."
        )
    return noted


def _set_aside(folder: Path) -> None:
    """Keep what an earlier data folder at the same path left behind, whose passwords went with it."""
    if (folder / HOME).exists():
        number = 1
        while (aside := folder.with_name(f"{folder.name}.set-aside-{number}")).exists():
            number += 1
        folder.rename(aside)
