"""`/api/v1/incidents/{id}/postmortem`."""

from sre_copilot.domain.actors import Role
from tests.unit.entrypoints.http.desk import desk


def test_whoever_reads_gets_the_draft_and_whoever_responds_says_where_the_finished_one_is() -> None:
    at = desk()
    path = f"{at.incident}/postmortem"
    drafted = at.ask("GET", path, role=Role.VIEWER).document
    assert drafted["markdown"].startswith("# Postmortem: ")
    assert drafted["published_at"] is None
    version = at.ask("GET", at.incident).headers["etag"]
    url = "https://wiki.example.com/42"
    published = at.ask("PUT", path, {"url": url}, headers={"If-Match": version})
    assert (published.status, published.document["postmortem_url"]) == (200, url)
    assert published.headers["etag"] != version
    assert at.ask("GET", path).document["published_at"] == url
    assert at.ask("PUT", path, {"url": None}).document["postmortem_url"] is None


def test_an_address_that_nobody_can_be_sent_to_an_old_version_and_a_reader_are_refused() -> None:
    at = desk()
    path = f"{at.incident}/postmortem"
    url = "https://wiki.example.com/42"
    assert at.ask("PUT", path, {"url": "javascript:alert(1)"}).status == 422
    assert at.ask("PUT", path, {"url": url, "by": "ada"}).status == 422
    assert at.ask("PUT", path, {"url": url}, headers={"If-Match": '"99"'}).status == 412
    assert at.ask("PUT", path, {"url": url}, role=Role.VIEWER).status == 403
    assert at.ask("GET", path).document["published_at"] is None
