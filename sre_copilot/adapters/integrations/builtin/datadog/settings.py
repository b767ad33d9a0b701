"""What can be configured of Datadog."""

from urllib.parse import urlsplit

from sre_copilot.domain.integrations import Integration, Setting, SettingKind

EVENTS_QUERY = "source:alert OR @evt.category:change"
"""What is asked for where nothing else is configured: what monitors say, and changes."""
QUERIES = (
    "request_rate[req/s]=sum:trace.http.request.hits{*} by {service}.as_rate()",
    (
        "error_ratio[ratio]=default_zero(sum:trace.http.request.errors{*} by {service}.as_count()) "
        "/ sum:trace.http.request.hits{*} by {service}.as_count()"
    ),
    "latency_p95[seconds]=p95:trace.http.request{*} by {service}",
    "memory[bytes]=sum:container.memory.usage{*} by {service}",
)
"""What is asked where nothing else is configured, as NAME[UNIT]=QUERY; each names a service, a deployment or a host."""
URL = Setting(
    name="url",
    help="The API of your site, such as https://api.datadoghq.eu or https://api.us3.datadoghq.com.",
    default="https://api.datadoghq.com",
)
EVENTS = Setting(
    name="events", help="Which events are pulled, in Datadog's search syntax for events.", default=EVENTS_QUERY
)
METRICS = Setting(
    name="queries", help="NAME[UNIT]=QUERY, asked around an incident.", kind=SettingKind.LIST, default=QUERIES
)
SETTINGS = (
    URL,
    EVENTS,
    METRICS,
    Setting(name="api_key", help="An API key, for --feature pull and context.", secret=True, sent_to="url"),
    Setting(
        name="application_key",
        help="An application key that may read events (events_read) and metrics (timeseries_query).",
        secret=True,
        sent_to="url",
    ),
)


def host_of(integration: Integration) -> str:
    """The name of the host that answers for the site, "" where the address has none."""
    try:
        return urlsplit(integration.text_of(URL)).hostname or ""
    except ValueError:
        return ""
