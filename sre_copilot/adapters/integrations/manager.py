"""The plugin manager: finds integrations, loads each in isolation, and reports what became of each."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from types import MappingProxyType
from typing import Any

import attrs
import pluggy

import sre_copilot.adapters.integrations.builtin as builtin
import sre_copilot.hookspecs as hookspecs
from sre_copilot.adapters.integrations.isolation import Failure, contained
from sre_copilot.adapters.integrations.muting import muted
from sre_copilot.domain.deliveries import MAX_BODY_BYTES
from sre_copilot.domain.integrations import Setting

DISTRIBUTION = "sre-copilot"

PURPOSES = (hookspecs.ParsesDeliveries, hookspecs.Notifies)
"""An integration has at least one of these capabilities; the others only say how."""
FORBIDDEN_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "x-gitlab-token", "*"})
"""Headers that hold credentials and are never kept, whatever a plugin asks for."""

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,49}")


@attrs.frozen(kw_only=True)
class PluginReport:
    """What became of one plugin: the integration types it brings, or the problem that kept it out."""

    name: str
    distribution: str
    version: str
    types: tuple[str, ...] = ()
    problem: str | None = None


@attrs.frozen(kw_only=True)
class Traits:
    """What a plugin's attributes say. They are read once, when it is loaded, so that no attribute runs code later."""

    kept_headers: frozenset[str] = frozenset()
    body_limit: int = MAX_BODY_BYTES
    takes_templates: bool = False
    heeds_429: bool = False
    settings: tuple[Setting, ...] = ()
    is_own: bool = False
    """Whether it is one of ours, which wait for nothing while they read a delivery."""


@attrs.frozen(kw_only=True)
class Source:
    """Where a plugin comes from, and how to get at it."""

    name: str
    distribution: str
    version: str
    load: Callable[[], object]
    is_own: bool = False


class Unusable(Exception):
    """A plugin was loaded, but what it brings can't be used; the message says why."""


class PluginManager:
    """All plugins of this installation, loaded when it is made. Afterwards it never changes, so threads may share it."""

    def __init__(self, found: Iterable[EntryPoint] | None = None) -> None:
        """Load the built-ins, then the entry points `found`; by default those of every installed distribution."""
        self._plugins: dict[str, hookspecs.IntegrationPlugin] = {}
        self._traits: dict[str, Traits] = {}
        others = entry_points(group=hookspecs.ENTRY_POINT_GROUP) if found is None else found
        self._reports = tuple(self._loaded(source) for source in (*_builtins(), *_third_parties(others)))

    @property
    def plugins(self) -> Mapping[str, hookspecs.IntegrationPlugin]:
        """Integration type -> plugin, of those that loaded."""
        return MappingProxyType(self._plugins)

    @property
    def traits(self) -> Mapping[str, Traits]:
        """Integration type -> what its plugin's attributes say."""
        return MappingProxyType(self._traits)

    def report(self) -> Sequence[PluginReport]:
        """One entry per plugin found, built-ins first, then by name."""
        return self._reports

    def _loaded(self, source: Source) -> PluginReport:
        report = PluginReport(name=source.name, distribution=source.distribution, version=source.version)
        try:
            with muted():
                brought = contained(lambda: self._checked(_registered(source)), passing=(Unusable,))
        except Failure as failure:
            return attrs.evolve(report, problem=f"it failed to load: {failure}")
        except Unusable as error:
            return attrs.evolve(report, problem=str(error))
        self._plugins.update({kind: plugin for kind, (plugin, _) in brought.items()})
        self._traits.update({kind: attrs.evolve(traits, is_own=source.is_own) for kind, (_, traits) in brought.items()})
        return attrs.evolve(report, types=tuple(sorted(brought)))

    def _checked(self, objects: object) -> dict[str, tuple[hookspecs.IntegrationPlugin, Traits]]:
        if not isinstance(objects, list | tuple):
            raise Unusable(f"sre_copilot_integrations returned {type(objects).__name__}, not a list")
        brought: dict[str, tuple[hookspecs.IntegrationPlugin, Traits]] = {}
        for item in objects:
            name, title = getattr(item, "type", None), getattr(item, "title", None)
            if not isinstance(name, str) or not _TYPE.fullmatch(name):
                raise Unusable(f"{type(item).__name__}.type is not a word of lower-case letters, digits and _")
            if not isinstance(title, str) or not title:
                raise Unusable(f"{type(item).__name__}.title is missing")
            if not isinstance(item, PURPOSES):
                raise Unusable(f"{type(item).__name__} has no capability: it needs a parse or a notify method")
            traits = _traits(item)
            if name in self._plugins or name in brought:
                raise Unusable(f"the integration type {name} is taken")
            brought[name] = (item, traits)
        return brought


