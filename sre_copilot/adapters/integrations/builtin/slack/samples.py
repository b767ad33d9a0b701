"""What Slack sends: a command, a pressed button, a word in a thread."""

import json
from datetime import datetime
from urllib.parse import urlencode

from sre_copilot.domain.deliveries import Sample

FORM = {"content-type": "application/x-www-form-urlencoded"}
INCIDENT = "0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6b"


def samples(now: datetime) -> tuple[Sample, ...]:
    """Return them as of `now`."""
    stamp = f"{now.timestamp():.6f}"
    typed = {
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "team_id": "T0001",
        "channel_id": "C2147483705",
        "user_id": "U2147483697",
        "command": "/incident",
        "text": "list",
        "api_app_id": "A123456",
        "response_url": "https://hooks.slack.com/commands/1234/5678",
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    }
    pressed = {
        "type": "block_actions",
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "team": {"id": "T0001"},
        "user": {"id": "U2147483697"},
        "container": {"type": "message", "message_ts": stamp, "channel_id": "C2147483705"},
        "channel": {"id": "C2147483705"},
        "message": {"ts": stamp, "thread_ts": stamp},
        "response_url": "https://hooks.slack.com/actions/1234/5678",
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "actions": [
            {
                "type": "button",
                "action_id": "incident.acknowledge",
                "block_id": f"incident {INCIDENT}",
                "value": INCIDENT,
                "action_ts": stamp,
            }
        ],
    }
    said = {
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "team_id": "T0001",
        "type": "event_callback",
        "event_id": "Ev08MFMKH6",
        "event_time": int(now.timestamp()),
        "event": {
            "type": "message",
            "channel": "C2147483705",
            "user": "U2147483697",
            "text": "the pool is exhausted",
            "ts": stamp,
            "thread_ts": stamp,
        },
    }
    return (
        Sample(name="command", body=urlencode(typed).encode(), headers=FORM),
        Sample(name="button", body=urlencode({"payload": json.dumps(pressed)}).encode(), headers=FORM),
        Sample(name="note", body=json.dumps(said).encode(), headers={"content-type": "application/json"}),
    )
