"""The API's description as OpenAPI 3.1, and a page that shows it. The page asks nobody else for anything."""

import json
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from sre_copilot.entrypoints.http.api.root import api
from sre_copilot.entrypoints.http.problems import MEDIA_TYPE
from sre_copilot.entrypoints.http.webhooks import TOLD

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-init.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.svg": "image/svg+xml",
}
"""Files that django-ninja carries, and what they are."""
JSON = "application/json"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
DOOR = {
    "operationId": "receive",
    "summary": "Hand in a delivery",
    "description": (
        "The door for everything that sends signals, in the form that the integration's type reads. The answer is 202 once "
        "the delivery is stored. Authenticated as the vendor does it where the integration has the vendor's secret, else "
        "by the integration's key: as a bearer token, as the password of basic authentication, or as `?token=`."
    ),
    "tags": ["doors"],
    "parameters": [
        {"in": "path", "name": "integration_id", "schema": {"type": "string", "format": "uuid"}, "required": True},
        {"in": "query", "name": "token", "schema": {"type": "string"}, "required": False},
    ],
    "requestBody": {"content": {"*/*": {"schema": {}}}, "required": True},
    "responses": {
        "202": {
            "description": "The delivery is stored.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": list(TOLD),
                        "properties": {
                            "delivery_id": {"type": "string", "format": "uuid"},
                            "accepted": {"type": "integer", "description": "Signals that were stored."},
                            "duplicates": {"type": "integer"},
                            "repeats": {"type": "integer"},
                            "redelivered": {"type": "boolean"},
                            "resolved": {"type": "integer"},
                            "incidents": {"type": "array", "items": {"type": "string", "format": "uuid"}},
                            "waiting": {"type": "integer", "description": "Signals that the plan's limit holds up."},
                            "silenced": {
                                "type": "integer",
                                "description": "Signals that a silence keeps from incidents.",
                            },
                            "quarantined": {"type": "boolean", "description": "Kept, but not understood."},
                            "problem": {"type": "string"},
                            "assigned_key": {"type": "string"},
                        },
                    }
                }
            },
        },
        "default": {
            "description": "What went wrong.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    },
}
A_DAY = "public, max-age=86400"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SRE Copilot API</title>
<link rel="icon" type="image/svg+xml" href="docs/favicon.svg">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<script type="application/json" id="swagger-settings">
{"url": "openapi.json", "layout": "BaseLayout", "deepLinking": true, "persistAuthorization": false, "docExpansion": "list",
 "defaultModelsExpandDepth": 0, "validatorUrl": null, "tryItOutEnabled": false}
</script>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/swagger-ui-init.js"></script>
</body>
</html>
"""


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """The description, for wherever these pages are mounted."""
    return HttpResponse(_text(PurePosixPath(request.path).parent), content_type=JSON)


@cache
def _text(root: PurePosixPath) -> str:
    return json.dumps(described(root), ensure_ascii=False)


def described(root: PurePosixPath) -> dict[str, Any]:
    """The description of what is mounted below `root`."""
    schema = api.get_openapi_schema(path_prefix=f"{root / 'api' / 'v1'}/")
    schema["paths"] = {f"{root / 'webhooks'}/{{integration_id}}": {"post": DOOR}, **schema["paths"]}
    return schema


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page."""
    response = HttpResponse(PAGE)
    response["Content-Security-Policy"] = POLICY
    return response


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A file of the page."""
    if name not in ASSETS:
        raise Http404
    content = resources.files("ninja").joinpath("static", "ninja", name).read_bytes()
    response = HttpResponse(content, content_type=ASSETS[name])
    response["Cache-Control"] = A_DAY
    return response
