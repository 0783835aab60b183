"""The journal of a branch: every command is written down before it is carried out, and its answer afterwards.

It is in the register's database and goes with its branch. A command without an answer, since the process was killed
between, is asked again as the same caller: it names itself to the service, which carries it out once.
"""

import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import httpx

from deploy.branches.register import Register
from libs.common.identity import Caller, Role

JSON = "application/json"
_TABLES = """
CREATE TABLE IF NOT EXISTS step (
    branch text NOT NULL REFERENCES branch ON DELETE CASCADE, number integer NOT NULL, day date NOT NULL,
    service text NOT NULL, method text NOT NULL, path text NOT NULL, query text NOT NULL, media_type text NOT NULL,
    body bytea NOT NULL, if_match text, stated_at text, caller text NOT NULL, is_assumed boolean NOT NULL,
    own_key text, status integer, location text, etag text, digest text, answer bytea,
    PRIMARY KEY (branch, number)
);
"""
_ADD = """
INSERT INTO step (branch, number, day, service, method, path, query, media_type, body, if_match, stated_at, caller,
                  is_assumed, own_key)
SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
  FROM step WHERE branch = $1 RETURNING *
"""
_ANSWERED = """
UPDATE step SET status = $3, location = $4, etag = $5, digest = $6, answer = $7 WHERE branch = $1 AND number = $2
"""
_STEPS = "SELECT * FROM step WHERE branch = $1 AND number > $2 ORDER BY number LIMIT $3"
_REPEATED = """
SELECT * FROM step
 WHERE branch = $1 AND own_key = $2 AND caller::jsonb ->> 'subject' = $3 AND is_assumed = $4
   AND service = $5 AND method = $6 AND path = $7 AND status BETWEEN 200 AND 299
"""
"""What was refused is no repetition: the key may then be of another request, as in life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A command as it is given in a branch: on the branch's day, and by whom.

    `own_key` is the caller's own Idempotency-Key, if it sent one.
    """

    day: date
    service: str
    method: str
    path: str
    query: str = ""
    media_type: str = JSON
    body: bytes = b""
    if_match: str | None = None
    stated_at: str | None = None
    caller: Caller
    is_assumed: bool = False
    own_key: str | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the query."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        return as_json(self.body)


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a branch, and its answer: no status where it was not answered yet."""

    number: int
    intent: Intent
    status: int | None = None
    location: str | None = None
    etag: str | None = None
    digest: str | None = None
    answer: bytes = b""

    @property
    def is_done(self) -> bool:
        """Whether the branch carried it out."""
        return self.status is not None and 200 <= self.status < 300


def as_json(body: bytes) -> Any:
    """Return what these bytes are as JSON; None where they are none."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def caller_as_text(caller: Caller) -> str:
    """Return a caller as it is stored: no token."""
    named = {"subject": caller.subject, "roles": sorted(caller.roles), "organisations": sorted(caller.organisations)}
    return json.dumps(named)


def caller_of_text(stored: str) -> Caller:
    """Return the caller that was stored."""
    named = json.loads(stored)
    return Caller(named["subject"], frozenset(map(Role, named["roles"])), frozenset(named["organisations"]))


class Journal:
    """The steps of all branches, in the register's database."""

    def __init__(self, register: Register) -> None:
        self._register = register

    @property
    def _pool(self) -> asyncpg.Pool:
        return self._register.pool

    async def open(self) -> None:
        """Create the table where it is missing."""
        await self._pool.execute(_TABLES)

    async def begin(self, branch_id: str, intent: Intent) -> Step:
        """Write an intent down, before it is carried out; return it with its number."""
        row = await self._pool.fetchrow(
            _ADD,
            *(branch_id, intent.day, intent.service, intent.method, intent.path, intent.query, intent.media_type),
            *(intent.body, intent.if_match, intent.stated_at, caller_as_text(intent.caller), intent.is_assumed),
            intent.own_key,
        )
        return _step(row)

    async def repeated(self, branch_id: str, intent: Intent) -> Step | None:
        """Return the step that was carried out for this caller with the same Idempotency-Key, if any."""
        if intent.own_key is None:
            return None
        by = (intent.own_key, intent.caller.subject, intent.is_assumed)
        named = (*by, intent.service, intent.method, intent.path)
        row = await self._pool.fetchrow(_REPEATED, branch_id, *named)
        return _step(row) if row else None

    async def answered(self, branch_id: str, number: int, answer: httpx.Response) -> None:
        """Write down how a step was answered."""
        digest = sha256(answer.content).hexdigest()
        location, etag = answer.headers.get("location"), answer.headers.get("etag")
        await self._pool.execute(
            _ANSWERED, branch_id, number, answer.status_code, location, etag, digest, answer.content
        )

    async def steps(self, branch_id: str, *, after: int = 0, limit: int | None = None) -> list[Step]:
        """Return the steps of a branch after a number, in their order; all that are left without a limit."""
        return [_step(row) for row in await self._pool.fetch(_STEPS, branch_id, after, limit)]

    async def unanswered(self, branch_id: str) -> list[Step]:
        """Return the steps that were not answered."""
        rows = await self._pool.fetch(
            "SELECT * FROM step WHERE branch = $1 AND status IS NULL ORDER BY number", branch_id
        )
        return [_step(row) for row in rows]


def _step(row: asyncpg.Record) -> Step:
    intent = Intent(
        **{name: row[name] for name in ("day", "service", "method", "path", "query", "media_type", "body", "if_match")},
        stated_at=row["stated_at"],
        caller=caller_of_text(row["caller"]),
        is_assumed=row["is_assumed"],
        own_key=row["own_key"],
    )
    return Step(row["number"], intent, row["status"], row["location"], row["etag"], row["digest"], row["answer"] or b"")


def correlation(branch_id: str, number: int) -> str:
    """Return the correlation of all that follows from a step in its branch."""
    return f"branch-{branch_id}-step-{number}"
