"""`sre-copilot`: the commands, loaded when they are called, and the one place where errors become exit codes."""

import importlib
import os
import sys
import warnings
from collections.abc import Sequence

import click

from sre_copilot.domain.errors import CopilotError
from sre_copilot.entrypoints.cli.errors import DONE, UNEXPECTED, WRONG_USAGE, exit_code
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.plain_text import one_line

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo:demo", "Replay a recorded incident through the real use cases and show it."),
    "ingest": ("ingest:ingest", "Take in one delivery, or a recording of many."),
    "incidents": ("incidents:incidents", "List, show, declare, edit and move incidents."),
    "diagnose": ("diagnosis:diagnose", "Rank the causes of an incident and recommend what to do."),
    "explain": ("explain:explain", "Say why a signal ended up where it is."),
    "hypotheses": ("diagnosis:hypotheses", "Say what you think of a hypothesis."),
    "precedents": ("precedents:precedents", "Show what was learned from past incidents; turn it off and on."),
    "recommendations": ("diagnosis:recommendations", "Accept or reject a recommendation, record its outcome."),
    "runbooks": ("runbooks:runbooks", "Write procedures that recommendations lead to, and find them."),
    "reports": ("reports:reports", "Show how long incidents took, and how far confidences could be relied on."),
    "services": ("administration:services", "Import the services and who calls whom."),
    "integrations": ("integrations:integrations", "Create and look after the sources of deliveries."),
    "deliveries": ("deliveries:deliveries", "List, show and replay what vendors sent."),
    "routes": ("routes:routes", "Say who is told what, and try it."),
    "silences": ("silences:silences", "Keep what is expected from becoming incidents, for a time."),
    "outbox": ("outbox:outbox", "List messages to people, have dead ones tried again."),
    "users": ("access:users", "Add people, change their roles, deactivate them."),
    "tokens": ("access:tokens", "Create, list and revoke tokens for the API."),
    "tenants": ("administration:tenants", "Create and list tenants."),
    "up": ("serving:up", "Run everything: the server and what works behind it."),
    "serve": ("serving:serve", "Serve the doors for signals and the API over HTTP."),
    "worker": ("work:worker", "Run jobs and the schedule until told to stop."),
    "jobs": ("work:jobs", "List jobs, and let dead ones live again."),
    "schedule": ("work:schedule", "Show what happens because time passes."),
    "migrate": ("installation:migrate", "Bring the database up to date."),
    "roles": ("installation:roles", "Print the SQL that creates the database roles."),
    "keys": ("keys:keys", "List, make, rotate and retire the keys that credentials are sealed with."),
    "plugins": ("installation:plugins", "List the installed integration plugins."),
    "doctor": ("installation:doctor", "Check the installation and say what is wrong."),
    "down": ("installation:down", "Stop the embedded database."),
}


class LazyGroup(InOrder):
    """A group that imports a command only when it runs, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(f"sre_copilot.entrypoints.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


FIRST_STEPS = """\b
Look first:   sre-copilot demo
Set up:       sre-copilot tenants create SLUG --admin EMAIL
              sre-copilot integrations create TYPE
              sre-copilot ingest FILE --integration TYPE
On call:      sre-copilot incidents list --open
              sre-copilot incidents show INCIDENT
              sre-copilot diagnose INCIDENT

\b
Exit codes: 0 done, 1 refused by a rule, 2 wrong usage or input,
            3 not permitted, 4 not found, 5 something in the environment
            or a fault of ours, 130 stopped."""


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=FIRST_STEPS)
@click.version_option(package_name="sre-copilot")
def cli() -> None:
    """From the first alert to ranked causes with evidence, and to what to do about them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process: 0 done, 1 refused by a rule, 2 wrong usage or input, 3 not permitted, 4 not found, 5 environment."""
    if not sys.warnoptions:
        # Warnings are for developers; on standard error there is what a user can act on.
        warnings.simplefilter("ignore")
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; every error is one clear line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a character gets a question mark rather than an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain when it writes out the rest at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _fail(f"The operating system refused it: {error.strerror}{where}.", UNEXPECTED)


def _run(arguments: Sequence[str] | None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if any("\ud800" <= character <= "\udfff" for word in given for character in word):
        # Python's way to hand on bytes that it can't read.
        return _fail("An argument is not UTF-8 text.", WRONG_USAGE)
    try:
        result = cli.main(args=given, prog_name="sre-copilot", standalone_mode=False)
        return result if isinstance(result, int) else DONE
    except click.exceptions.NoArgsIsHelpError as error:
        return _without_command(error.ctx)
    except click.UsageError as error:
        hint = f" See `{error.ctx.command_path} --help`." if error.ctx else ""
        return _fail(error.format_message() + hint, WRONG_USAGE)
    except click.ClickException as error:
        return _fail(error.format_message(), WRONG_USAGE)
    except (click.Abort, KeyboardInterrupt):
        return _fail("Stopped.", 130)
    except CopilotError as error:
        return _fail(str(error), exit_code(error))
    except SystemExit:
        # Only Click ends like this: after a shell completion, and where a pipe was closed.
        return DONE
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - the process edge: nobody gets a traceback
        return _fail(
            f"Something unexpected went wrong ({type(error).__name__}: {error}). This is a fault of ours; please report it.",
            UNEXPECTED,
        )


def _without_command(ctx: click.Context) -> int:
    """Whoever calls us for the first time wants to know what there is."""
    if ctx.parent is None:
        click.echo(ctx.get_help())
        return DONE
    known = ", ".join(ctx.command.list_commands(ctx)) if isinstance(ctx.command, click.Group) else ""
    return _fail(f"A command is missing: one of {known}. See `{ctx.command_path} --help`.", WRONG_USAGE)


def _fail(message: str, code: int) -> int:
    red = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    click.echo(click.style("Error: ", fg="red" if red else None) + one_line(message), err=True)
    return code


if __name__ == "__main__":
    main()
