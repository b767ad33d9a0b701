"""Reading silences, and what one would hold."""

from datetime import timedelta

import pytest

from sre_copilot.application.queries import silences
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.domain.silences import Silence, SilenceState, read_matchers
from sre_copilot.testing.builders import make_signal
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.silences import make_silence
from sre_copilot.testing.stage import Stage, alert, recovery, stage

MINUTE = timedelta(minutes=1)


def stored(here: Stage, **given: object) -> Silence:
    made = make_silence(here.tenant.id, **given)
    with here.units(here.tenant.id) as uow:
        uow.silences.add(made)
        uow.commit()
    return made


def preview(here: Stage, written: str) -> silences.SilencePreview:
    return here.copilot.silences.preview(actor=here.engineer, matchers=read_matchers(written))


def test_silences_are_shown_as_they_stand_now() -> None:
    here = stage()
    made = stored(here)
    ended = stored(here, created_at=BEGINNING - MINUTE, ended_at=BEGINNING - MINUTE)
    queries = here.copilot.silences
    found = queries.list(actor=here.engineer)
    assert [(row.id, row.state) for row in found] == [(made.id, SilenceState.ACTIVE), (ended.id, SilenceState.EXPIRED)]
    assert [row.id for row in queries.list(actor=here.engineer, state=SilenceState.EXPIRED)] == [ended.id]
    after = (made.created_at, made.id)
    assert [row.id for row in queries.list(actor=here.engineer, before=after, limit=1)] == [ended.id]
    assert queries.get(actor=here.engineer, silence_id=made.id).state is SilenceState.ACTIVE
    here.clock.advance(timedelta(hours=1))
    assert queries.get(actor=here.engineer, silence_id=made.id).state is SilenceState.EXPIRED
    with pytest.raises(NotFound):
        queries.get(actor=here.engineer, silence_id=here.tenant.id)


def test_a_preview_tells_open_episodes_and_signals_of_the_last_day() -> None:
    here = stage()
    here.send(alert("Old", occurred_at=BEGINNING - timedelta(hours=25)))
    here.send(alert("HighLatency"), alert("DiskFull", "billing"))
    here.send(alert("Short"), recovery("Short", occurred_at=BEGINNING + MINUTE), at=BEGINNING + MINUTE)
    here.clock.advance(MINUTE)
    found = preview(here, "service=checkout")
    assert sorted(row.name for row in found.episodes) == ["HighLatency", "Old"]
    assert (found.open_episodes, found.signals, found.is_whole) == (2, 3, True)
    latest = found.episodes[0]
    assert (latest.name, latest.service, latest.started_at) == ("HighLatency", "checkout", BEGINNING)
    assert latest.incident_id in here.tables.incidents
    everything = preview(here, "service=~.+,integration=alerts")
    assert (everything.open_episodes, everything.signals) == (3, 4)
    nothing = preview(here, "service=search")
    assert (nothing.open_episodes, nothing.signals, nothing.episodes, nothing.is_whole) == (0, 0, (), True)


def test_a_preview_refuses_what_creating_would_refuse_and_changes_nothing() -> None:
    here = stage()
    here.send(alert())
    before = here.tables.copy()
    for written in ("service=~.*", "service=~("):
        with pytest.raises(InvalidInput):
            preview(here, written)
    preview(here, "service=checkout")
    assert here.tables == before


def test_a_preview_of_very_much_says_that_it_is_not_whole() -> None:
    here = stage()
    here.send(alert())
    kept = [make_signal(here.integration, draft=alert(), ordinal=number) for number in range(silences.MOST_SIGNALS)]
    with here.units(here.tenant.id) as uow:
        uow.series.save([], kept)
        uow.commit()
    found = preview(here, "service=checkout")
    assert (found.open_episodes, found.signals, found.is_whole) == (1, silences.MOST_SIGNALS, False)


def test_an_explanation_names_the_silence() -> None:
    here = stage()
    made = stored(here)
    here.send(alert(vendor_id="1"))
    here.send(alert(vendor_id="2"))
    original, duplicate = here.tables.signals.values()
    for signal in (original, duplicate):
        assert here.copilot.signals.explain(actor=here.engineer, signal_id=signal.id).silence == made
    here.wait(hours=1)
    explained = here.copilot.signals.explain(actor=here.engineer, signal_id=original.id)
    assert explained.silence is None
