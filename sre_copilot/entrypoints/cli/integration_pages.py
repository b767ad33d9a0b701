"""How an integration looks in a terminal: its door, what is configured, how it is doing, what a sample becomes."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from sre_copilot.application.queries.integrations import IntegrationView, Trial
from sre_copilot.domain.deliveries import Receipt
from sre_copilot.domain.integrations import Health, Integration
from sre_copilot.entrypoints.cli.render import grid, heading, lasted, severity, table, when, words


def health_words(health: Health) -> Text:
    """One or two words, coloured: whether an integration is well."""
    if health.is_suspended:
        return words("suspended", "bold red")
    if not health.is_healthy:
        return words("unhealthy", "red")
    if health.consecutive_failures:
        count = health.consecutive_failures
        return words("1 failure" if count == 1 else f"{count} failures", "yellow")
    return words("healthy", "green") if health.last_sync_at else words("quiet so far", "dim")


def once_shown(integration: Integration, key: str, secrets: Mapping[str, str]) -> Iterator[RenderableType]:
    """The key and secrets of an integration; they can't be read again."""
    rows = grid()
    rows.add_row(words("Address", "dim"), words(f"/webhooks/{integration.id}"))
    rows.add_row(words("Key", "dim"), words(key, "bold"))
    for name, value in secrets.items():
        rows.add_row(words(name, "dim"), words(value, "bold"))
    yield rows
    yield words("Keep them now: they are not shown again. A new key: sre-copilot integrations rotate-key.", "yellow")


def page(view: IntegrationView) -> Iterator[RenderableType]:
    """One integration whole."""
    row, health = view.integration, view.integration.health
    facts = grid()
    facts.add_row(words("Type", "dim"), words(row.type))
    facts.add_row(words("Id", "dim"), words(row.id))
    facts.add_row(words("Address", "dim"), words(f"/webhooks/{row.id}"))
    facts.add_row(words("Active", "dim"), words("yes" if row.is_active else "no"))
    facts.add_row(words("Health", "dim"), health_words(health))
    facts.add_row(words("Last heard of", "dim"), words(when(health.last_sync_at)))
    facts.add_row(words("Last attempt", "dim"), words(health.last_sync_status or "–"))
    if health.last_error:
        facts.add_row(words("Last error", "dim"), words(health.last_error, "yellow"))
    facts.add_row(words("Silence ends an episode", "dim"), words(f"after {lasted(row.dedup_window)}"))
    expected = f"longer than {lasted(row.expected_every)} raises an alarm" if row.expected_every else "is normal"
    facts.add_row(words("Silence", "dim"), words(expected))
    yield words(row.name, "bold")
    yield facts
    if view.known:
        yield heading("Settings")
        rows = table("Name", "Value", "What it is for")
        for setting in view.known:
            rows.add_row(setting.name, _value(view, setting.name, secret=setting.secret), words(setting.help, "dim"))
        yield rows


def _value(view: IntegrationView, name: str, *, secret: bool) -> Text:
    if secret:
        return words("set", "green") if view.secrets.get(name) else words("not set", "dim")
    value = view.settings.get(name)
    if value is None:
        default = next(setting.default for setting in view.known if setting.name == name)
        return words("–", "dim") if default is None else _lines(default, "dim").append(" (default)", "dim")
    return _lines(value)


def _lines(value: object, style: str = "") -> Text:
    """A value; of a list each item on a line of its own, because queries are long, and whole, because people copy them."""
    items = value if isinstance(value, list | tuple) else [value]
    return Text("\n", overflow="fold").join(words(item, style) for item in items)


def trial_page(trial: Trial, receipt: Receipt | None) -> Iterator[RenderableType]:
    """What trying an integration showed."""
    if trial.works is not None:
        yield words(f"Works: {trial.works}", "green")
    if trial.sample is None or trial.parsed is None:
        yield words("Its plugin has no sample delivery.", "dim")
        return
    yield words(f"The sample {trial.sample.name!r} reads as:")
    rows = table("Type", "Status", "Severity", "Service", "Environment", "What")
    for draft in trial.parsed.drafts:
        rows.add_row(
            draft.signal_type.value,
            draft.status.value,
            severity(draft.severity),
            words(draft.service),
            draft.environment.value,
            words(draft.title or draft.name),
        )
    yield rows
    if receipt is None:
        yield words("Nothing was stored; --fire hands it in.", "dim")
        return
    yield words(f"Handed in as delivery {receipt.delivery_id}: {receipt.accepted} stored, {receipt.repeats} repeats.")
    for incident in receipt.opened:
        yield words(f"Incident {incident} opened.", "green")
