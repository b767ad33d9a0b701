"""Logs of processes that run: one JSON object per line on standard error, whoever wrote it.

`bind` sets what every later line of this thread carries, such as the tenant and the request's id.
"""

import logging
import logging.config
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TextIO, cast

import attrs
import structlog
from structlog.typing import EventDict, Processor

OURS = "sre_copilot"
LEVELS = {
    OURS: "INFO",
    # What these tell in many lines the worker tells in one.
    "procrastinate": "CRITICAL",
    "psycopg.pool": "CRITICAL",
}
"""Logger -> the least level of what it tells that is written; warnings where it is not named."""

_bound: ContextVar[Mapping[str, str]] = ContextVar("bound", default={})  # noqa: B039 - it is never changed


def _merge_bound(logger: Any, method: str, event: EventDict) -> EventDict:
    return {**_bound.get(), **event}


_SHARED: tuple[Processor, ...] = (
    _merge_bound,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    # Never with the values of local variables: they hold tokens and what people wrote.
    structlog.processors.format_exc_info,
)


def _name_source(logger: Any, method: str, event: EventDict) -> EventDict:
    """Say which library a line comes from, as ours say which part of the program."""
    event["source"] = event["_record"].name
    return event


_add_extra = structlog.stdlib.ExtraAdder()


def _fields(logger: Any, method: str, event: EventDict) -> EventDict:
    """Take on the fields of our own lines; what libraries attach is not ours to judge, and may hold a request."""
    return _add_extra(logger, method, event) if event["_record"].name.startswith(OURS) else event


def json_formatter() -> logging.Formatter:
    """What turns a record of the standard library's logging into a line of ours."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_name_source, _fields, *_SHARED],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )


class Worth(logging.Filter):
    """Keeps what a library tells that our own lines don't.

    Django reports every answer of 400 and more; only what it tells of an exception is not in the line of the request.
    The server finds our number of threads high, and it is meant so.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it."""
        if record.name == "django.request":
            return record.exc_info is not None
        return not str(record.msg).startswith("Configuration allows spawning up to")


@attrs.frozen
class Forgiving:
    """A stream for lines that nobody may stumble over: where its reader died or its disk is full, they are lost."""

    stream: TextIO

    def write(self, text: str) -> None:
        """Write, or don't."""
        with suppress(OSError):
            self.stream.write(text)

    def flush(self) -> None:
        """Hand on what was written, or don't."""
        with suppress(OSError):
            self.stream.flush()


def dict_config() -> dict[str, Any]:
    """The same for `logging.config.dictConfig`: what our adapters tell, and warnings and worse of every library."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": f"{__name__}.json_formatter"}},
        "filters": {"worth": {"()": f"{__name__}.Worth"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "filters": ["worth"],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {name: {"level": level} for name, level in LEVELS.items()},
    }


def configure() -> None:
    """Let this process write such logs."""
    logging.config.dictConfig(dict_config())
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", Forgiving(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> Any:
    """A logger whose lines say which part of the program wrote them."""
    return structlog.get_logger(source=name)


def bind(**values: str) -> None:
    """Let the lines that follow in this context carry these values."""
    _bound.set({**_bound.get(), **values})


@contextmanager
def fresh(**values: str) -> Iterator[None]:
    """A context of its own for one piece of work; threads are used again, and what one left is not the next one's."""
    before = _bound.set(values)
    try:
        yield
    finally:
        _bound.reset(before)
