"""Slack: incidents are told in threads, and people act on them there, by buttons, commands and words.

docs/how-to/tell-people.md has the manifest of the app to paste.
"""

from sre_copilot.adapters.integrations.builtin.slack.plugin import Slack
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Return Slack."""
    return [Slack()]
