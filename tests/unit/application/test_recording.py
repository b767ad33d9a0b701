"""Recording what a delivery says: by which ids its events are known again, and what a late one still changes."""

from datetime import timedelta

from sre_copilot.domain.signals import Severity
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, recovery, stage

MINUTE = timedelta(minutes=1)


def test_an_event_and_a_delivery_may_have_the_same_id() -> None:
    here = stage()
    here.send(alert("DiskFull", vendor_id="s2"))
    receipt = here.send(alert("QueueGrows"), alert("HighLatency", vendor_id="s3"), vendor_id="s2")
    assert (receipt.quarantined, receipt.accepted, receipt.repeats) == (False, 2, 0)
    named = sorted((signal.vendor_id, signal.vendor_position) for signal in here.tables.signals.values())
    assert named == [("s2", 0), ("s2", 1), ("s3", 0)]


def test_an_event_whose_id_a_delivery_had_before_is_its_own() -> None:
    here = stage()
    here.send(alert("DiskFull"), alert("QueueGrows"), vendor_id="s2", body=b"one")
    assert here.send(alert("HighLatency", vendor_id="s2")).accepted == 1
    again = here.send(alert("DiskFull"), alert("QueueGrows"), vendor_id="s2", body=b"one")
    assert (again.redelivered, len(here.tables.signals)) == (True, 3)


def test_a_late_signal_neither_worsens_a_closed_incident_nor_says_so_in_the_audit() -> None:
    here = stage()
    (incident_id,) = here.send(alert(severity=Severity.LOW)).opened
    here.send(recovery(), at=BEGINNING + 5 * MINUTE)
    here.copilot.resolve(actor=here.engineer, incident_id=incident_id)
    late = here.send(
        alert(severity=Severity.CRITICAL, occurred_at=BEGINNING + MINUTE, vendor_id="late"), at=BEGINNING + 6 * MINUTE
    )
    assert (late.duplicates, late.incidents) == (1, (incident_id,))
    assert here.tables.incidents[incident_id].severity is Severity.LOW
    assert "incident.severity_raised" not in {entry.event_type for entry in here.tables.audit.values()}
