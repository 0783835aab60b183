"""Plans in a database of their own, which outlives the branches that they were made in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import asyncpg

from deploy.branches.conflicts import Foreseen
from deploy.branches.plans.rules import Act
from deploy.branches.steps import as_json, caller_as_text, caller_of_text
from libs.common.database.connection import ANSWER_SECONDS, dsn
from libs.common.database.migrations import migrate_by
from libs.common.identity import Caller
from libs.common.messaging.event_log import End

_VERSIONS = Path(__file__).parent / "migrations" / "versions"
_ADD_PLAN = """
INSERT INTO plan (reference, key, branch, branch_id, line, owner, bodies, made_at, base, foreseen)
VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), $8, $9) ON CONFLICT DO NOTHING RETURNING reference
"""
_ADD_STEPS = """
INSERT INTO plan_step (plan, number, day, service, method, path, query, media_type, body, needs_version, caller,
                       is_assumed, location, answer, touched)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
# As `Plan.is_shown_to`: whoever acts for a body of the plan, or for one that a step waits for.
_PLANS = """
SELECT * FROM plan
 WHERE ($1 OR bodies && $2 OR EXISTS (
       SELECT FROM plan_step s, jsonb_array_elements_text(s.caller::jsonb -> 'organisations') AS needed (code)
        WHERE s.plan = reference AND needed.code = ANY($2)
          AND (s.is_assumed OR s.caller::jsonb -> 'organisations' ? '*' OR needed.code = ANY(s.touched))))
   AND ($3::timestamptz IS NULL OR (made_at, reference) > ($3, $4))
 ORDER BY made_at, reference LIMIT $5
"""
_STEPS = "SELECT * FROM plan_step WHERE plan = ANY($1) ORDER BY plan, number"
_ACTS = "SELECT * FROM act WHERE plan = ANY($1) ORDER BY id"
_BEGIN = """
INSERT INTO act (plan, number, subject, given_at) VALUES ($1, $2, $3, clock_timestamp()) RETURNING id
"""
_ANSWERED = "UPDATE act SET status = $2, location = $3, answer = $4 WHERE id = $1"
_WITHDRAW = """
UPDATE plan SET withdrawn_at = clock_timestamp() WHERE reference = $1 AND withdrawn_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step of a plan: the command as it was given in the branch, and what the branch answered."""

    number: int
    day: date
    service: str
    method: str
    path: str
    query: str
    media_type: str
    body: bytes
    needs_version: bool
    caller: Caller
    is_assumed: bool
    location: str | None
    answer: bytes
    touched: frozenset[str]

    @property
    def organisations(self) -> frozenset[str]:
        """The organisations whose right it needs: of those that a planner acts for, the ones that it touches."""
        if self.is_assumed or self.caller.is_national:
            return self.caller.organisations
        return self.caller.organisations & self.touched

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        return as_json(self.body)


