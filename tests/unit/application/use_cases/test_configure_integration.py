"""Settings and secrets of an integration: given, taken back, never read back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.application.configuring import opened
from sre_copilot.application.queries.integrations import described
from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.canonical import plain
from sre_copilot.domain.deliveries import Parsed, Sample
from sre_copilot.domain.errors import AlreadyExists, InvalidInput, OutgoingFailed
from sre_copilot.domain.integrations import Feature, Health, Setting, SettingKind
from sre_copilot.domain.signals import Environment
from sre_copilot.testing.deliveries import FixedTypes
from sre_copilot.testing.stage import Stage, alert, deploy, stage

KNOWN = (
    Setting(name="url", help="Where it is."),
    Setting(name="page_size", help="How many at once.", kind=SettingKind.NUMBER),
    Setting(name="strict", help="Whether it is strict.", kind=SettingKind.FLAG),
    Setting(name="teams", help="Whose.", kind=SettingKind.LIST),
    Setting(name="api_key", help="What it asks with.", secret=True, sent_to="url"),
    Setting(name="signing_secret", help="What senders sign with.", secret=True, generated="whsec_"),
)
GIVEN = {"url": "https://vendor.example", "page_size": 50, "strict": True, "teams": ["a", "b"], "api_key": "hunter2"}


@pytest.fixture
def here() -> Stage:
    return stage(types=FixedTypes(known={"generic": KNOWN}))


def admin(here: Stage) -> Actor:
    return here.person(Role.ADMIN)


def made(here: Stage, **given: Any) -> UUID:
    created = here.copilot.create_integration(actor=admin(here), type="generic", name="door", **given)
    return created.integration.id


def configure(here: Stage, integration_id: UUID, **given: Any) -> Any:
    return here.copilot.configure_integration(actor=admin(here), integration_id=integration_id, **given)


def test_settings_are_read_back_and_secrets_only_as_set(here: Stage) -> None:
    view = here.copilot.integrations.show(actor=here.engineer, integration_id=made(here, settings=GIVEN))
    assert dict(view.settings) == {name: value for name, value in GIVEN.items() if name != "api_key"}
    assert dict(view.secrets) == {"api_key": True, "signing_secret": True}
    assert "hunter2" not in repr(view) + str(plain(view.document))


def test_nothing_readable_is_stored(here: Stage) -> None:
    created = here.copilot.create_integration(actor=admin(here), type="generic", name="door", settings=GIVEN)
    stored = here.tables.integrations[created.integration.id]
    everything = repr(attrs.asdict(stored)) + repr(here.tables.audit)
    assert [
        text for text in ("hunter2", "vendor.example", created.key, *created.secrets.values()) if text in everything
    ] == []


def test_only_what_is_given_changes(here: Stage) -> None:
    integration_id = made(here, settings=GIVEN, environments={"prod": Environment.PRODUCTION})
    after = configure(here, integration_id, settings={"page_size": 10}, expected_every=timedelta(minutes=5))
    assert dict(after.settings) == {"url": GIVEN["url"], "page_size": 10, "strict": True, "teams": ["a", "b"]}
    assert (after.name, dict(after.environments)) == ("door", {"prod": Environment.PRODUCTION})
    assert after.expected_every == timedelta(minutes=5)
    assert configure(here, integration_id, expected_every=timedelta(0)).expected_every is None


def test_what_is_given_as_none_is_taken_back(here: Stage) -> None:
    integration_id = made(here, settings=GIVEN)
    configure(here, integration_id, settings={"url": None, "api_key": None})
    view = here.copilot.integrations.show(actor=here.engineer, integration_id=integration_id)
    assert "url" not in view.settings
    assert dict(view.secrets) == {"api_key": False, "signing_secret": True}


def test_the_secret_before_stays_valid_for_the_overlap_and_no_longer(here: Stage) -> None:
    integration_id = made(here, settings=GIVEN)

    def valid(later: timedelta = timedelta(0)) -> tuple[str, ...]:
        sealer = here.copilot.configure_integration.sealer
        _, secrets = opened(sealer, here.tables.integrations[integration_id], here.clock.now() + later)
        return secrets.valid("api_key")

    configure(here, integration_id, settings={"api_key": "hunter3"}, overlap=timedelta(hours=1))
    assert valid() == valid(timedelta(minutes=59)) == ("hunter3", "hunter2")
    assert valid(timedelta(hours=1)) == ("hunter3",)
    configure(here, integration_id, settings={"api_key": "hunter4"})
    assert valid() == ("hunter4",)


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example", None])
def test_an_address_changes_only_with_the_secrets_that_are_sent_there(here: Stage, elsewhere: str | None) -> None:
    integration_id = made(here, settings=GIVEN)
    before = here.tables.copy()
    with pytest.raises(InvalidInput, match=r"give again what is sent there: api_key\."):
        configure(here, integration_id, settings={"url": elsewhere})
    assert here.tables == before
    assert (
        configure(here, integration_id, settings={"url": elsewhere, "api_key": "hunter3"}).settings.get("url")
        == elsewhere
    )


def test_the_same_address_given_again_needs_no_secret(here: Stage) -> None:
    integration_id = made(here, settings=GIVEN)
    assert configure(here, integration_id, settings={"url": GIVEN["url"], "page_size": 5}).settings["page_size"] == 5


def test_an_address_changes_freely_where_its_secret_is_taken_back(here: Stage) -> None:
    integration_id = made(here, settings=GIVEN)
    after = configure(here, integration_id, settings={"url": "https://elsewhere.example", "api_key": None})
    assert after.settings["url"] == "https://elsewhere.example"


@pytest.mark.parametrize(
    "given",
    [
        {"colour": "red"},
        {"url": 5},
        {"url": ""},
        {"url": "x" * 10_001},
        {"url": "a\x00"},
        {"page_size": "many"},
        {"page_size": True},
        {"strict": "yes"},
        {"teams": "a"},
        {"teams": ["a", 5]},
        {"api_key": 5},
    ],
)
def test_an_unknown_setting_and_a_wrong_kind_are_refused_and_change_nothing(here: Stage, given: dict[str, Any]) -> None:
    integration_id = made(here, settings=GIVEN)
    before = here.tables.copy()
    with pytest.raises(InvalidInput) as refused:
        configure(here, integration_id, settings=given)
    assert next(iter(given)) in str(refused.value)
    assert here.tables == before


def test_a_required_setting_may_not_be_missing() -> None:
    known = (
        Setting(name="url", help="Where it is.", required=True),
        Setting(name="key", help="k", secret=True, required=True),
    )
    here = stage(types=FixedTypes(known={"generic": known}))
    with pytest.raises(InvalidInput, match="url, key"):
        made(here)
    integration_id = made(here, settings={"url": "https://vendor.example", "key": "k"})
    with pytest.raises(InvalidInput, match="url"):
        configure(here, integration_id, settings={"url": None})


@pytest.mark.parametrize(
    "given",
    [
        {"dedup_window": timedelta(0)},
        {"sync_interval": timedelta(seconds=4)},
        {"sync_interval": timedelta(days=2)},
        {"expected_every": timedelta(seconds=1)},
        {"expected_every": timedelta(days=31)},
        {"overlap": timedelta(seconds=-1)},
        {"overlap": timedelta(days=30, seconds=1)},
    ],
)
def test_a_time_that_makes_no_sense_is_refused(here: Stage, given: dict[str, Any]) -> None:
    integration_id = made(here)
    with pytest.raises(InvalidInput):
        configure(here, integration_id, **given)


def test_a_taken_name_is_refused(here: Stage) -> None:
    with pytest.raises(AlreadyExists):
        configure(here, made(here), name=here.integration.name)


def test_enabling_forgets_that_its_plugin_failed(here: Stage) -> None:
    integration_id = made(here)
    sick = Health(is_healthy=False, consecutive_failures=9, plugin_failures=9, last_error="it raised")
    known = here.tables.integrations[integration_id]
    here.tables.integrations[integration_id] = attrs.evolve(known, health=sick)
    configure(here, integration_id, is_active=True)
    assert here.tables.integrations[integration_id].health == Health()


def test_the_words_for_an_integration_hold_neither_its_key_nor_what_is_sealed(here: Stage) -> None:
    stored = here.tables.integrations[made(here, settings=GIVEN)]
    assert stored.key is not None
    assert {"key", "sealed"} & set(described(stored)) == set()
    assert stored.key.current not in str(plain(described(stored)))


def test_a_trial_shows_the_first_sample_or_the_one_that_is_named_and_stores_nothing(here: Stage) -> None:
    integration_id = made(here)
    before = here.tables.copy()
    trial = here.copilot.integrations.trial(actor=admin(here), integration_id=integration_id)
    assert (trial.works, trial.sample) == ("It works.", None)
    with pytest.raises(InvalidInput, match="no sample 'firing'"):
        here.copilot.integrations.trial(actor=admin(here), integration_id=integration_id, sample="firing")
    assert here.tables == before


SAMPLES = (Sample(name="firing", body=b"firing"), Sample(name="change", body=b"change"))


def test_a_sample_reads_as_what_it_would_become() -> None:
    here = stage(types=FixedTypes(known={"generic": ()}, shown={"generic": SAMPLES}))
    here.script.answers[b"firing"] = Parsed(drafts=(alert(),))
    here.script.answers[b"change"] = Parsed(drafts=(deploy(),))
    ask: dict[str, Any] = {"actor": admin(here), "integration_id": here.integration.id}
    first, named = here.copilot.integrations.trial(**ask), here.copilot.integrations.trial(**ask, sample="change")
    assert (first.sample, named.sample) == SAMPLES
    assert first.parsed == Parsed(drafts=(alert(),))
    assert first.delivery is not None
    assert here.copilot.ingest(actor=admin(here), integration_id=here.integration.id, delivery=first.delivery).opened


def test_what_a_check_finds_broken_is_told() -> None:
    here = stage(types=FixedTypes(known={"generic": ()}, broken=OutgoingFailed("It did not answer.")))
    with pytest.raises(OutgoingFailed):
        here.copilot.integrations.trial(actor=admin(here), integration_id=here.integration.id)


@attrs.frozen(kw_only=True)
class Unable(FixedTypes):
    """Types that only take in."""

    def features(self, kind: str) -> frozenset[Feature]:
        return frozenset()


def test_a_feature_that_the_type_has_not_is_refused_and_others_can_be_taken_back(here: Stage) -> None:
    integration_id = made(here, features=[Feature.PULL])
    assert here.tables.integrations[integration_id].features == {Feature.PULL}
    assert configure(here, integration_id, features=[]).features == frozenset()
    unable = stage(types=Unable(known={"generic": KNOWN}))
    with pytest.raises(InvalidInput, match="can't pull"):
        made(unable, features=[Feature.PULL])
    with pytest.raises(InvalidInput, match="can't context"):
        configure(unable, made(unable), features=[Feature.CONTEXT])


def test_an_overlap_that_is_too_long_is_refused(here: Stage) -> None:
    with pytest.raises(InvalidInput):
        here.copilot.rotate_integration_key(actor=admin(here), integration_id=made(here), overlap=timedelta(days=31))
