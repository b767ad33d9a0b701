"""What every request goes through at our own server: an id, a line in the log, numbers, and problems for plain errors."""

import re
import time
from collections.abc import Callable
from http import HTTPStatus

import attrs
from django.http import HttpRequest, HttpResponse

from sre_copilot.adapters.system import new_id
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.http import metrics, problems
from sre_copilot.entrypoints.http.bodies import FAULT

REQUEST_ID = "X-Request-Id"
GIVEN_ID = "HTTP_X_REQUEST_ID"
LONGEST_PATH = 500
"""Characters of a path that the log shows."""
_FIT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logs.logger("http")


@attrs.frozen
class Edge:
    """Django middleware, the only one of our own server."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request, and say in the log how. Query strings, which may hold credentials, stay out of it."""
        began = time.perf_counter()
        given = request.META.get(GIVEN_ID, "")
        # Whoever stands before us may have given the request an id already.
        request_id = given if _FIT_ID.fullmatch(given) else str(new_id())
        with logs.fresh(request_id=request_id):
            metrics.began()
            response = self._answer(request, request_id)
            seconds = time.perf_counter() - began
            route = request.resolver_match.route if request.resolver_match else ""
            metrics.answered(request.method, route, response.status_code, seconds)
            log.info(
                "request",
                method=(request.method or "")[:20],
                path=request.path[:LONGEST_PATH],
                status=response.status_code,
                milliseconds=round(seconds * 1000, 1),
                client=request.META.get("REMOTE_ADDR", ""),
            )
        return response

    def _answer(self, request: HttpRequest, request_id: str) -> HttpResponse:
        fault = request.META.get(FAULT)
        response = problems.of_refusal(fault) if fault is not None else self.get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST and not problems.is_told(response):
            response.close()
            response = problems.unforeseen(response, request_id)
        response[REQUEST_ID] = request_id
        response["X-Content-Type-Options"] = "nosniff"
        response.setdefault("Cache-Control", "no-store")
        return response
