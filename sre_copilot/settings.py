"""Settings: one class; the only reader of the TOML file and of the environment."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import attrs
import platformdirs

from sre_copilot.domain.errors import InvalidSettings

APP = "sre-copilot"
FROM_ENVIRONMENT = {
    "DATABASE_URL": "database_url",
    "DATABASE_OWNER_URL": "database_owner_url",
    "SRE_COPILOT_DATA": "data_folder",
    "SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES": "allow_private_addresses",
    "SRE_COPILOT_KEYS": "key_file",
}
"""Environment variable -> setting."""
OURS = "SRE_COPILOT_"
NO_SETTINGS = frozenset({"SRE_COPILOT_CONFIG", "SRE_COPILOT_SOAK", "SRE_COPILOT_TEST_PG"})
"""Where the file is, and what only tests read."""
SERVICE_LINK = re.compile(r"(\w+_)?(SERVICE_HOST=.*|SERVICE_PORT(_\w+)?=.*|PORT=\w+://.*|PORT_\d+_\w+=.*)")
"""What Kubernetes sets in every container for a service that is called like us, after our name."""
SWITCH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
"""What the environment may say of a setting that is true or false."""


def _path(value: str | Path) -> Path:
    return Path(value).expanduser()


def _key_file(value: str | Path | None) -> Path | None:
    # The keys are in the file that is named, however it is named.
    return _path(str(value).removeprefix("file:")) if value is not None else None


@attrs.frozen(kw_only=True)
class Settings:
    """How the copilot is set up. With no `database_url` it runs its own PostgreSQL in `data_folder`.

    `database_url` signs in as the app role; `database_owner_url` as the owner, and only migrations read it.
    `allow_private_addresses` is for development: it lets requests go to loopback and private networks, and unencrypted.
    `key_file` holds the keys that credentials are sealed with; beside the embedded database it is made by itself.
    """

    database_url: str | None = attrs.field(default=None, repr=False)
    database_owner_url: str | None = attrs.field(default=None, repr=False)
    data_folder: Path = attrs.field(
        factory=lambda: Path(platformdirs.user_data_dir(APP, appauthor=False)), converter=_path
    )
    allow_private_addresses: bool = False
    key_file: Path | None = attrs.field(default=None, converter=_key_file)

    @property
    def is_embedded(self) -> bool:
        """Whether the copilot runs its own database."""
        return self.database_url is None

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, file: Path | None = None) -> Self:
        """Return the settings of the TOML file, overridden by the environment.

        The file is the one given, else SRE_COPILOT_CONFIG, else `config.toml` in the user's configuration folder if
        there is one. A value `file:PATH` in the environment is read from that file; SRE_COPILOT_KEYS is the path of the
        key file, with `file:` or without. Raises InvalidSettings, for a variable of our name that is none as well.
        """
        env = os.environ if environment is None else environment
        for variable, value in env.items():
            _require_known(variable, value)
        named = file or (Path(env["SRE_COPILOT_CONFIG"]) if env.get("SRE_COPILOT_CONFIG") else None)
        path = named or Path(platformdirs.user_config_dir(APP, appauthor=False)) / "config.toml"
        values = _from_file(path) if named or path.is_file() else {}
        for variable, name in FROM_ENVIRONMENT.items():
            if env.get(variable):
                text = env[variable] if name == "key_file" else _secret(variable, env[variable])
                values[name] = _meant(variable, _kind(name), text)
        return cls(**values)


def _require_known(variable: str, value: str) -> None:
    """Raise InvalidSettings for a misspelt variable: what was meant would silently be something else."""
    known = {name for name in FROM_ENVIRONMENT if name.startswith(OURS)} | NO_SETTINGS
    is_link = SERVICE_LINK.fullmatch(f"{variable}={value}", len(OURS))
    if variable.startswith(OURS) and variable not in known and not is_link:
        settings = ", ".join(sorted(known - NO_SETTINGS))
        raise InvalidSettings(f"There is no setting {variable}; the environment has {settings} and SRE_COPILOT_CONFIG.")


def _from_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(
            f"The settings file {path} can't be read: {error}. Correct it or take it away."
        ) from error
    known = {field.name for field in attrs.fields(Settings)}
    for name, value in values.items():
        if name not in known:
            raise InvalidSettings(f"{path}: there is no setting {name!r}; the settings are {', '.join(sorted(known))}.")
        if not isinstance(value, _kind(name)):
            expected = "true or false" if _kind(name) is bool else "a string"
            raise InvalidSettings(f"{path}: {name} must be {expected}, not {type(value).__name__}.")
    return values


def _kind(name: str) -> type[bool] | type[str]:
    """Return as what a setting is written; the class may keep it as something else."""
    return bool if attrs.fields_dict(Settings)[name].type is bool else str


def _meant(variable: str, kind: type[bool] | type[str], text: str) -> str | bool:
    if kind is str:
        return text
    try:
        return SWITCH[text.strip().casefold()]
    except KeyError:
        raise InvalidSettings(f"{variable} must be one of {', '.join(SWITCH)}.") from None


def _secret(variable: str, value: str) -> str:
    if not value.startswith("file:"):
        return value
    try:
        return Path(value.removeprefix("file:")).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{variable} points at a file that can't be read: {error}.") from error
