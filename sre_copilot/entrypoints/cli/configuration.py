"""The options that configure an integration: settings, secrets, environments, intervals."""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from sre_copilot.application.ports.deliveries import IntegrationTypes
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.integrations import Feature, Setting, SettingKind
from sre_copilot.domain.signals import Environment
from sre_copilot.entrypoints.cli.groups import choice


class Nothing(StrEnum):
    """The word by which every feature is taken back."""

    NONE = "none"


WORDS = {"true": True, "yes": True, "false": False, "no": False}


OPTIONS = (
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="A setting of the type; NAME= takes it back. A list has commas, or is a JSON list. May be given several times. [default: none]",
    ),
    click.option(
        "--secret",
        "secrets",
        multiple=True,
        metavar="NAME[=file:PATH]",
        help="A secret of the type, read from a file, or asked for where no file is given. [default: none]",
    ),
    click.option(
        "--environment",
        "environments",
        multiple=True,
        metavar="WORD=OURS",
        help="The vendor's word for production, staging or development, such as prod=production; may be given "
        "several times. [default: only our own three words; anything else is development]",
    ),
    click.option(
        "--dedup-hours",
        type=click.FloatRange(0, 8760, min_open=True),
        metavar="HOURS",
        help="Hours of silence that end an episode, above 0, at most 8760. [default: 12]",
    ),
    click.option(
        "--poll-seconds",
        type=click.IntRange(5, 86_400),
        metavar="SECONDS",
        help="How often an integration that is pulled from is polled. [default: 30]",
    ),
    click.option(
        "--expected-minutes",
        type=click.FloatRange(0, 43_200),
        metavar="MINUTES",
        help="Silence for longer than this raises an alarm; 0 means that any silence is normal. [default: 0]",
    ),
    click.option(
        "--expect-heartbeat/--expect-anything",
        "expects_heartbeat",
        default=None,
        help="Whether only heartbeats, such as Watchdog, end a silence. [default: anything does]",
    ),
    click.option(
        "--feature",
        "features",
        multiple=True,
        type=choice([*Feature, Nothing.NONE]),
        help="What it does besides taking in deliveries; may be given several times. [default: none]",
    ),
)
"""What can be configured of every integration."""


def setting_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that configure an integration."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def given_settings(types: IntegrationTypes, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the options say, as the use cases take it. Raises click.UsageError, InvalidInput, UnknownIntegrationType."""
    known = {setting.name: setting for setting in types.settings(kind)} if kind in types.types() else {}
    values = {**dict(_setting(text, known) for text in options["settings"])}
    values.update(_secret(text, known) for text in options["secrets"])
    told: dict[str, Any] = {"settings": values} if values else {}
    if options["environments"]:
        told["environments"] = dict(map(_environment, options["environments"]))
    if options["dedup_hours"] is not None:
        told["dedup_window"] = timedelta(hours=options["dedup_hours"])
    if options["poll_seconds"] is not None:
        told["sync_interval"] = timedelta(seconds=options["poll_seconds"])
    if options["expected_minutes"] is not None:
        told["expected_every"] = timedelta(minutes=options["expected_minutes"])
    if options["expects_heartbeat"] is not None:
        told["expects_heartbeat"] = options["expects_heartbeat"]
    if options["features"]:
        told["features"] = [Feature(word) for word in options["features"] if word != Nothing.NONE]
    return told


def _setting(text: str, known: Mapping[str, Setting]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--set {text!r}: write NAME=VALUE.", click.get_current_context())
    setting = known.get(name)
    if setting is not None and setting.secret:
        raise click.UsageError(
            f"{name} is a secret, which other users of this machine could read in a command; use --secret {name}.",
            click.get_current_context(),
        )
    if not value:
        return name, None
    return name, _value(setting.kind if setting else SettingKind.TEXT, name, value)


def _value(kind: SettingKind, name: str, value: str) -> Any:
    if kind is SettingKind.LIST and value.startswith("["):
        return _list(name, value)
    if kind is SettingKind.LIST:
        return [item.strip() for item in value.split(",") if item.strip()]
    if kind is SettingKind.FLAG:
        if value.lower() not in WORDS:
            raise InvalidInput(f"The setting {name} is yes or no.")
        return WORDS[value.lower()]
    if kind is SettingKind.NUMBER:
        try:
            return float(value) if "." in value else int(value)
        except ValueError as error:
            raise InvalidInput(f"The setting {name} is a number.") from error
    return value


def _list(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise InvalidInput(f"The setting {name} begins with [ but is no JSON list: {error}.") from error


def _secret(text: str, known: Mapping[str, Setting]) -> tuple[str, Any]:
    name, equals, place = text.partition("=")
    if known and (name not in known or not known[name].secret):
        secrets = ", ".join(setting.name for setting in known.values() if setting.secret) or "none"
        raise InvalidInput(f"There is no secret {name!r} of this integration type; its secrets: {secrets}.")
    if equals and not place.startswith("file:"):
        raise click.UsageError(
            f"--secret {name}: give file:PATH, or nothing to be asked; a command can be read by other users.",
            click.get_current_context(),
        )
    if equals:
        return name, _from_file(name, Path(place.removeprefix("file:")))
    if not sys.stdin.isatty():
        return name, sys.stdin.readline().rstrip("\r\n") or None
    return name, click.prompt(name, hide_input=True, err=True)


def _from_file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidInput(f"The file of the secret {name} can't be read: {reason}.") from error


def _environment(text: str) -> tuple[str, Environment]:
    word, _, ours = text.partition("=")
    if not word or ours not in list(Environment):
        raise click.UsageError(
            f"--environment {text!r}: write WORD=production, WORD=staging or WORD=development.",
            click.get_current_context(),
        )
    return word, Environment(ours)
