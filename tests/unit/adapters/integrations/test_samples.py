"""Every integration shows what its vendor sends: something that fires or changes first, and ends that pair up."""

from collections.abc import Sequence

import pytest

from sre_copilot.domain.deliveries import Sample
from sre_copilot.domain.signals import SignalStatus
from sre_copilot.hookspecs import ProvidesSamples
from tests.unit.adapters.integrations.door import MANAGER, NOW, Door

TYPES = sorted(kind for kind, plugin in MANAGER.plugins.items() if isinstance(plugin, ProvidesSamples))


def samples(kind: str) -> Sequence[Sample]:
    plugin = MANAGER.plugins[kind]
    assert isinstance(plugin, ProvidesSamples)
    return plugin.samples(NOW)


@pytest.mark.parametrize("kind", TYPES)
def test_the_first_sample_fires_or_is_a_change_and_every_name_is_there_once(kind: str) -> None:
    names = [sample.name for sample in samples(kind)]
    assert names[0] in ("firing", "change")
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("kind", TYPES)
def test_a_sample_that_ends_another_resolves_the_same_series_later(kind: str) -> None:
    door = Door(type=kind)
    by_name = {sample.name: sample for sample in samples(kind)}
    for end in by_name.values():
        if not end.resolves:
            continue
        start = by_name[end.resolves]
        assert door.series(end.body, end.headers, end.path) == door.series(start.body, start.headers, start.path)
        first = door.signal(start.body, start.headers, start.path)
        last = door.signal(end.body, end.headers, end.path)
        assert (first.status, last.status) == (SignalStatus.FIRING, SignalStatus.RESOLVED)
        assert (first.occurred_at or NOW) <= (last.occurred_at or NOW)