def _registered(source: Source) -> object:
    # Hooks of its own for each plugin: what one does to them can't touch another.
    hooks = pluggy.PluginManager(hookspecs.PROJECT)
    hooks.add_hookspecs(hookspecs)
    plugin = source.load()
    try:
        hooks.register(plugin, name=source.name)
        hooks.check_pending()
    except pluggy.PluginValidationError as error:
        raise Unusable(f"it does not fit the hooks: {error}") from error
    answers = hooks.hook.sre_copilot_integrations()
    if not answers:
        raise Unusable("it has no hook sre_copilot_integrations marked @hookimpl")
    return answers[0]


def _traits(item: object) -> Traits:
    """Raise Unusable for an attribute of a wrong type: better when it is loaded than at its first delivery."""
    kind = type(item).__name__
    given: dict[str, Any] = {}
    if isinstance(item, hookspecs.LimitsBodies):
        size = item.max_body_bytes
        if not _is_size(size):
            raise Unusable(f"{kind}.max_body_bytes is not a whole number above 0")
        given["body_limit"] = min(size, MAX_BODY_BYTES)
    if isinstance(item, hookspecs.KeepsHeaders):
        given["kept_headers"] = _header_names(kind, item.kept_headers)
    if isinstance(item, hookspecs.TakesTemplates):
        given["takes_templates"] = bool(item.takes_templates)
    if isinstance(item, hookspecs.HeedsTooMany):
        given["heeds_429"] = bool(item.heeds_429)
    if isinstance(item, hookspecs.HasSettings):
        given["settings"] = _settings(kind, item.settings)
    return Traits(**given)


def _header_names(kind: str, names: Iterable[object]) -> frozenset[str]:
    found = list(names)
    if not all(isinstance(name, str) and name == name.lower() for name in found):
        raise Unusable(f"{kind}.kept_headers must be names in lower case")
    if FORBIDDEN_HEADERS & set(found):
        raise Unusable(f"{kind}.kept_headers names a header that holds credentials")
    return frozenset(name for name in found if isinstance(name, str))


def _settings(kind: str, settings: Iterable[object]) -> tuple[Setting, ...]:
    found = tuple(settings)
    known = tuple(setting for setting in found if isinstance(setting, Setting))
    if len(known) < len(found):
        raise Unusable(f"{kind}.settings must be of the class Setting")
    if len({setting.name for setting in known}) < len(known):
        raise Unusable(f"{kind}.settings has a name twice")
    return known


def _is_size(value: object) -> bool:
    return type(value) is int and value > 0


def _builtins() -> Iterable[Source]:
    # Found by looking and not by entry points, so that they are there when running from a source tree as well.
    number = _version(DISTRIBUTION)
    for module in pkgutil.iter_modules(builtin.__path__):
        load = _importer(f"{builtin.__name__}.{module.name}")
        yield Source(name=module.name, distribution=DISTRIBUTION, version=number, load=load, is_own=True)


def _third_parties(found: Iterable[EntryPoint]) -> Iterable[Source]:
    seen: set[tuple[str, str]] = set()
    for point in sorted(found, key=lambda point: (point.name, point.value)):
        # A distribution that lies on the path twice is listed twice.
        if (point.name, point.value) in seen:
            continue
        seen.add((point.name, point.value))
        distribution = point.dist
        yield Source(
            name=point.name,
            distribution=distribution.name if distribution else "unknown",
            version=distribution.version if distribution else "unknown",
            load=point.load,
        )


def _importer(name: str) -> Callable[[], object]:
    return lambda: importlib.import_module(name)


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "from source"
