"""The plugin manager: built-ins are always there, and a broken plugin is reported and harms nobody."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import attrs
import pytest

from sre_copilot.adapters.integrations.manager import PluginManager, PluginReport
from sre_copilot.domain.deliveries import Delivery, Parsed
from sre_copilot.domain.integrations import Integration, Setting
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

GROUP = "sre_copilot.integrations"


@attrs.frozen
class Acme:
    """A third party's integration."""

    type: Any = "acme"
    title: Any = "Acme"

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        return Parsed()


@attrs.frozen
class Greedy(Acme):
    """One whose limit is no size."""

    max_body_bytes: Any = "much"


URL = Setting(name="url", help="Where it is.")


@attrs.frozen
class Keeping(Acme):
    """One that wants headers kept."""

    kept_headers: Any = ()

    @classmethod
    def of(cls, *names: str) -> "Keeping":
        return cls(kept_headers=names)


@attrs.frozen
class Configured(Acme):
    """One with settings."""

    settings: Any = ()

    @classmethod
    def of(cls, *settings: Any) -> "Configured":
        return cls(settings=settings)


@attrs.frozen
class Silent:
    """One without any capability."""

    type: str = "silent"
    title: str = "Silent"


@attrs.frozen
class Bringing:
    """A plugin that registers whatever the test says."""

    answer: Callable[[], Any]

    @hookimpl
    def sre_copilot_integrations(self) -> list[IntegrationPlugin]:
        answer: list[IntegrationPlugin] = self.answer()
        return answer


class Misspelt:
    """A plugin with a hook that doesn't exist."""

    @hookimpl
    def sre_copilot_integration(self) -> list[IntegrationPlugin]:
        return [Acme()]


class WrongArguments:
    """A plugin whose hook asks for what the specification doesn't give."""

    @hookimpl
    def sre_copilot_integrations(self, settings: object) -> list[IntegrationPlugin]:
        return [Acme()]


class Loading(EntryPoint):
    """An entry point that does what the test says instead of importing."""

    def load(self) -> Any:
        return LOADS[self.value]()


LOADS: dict[str, Callable[[], Any]] = {}


def point(name: str, load: Callable[[], Any]) -> EntryPoint:
    LOADS[name] = load
    return Loading(name=name, value=name, group=GROUP)


def bringing(*plugins: Any) -> Callable[[], Any]:
    return lambda: Bringing(lambda: list(plugins))


def raising(error: BaseException) -> Callable[[], Any]:
    def load() -> Any:
        raise error

    return load


def reported(manager: PluginManager, name: str) -> PluginReport:
    (report,) = [report for report in manager.report() if report.name == name]
    return report


def test_the_built_ins_are_there_without_any_entry_point_and_are_registered_once() -> None:
    reports = PluginManager([]).report()
    assert {"generic", "pagerduty", "prometheus"} <= {report.name for report in reports}
    assert all(report.problem is None and report.distribution == "sre-copilot" for report in reports)
    assert [report.types for report in reports] == [(report.name,) for report in reports]
    installed = [report for report in PluginManager().report() if report.distribution == "sre-copilot"]
    assert installed == list(reports)


def test_a_third_partys_plugin_is_loaded_and_reported() -> None:
    manager = PluginManager([point("acme", bringing(Acme(), Acme(type="acme_two")))])
    assert reported(manager, "acme").types == ("acme", "acme_two")
    assert reported(manager, "acme").problem is None
    assert manager.plugins["acme"].title == "Acme"


def test_an_entry_point_that_is_listed_twice_is_loaded_once() -> None:
    twice = point("acme", bringing(Acme()))
    assert reported(PluginManager([twice, twice]), "acme").problem is None


BROKEN: dict[str, tuple[Callable[[], Any], str]] = {
    "an import error": (raising(ImportError("no module")), "failed to load: ImportError at test_manager.py"),
    "a syntax error": (raising(SyntaxError("bad")), "failed to load: SyntaxError"),
    "an exit while loading": (raising(SystemExit(3)), "failed to load: SystemExit"),
    "an exit while registering": (lambda: Bringing(raising(SystemExit(3))), "failed to load: SystemExit"),
    "an error while registering": (lambda: Bringing(raising(ValueError("x"))), "failed to load: ValueError"),
    "no hook at all": (Silent, "no hook sre_copilot_integrations"),
    "a hook that doesn't exist": (Misspelt, "does not fit the hooks"),
    "a hook with other arguments": (WrongArguments, "does not fit the hooks"),
    "an answer that is no list": (lambda: Bringing(lambda: 5), "returned int, not a list"),
    "a type that is no word": (bringing(Acme(type="Acme!")), "Acme.type is not a word"),
    "a type that is missing": (bringing(object()), "object.type is not a word"),
    "a title that is missing": (bringing(Acme(title="")), "Acme.title is missing"),
    "no capability": (bringing(Silent()), "Silent has no capability"),
    "a header that holds credentials": (bringing(Keeping.of("x-acme", "authorization")), "a header that holds cred"),
    "a header that isn't in lower case": (
        bringing(Keeping.of("X-Acme")),
        "Keeping.kept_headers must be names in lower",
    ),
    "settings that are none": (bringing(Configured.of("url")), "Configured.settings must be of the class Setting"),
    "a setting twice": (bringing(Configured.of(URL, URL)), "Configured.settings has a name twice"),
    "a limit that is no size": (bringing(Greedy()), "Greedy.max_body_bytes is not a whole number"),
    "the type of a built-in": (bringing(Acme(type="generic")), "the integration type generic is taken"),
    "a type twice": (bringing(Acme(), Acme()), "the integration type acme is taken"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_left_out_as_a_whole_reported_and_stops_no_other(case: str) -> None:
    load, words = BROKEN[case]
    manager = PluginManager([point("broken", load), point("acme_three", bringing(Acme(type="acme_three")))])
    assert words in (reported(manager, "broken").problem or "")
    assert reported(manager, "broken").types == ()
    assert reported(manager, "acme_three").types == ("acme_three",)
    assert set(manager.plugins) - set(PluginManager([]).plugins) == {"acme_three"}


def test_what_two_entry_points_bring_is_registered_once() -> None:
    plugin = Bringing(lambda: [Acme()])
    manager = PluginManager([point("a", lambda: plugin), point("b", lambda: plugin)])
    assert reported(manager, "a").types == ("acme",)
    assert "acme is taken" in (reported(manager, "b").problem or "")
