"""The checks of the kit, by name. Each takes a `Subject` and raises a `Violation`, or `NotApplicable`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sre_copilot.testing.conformance.plugins.authenticity import authenticity
from sre_copilot.testing.conformance.plugins.deadlines import deadlines
from sre_copilot.testing.conformance.plugins.episodes import redelivery, resolving
from sre_copilot.testing.conformance.plugins.hostility import hostility
from sre_copilot.testing.conformance.plugins.identity import identity
from sre_copilot.testing.conformance.plugins.manners import cleanliness, silence
from sre_copilot.testing.conformance.plugins.sameness import determinism
from sre_copilot.testing.conformance.plugins.samples import samples
from sre_copilot.testing.conformance.plugins.secrecy import headers, secrecy
from sre_copilot.testing.conformance.plugins.severity import severity
from sre_copilot.testing.conformance.plugins.subject import Subject

Check = Callable[[Subject], None]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        check.__name__: check
        for check in (
            samples,
            determinism,
            identity,
            severity,
            resolving,
            redelivery,
            hostility,
            authenticity,
            secrecy,
            headers,
            deadlines,
            silence,
            cleanliness,
        )
    }
)
"""Name -> check; the docstring of each is what it demands."""
