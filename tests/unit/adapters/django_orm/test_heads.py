"""What is written of a head is what is read of it."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.django_orm.heads import from_text, to_text
from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.series_head import SeriesHead
from sre_copilot.domain.signals import Severity, SignalStatus
from sre_copilot.domain.stored_episodes import Episode

NAME = "f" * 64
IDS = st.uuids(allow_nil=False).map(lambda one: UUID(int=one.int))
TIMES = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
FACTS = st.builds(
    Fact,
    signal_id=IDS,
    ordinal=st.integers(1, 2**40),
    status=st.sampled_from(SignalStatus),
    occurred_at=TIMES,
    received_at=TIMES,
    last_seen_at=TIMES,
    severity=st.sampled_from(Severity),
    episode_started_at=st.none() | TIMES,
    expires_at=st.none() | TIMES,
)
EPISODES = st.builds(
    Episode,
    id=IDS,
    fingerprint=st.just(NAME),
    original_id=IDS,
    started_at=TIMES,
    last_seen_at=TIMES,
    incident_id=st.none() | IDS,
    ended_at=st.none() | TIMES,
    end=st.none() | st.sampled_from(EpisodeEnd),
    end_seen_at=st.none() | TIMES,
    due_at=st.none() | TIMES,
    waiting=st.booleans(),
)
HEADS = st.builds(
    SeriesHead,
    ordinal=st.integers(1, 2**40),
    newest=FACTS,
    is_latest=st.booleans(),
    latest_at=TIMES,
    latest_start=st.none() | TIMES,
    is_stated=st.none() | st.booleans(),
    previous_incident_id=st.none() | IDS,
    episode=st.none() | EPISODES,
    firings=st.lists(FACTS, max_size=2).map(tuple),
)


@given(HEADS)
def test_a_head_is_read_as_it_was_written(head: SeriesHead) -> None:
    assert from_text(to_text(head), NAME) == head
