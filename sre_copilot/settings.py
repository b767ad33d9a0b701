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
    "SRE_COPILOT_LLM_KEY": "llm_key",
    "SRE_COPILOT_LLM_MODEL": "llm_model",
    "SRE_COPILOT_LLM_BASE_URL": "llm_base_url",
    "SRE_COPILOT_LLM_EFFORT": "llm_effort",
    "SRE_COPILOT_LLM_DEADLINE": "llm_deadline",
    "SRE_COPILOT_LLM_DAILY_TOKENS": "llm_daily_tokens",
    "SRE_COPILOT_LLM_TOKENS_PER_DIAGNOSIS": "llm_tokens_per_diagnosis",
    "SRE_COPILOT_LLM_PRICE_INPUT": "llm_price_input",
    "SRE_COPILOT_LLM_PRICE_OUTPUT": "llm_price_output",
    "SRE_COPILOT_LLM_PRICE_CACHE_READ": "llm_price_cache_read",
    "SRE_COPILOT_LLM_PRICE_CACHE_WRITE": "llm_price_cache_write",
}
"""Environment variable -> setting."""
OURS = "SRE_COPILOT_"
NO_SETTINGS = frozenset({"SRE_COPILOT_CONFIG", "SRE_COPILOT_SOAK", "SRE_COPILOT_TEST_PG"})
"""Where the file is, and what only tests read."""
SERVICE_LINK = re.compile(r"(\w+_)?(SERVICE_HOST=.*|SERVICE_PORT(_\w+)?=.*|PORT=\w+://.*|PORT_\d+_\w+=.*)")
"""What Kubernetes sets in every container for a service that is called like us, after our name."""
LONGEST_CONSULTATION = 60.0
LONGEST_MODEL = 100
SWITCH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
"""What the environment may say of a setting that is true or false."""


Kind = type[bool] | type[int] | type[float] | type[str]
EXPECTED: dict[Kind, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
"""What a setting of each kind must be."""


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
    With an `llm_key` a language model reads along with diagnoses, for each tenant up to `llm_daily_tokens` a day (UTC). Prices
    are dollars per million tokens; the defaults are those of the default model as of 2026-10-07.
    """

    database_url: str | None = attrs.field(default=None, repr=False)
    database_owner_url: str | None = attrs.field(default=None, repr=False)
    data_folder: Path = attrs.field(
        factory=lambda: Path(platformdirs.user_data_dir(APP, appauthor=False)), converter=_path
    )
    allow_private_addresses: bool = False
    key_file: Path | None = attrs.field(default=None, converter=_key_file)
    llm_key: str | None = attrs.field(default=None, repr=False)
    llm_model: str = "claude-sonnet-5-5"
    llm_base_url: str = "https://api.anthropic.com"
    llm_effort: str = "low"
    llm_deadline: float = 60.0
    llm_daily_tokens: int = 500_000
    llm_tokens_per_diagnosis: int = 60_000
    llm_price_input: float = 2.0
    llm_price_output: float = 10.0
    llm_price_cache_read: float = 0.1
    llm_price_cache_write: float = 2.5

    def __attrs_post_init__(self) -> None:
        prices = (self.llm_price_input, self.llm_price_output, self.llm_price_cache_read, self.llm_price_cache_write)
        if not all(0 <= price < 1_000_000 for price in prices):
            raise InvalidSettings("The prices of the language model must be dollars per million tokens, 0 or more.")
        if not 0 < self.llm_deadline <= LONGEST_CONSULTATION:
            raise InvalidSettings(f"llm_deadline must be more than 0 and at most {LONGEST_CONSULTATION} seconds.")
        if self.llm_daily_tokens < 0 or self.llm_tokens_per_diagnosis < 1:
            raise InvalidSettings("llm_daily_tokens must be 0 or more, llm_tokens_per_diagnosis 1 or more.")
        if not 0 < len(self.llm_model) <= LONGEST_MODEL:
            raise InvalidSettings(f"llm_model must be the name of a model, of at most {LONGEST_MODEL} characters.")

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
        kind = _kind(name)
        fits = type(value) in (int, float) if kind is float else type(value) is kind
        if not fits:
            raise InvalidSettings(f"{path}: {name} must be {EXPECTED[kind]}, not {type(value).__name__}.")
    return values


def _kind(name: str) -> Kind:
    """Return as what a setting is written; the class may keep it as something else."""
    declared = attrs.fields_dict(Settings)[name].type
    return next((kind for kind in (bool, int, float) if declared is kind), str)


def _meant(variable: str, kind: Kind, text: str) -> str | bool | int | float:
    if kind is str:
        return text
    if kind in (int, float):
        try:
            return kind(text.strip())
        except ValueError:
            raise InvalidSettings(f"{variable} must be {EXPECTED[kind]}.") from None
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
