"""`sre-copilot serve` and `up`: the copilot as a server."""

import importlib
import sys

import click

from sre_copilot.entrypoints.cli.session import waiting
from sre_copilot.settings import Settings

HOST = "127.0.0.1"
PORT = 8080

host_option = click.option(
    "--host",
    default=HOST,
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen at; 0.0.0.0 for everybody who can reach this machine.",
)
port_option = click.option(
    "--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port to listen at."
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer requests. More than one per processor core makes nothing quicker.",
)


@click.command()
@host_option
@port_option
@workers_option
def serve(host: str, port: int, workers: int) -> None:
    """Serve the doors for signals, the API and its documentation over HTTP.

    Ends on SIGTERM or Ctrl-C, once everything that was accepted is answered. Logs are JSON lines on standard error.
    """
    settings = Settings.load()
    # By name: the command line and HTTP know nothing of one another, and this is where they meet.
    server = importlib.import_module("sre_copilot.entrypoints.http.server")
    server.serve(settings, host=host, port=port, workers=workers)


@click.command()
@host_option
@port_option
@workers_option
def up(host: str, port: int, workers: int) -> int:
    """Run everything in one: the server, and the worker that does what the clock and the queue demand.

    A part that dies is started again. Ends on SIGTERM or Ctrl-C, once everything that was accepted is done; the
    embedded database keeps running until `sre-copilot down`.
    """
    # Here rather than above: neither is needed for `--help`.
    from sre_copilot.bootstrap import bootstrap
    from sre_copilot.entrypoints.cli.startscreen import StartScreen
    from sre_copilot.entrypoints.cli.supervision import Part, Supervisor, address

    settings = Settings.load()
    # What is wrong is said here once, and not by every part.
    with waiting("Starting"), bootstrap(settings):
        pass
    own = (sys.executable, "-P", "-m", "sre_copilot.entrypoints.cli.main")
    serving = ("serve", "--host", host, "--port", str(port), "--workers", str(workers))
    parts = [
        Part(name="server", command=(*own, *serving), event="listening", answers_at=address(host, port)),
        Part(name="worker", command=(*own, "worker"), event="worker takes jobs"),
    ]
    return Supervisor(parts=parts, screen=StartScreen(settings=settings, host=host, port=port)).run()
