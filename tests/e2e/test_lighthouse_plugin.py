"""A third party's plugin in its own wheel: built, installed, checked, and used by a copilot that runs."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.signatures import hmac_hex
from sre_copilot.testing.conformance.plugins.checks import CHECKS
from tests.e2e.distributions import LIGHTHOUSE, installed, kit, lay_out, no_kit
from tests.e2e.installation import Installation
from tests.e2e.polled_vendors import OPEN, Answer, vendor
from tests.e2e.server import Reply, Server, awaited, serving

LOUD = """
import attrs
from sre_copilot import hookimpl
from sre_copilot_lighthouse import Lighthouse

@attrs.frozen
class Loud(Lighthouse):
    type: str = "loud"

    def parse(self, integration, payload, delivery):
        print("reading")
        return super().parse(integration, payload, delivery)

@hookimpl
def sre_copilot_integrations():
    return [Loud()]
"""


@attrs.define
class Lights:
    """What Lighthouse tells of when it is asked."""

    out: list[dict[str, Any]] = attrs.field(factory=list)

    def __call__(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Answer as its API does."""
        return 200, {}, {"lights": self.out[int(query["after"]) :], "after": len(self.out)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its wheel is installed, and a broken plugin that is made of it."""
    folder = tmp_path_factory.mktemp("lighthouse")
    return lay_out(installed(LIGHTHOUSE, folder / "site"), "loud", LOUD)


def test_the_kit_is_passed_by_the_wheel_with_every_check(site: Path, tmp_path: Path) -> None:
    done = kit("lighthouse", site, tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{len(CHECKS)} passed" in done.stdout


def test_the_kit_tells_in_its_own_words_what_is_broken_and_fails_nothing_else(site: Path, tmp_path: Path) -> None:
    done = kit("loud", site, tmp_path)
    assert done.returncode == 1, done.stdout
    assert "loud fails the check silence: It writes to standard output" in done.stdout
    assert f"1 failed, {len(CHECKS) - 1} passed" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_kit_refuses_a_type_that_is_not_installed_and_is_off_unless_asked_for(site: Path, tmp_path: Path) -> None:
    done = kit("lighthouse,nobody", site, tmp_path)
    assert done.returncode == 4
    assert "No installed plugin reads deliveries of the type nobody; there are:" in done.stdout + done.stderr
    done = no_kit(site, tmp_path)
    assert done.returncode == 5
    assert "no tests ran" in done.stdout


@attrs.frozen(kw_only=True)
class House:
    """A tenant with an integration of it."""

    installation: Installation
    site: Path
    slug: str

    def told(self, *words: str) -> Any:
        """The document that a command prints for the tenant."""
        answer = self.installation.call(*words, "--tenant", self.slug, "--json", PYTHONPATH=str(self.site))
        return answer.expect(0).document


@pytest.fixture
def house(installation: Installation, site: Path) -> Iterator[House]:
    house = House(installation=installation, site=site, slug=f"light-{str(new_id())[-12:]}")
    admin = f"ada@{house.slug}.example.com"
    installation.call("tenants", "create", house.slug, "--admin", admin).expect(0)
    yield house
    # Later tests look at the same installation without the plugin.
    house.told("integrations", "disable", "lighthouse")


def light(name: str) -> dict[str, Any]:
    return {"id": name, "state": "out", "brightness": "dark", "sea": "prod"}


def knock(server: Server, door: str, secret: str, body: bytes) -> Reply:
    """Send what Lighthouse sends, signed with a secret."""
    stamp, name = str(int(time.time())), str(new_id())
    right = hmac_hex(secret, f"{stamp}.{name}.".encode() + body)
    headers = {"x-lighthouse-id": name, "x-lighthouse-time": stamp, "x-lighthouse-signature": right}
    return server.ask("POST", f"/webhooks/{door}", body=body, headers=headers)


def test_a_running_copilot_is_knocked_at_asks_and_tells_through_the_wheel(house: House, site: Path) -> None:
    listed = house.installation.call("plugins", "list", "--json", PYTHONPATH=str(site)).expect(0).document["plugins"]
    (row,) = (row for row in listed if row["name"] == "lighthouse")
    assert (row["distribution"], row["version"], row["types"]) == ("sre-copilot-lighthouse", "2.3.1", ["lighthouse"])
    news: list[Any] = []
    with vendor(Lights([light("fastnet")]), heard=news.append) as api:
        polls = ("--set", f"url={api.url}", "--feature", "pull", "--poll-seconds", "5")
        made = house.told("integrations", "create", "lighthouse", *polls)
        house.told("routes", "add", "everything", "--to", "lighthouse")
        door, secret = made["integration"]["id"], made["secrets"]["signing_secret"]
        with serving(house.installation, "up", PYTHONPATH=str(site), **OPEN) as server:
            body = json.dumps({"lights": [light("eddystone")]}).encode()
            receipt = knock(server, door, secret, body).expect(202).document
            assert (receipt["accepted"], len(receipt["incidents"])) == (1, 1)
            knock(server, door, "lh_wrong", body).expect(401)
            opened = {"eddystone is out", "fastnet is out"}
            awaited(
                lambda: {row["title"] for row in news if row["what"] == "incident.opened"} == opened,
                "it is told of what knocked and of what was asked for",
            )
    assert {row["title"] for row in house.told("incidents", "list")["incidents"]} == opened
