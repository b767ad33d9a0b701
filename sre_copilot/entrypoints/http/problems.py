"""Errors as `application/problem+json` (RFC 9457): a status, a stable code, a sentence that says what to do.

No answer holds a traceback. What was not foreseen is answered with a reference, under which the log has the rest.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from sre_copilot.domain.canonical import plain
from sre_copilot.domain.errors import CopilotError, DatabaseUnavailable, NotFound
from sre_copilot.entrypoints.http.running import lost_database
from sre_copilot.entrypoints.http.statuses import RETRY_AFTER, status_of

MEDIA_TYPE = "application/problem+json"
VENDORS_WORDS = "X-Vendors-Words"
"""A header that marks an answer on its way out, and never leaves."""
SHOWN_DATA = ("state", "action", "allowed", "version", "expected_version", "status", "wanted", "missing")
"""What an error knows besides its message and may tell: words of the rules, never anybody's data."""
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")

View = Callable[..., HttpResponse]


class Refused(Exception):
    """A request that HTTP itself refuses, before anything of the copilot is asked."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status, self.code, self.detail = status, code, detail
        super().__init__(detail)


UNFORESEEN: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "The request can't be read; correct it and send it again."),
    403: ("forbidden", "This is not allowed."),
    404: ("no_such_path", "There is nothing at this path; /openapi.json lists what there is."),
    405: ("method_not_allowed", "This path takes other methods; the header Allow lists them."),
    413: ("too_large", "The request is too large; send less at once."),
    500: (
        "unexpected",
        "Something unexpected went wrong. This is a fault of ours; please report it with the reference.",
    ),
}
"""Status -> code and detail, where Django rather than the copilot refuses."""


def problem(status: int, code: str, detail: str, **members: object) -> HttpResponse:
    """Return the answer. `members` are what else is known, as JSON types."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail, **members}
    response = HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=MEDIA_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="sre-copilot"'
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def in_vendors_words(body: str, status: int, content_type: str = "application/json") -> HttpResponse:
    """Return an answer that a vendor's sender expects, errors included."""
    response = HttpResponse(body, status=status, content_type=content_type)
    response[VENDORS_WORDS] = "1"
    return response


def in_other_words(refusal: HttpResponse, body: str) -> HttpResponse:
    """Return a refusal in a vendor's words; its status and headers stay."""
    answer = in_vendors_words(body, refusal.status_code)
    for name in KEPT_HEADERS:
        if name in refusal:
            answer[name] = refusal[name]
    return answer


def is_told(response: HttpResponse) -> bool:
    """Whether an answer to a refused request says what it should, and may go out as it is."""
    is_vendors = VENDORS_WORDS in response
    del response[VENDORS_WORDS]
    return is_vendors or response["Content-Type"] == MEDIA_TYPE


def of_error(error: CopilotError, status: int | None = None) -> HttpResponse:
    """Return the answer to an error of ours, with another status than the table's where one is given.

    What is not found is told in the same bytes whether it never was or belongs to somebody else.
    """
    if isinstance(error, DatabaseUnavailable):
        lost_database()
    detail = str(NotFound()) if isinstance(error, NotFound) else str(error)
    members: dict[str, Any] = {name: plain(error.data[name]) for name in SHOWN_DATA if name in error.data}
    # The member `status` of a problem is that of HTTP.
    if "status" in members:
        members["state"] = members.pop("status")
    return problem(status or status_of(error), error.code, detail, **members)


def of_refusal(refused: Refused) -> HttpResponse:
    """Return the answer to a request that HTTP itself refuses."""
    return problem(refused.status, refused.code, refused.detail)


def answer_to(error: CopilotError | Refused) -> HttpResponse:
    """Return the answer to whatever refuses a request."""
    return of_refusal(error) if isinstance(error, Refused) else of_error(error)


def unforeseen(response: HttpResponse, reference: str) -> HttpResponse:
    """Return the problem that says what a plain error of Django's says."""
    known = response.status_code if response.status_code in UNFORESEEN else 400 if response.status_code < 500 else 500
    code, detail = UNFORESEEN[known]
    members = {"reference": reference} if known == HTTPStatus.INTERNAL_SERVER_ERROR else {}
    answer = problem(response.status_code, code, detail, **members)
    for name in KEPT_HEADERS:
        if name in response:
            answer[name] = response[name]
    return answer


def answering(view: View) -> View:
    """Let a view answer errors of ours as problems, wherever it is mounted."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (CopilotError, Refused) as error:
            return answer_to(error)

    return answered
