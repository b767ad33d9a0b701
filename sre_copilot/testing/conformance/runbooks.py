"""Runbooks, their versions, and finding them."""

from datetime import timedelta
from itertools import product

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.runbooks import RunbookFilter
from sre_copilot.domain.actions import RiskLevel
from sre_copilot.domain.errors import AlreadyExists, ForeignReference, NotFound
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.runbook_texts import LONGEST_CONTENT
from sre_copilot.testing.builders import make_runbook
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House

MINUTE = timedelta(minutes=1)


class RunbooksConformance(Conformance):
    """Runbooks, and finding them."""

    def test_every_field_of_a_runbook_comes_back_as_it_was(self, house: House) -> None:
        """Also after it was changed."""
        runbook = make_runbook(
            content_url="https://example.com/r",
            service_names=("checkout",),
            risk_level=RiskLevel.HIGH,
            estimated_duration_minutes=15,
            owner_id=house.user.id,
            version=3,
            source="wiki/slow.md",
            source_hash="0" * 64,
        )
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            assert uow.runbooks.get(runbook.id) == runbook
            runbook = runbook.used(OutcomeResult.WORKED, BEGINNING + MINUTE)
            uow.runbooks.save(runbook)
        with house.reading() as uow:
            assert uow.runbooks.get(runbook.id) == runbook
            with pytest.raises(NotFound):
                uow.runbooks.get(house.tenant.id)

    def test_a_slug_is_taken_once(self, house: House) -> None:
        """Within the tenant, and found by it though it is deleted."""
        runbook = make_runbook(is_active=False)
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.runbooks.save(runbook)
            assert uow.runbooks.by_slug(runbook.slug) == runbook
            assert uow.runbooks.by_slug("no-such-slug") is None
            uow.runbooks.save(make_runbook(slug=runbook.slug))

    def test_a_source_gives_one_runbook(self, house: House) -> None:
        """Those that were written here have none, however many they are."""
        runbook = make_runbook(source="wiki/a.md", is_active=False)
        with house.changing() as uow:
            for row in (runbook, make_runbook(), make_runbook(), make_runbook(source="wiki/b.md")):
                uow.runbooks.save(row)
        with pytest.raises(AlreadyExists), house.changing() as uow:
            assert uow.runbooks.by_source("wiki/a.md") == runbook
            assert uow.runbooks.by_source("wiki/c.md") is None
            uow.runbooks.save(make_runbook(source="wiki/a.md"))

    def test_a_list_comes_by_creation_and_in_pages(self, house: House) -> None:
        """Narrowed by what is deleted, by service and by tag."""
        old = make_runbook(service_names=("checkout",), tags=("disk", "linux"))
        other = make_runbook(service_names=("search",), created_at=BEGINNING + MINUTE)
        new = make_runbook(created_at=BEGINNING + 2 * MINUTE)
        gone = make_runbook(is_active=False)
        with house.changing() as uow:
            for row in (other, new, old, gone):
                uow.runbooks.save(row)
        with house.reading() as uow:
            first = list(uow.runbooks.list(RunbookFilter(limit=2)))
            assert first == [new, other]
            rest = RunbookFilter(limit=2, before=(other.created_at, other.id))
            assert list(uow.runbooks.list(rest)) == [old]
            assert list(uow.runbooks.list(RunbookFilter(service="checkout"))) == [new, old]
            assert list(uow.runbooks.list(RunbookFilter(tag="disk"))) == [old]
            assert list(uow.runbooks.list(RunbookFilter(deleted=True))) == [gone]

    def test_versions_are_kept_in_order_and_each_number_once(self, house: House) -> None:
        """Of a runbook that is there."""
        runbook = make_runbook()
        first = runbook.as_version(id=new_id(), at=BEGINNING, by=None)
        second = attrs.evolve(
            first,
            id=new_id(),
            version=2,
            title="Slower",
            content_url="https://example.com/r",
            service_names=("checkout",),
            estimated_duration_minutes=5,
            written_by=house.user.id,
        )
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            uow.runbooks.keep(first)
            uow.runbooks.keep(second)
        with house.reading() as uow:
            assert list(uow.runbooks.versions(runbook.id)) == [second, first]
            assert uow.runbooks.version(runbook.id, 1) == first
            assert not list(uow.runbooks.versions(house.user.id))
            with pytest.raises(NotFound):
                uow.runbooks.version(runbook.id, 3)
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.runbooks.keep(attrs.evolve(second, id=new_id()))
        with pytest.raises(ForeignReference), house.changing() as uow:
            uow.runbooks.keep(attrs.evolve(second, id=new_id(), runbook_id=house.user.id))

    def test_any_word_finds_a_runbook_and_the_best_match_comes_first(self, house: House) -> None:
        """A title says more than a text; relevance is in [0, 1]."""
        disk = make_runbook(slug="disk", title="Disk is full", description="Free space.", tags=())
        pool = make_runbook(slug="pool", title="Connections", description="Look at the disk too.", tags=())
        other = make_runbook(slug="other", title="Certificates", description="Renew them.", tags=())
        with house.changing() as uow:
            for runbook in (other, pool, disk):
                uow.runbooks.save(runbook)
        with house.reading() as uow:
            found = list(uow.runbooks.search("zebra disk", limit=10))
            assert [runbook for runbook, _ in found] == [disk, pool]
            assert 1 >= found[0][1] > found[1][1] > 0
            assert [runbook.slug for runbook, _ in uow.runbooks.search("disk", limit=1)] == ["disk"]
            assert not list(uow.runbooks.search("zebra", limit=10))

    def test_equal_matches_come_by_slug(self, house: House) -> None:
        """So that the order is the same every time."""
        with house.changing() as uow:
            for slug in ("b", "c", "a"):
                uow.runbooks.save(make_runbook(slug=slug))
        with house.reading() as uow:
            assert [runbook.slug for runbook, _ in uow.runbooks.search("slowly", limit=2)] == ["a", "b"]

    def test_words_are_found_in_their_other_forms(self, house: House) -> None:
        """Case, plural, and names written together."""
        with house.changing() as uow:
            uow.runbooks.save(make_runbook(slug="pods", title="Pods restart", tags=("crash-loop",)))
        with house.reading() as uow:
            for query in ("POD", "restarting", "KubePodRestarting", "crash", "pod/checkout-1", "what's-up-with:pods?"):
                assert [runbook.slug for runbook, _ in uow.runbooks.search(query, limit=5)] == ["pods"], query

    @pytest.mark.parametrize(
        "alphabet", ["abcdefghijklmnopqrstuvwxyz0123456789", "".join(map(chr, range(0x10400, 0x10428)))]
    )
    def test_the_longest_text_can_be_kept_and_searched_whatever_it_says(self, house: House, alphabet: str) -> None:
        """Also where no word of it comes twice, and every one is made of two."""
        syllables = ["".join(pair) for pair in product(alphabet, repeat=2)]
        content = " ".join(map("-".join, product(syllables, repeat=2)))[:LONGEST_CONTENT]
        runbook = make_runbook(content=content)
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            assert uow.runbooks.search(syllables[1], limit=1)[0][0] == runbook

    def test_a_text_falls_apart_as_queries_do(self, house: House) -> None:
        """At every sign, and between letters and a number."""
        taint = "Look for `node.kubernetes.io/disk-pressure`, https://example.com/inodes?all and ext4."
        with house.changing() as uow:
            uow.runbooks.save(make_runbook(slug="disk", title="Übervoll", content=taint))
        with house.reading() as uow:
            for query in ("disk", "pressure", "DiskPressure", "inodes", "ext", "übervoll", "io/disk"):
                assert [runbook.slug for runbook, _ in uow.runbooks.search(query, limit=5)] == ["disk"], query

    def test_an_inactive_runbook_is_not_found(self, house: House) -> None:
        """Though it can still be looked up."""
        runbook = make_runbook(is_active=False)
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            assert not list(uow.runbooks.search(runbook.title, limit=5))
            assert uow.runbooks.get(runbook.id) == runbook

    @pytest.mark.parametrize("query", ["", " \n", "& | !", "'; --", "a:* & b", "(", "\x00", "\\", "<->", "the of"])
    def test_whatever_is_asked_is_words_and_never_syntax(self, house: House, query: str) -> None:
        """Nothing but words is searched for."""
        with house.changing() as uow:
            uow.runbooks.save(make_runbook())
            assert not list(uow.runbooks.search(query, limit=5))
