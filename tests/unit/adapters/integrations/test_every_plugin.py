"""What holds for every built-in integration, whatever it reads: tried on its own samples and on anything else."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.errors import MalformedDelivery, NotAuthentic, UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Secrets
from sre_copilot.domain.signals import SignalDraft, SignalStatus
from sre_copilot.hookspecs import HasSettings, ParsesDeliveries, ProvidesSamples, SignsSamples
from tests.unit.adapters.integrations.door import MANAGER, NOW, Door

PLUGINS = {kind: plugin for kind, plugin in MANAGER.plugins.items() if isinstance(plugin, ParsesDeliveries)}
SAMPLES = {kind: plugin.samples(NOW) for kind, plugin in PLUGINS.items() if isinstance(plugin, ProvidesSamples)}
UNKNOWN = "zz_unheard_of"
"""A field that no vendor has."""
OPEN = "labels"
"""The field whose object has whatever names its sender likes, so that another one is another series."""
REMOVED = object()
SWAPPED: tuple[Any, ...] = (None, True, -1, 1.5, "", "word", "\u0000", [], [None], {}, {"a": "b"}, [{}], "x" * 300)
SECRET = "whsec_a2V5IG9ubHkgZm9yIHRlc3Rz"
ID = UUID(int=1)
NO_SAMPLE = Sample(name="none", body=b"{}")

every_plugin = pytest.mark.parametrize("kind", sorted(PLUGINS))
SIGNERS = {kind: plugin for kind, plugin in MANAGER.plugins.items() if isinstance(plugin, SignsSamples)}
every_signer = pytest.mark.parametrize("kind", sorted(SIGNERS))
every_sample = pytest.mark.parametrize(
    ("kind", "sample"),
    [pytest.param(kind, sample, id=f"{kind}-{sample.name}") for kind in sorted(SAMPLES) for sample in SAMPLES[kind]],
)

VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
ANYTHING = st.recursive(
    VALUES | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def secret_settings(kind: str) -> list[str]:
    plugin = MANAGER.plugins[kind]
    return [setting.name for setting in plugin.settings if setting.secret] if isinstance(plugin, HasSettings) else []


def outcome(kind: str, delivery: Delivery) -> Parsed | str:
    """What a delivery says or why it can't be read; anything else that is raised fails the test."""
    door = Door(type=kind)
    try:
        return door.gateway.parse(door.integration, door.gateway.strip(door.integration, delivery))
    except (UnreadableDelivery, MalformedDelivery) as error:
        return f"{type(error).__name__}: {error}"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a JSON value, its own first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def changed(body: Any, path: tuple[Any, ...], change: Any) -> Any:
    """The body with what is at the path replaced, or taken out where `change` is REMOVED."""
    if not path:
        return None if change is REMOVED else change
    copy = json.loads(json.dumps(body))
    parent = at(copy, path[:-1])
    if change is REMOVED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = change
    return copy


def payload(sample: Sample) -> Any:
    """A sample's body as JSON; None where it is in another form."""
    try:
        return json.loads(sample.body)
    except ValueError:
        return None


def resent(sample: Sample, body: Any) -> Delivery:
    return attrs.evolve(sample.delivery(NOW), body=json.dumps(body).encode())


def read(kind: str, sample: Sample) -> SignalDraft:
    parsed = outcome(kind, sample.delivery(NOW))
    assert isinstance(parsed, Parsed), parsed
    return parsed.drafts[0]


def without_raw(parsed: Parsed | str) -> Any:
    if isinstance(parsed, str):
        return parsed
    return attrs.evolve(parsed, drafts=tuple(attrs.evolve(draft, raw={}) for draft in parsed.drafts))


@every_sample
def test_a_sample_is_read_and_read_again_alike(kind: str, sample: Sample) -> None:
    parsed = outcome(kind, sample.delivery(NOW))
    assert isinstance(parsed, Parsed), parsed
    assert parsed == outcome(kind, sample.delivery(NOW))


@every_plugin
def test_the_first_sample_shows_an_alert_a_change_or_a_command_and_a_resolve_ends_what_it_names(kind: str) -> None:
    samples = {sample.name: sample for sample in SAMPLES.get(kind, ())}
    assert not samples or next(iter(samples)) in ("firing", "change", "command")
    for sample in samples.values():
        if sample.resolves:
            begun, ended = (read(kind, one) for one in (samples[sample.resolves], sample))
            assert ended.status is SignalStatus.RESOLVED
            assert begun.status is SignalStatus.FIRING
            assert fingerprint(ID, ended) == fingerprint(ID, begun)


@every_signer
def test_what_a_plugin_signs_is_authentic_and_a_changed_byte_is_not(kind: str) -> None:
    secrets = dict.fromkeys(secret_settings(kind), (SECRET,))
    door = Door(type=kind, secrets=secrets)
    proven = 0
    for sample in SAMPLES[kind]:
        signed = SIGNERS[kind].sign(Secrets(secrets), sample.delivery(NOW), NOW)
        # A vendor may have doors where the key decides, beside those for what it signs.
        if not door.verify(signed.body, signed.headers, signed.path):
            continue
        proven += 1
        for body, headers in ((signed.body[:-1] + b"?", signed.headers), (signed.body, sample.headers)):
            with pytest.raises(NotAuthentic):
                door.verify(body, headers, signed.path)
    assert proven


@every_sample
def test_an_unknown_field_at_any_depth_changes_nothing_but_the_raw_data(kind: str, sample: Sample) -> None:
    body = payload(sample)
    expected = without_raw(outcome(kind, resent(sample, body)))
    for path in places(body):
        if isinstance(at(body, path), dict) and path[-1:] != (OPEN,):
            grown = changed(body, path, {**at(body, path), UNKNOWN: {"a": [1, None, "b"]}})
            assert without_raw(outcome(kind, resent(sample, grown))) == expected, path


@every_sample
def test_a_sample_without_a_field_or_with_another_type_in_it_is_read_or_refused(kind: str, sample: Sample) -> None:
    body = payload(sample)
    for path in places(body):
        for change in (REMOVED, *SWAPPED):
            outcome(kind, resent(sample, changed(body, path, change)))


@every_sample
@given(data=st.data())
def test_a_damaged_sample_is_read_or_refused_and_always_alike(kind: str, sample: Sample, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(sample.body)))
    end = data.draw(st.integers(start, min(start + 8, len(sample.body))))
    body = sample.body[:start] + data.draw(st.binary(max_size=4)) + sample.body[end:]
    delivery = attrs.evolve(sample.delivery(NOW), body=body)
    assert outcome(kind, delivery) == outcome(kind, delivery)


@every_plugin
@given(data=st.data())
def test_any_json_is_read_or_refused_and_always_alike(kind: str, data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(SAMPLES.get(kind, (NO_SAMPLE,))))
    known = {path[0] for path in places(payload(sample)) if path and isinstance(path[0], str)}
    names = st.sampled_from(sorted(known)) | st.text(max_size=6) if known else st.text(max_size=6)
    body = data.draw(ANYTHING | st.dictionaries(names, ANYTHING, max_size=5))
    assert outcome(kind, resent(sample, body)) == outcome(kind, resent(sample, body))
