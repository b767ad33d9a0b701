"""Notes on the timeline."""

import pytest

from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, stage


def test_a_note_is_kept_with_its_author_and_time() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    note = here.copilot.note(actor=here.engineer, incident_id=incident_id, text="  rolled back \n")
    assert (note.text, note.user_id, note.at) == ("rolled back", here.engineer.id, BEGINNING)
    assert list(here.tables.notes.values()) == [note]


def test_an_empty_note_is_refused() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    with pytest.raises(InvalidInput):
        here.copilot.note(actor=here.engineer, incident_id=incident_id, text=" \n")


def test_a_note_needs_its_incident() -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.note(actor=here.engineer, incident_id=here.tenant.id, text="lost")


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_a_note_that_cannot_be_stored_is_refused(text: str) -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    with pytest.raises(InvalidInput, match="The note"):
        here.copilot.note(actor=here.engineer, incident_id=incident_id, text=text)


def test_a_note_on_a_merged_incident_is_where_people_look() -> None:
    here = stage()
    kept, middle, away = (
        here.copilot.declare(actor=here.engineer, title=title, service="search").id for title in ("a", "b", "c")
    )
    here.copilot.merge(actor=here.engineer, incident_id=middle, other_id=away)
    here.copilot.merge(actor=here.engineer, incident_id=kept, other_id=middle)
    note = here.copilot.note(actor=here.engineer, incident_id=away, text="still here")
    assert here.tables.notes[note.id].incident_id == kept
