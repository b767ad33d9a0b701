"""The API as a whole: who is let in, how bodies are read, how errors are answered."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from sre_copilot.domain.canonical import plain
from sre_copilot.domain.errors import ConcurrentTransition, CopilotError
from sre_copilot.domain.strict_json import read_json
from sre_copilot.entrypoints.http import problems
from sre_copilot.entrypoints.http.api import (
    deliveries,
    incidents,
    integrations,
    investigation,
    people,
    postmortems,
    precedents,
    regrouping,
    reports,
    runbooks,
    service_graph,
    signals,
    silences,
)
from sre_copilot.entrypoints.http.authentication import BearerToken

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, after RFC 9457. `code` is stable; `detail` says what to do.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "reference": {"type": "string", "description": "Under this the log tells more."},
        "state": {"type": "string", "description": "The state that a change lost to."},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "Fields that can't be used, and why."},
    },
}


class StrictParser(Parser):
    """Reads JSON as strictly as deliveries are read."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body as plain JSON. Raises MalformedDelivery."""
        return read_json(request.body)


class PlainRenderer(BaseRenderer):
    """Writes JSON as everything of ours is written: times in UTC to the microsecond."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        """Return the text."""
        return json.dumps(plain(data), ensure_ascii=False)


class Api(NinjaAPI):
    """An API whose description names operations by their functions, and says that errors are problems."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function."""
        return operation.view_func.__name__

    def get_content_type(self) -> str:
        """JSON, which has one encoding only."""
        return str(self.renderer.media_type)

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """The description."""
        schema = super().get_openapi_schema(**given)
        schema["components"]["schemas"]["Problem"] = PROBLEM
        reference = {"$ref": "#/components/schemas/Problem"}
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["summary"] = operation["operationId"].replace("_", " ").capitalize()
                content = {problems.MEDIA_TYPE: {"schema": reference}}
                operation["responses"]["default"] = {"description": "What went wrong.", "content": content}
        return schema


api = Api(
    title="SRE Copilot",
    version="1",
    description=(
        "Incidents, their causes and what to do about them. Authenticate with `Authorization: Bearer TOKEN`. Times are "
        "RFC 3339. Errors are `application/problem+json` with a stable `code`."
    ),
    openapi_url=None,
    docs_url=None,
    urls_namespace="sre-copilot-api",
    auth=BearerToken(),
    parser=StrictParser(),
    renderer=PlainRenderer(),
)
for part in (
    incidents,
    regrouping,
    postmortems,
    investigation,
    signals,
    silences,
    service_graph,
    deliveries,
    integrations,
    people,
    precedents,
    runbooks,
    reports,
):
    api.add_router("", part.router)


@api.exception_handler(CopilotError)
def _ours(request: HttpRequest, error: Any) -> HttpResponse:
    lost_condition = isinstance(error, ConcurrentTransition) and "expected_version" in error.data
    return problems.of_error(error, 412 if lost_condition else None)


@api.exception_handler(problems.Refused)
def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    return problems.of_refusal(error)


@api.exception_handler(ValidationError)
def _unfit(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [{"at": ".".join(map(str, _place(row["loc"]))), "message": row["msg"]} for row in error.errors]
    told = "; ".join(f"{row['at']}: {row['message']}" for row in errors)
    return problems.problem(422, "invalid_input", f"The request can't be used as it is: {told}.", errors=errors)


def _place(where: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where a field stands, without the name that only our function has for the whole body."""
    return (where[0], *where[2:]) if where[:1] == ("body",) and len(where) > 2 else where


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: Any) -> HttpResponse:
    return problems.problem(401, "not_authentic", "Give an API token: `Authorization: Bearer TOKEN`.")


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, CopilotError):
        return problems.problem(error.status_code, "malformed_body", str(cause))
    return problems.unforeseen(HttpResponse(status=error.status_code), "")


@api.exception_handler(Http404)
def _no_such_path(request: HttpRequest, error: Any) -> HttpResponse:
    return problems.unforeseen(HttpResponse(status=404), "")