@dataclass(frozen=True, slots=True)
class GivenStep:
    """What was done with a step: who gave it, when, and life's answer; no status where that is not known yet."""

    act_id: int
    number: int
    subject: str
    given_at: datetime
    status: int | None
    location: str | None
    answer: bytes

    def act(self) -> Act:
        """Return it as the rules see it; what has no answer is not done."""
        return Act(self.number, self.status or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A branch's steps, to be given in life; `base` is how far each log of life went in it.

    `line` is the branch of which its branch is a rebase, or a rebase of a rebase; else its branch.
    """

    reference: str
    key: str
    branch: str
    branch_id: str
    line: str
    owner: str
    bodies: tuple[str, ...]
    made_at: datetime | None = None
    withdrawn_at: datetime | None = None
    base: Mapping[str, End]
    foreseen: frozenset[Foreseen]
    steps: tuple[PlannedStep, ...]
    given: tuple[GivenStep, ...] = ()

    def step(self, number: int) -> PlannedStep | None:
        """Return a step by its number."""
        return next((step for step in self.steps if step.number == number), None)

    def correlation(self, number: int) -> str:
        """Return the correlation of all that follows from a step in life."""
        return f"plan-{self.reference}-step-{number}"

    def is_shown_to(self, by: Caller) -> bool:
        """Whether a caller acts for one of its bodies, or for one that a step waits for."""
        return by.acts_for_one_of(frozenset(self.bodies).union(*(step.organisations for step in self.steps)))

    @property
    def own(self) -> frozenset[str]:
        """The correlations of the steps that were given."""
        return frozenset(self.correlation(one.number) for one in self.given)

    def answered(self, number: int) -> GivenStep | None:
        """Return how life carried a step out; None where it has not."""
        return next((one for one in self.given if one.number == number and one.act().is_done), None)


class PlanStore:
    """Reads and writes plans. `open` before use, `close` after."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Migrate the database, and connect."""
        await migrate_by(self._url, _VERSIONS)
        self._opened = await asyncpg.create_pool(
            dsn(self._url), min_size=0, max_size=4, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            await self._opened.close()

    @property
    def _pool(self) -> asyncpg.Pool:
        if self._opened is None:
            raise RuntimeError("the plans are not open")
        return self._opened

    async def add(self, plan: Plan) -> bool:
        """Add a plan in one transaction; False where its branch or its line has one already."""
        base = json.dumps({service: [end.epoch, end.position] for service, end in plan.base.items()})
        foreseen = json.dumps(sorted([service, name, list(keys), of] for service, name, keys, of in plan.foreseen))
        named = (plan.reference, plan.key, plan.branch, plan.branch_id, plan.line, plan.owner, list(plan.bodies))
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_ADD_PLAN, *named, base, foreseen) is None:
                return False
            await connection.executemany(_ADD_STEPS, [(plan.reference, *_columns(step)) for step in plan.steps])
        return True

    async def of_branch(self, branch_id: str) -> Plan | None:
        """Return the plan that was made of a branch, if any."""
        return await self._one("SELECT * FROM plan WHERE branch_id = $1", branch_id)

    async def of_line(self, line: str) -> Plan | None:
        """Return the plan that was made of a branch of this line and not withdrawn, if any."""
        return await self._one("SELECT * FROM plan WHERE line = $1 AND withdrawn_at IS NULL", line)

    async def find(self, reference: str) -> Plan | None:
        """Return a plan, or None."""
        return await self._one("SELECT * FROM plan WHERE reference = $1", reference)

    async def visible_to(self, caller: Caller, *, after: tuple[datetime, str] | None, limit: int) -> list[Plan]:
        """Return the plans for bodies that a caller acts for, and those with steps that wait for one of them.

        In the order of making, after one that is named by its instant and reference.
        """
        made_at, reference = after or (None, None)
        by = (caller.is_national, sorted(caller.organisations))
        return await self._whole(await self._pool.fetch(_PLANS, *by, made_at, reference, limit))

    async def _one(self, sql: str, argument: str) -> Plan | None:
        found = await self._whole(await self._pool.fetch(sql, argument))
        return found[0] if found else None

    async def _whole(self, rows: Sequence[asyncpg.Record]) -> list[Plan]:
        references = [row["reference"] for row in rows]
        steps: dict[str, list[PlannedStep]] = {reference: [] for reference in references}
        for row in await self._pool.fetch(_STEPS, references):
            steps[row["plan"]].append(_planned(row))
        given: dict[str, list[GivenStep]] = {reference: [] for reference in references}
        for row in await self._pool.fetch(_ACTS, references):
            given[row["plan"]].append(_given(row))
        return [_plan(row, steps[row["reference"]], given[row["reference"]]) for row in rows]

    async def begin(self, plan: str, number: int, subject: str) -> int:
        """Write down that a step is passed on to life, before it is; return the act's id."""
        act_id: int = await self._pool.fetchval(_BEGIN, plan, number, subject)
        return act_id

    async def answered(self, act_id: int, status: int, location: str | None, answer: bytes) -> None:
        """Write down life's answer."""
        await self._pool.execute(_ANSWERED, act_id, status, location, answer)

    async def withdraw(self, reference: str) -> None:
        """Write down that a plan was withdrawn."""
        await self._pool.execute(_WITHDRAW, reference)


def _columns(step: PlannedStep) -> tuple[object, ...]:
    return (
        *(step.number, step.day, step.service, step.method, step.path, step.query, step.media_type, step.body),
        *(step.needs_version, caller_as_text(step.caller), step.is_assumed, step.location, step.answer),
        sorted(step.touched),
    )


def _planned(row: asyncpg.Record) -> PlannedStep:
    columns = {name: value for name, value in row.items() if name != "plan"}
    return PlannedStep(**{**columns, "caller": caller_of_text(row["caller"]), "touched": frozenset(row["touched"])})


def _given(row: asyncpg.Record) -> GivenStep:
    named = (row["id"], row["number"], row["subject"], row["given_at"], row["status"], row["location"])
    return GivenStep(*named, row["answer"] or b"")


def _plan(row: asyncpg.Record, steps: Sequence[PlannedStep], given: Sequence[GivenStep]) -> Plan:
    base = {service: End(*end) for service, end in json.loads(row["base"]).items()}
    foreseen = frozenset((service, name, tuple(keys), of) for service, name, keys, of in json.loads(row["foreseen"]))
    return Plan(
        **{
            **dict(row),
            "bodies": tuple(row["bodies"]),
            "base": base,
            "foreseen": foreseen,
            "steps": tuple(steps),
            "given": tuple(given),
        }
    )
