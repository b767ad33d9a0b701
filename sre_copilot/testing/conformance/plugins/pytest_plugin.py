"""`pytest --sre-copilot-conformance`: one test per installed integration type and check, beside whatever else is collected."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sre_copilot.testing.conformance.plugins.subject import Subject

OPTION = "--sre-copilot-conformance"
EVERYTHING = "every type"
THOROUGH = "SRE_COPILOT_SOAK"
"""Environment variable: with 1 the checks that take long try everything, with 0 only a part. Without it that depends on
whether types are named."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("sre-copilot").addoption(
        OPTION,
        nargs="?",
        const=EVERYTHING,
        default=None,
        metavar="TYPE,...",
        help="Check the installed integration plugins, or only these types, with SRE Copilot's conformance kit.",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the kit's tests, where they were asked for."""
    chosen = config.getoption(OPTION)
    if chosen is not None:
        kit = Kit.from_parent(session, name="sre-copilot-conformance", nodeid="sre-copilot-conformance")
        items.extend(kit.tests(None if chosen == EVERYTHING else chosen.split(",")))


class Kit(pytest.Collector):
    """All checks of all types."""

    def collect(self) -> Iterator[pytest.Item]:
        """Nothing by itself: `tests` says which."""
        return iter(())

    def tests(self, kinds: list[str] | None) -> Iterator[pytest.Item]:
        """One test per type and check. Raises pytest.UsageError for a type that is not installed."""
        # Here rather than above: pytest loads this module in every run that can see it.
        from sre_copilot.testing.conformance.plugins.checks import CHECKS
        from sre_copilot.testing.conformance.plugins.subject import Subject, readers

        installed = readers()
        unknown = sorted(set(kinds or ()) - set(installed))
        if unknown:
            raise pytest.UsageError(
                f"No installed plugin reads deliveries of the type {', '.join(unknown)}; there are: {', '.join(installed)}."
            )
        wanted = os.environ.get(THOROUGH, "")
        thorough = wanted == "1" or (kinds is not None and wanted != "0")
        for kind in kinds or installed:
            subject = Subject(kind=kind, thorough=thorough)
            for name in CHECKS:
                yield CheckItem.from_parent(self, name=f"{kind}-{name}", subject=subject, check=name)


class CheckItem(pytest.Item):
    """One check of one type."""

    def __init__(self, *, subject: "Subject", check: str, **given: Any) -> None:
        super().__init__(**given)
        self.subject, self.check = subject, check

    def runtest(self) -> None:
        """Check it, or skip where the check says nothing about this plugin."""
        # As in `Kit.tests`.
        from sre_copilot.testing.conformance.plugins.checks import CHECKS
        from sre_copilot.testing.conformance.plugins.subject import NotApplicable

        try:
            CHECKS[self.check](self.subject)
        except NotApplicable as why:
            pytest.skip(str(why))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A violation is told in its own words, without a traceback."""
        # As in `Kit.tests`.
        from sre_copilot.testing.conformance.plugins.subject import Violation

        if isinstance(excinfo.value, Violation):
            return f"{self.subject.kind} fails the check {self.check}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int, str]:
        """How the test is called."""
        return "sre-copilot-conformance", 0, self.name
