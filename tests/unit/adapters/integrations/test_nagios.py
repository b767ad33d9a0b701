"""Nagios and Icinga 2: what the published notification commands post."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.errors import MalformedDelivery, UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.signals import ChangeDetails, Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="nagios")
FORM = {"content-type": "application/x-www-form-urlencoded"}
PROBLEM = {
    "NOTIFICATIONTYPE": "PROBLEM",
    "HOSTNAME": "web-1",
    "HOSTSTATE": "UP",
    "SERVICEDESC": "HTTP",
    "SERVICESTATE": "CRITICAL",
    "SERVICEOUTPUT": "HTTP CRITICAL: HTTP/1.1 503 Service Unavailable",
    "ENVIRONMENT": "production",
    "SERVICENOTESURL": "https://wiki.example/http",
    "LASTSERVICESTATECHANGE": "1772365800",
    "LASTHOSTSTATECHANGE": "1772000000",
    "TIMET": "1772365860",
    "LONGDATETIME": "Sun Mar 1 11:51:00 UTC 2026",
    "NOTIFICATIONAUTHOR": "",
    "NOTIFICATIONCOMMENT": "",
}
RECOVERY = {**PROBLEM, "NOTIFICATIONTYPE": "RECOVERY", "SERVICESTATE": "OK", "LASTSERVICESTATECHANGE": "1772366340"}
# A host of Icinga 2, whose macros come in JSON here, and as they were typed where there is no service.
ICINGA_HOST = {
    "NOTIFICATIONTYPE": "PROBLEM",
    "HOSTNAME": "db-1",
    "HOSTSTATE": "DOWN",
    "HOSTOUTPUT": "PING CRITICAL - Packet loss = 100%",
    "SERVICEDESC": "$service.name$",
    "LASTHOSTSTATECHANGE": 1772365800,
    "LONGDATETIME": "2026-03-01 12:51:00 +0100",
}


def form(macros: dict[str, str]) -> bytes:
    return urlencode(macros).encode()


def series(draft: SignalDraft) -> str:
    return fingerprint(DOOR.integration.id, draft)


def test_a_problem_of_a_service_is_an_alert() -> None:
    draft = DOOR.signal(form(PROBLEM), FORM)
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "CRITICAL")
    assert draft.service == "HTTP"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert draft.vendor_key == "service/web-1/HTTP"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert draft.episode_started_at is None
    assert (draft.name, draft.title) == ("HTTP", "HTTP on web-1 is CRITICAL")
    assert draft.description == "HTTP CRITICAL: HTTP/1.1 503 Service Unavailable"
    assert draft.labels == {"host": "web-1"}
    assert draft.links == ("https://wiki.example/http",)
    assert draft.raw == PROBLEM


def test_its_recovery_ends_the_same_series() -> None:
    draft = DOOR.signal(form(RECOVERY), FORM)
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    assert DOOR.series(RECOVERY) == DOOR.series(PROBLEM)


def test_a_host_of_icinga_is_a_series_of_its_own() -> None:
    draft = DOOR.signal(ICINGA_HOST)
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "DOWN")
    assert (draft.service, draft.environment_word) == ("db-1", "")
    assert draft.vendor_key == "host/db-1"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert (draft.name, draft.title) == ("Host check", "Host db-1 is DOWN")
    assert draft.description == "PING CRITICAL - Packet loss = 100%"
    assert DOOR.series({**ICINGA_HOST, "SERVICEDESC": "ping"}) != DOOR.series(ICINGA_HOST)


def test_hosts_and_services_whose_names_look_alike_are_told_apart() -> None:
    names = [("a/b", "c"), ("a", "b/c"), ("a", ""), ("a/b/c", ""), ("service/a", "b"), ("A", "")]
    bodies = [{"NOTIFICATIONTYPE": "PROBLEM", "HOSTNAME": host, "SERVICEDESC": check} for host, check in names]
    assert len({DOOR.series(body) for body in bodies}) == len(names)


@pytest.mark.parametrize(
    ("state", "severity"),
    [
        ("CRITICAL", Severity.CRITICAL),
        ("WARNING", Severity.MEDIUM),
        ("UNKNOWN", Severity.MEDIUM),
        ("Critical", Severity.CRITICAL),
        ("OK", Severity.INFO),
        ("MELTED", Severity.MEDIUM),
        ("", Severity.MEDIUM),
    ],
)
def test_the_state_of_a_service_is_the_severity(state: str, severity: Severity) -> None:
    draft = DOOR.signal({**PROBLEM, "SERVICESTATE": state})
    assert (draft.severity, draft.severity_word) == (severity, state)


@pytest.mark.parametrize(
    ("state", "severity"),
    [
        ("DOWN", Severity.CRITICAL),
        ("UNREACHABLE", Severity.HIGH),
        ("UP", Severity.INFO),
        ("$host.state$", Severity.MEDIUM),
    ],
)
def test_the_state_of_a_host_is_the_severity(state: str, severity: Severity) -> None:
    assert DOOR.signal({**ICINGA_HOST, "HOSTSTATE": state}).severity is severity


def test_an_acknowledgement_is_no_signal() -> None:
    body = {**PROBLEM, "NOTIFICATIONTYPE": "ACKNOWLEDGEMENT", "NOTIFICATIONAUTHOR": "ana@example.com"}
    assert DOOR.read(body) == Parsed(
        acknowledgements=(Acknowledgement(vendor_key="service/web-1/HTTP", by="ana@example.com"),)
    )
    icinga = {**ICINGA_HOST, "NOTIFICATIONTYPE": "Acknowledgement", "NOTIFICATIONAUTHORNAME": "ana"}
    assert DOOR.read(icinga).acknowledgements == (Acknowledgement(vendor_key="host/db-1", by="ana"),)


def test_flapping_fires_from_when_it_was_noticed_even_while_all_is_well() -> None:
    draft = DOOR.signal({**PROBLEM, "NOTIFICATIONTYPE": "FLAPPINGSTART", "SERVICESTATE": "OK"})
    assert (draft.status, draft.severity) == (SignalStatus.FIRING, Severity.LOW)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 51, tzinfo=UTC)
    assert draft.title == "HTTP on web-1 is OK (flapping)"
    assert series(draft) == DOOR.series(PROBLEM)
    assert DOOR.signal({**PROBLEM, "NOTIFICATIONTYPE": "FLAPPINGSTART"}).severity is Severity.CRITICAL


@pytest.mark.parametrize("kind", ["FLAPPINGSTOP", "FLAPPINGEND", "FLAPPINGDISABLED"])
def test_after_flapping_the_state_says_whether_it_is_over(kind: str) -> None:
    well = DOOR.signal({**PROBLEM, "NOTIFICATIONTYPE": kind, "SERVICESTATE": "OK"})
    assert (well.status, well.occurred_at) == (SignalStatus.RESOLVED, datetime(2026, 3, 1, 11, 51, tzinfo=UTC))
    assert DOOR.signal({**PROBLEM, "NOTIFICATIONTYPE": kind}).status is SignalStatus.FIRING
    assert series(well) == DOOR.series(PROBLEM)


def test_the_start_of_a_downtime_is_a_change_and_never_ends_or_opens_the_problem() -> None:
    comment = {"NOTIFICATIONAUTHOR": "ana", "NOTIFICATIONCOMMENT": "new disks"}
    draft = DOOR.signal({**PROBLEM, **comment, "NOTIFICATIONTYPE": "DOWNTIMESTART"})
    assert draft.signal_type is SignalType.CONFIG_CHANGE
    assert (draft.status, draft.severity) == (SignalStatus.MOMENT, Severity.INFO)
    assert (draft.service, draft.environment) == ("HTTP", Environment.PRODUCTION)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 51, tzinfo=UTC)
    assert draft.change == ChangeDetails(
        kind="downtime",
        summary="Downtime of HTTP on web-1 begins",
        author="ana",
        text="new disks",
        links=("https://wiki.example/http",),
    )
    assert draft.vendor_key is None
    assert series(draft) != DOOR.series(PROBLEM)


@pytest.mark.parametrize("kind", ["DOWNTIMEEND", "DOWNTIMECANCELLED", "DOWNTIMEREMOVED", "CUSTOM", "custom"])
def test_the_end_of_a_downtime_and_custom_notifications_mean_nothing(kind: str) -> None:
    assert DOOR.read({**PROBLEM, "NOTIFICATIONTYPE": kind}) == Parsed()


@pytest.mark.parametrize(
    ("times", "hour", "minute"),
    [
        ({"LASTSERVICESTATECHANGE": "1772365800.654"}, 11, 50),
        ({"LASTSERVICESTATECHANGE": "0"}, 11, 51),
        ({"LASTSERVICESTATECHANGE": ""}, 11, 51),
        ({"LASTSERVICESTATECHANGE": "", "TIMET": "", "LONGDATETIME": "Sun Mar  1 11:52:00 GMT 2026"}, 11, 52),
        ({"LASTSERVICESTATECHANGE": "", "TIMET": "", "LONGDATETIME": "2026-03-01 12:53:00 +0100"}, 11, 53),
    ],
)
def test_the_last_change_of_state_is_the_time_then_that_of_the_notification(
    times: dict[str, str], hour: int, minute: int
) -> None:
    at = DOOR.signal({**PROBLEM, **times}).occurred_at
    assert at is not None
    assert (at.hour, at.minute) == (hour, minute)


@pytest.mark.parametrize("text", ["", "Sun Mar 1 11:51:00 CST 2026", "03-01-2026 11:51:00", "$LONGDATETIME$", "now"])
def test_a_time_in_a_zone_that_is_only_abbreviated_is_not_guessed(text: str) -> None:
    body = {**PROBLEM, "LASTSERVICESTATECHANGE": "", "TIMET": "", "LONGDATETIME": text}
    assert DOOR.signal(body).occurred_at is None


@pytest.mark.parametrize("prefix", ["NAGIOS_", "ICINGA_"])
def test_the_names_of_environment_variables_are_read(prefix: str) -> None:
    body = {f"{prefix}{name}": value for name, value in PROBLEM.items()}
    assert DOOR.series(body) == DOOR.series(PROBLEM)
    assert DOOR.signal(body).raw == body


def test_a_service_of_ones_own_and_an_unknown_field_change_no_identity() -> None:
    named = {**PROBLEM, "SERVICE": "shop", "SOMETHING": {"deep": [None]}}
    assert DOOR.signal(named).service == "shop"
    assert DOOR.series(named) == DOOR.series(PROBLEM)
    assert DOOR.signal({**PROBLEM, "SERVICE": "$_SERVICESERVICE$"}).service == "HTTP"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"NOTIFICATIONTYPE": ""}, "NOTIFICATIONTYPE is missing"),
        ({"NOTIFICATIONTYPE": "EXPLOSION"}, "NOTIFICATIONTYPE is no type of notification"),
        ({"NOTIFICATIONTYPE": 5.5}, "NOTIFICATIONTYPE must be a string"),
        ({"HOSTNAME": "$HOSTNAME$"}, "HOSTNAME is missing"),
        ({"HOSTNAME": ["web-1"]}, "HOSTNAME must be a string"),
        ({"SERVICEDESC": {}}, "SERVICEDESC must be a string"),
        ({"SERVICESTATE": True}, "SERVICESTATE must be a string"),
        ({"LASTSERVICESTATECHANGE": "just now"}, "LASTSERVICESTATECHANGE must be a time"),
        (
            {"LASTSERVICESTATECHANGE": "", "TIMET": "", "LONGDATETIME": "Sun Feb 30 11:51:00 UTC 2026"},
            "LONGDATETIME is not a time",
        ),
        (
            {"LASTSERVICESTATECHANGE": "", "TIMET": "", "LONGDATETIME": "1999-03-01 12:53:00 +0100"},
            "LONGDATETIME lies before",
        ),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read({**PROBLEM, **change})


@pytest.mark.parametrize("body", [b"HOSTNAME", b"HOSTNAME=a&HOSTNAME=b", b"\xff=1"])
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedDelivery):
        DOOR.read(body, FORM)
