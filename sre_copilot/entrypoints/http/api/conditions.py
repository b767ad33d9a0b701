"""Changes on a condition: `If-Match` with the version that somebody looked at, as the header `ETag` named it."""

import re

from django.http import HttpRequest, HttpResponse

from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.runbooks import Runbook
from sre_copilot.entrypoints.http.problems import Refused

IN_WORDS = {
    "parameters": [
        {
            "in": "header",
            "name": "If-Match",
            "schema": {"type": "string"},
            "required": False,
            "description": "The `ETag` of the version that you looked at; another one is answered with 412.",
        }
    ]
}
"""For the description of an operation that honours it."""
_TAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')


def expected_version(request: HttpRequest) -> int | None:
    """The version that what is changed must have, None where any will do. Raises Refused.

    Weak tags are taken for what they say: proxies weaken ours when they compress an answer.
    """
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    match = _TAG.fullmatch(given)
    if match is None:
        raise Refused(400, "bad_request", 'If-Match takes one tag, as ETag named it, such as "3".')
    return int(match[1])


def tag(response: HttpResponse, answer: Incident | Runbook) -> None:
    """Name the version of what is answered with."""
    response["ETag"] = f'"{answer.version}"'
