"""Faults where you want them: every call on a unit of work can be listened to, and be made to fail."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self, cast
from uuid import UUID

import attrs

from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


class Tap(Protocol):
    """Is told of each call on a unit of work, in order. What it raises, the call raises."""

    def before(self, call: str) -> None:
        """A call, such as "enter", "incidents.save", "commit" or "exit", is about to be made."""

    def after(self, call: str) -> None:
        """It was made and has had its effect. Not told of "enter" and "exit"."""


@attrs.define
class Fault:
    """A tap that lets one call fail: the one with number `at`, counted from 1; with 0 it only takes down the calls.

    A `late` fault strikes once the call has had its effect, as when the answer is lost on its way.
    """

    at: int = 0
    late: bool = False
    error: BaseException = attrs.field(factory=lambda: OSError("the fault that was asked for"))
    calls: list[str] = attrs.field(factory=list, init=False)

    def before(self, call: str) -> None:
        """Take down the call; raise the error if this is the one and the fault is not late."""
        self.calls.append(call)
        if not self.late and len(self.calls) == self.at:
            raise self.error

    def after(self, call: str) -> None:
        """Raise the error if this was the one and the fault is late."""
        if self.late and len(self.calls) == self.at:
            raise self.error


@attrs.frozen
class TappedUnits:
    """Opens the units of another factory, each with the tap on it."""

    units: UnitOfWorkFactory
    tap: Tap

    def __call__(self, tenant_id: UUID) -> UnitOfWork:
        """Return a unit of work for the tenant, to be entered."""
        return cast(UnitOfWork, _TappedUnit(self.units(tenant_id), self.tap))


class _TappedUnit:
    """A unit of work whose commit and repositories are tapped."""

    def __init__(self, unit: UnitOfWork, tap: Tap) -> None:
        self._unit, self._tap = unit, tap

    def __enter__(self) -> Self:
        self._tap.before("enter")
        self._unit.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._tap.before("exit")
        except BaseException as fault:
            # As when the connection breaks while the database commits: the unit has to end, and without effect.
            self._unit.__exit__(type(fault), fault, fault.__traceback__)
            raise
        self._unit.__exit__(kind, error, trace)

    def commit(self) -> None:
        _tapped(self._unit.commit, "commit", self._tap)()

    def __getattr__(self, name: str) -> Any:
        return _TappedRepository(getattr(self._unit, name), name, self._tap)


class _TappedRepository:
    """A repository whose methods are tapped."""

    def __init__(self, repository: object, name: str, tap: Tap) -> None:
        self._repository, self._name, self._tap = repository, name, tap

    def __getattr__(self, name: str) -> Any:
        return _tapped(getattr(self._repository, name), f"{self._name}.{name}", self._tap)


def _tapped(method: Callable[..., Any], name: str, tap: Tap) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        tap.before(name)
        answer = method(*given, **named)
        tap.after(name)
        return answer

    return call
