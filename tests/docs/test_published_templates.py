"""The templates, scripts and commands that the documentation tells people to copy are what the integrations read."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sre_copilot.domain.deliveries import Acknowledgement
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus
from tests.unit.adapters.integrations.door import NOW, Door

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "integrations"
FORM = {"content-type": "application/x-www-form-urlencoded"}
BEGAN = NOW - timedelta(minutes=10)


def page(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def block(name: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", page(name), re.DOTALL)
    assert found is not None
    return found[1]


def essence(draft: SignalDraft) -> tuple[Any, ...]:
    return (draft.status, draft.severity, draft.service, draft.environment, draft.vendor_key, draft.occurred_at)


def test_datadogs_payload_is_read_with_all_its_variables() -> None:
    values = {
        "$ID": "65",
        "$EVENT_TITLE": "[Triggered] Load",
        "$TEXT_ONLY_MSG": "The load is high.",
        "$ALERT_CYCLE_KEY": "401",
        "$ALERT_TRANSITION": "Triggered",
        "$ALERT_PRIORITY": "P1",
        "$TAGS": "env:production,service:checkout",
        "$DATE": str(int(BEGAN.timestamp() * 1000)),
        "$LINK": "https://app.datadoghq.com/event",
    }
    template = block("datadog.md", "json")
    body = re.sub(r"\$[A-Z_]+", lambda match: values.get(match[0], match[0]), template)
    draft = Door(type="datadog").signal(body.encode())
    assert essence(draft) == (
        SignalStatus.FIRING,
        Severity.CRITICAL,
        "checkout",
        Environment.PRODUCTION,
        "401",
        BEGAN,
    )
    assert (draft.vendor_id, draft.name, draft.description) == ("65", "Load", "The load is high.")
    assert draft.links == ("https://app.datadoghq.com/event",)
    variables = {name.lower(): f"${name}" for name in re.findall(r"\$([A-Z_]+)", template)}
    assert json.loads(template) == variables


def rendered(template: str, values: Mapping[str, Any]) -> bytes:
    """A template of New Relic, as far as ours needs its language."""
    chosen = re.sub(
        r"\{\{#if (\S+)\}\}(.*?)\{\{/if\}\}", lambda match: match[2] if match[1] in values else "", template
    )
    filled = re.sub(r"\{\{ (?:json )?(\S+) \}\}", lambda match: json.dumps(values.get(match[1])), chosen)
    return filled.encode()


def test_new_relics_template_is_read_with_and_without_tags() -> None:
    door = Door(type="new_relic")
    values = {
        "issueId": "0ea2df1c",
        "annotations.title.[0]": "Memory is short",
        "priority": "HIGH",
        "state": "ACTIVATED",
        "isAcknowledged": True,
        "acknowledgedBy": "ana@example.com",
        "accumulations.conditionName": ["High memory"],
        "entitiesData.names": ["checkout"],
        "createdAt": int(BEGAN.timestamp() * 1000),
    }
    template = block("new_relic.md", "json")
    parsed = door.read(rendered(template, values))
    untagged = (SignalStatus.FIRING, Severity.HIGH, "checkout", Environment.DEVELOPMENT, "issue/0ea2df1c", BEGAN)
    assert essence(parsed.drafts[0]) == untagged
    assert parsed.acknowledgements == (Acknowledgement(vendor_key="issue/0ea2df1c", by="ana@example.com"),)
    tags = {"accumulations.tag.service": ["payments"], "accumulations.tag.environment": ["production"]}
    tagged = door.signal(rendered(template, values | tags))
    assert (tagged.service, tagged.environment) == ("payments", Environment.PRODUCTION)
    closed = values | {"state": "CLOSED", "closedAt": int(NOW.timestamp() * 1000)}
    assert door.signal(rendered(template, closed)).occurred_at == NOW


def test_zabbixs_media_type_sends_macros_that_are_read() -> None:
    values = {
        "{EVENT.ID}": "512",
        "{EVENT.VALUE}": "1",
        "{EVENT.NAME}": "Disk is full",
        "{EVENT.NSEVERITY}": "5",
        "{EVENT.TIMESTAMP}": str(int(BEGAN.timestamp())),
        "{EVENT.TAGSJSON}": '[{"tag":"service","value":"orders"},{"tag":"env","value":"production"}]',
        "{HOST.NAME}": "db-1",
        "{EVENT.UPDATE.STATUS}": "0",
        "{USER.USERNAME}": "ana@example.com",
    }
    sent = dict(re.findall(r"name: (\w+)\n {10}value: '(.*)'\n", page("zabbix-media-type.yaml")))
    # Apart from the address of the event, every parameter is named like its macro.
    named = {name: f"{{{name.replace('_', '.').upper()}}}" for name in sent if name != "event_url"}
    assert {name: value for name, value in sent.items() if name != "event_url"} == named
    body = {name: values.get(macro, macro) for name, macro in sent.items()}
    draft = Door(type="zabbix").signal(body)
    assert essence(draft) == (
        SignalStatus.FIRING,
        Severity.CRITICAL,
        "orders",
        Environment.PRODUCTION,
        "512",
        BEGAN,
    )
    update = {**body, "event_update_status": "1", "event_update_action": "acknowledged"}
    by = Acknowledgement(vendor_key="512", by="ana@example.com")
    assert Door(type="zabbix").read(update).acknowledgements == (by,)


def test_the_commands_of_nagios_and_icinga_send_the_same_fields_which_are_read() -> None:
    nagios = re.findall(r"--data-urlencode '([A-Z]+)=", page("nagios-command.cfg"))
    icinga = re.findall(r'"([A-Z]+)=\$', page("icinga2-command.conf"))
    assert sorted(nagios) == sorted(icinga)
    values = {
        "NOTIFICATIONTYPE": "PROBLEM",
        "HOSTNAME": "web-1",
        "SERVICEDESC": "HTTP",
        "SERVICESTATE": "CRITICAL",
        "LASTSERVICESTATECHANGE": str(int(BEGAN.timestamp())),
        "ENVIRONMENT": "production",
        "SERVICE": "shop",
    }
    assert set(values) <= set(nagios)
    body = urlencode({name: values.get(name, f"${name}$") for name in nagios}).encode()
    draft = Door(type="nagios").signal(body, FORM)
    expected = (SignalStatus.FIRING, Severity.CRITICAL, "shop", Environment.PRODUCTION, "service/web-1/HTTP", BEGAN)
    assert essence(draft) == expected


def test_the_event_of_the_cloudevents_page_is_an_alert() -> None:
    scope: dict[str, Any] = {}
    exec(block("cloudevents.md", "python"), scope)
    message = scope["message"]
    draft = Door(type="cloudevents", now=datetime.now(UTC)).signal(message.body, message.headers)
    assert (draft.status, draft.severity, draft.service) == (SignalStatus.FIRING, Severity.HIGH, "checkout")
