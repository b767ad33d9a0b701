"""A credential through its whole life: it works, it moves from key to key, and nobody ever reads it anywhere."""

import base64
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import attrs
import pytest
from standardwebhooks import Webhook

from sre_copilot.adapters.postgres.binaries import find_binaries
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.system import SystemClock
from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.deliveries import Delivery, Receipt
from sre_copilot.domain.errors import NotAuthentic
from tests.e2e.command_line import Terminal
from tests.e2e.installation import Installation

CANARY = b"a planted canary of the tests"
SECRET = f"whsec_{base64.b64encode(CANARY).decode()}"
ROTATIONS = 3


@attrs.frozen(kw_only=True)
class Scene:
    """A tenant with an integration that checks signatures with the secret, and all that was printed so far."""

    terminal: Terminal
    folder: Path
    integration: UUID
    printed: list[str]

    def say(self, *arguments: str) -> str:
        """Run a command and remember what it prints."""
        answer = self.terminal(*arguments)
        self.printed.append(answer.out + answer.err)
        return answer.expect(0).out

    def key_ids(self) -> list[str]:
        """The ids on the ring, oldest first."""
        return [row["id"] for row in json.loads(self.say("keys", "list", "--json"))["keys"]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Set the scene in an installation of its own."""
    folder = tmp_path_factory.mktemp("secrets")
    installation = Installation(data_folder=folder / "data")
    terminal = Terminal(installation=installation)
    file = folder / "secret"
    file.write_text(SECRET)
    terminal.done("tenants", "create", "acme", "--admin", "ada@acme.example.com")
    made = terminal("integrations", "create", "generic", "--secret", f"signing_secret=file:{file}", "--json").expect(0)
    document = made.document
    found = Scene(
        terminal=terminal,
        folder=folder,
        integration=UUID(document.get("id") or document["integration"]["id"]),
        printed=[made.out, made.err],
    )
    yield found
    EmbeddedPostgres(installation.data_folder).erase()


def send(copilot: Copilot, integration: UUID, number: int, secret: str = SECRET) -> Receipt:
    """Hand in a delivery that is signed by the vendors' own library."""
    body, now = json.dumps({"title": f"alert {number}", "service": "checkout"}), SystemClock().now()
    headers = {"webhook-id": f"msg_{number}", "webhook-timestamp": str(int(now.timestamp()))}
    headers["webhook-signature"] = Webhook(secret).sign(headers["webhook-id"], now, body)
    return copilot.receive(
        integration_id=integration, delivery=Delivery(body=body.encode(), received_at=now, headers=headers)
    )


def dump(scene: Scene) -> str:
    """Everything that is in the database."""
    server = EmbeddedPostgres(scene.terminal.installation.data_folder)
    command = [str(find_binaries(None) / "pg_dump"), "--dbname", server.superuser_url("sre_copilot")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def forms(secret: bytes) -> list[str]:
    """How bytes may be written, whatever is around them."""
    whole = [base64.b64encode(b"x" * pad + secret).decode()[4 if pad else 0 : -4] for pad in range(3)]
    return [secret.decode("latin-1"), secret.hex(), *whole]


def test_a_secret_works_through_rotations_and_is_readable_nowhere(scene: Scene) -> None:
    with scene.terminal.installation.open() as running:
        assert send(running, scene.integration, 0).accepted == 1
        for number in range(1, ROTATIONS + 1):
            assert json.loads(scene.say("keys", "rotate", "--json"))["moved"] == 1
            assert send(running, scene.integration, number).accepted == 1
        with pytest.raises(NotAuthentic) as forged:
            send(running, scene.integration, 99, "whsec_" + base64.b64encode(b"somebody else's secret").decode())
    for command in (
        "integrations list",
        "integrations show generic",
        "integrations test generic",
        "deliveries list",
        "doctor",
    ):
        scene.say(*command.split())
        scene.say(*command.split(), "--json")
    assert len(scene.key_ids()) == ROTATIONS + 1
    stored = dump(scene)
    assert str(scene.integration) in stored
    assert scene.key_ids()[-1] in stored
    ring = json.loads((scene.terminal.installation.data_folder / "keys.json").read_text())
    hidden = [CANARY, *(base64.b64decode(row["key"]) for row in ring["keys"])]
    everywhere = "".join([stored, *scene.printed, repr(forged.value)])
    assert [form for secret in hidden for form in forms(secret) if form in everywhere] == []
    assert any(form in SECRET for form in forms(CANARY))
    logs = scene.terminal.installation.data_folder.rglob("*.log")
    assert [log for log in logs for form in forms(CANARY) if form in log.read_text(errors="replace")] == []


def test_the_secret_opens_with_the_last_key_alone(scene: Scene) -> None:
    path = scene.terminal.installation.data_folder / "keys.json"
    document = json.loads(path.read_text())
    long_ago = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    path.write_text(json.dumps({**document, "keys": [{**row, "created_at": long_ago} for row in document["keys"]]}))
    for key_id in scene.key_ids():
        if key_id != document["current"]:
            scene.say("keys", "retire", key_id)
    assert scene.key_ids() == [document["current"]]
    with scene.terminal.installation.open() as copilot:
        assert send(copilot, scene.integration, 100).accepted == 1
