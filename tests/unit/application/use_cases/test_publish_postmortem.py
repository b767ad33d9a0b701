"""Postmortems through the facade: a draft of what is on record, and where the finished one is."""

import pytest

from sre_copilot.domain.errors import InvalidInput, NotFound, NotPermitted
from sre_copilot.domain.outcomes import OutcomeResult
from tests.unit.application.scene import scene


def test_the_draft_tells_what_was_tried_and_names_nobody() -> None:
    on = scene()
    here = on.stage
    here.copilot.note(actor=here.engineer, incident_id=on.incident, text="rolled back by hand")
    here.copilot.record_outcome(
        actor=here.engineer, recommendation_id=on.accepted, result=OutcomeResult.WORKED, notes="errors are gone"
    )
    drafted = here.copilot.drafts.postmortem(actor=on.actor("viewer"), incident_id=on.incident)
    assert (drafted.incident_id, drafted.published_at) == (on.incident, None)
    assert "executed | worked: errors are gone |" in drafted.markdown
    assert "a person: rolled back by hand" in drafted.markdown
    named = {word for user in here.tables.users.values() for word in (user.email, user.full_name) if word}
    assert named
    assert not any(name in drafted.markdown for name in named)


def test_where_it_was_published_is_kept_and_audited() -> None:
    on = scene()
    here = on.stage
    url = "https://wiki.example.com/postmortems/42"
    here.copilot.publish_postmortem(actor=here.engineer, incident_id=on.incident, url=url)
    drafted = here.copilot.drafts.postmortem(actor=here.engineer, incident_id=on.incident)
    assert drafted.published_at == url
    entry = list(here.tables.audit.values())[-1]
    assert (entry.event_type, dict(entry.details)) == ("incident.postmortem_published", {"url": url})


def test_who_may_only_read_publishes_nothing_and_a_bad_address_changes_nothing() -> None:
    on = scene()
    here = on.stage
    before = here.tables.copy()
    with pytest.raises(NotPermitted):
        here.copilot.publish_postmortem(actor=on.actor("viewer"), incident_id=on.incident, url=None)
    with pytest.raises(InvalidInput):
        here.copilot.publish_postmortem(actor=here.engineer, incident_id=on.incident, url="wiki")
    with pytest.raises(NotFound):
        here.copilot.drafts.postmortem(actor=here.engineer, incident_id=here.tenant.id)
    assert here.tables == before
