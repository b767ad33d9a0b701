"""A Slack workspace on loopback that speaks the protocol: channels, threads, updates, ephemeral answers, limits, metadata.

It refuses what Slack refuses: a wrong token, blocks over the limits, a thread that isn't there. slack_sdk reads every block
that is posted. In Socket Mode it speaks to the connection that was opened last, and notes what is acknowledged.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
from slack_sdk.models.blocks import Block
from websockets.sync.server import ServerConnection, serve

BOT_TOKEN, APP_TOKEN = "xoxb-planted-token", "xapp-planted-token"
SIGNING_SECRET = "planted-signing-secret"
CHANNEL, CHANNEL_NAME = "C0123456789", "#ops"
BOT_USER = "U0BOT00000"

Failure = Callable[[str], tuple[int, Mapping[str, str], Mapping[str, Any]] | None]
"""Given a method, what is answered instead: status, headers, body; None for the usual."""


def limited(seconds: int) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """What Slack answers whoever asks too often."""
    return 429, {"Retry-After": str(seconds)}, {"ok": False, "error": "ratelimited"}


@attrs.define
class Posted:
    """One message as it stands, and how often it was changed."""

    ts: str
    channel: str
    thread: str
    told: dict[str, Any]
    changes: int = 0

    @property
    def key(self) -> str:
        """Our idempotency key."""
        return str(self.told["metadata"]["event_payload"]["key"])

    @property
    def words(self) -> str:
        """Everything in it that people can read."""
        return " ".join(_texts(self.told["blocks"]))

    def buttons(self) -> dict[str, dict[str, Any]]:
        """Its buttons by action id; of several with the same id the first."""
        found: dict[str, dict[str, Any]] = {}
        for block in self.told["blocks"]:
            for element in block.get("elements", ()):
                if element.get("type") == "button":
                    found.setdefault(element["action_id"], {**element, "block_id": block["block_id"]})
        return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


@attrs.define
class Workspace:
    """What was posted, in order, and what was said to one person only. Thread-safe."""

    url: str = ""
    posted: list[Posted] = attrs.field(factory=list)
    ephemeral: list[dict[str, Any]] = attrs.field(factory=list)
    calls: list[str] = attrs.field(factory=list)
    failures: list[Failure] = attrs.field(factory=list)
    """Each is asked once, in order, for one call each."""
    reads_history: bool = True
    delay: float = 0.0
    """Seconds between taking a message and answering."""
    socket_url: str = ""
    sockets: list[ServerConnection] = attrs.field(factory=list)
    """The open connections, oldest first."""
    acknowledged: list[dict[str, Any]] = attrs.field(factory=list)
    lock: threading.RLock = attrs.field(factory=threading.RLock, init=False)
    _clock: int = attrs.field(default=0, init=False)

    def threads(self) -> dict[str, list[Posted]]:
        """The replies by the message that their thread begins with."""
        with self.lock:
            roots = [row for row in self.posted if not row.thread]
            return {root.ts: [row for row in self.posted if row.thread == root.ts] for root in roots}

    def answer(self, method: str, told: dict[str, Any], token: str) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
        """Answer one call."""
        with self.lock:
            self.calls.append(method)
            failure = self.failures.pop(0)(method) if self.failures else None
            if failure is not None:
                return failure
            wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
            if token != f"Bearer {wanted}":
                return 200, {}, {"ok": False, "error": "invalid_auth"}
            answer = getattr(self, method.replace(".", "_"), self._unknown)(told)
        if self.delay and method == "chat.postMessage":
            time.sleep(self.delay)
        return 200, {}, answer

    def _unknown(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"ok": False, "error": "unknown_method"}

    def apps_connections_open(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "url": f"{self.socket_url}/link/?ticket={len(self.calls)}"}

    def push(self, envelope: Mapping[str, Any]) -> None:
        """Say something to the connection that was opened last."""
        self.sockets[-1].send(json.dumps(envelope))

    def hang_up(self, *, politely: bool = True) -> None:
        """End the connection that was opened last, as Slack does now and then."""
        last = self.sockets[-1]
        if politely:
            last.send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
        else:
            last.close()

    def listen(self, connection: ServerConnection) -> None:
        """Serve one connection."""
        with self.lock:
            self.sockets.append(connection)
        try:
            connection.send(json.dumps({"type": "hello", "num_connections": len(self.sockets)}))
            for message in connection:
                with self.lock:
                    self.acknowledged.append(json.loads(message))
        finally:
            with self.lock:
                self.sockets.remove(connection)

    def auth_test(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "user": "copilot", "team": "Loopback", "user_id": BOT_USER}

    def chat_postMessage(self, told: dict[str, Any]) -> dict[str, Any]:
        if told.get("channel") not in (CHANNEL, CHANNEL_NAME):
            return {"ok": False, "error": "channel_not_found"}
        if (problem := _wrong_with(told)) is not None:
            return {"ok": False, "error": problem}
        thread = told.get("thread_ts", "")
        if thread and all(row.ts != thread for row in self.posted):
            return {"ok": False, "error": "thread_not_found"}
        self._clock += 1
        ts = f"{int(time.time())}.{self._clock:06}"
        self.posted.append(Posted(ts=ts, channel=CHANNEL, thread=thread, told=told))
        return {"ok": True, "channel": CHANNEL, "ts": ts, "message": {"text": told["text"]}}

    def chat_update(self, told: dict[str, Any]) -> dict[str, Any]:
        found = next((row for row in self.posted if (row.channel, row.ts) == (told["channel"], told["ts"])), None)
        if found is None:
            return {"ok": False, "error": "message_not_found"}
        if (problem := _wrong_with(told)) is not None:
            return {"ok": False, "error": problem}
        found.told = {**found.told, "blocks": told["blocks"], "text": told["text"]}
        found.changes += 1
        return {"ok": True, "channel": CHANNEL, "ts": found.ts, "text": told["text"]}

    def chat_postEphemeral(self, told: dict[str, Any]) -> dict[str, Any]:
        if told["user"] == "UGONE":
            return {"ok": False, "error": "user_not_in_channel"}
        self.ephemeral.append(told)
        return {"ok": True, "message_ts": "1.000001"}

    def conversations_history(self, told: dict[str, Any]) -> dict[str, Any]:
        return self._history(told, "")

    def conversations_replies(self, told: dict[str, Any]) -> dict[str, Any]:
        return self._history(told, told["ts"])

    def _history(self, told: dict[str, Any], thread: str) -> dict[str, Any]:
        if not self.reads_history:
            return {"ok": False, "error": "missing_scope", "needed": "channels:history"}
        rows = [row for row in self.posted if row.channel == told["channel"] and row.thread == thread]
        return {"ok": True, "messages": [{"ts": row.ts, "metadata": row.told["metadata"]} for row in reversed(rows)]}


def _wrong_with(told: Mapping[str, Any]) -> str | None:
    blocks = told.get("blocks", ())
    if not told.get("text"):
        return "no_text"
    if len(blocks) > 50 or len({b["block_id"] for b in blocks if "block_id" in b}) < sum(
        "block_id" in b for b in blocks
    ):
        return "invalid_blocks"
    for block in blocks:
        if len(str(block.get("block_id", ""))) > 255 or len(block.get("fields", ())) > 10:
            return "invalid_blocks"
    try:
        for block in Block.parse_all(list(blocks)):
            block.validate_json()
    except Exception:  # noqa: BLE001 - whatever slack_sdk finds wrong, Slack would refuse
        return "invalid_blocks"
    return None


class _Handler(BaseHTTPRequestHandler):
    workspace: Workspace

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self._answer(json.loads(body) if body else {})

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def _answer(self, told: dict[str, Any]) -> None:
        method = urlsplit(self.path).path.removeprefix("/api/")
        status, headers, body = self.workspace.answer(method, told, self.headers.get("authorization", ""))
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's word
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever was killed while being answered is no news."""


@contextmanager
def workspace(**given: Any) -> Iterator[Workspace]:
    """Open a workspace on a free port of 127.0.0.1."""
    made = Workspace(**given)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"workspace": made}))
    made.url = f"http://127.0.0.1:{server.server_address[1]}/api"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    socket = serve(made.listen, "127.0.0.1", 0)
    made.socket_url = f"ws://127.0.0.1:{socket.socket.getsockname()[1]}"
    listening = threading.Thread(target=socket.serve_forever, daemon=True)
    listening.start()
    try:
        yield made
    finally:
        socket.shutdown()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
