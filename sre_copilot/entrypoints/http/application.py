"""The WSGI application of our own server, as each of its processes runs it."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.core.cache import close_caches
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries

from sre_copilot.domain.errors import CopilotError
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.http import django_settings
from sre_copilot.entrypoints.http.bodies import Application, BoundedBodies, Environ
from sre_copilot.settings import Settings

log = logs.logger("http")


def application(settings: Settings) -> BoundedBodies:
    """Configure this process and return what answers its requests.

    Where the copilot can't be opened now, it is opened once that is possible; requests are answered with 503 until then.
    """
    logs.configure()
    django_settings.configure()
    # Only now: these need a configured Django.
    from sre_copilot.entrypoints.http import running

    spare_requests()
    running.use(settings)
    import_module(django_settings.URLS)
    try:
        running.copilot()
    except CopilotError as error:
        log.warning("the copilot can't be opened yet", code=error.code, reason=str(error))
    return BoundedBodies(whole(Handler()))


class PlainRequest(WSGIRequest):
    """A request whose bytes are UTF-8 whatever it calls them: we read no forms, and JSON has no other encoding.

    Django looks for an encoding in the content type while it makes the request, before anything can answer errors, and
    stumbles over encodings that are none, such as rot13. Plugins see the header as it came.
    """

    def _set_content_type_params(self, meta: Environ) -> None:
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class Handler(WSGIHandler):
    """Django's handler for such requests."""

    request_class = PlainRequest


def spare_requests() -> None:
    """Let Django do once what it does at the beginning and at the end of each request, and nothing that is for others.

    What a thread holds is looked at when its request ends, and nobody uses it before the next one. Queries are only kept
    for debugging, and caches are not used.
    """
    request_started.disconnect(close_old_connections)
    request_started.disconnect(reset_queries)
    request_finished.disconnect(close_caches)


def whole(handler: WSGIHandler) -> Application:
    """Hand out answers in one piece, and tell Django that they are done, which gives back what the thread held."""

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = handler(environ, start_response)
        try:
            return [b"".join(response)]
        finally:
            response.close()

    return answer
