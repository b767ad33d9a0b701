"""Creating and ending silences."""

from datetime import timedelta
from typing import Any

import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import InvalidInput, NotFound, TooManySilences
from sre_copilot.domain.silences import LONGEST_COMMENT, MOST_SILENCES, ShownSilence, SilenceState, read_matchers
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.silences import make_silence
from sre_copilot.testing.stage import Stage, alert, stage

HOUR = timedelta(hours=1)


def create(here: Stage, written: str = "service=checkout", **given: Any) -> ShownSilence:
    """Silence checkout for an hour, as an engineer."""
    defaults = {"ends_at": here.clock.now() + HOUR, "comment": "maintenance"}
    return here.copilot.create_silence(actor=here.engineer, matchers=read_matchers(written), **{**defaults, **given})


def events(here: Stage) -> list[str]:
    return [entry.event_type for entry in here.tables.audit.values() if entry.event_type.startswith("silence")]


def test_a_silence_is_in_force_from_its_creation_and_on_record() -> None:
    here = stage()
    made = create(here, 'service=checkout, severity!="critical"', comment="  disk is swapped ")
    assert (made.state, made.comment, made.created_by) == (SilenceState.ACTIVE, "disk is swapped", here.engineer.id)
    assert (made.starts_at, made.ends_at, made.created_at) == (BEGINNING, BEGINNING + HOUR, BEGINNING)
    (entry,) = (entry for entry in here.tables.audit.values() if entry.event_type == "silence.created")
    assert (entry.resource_id, entry.user_id) == (made.id, here.engineer.id)
    assert entry.details["matchers"] == ['service="checkout"', 'severity!="critical"']
    assert here.send(alert()).opened == ()


def test_a_start_that_has_passed_is_now_and_one_to_come_stays() -> None:
    here = stage()
    assert create(here, starts_at=BEGINNING - HOUR).starts_at == BEGINNING
    later = create(here, starts_at=BEGINNING + HOUR, ends_at=BEGINNING + 2 * HOUR)
    assert (later.starts_at, later.state) == (BEGINNING + HOUR, SilenceState.PENDING)


@pytest.mark.parametrize(
    "given",
    [
        {"ends_at": BEGINNING},
        {"ends_at": BEGINNING - HOUR, "starts_at": BEGINNING - 2 * HOUR},
        {"starts_at": BEGINNING + HOUR, "ends_at": BEGINNING + HOUR},
        {"comment": " "},
        {"comment": "x" * (LONGEST_COMMENT + 1)},
        {"written": "service=~.*"},
        {"written": "service=~("},
        {"written": ""},
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(given: dict[str, Any]) -> None:
    here = stage()
    with pytest.raises(InvalidInput):
        create(here, **given)
    assert here.tables.silences == {}


def test_a_tenant_has_a_number_of_silences_at_a_time_and_those_that_are_over_do_not_count() -> None:
    here = stage()
    with here.units(here.tenant.id) as uow:
        for _ in range(MOST_SILENCES):
            uow.silences.add(make_silence(here.tenant.id))
        uow.commit()
    with pytest.raises(TooManySilences):
        create(here)
    here.clock.advance(HOUR)
    assert create(here).state is SilenceState.ACTIVE


def test_whoever_ends_a_silence_is_on_record_and_only_the_first_one() -> None:
    here = stage()
    made = create(here)
    here.clock.advance(timedelta(minutes=5))
    admin = here.person(Role.ADMIN)
    ended = here.copilot.end_silence(actor=admin, silence_id=made.id)
    assert (ended.state, ended.ended_at, ended.ended_by) == (SilenceState.EXPIRED, here.clock.now(), admin.id)
    here.clock.advance(timedelta(minutes=5))
    assert here.copilot.end_silence(actor=here.engineer, silence_id=made.id) == ended
    assert events(here) == ["silence.created", "silence.ended"]


def test_what_an_ended_silence_held_comes_up_when_timers_run() -> None:
    here = stage()
    made = create(here)
    here.send(alert())
    here.copilot.end_silence(actor=here.engineer, silence_id=made.id)
    assert here.wait(seconds=5).placed == 1


def test_a_silence_that_is_to_come_is_called_off() -> None:
    here = stage()
    made = create(here, starts_at=BEGINNING + HOUR, ends_at=BEGINNING + 2 * HOUR)
    here.copilot.end_silence(actor=here.engineer, silence_id=made.id)
    here.clock.advance(HOUR)
    assert len(here.send(alert()).opened) == 1


def test_what_is_not_there_can_not_be_ended() -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.end_silence(actor=here.engineer, silence_id=here.tenant.id)
