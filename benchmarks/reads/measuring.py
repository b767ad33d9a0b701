"""What a question takes: all of it, and its statements on the server, with an index or without it."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import attrs
import psycopg
from django.db import connections

from benchmarks.reads.questions import Question
from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.django_orm.routing import ALIAS

SLOW = 0.05
"""Seconds from which on a question counts as slow, and is asked less often."""


@attrs.frozen(kw_only=True)
class Sent:
    """A statement with its parameters."""

    sql: str
    params: Any


@attrs.define(kw_only=True)
class Measured:
    """What one question took, in milliseconds: `walls` all of it, by turn and call, `sqls` the statements on the server."""

    question: Question
    walls: list[list[float]] = attrs.field(factory=list)
    sqls: list[float] = attrs.field(factory=list)
    statements: int = 0
    hidden: float | None = None

    def told(self) -> dict[str, Any]:
        """The figures as JSON; the spread is that of the medians of the turns."""
        medians = [statistics.median(turn) for turn in self.walls]
        calls = sorted(one for turn in self.walls for one in turn)
        return {
            "question": self.question.name,
            "statements": self.statements,
            "ms": {"min": min(medians), "median": statistics.median(medians), "max": max(medians)},
            "p99_ms": calls[min(len(calls) - 1, len(calls) * 99 // 100)],
            "sql_ms": statistics.median(self.sqls),
            "hidden_index": self.question.without or None,
            "sql_ms_without_it": self.hidden,
            "budget": self.budget,
            "holds": self.holds,
        }

    @property
    def budget(self) -> str | None:
        """In words."""
        if self.question.sql_budget is not None:
            return f"SQL <= {self.question.sql_budget:g} ms"
        return f"<= {self.question.budget:g} ms" if self.question.budget is not None else None

    @property
    def holds(self) -> bool | None:
        """Whether the budget does, at the median; None without one."""
        if self.question.sql_budget is not None:
            return statistics.median(self.sqls) <= self.question.sql_budget
        if self.question.budget is not None:
            return statistics.median(statistics.median(turn) for turn in self.walls) <= self.question.budget
        return None


@contextmanager
def listening() -> Iterator[list[Sent]]:
    """Collect the statements that are sent meanwhile, but for those that bind the tenant."""
    sent: list[Sent] = []

    def listen(execute: Callable[..., object], sql: str, params: object, many: bool, context: object) -> object:
        if "set_config" not in sql and "SET CONSTRAINTS" not in sql:
            sent.append(Sent(sql=sql, params=params))
        return execute(sql, params, many, context)

    with connections[ALIAS].execute_wrapper(listen):
        yield sent


def asked(question: Question, measured: Measured, tenant: UUID, times: int) -> None:
    """Ask so often, and note what it took; then let the server say what the statements alone take."""
    walls: list[float] = []
    sent: Sequence[Sent] = ()
    for _ in range(times):
        with listening() as heard:
            began = time.perf_counter()
            question.ask()
            walls.append((time.perf_counter() - began) * 1000)
        sent = heard
        if walls[-1] > SLOW * 1000 and len(walls) >= 3:
            break
    measured.walls.append(walls)
    measured.statements = len(sent)
    measured.sqls += [sum(executions(sent, tenant)) for _ in range(3)]


def executions(sent: Sequence[Sent], tenant: UUID) -> Iterator[float]:
    """What the server says that each reading statement takes, in milliseconds."""
    for lines in explained(sent, tenant, "EXPLAIN (ANALYZE, TIMING OFF)"):
        yield next(float(line.split()[2]) for line in lines if line.startswith("Execution Time"))


def explained(sent: Sequence[Sent], tenant: UUID, how: str) -> Iterator[list[str]]:
    """The plans of the reading statements, line by line."""
    with setup.adapters()[0](tenant), connections[ALIAS].cursor() as cursor:
        for one in sent:
            if one.sql.lstrip().upper().startswith(("SELECT", "WITH")):
                cursor.execute(f"{how} {one.sql}", one.params)
                yield [line for (line,) in cursor.fetchall()]


@contextmanager
def hidden(url: str, index: str) -> Iterator[None]:
    """Hide an index from the planner for a while. Only a throw-away database bears that."""
    with psycopg.connect(url, autocommit=True) as db:
        change = "UPDATE pg_index SET indisvalid = %s WHERE indexrelid = %s::regclass"
        db.execute(change, [False, index])
        try:
            yield
        finally:
            db.execute(change, [True, index])


def without_index(url: str, question: Question, tenant: UUID) -> float:
    """The SQL time with the question's index hidden."""
    with hidden(url, question.without):
        measured = Measured(question=question)
        asked(question, measured, tenant, 3)
    return statistics.median(measured.sqls)


def plans(question: Question, tenant: UUID) -> str:
    """How PostgreSQL answers what the question sends, as Markdown."""
    with listening() as sent:
        question.ask()
    told = [f"## {question.name}\n"]
    for lines in explained(sent, tenant, "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF)"):
        kept = [line[:160] for line in lines if not line.lstrip().startswith("Planning")]
        told.append("```\n" + "\n".join(kept) + "\n```\n")
    return "\n".join(told)
