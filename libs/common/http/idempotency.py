"""Idempotency-Key: stores a command's response in its own transaction, and returns it when the request is repeated."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from libs.common.database.connection import Database
from libs.common.http.problems import Unprocessable, Unreadable
from libs.common.process.context import ActedFor, Right, RoleUsed

_RIGHTS: dict[str, type[Right]] = {kind.__name__: kind for kind in (RoleUsed, ActedFor)}

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 200
_KEPT_HEADERS = ("location", "etag", "content-type")
_CHANGE_THE_MEANING = ("if-match", "stated-at")
"""Headers that are a part of what a request asks for: with another value it is another request."""

# If the same key is in flight, this statement waits on the unique index until that command ends. If it commits, its
# response is read below; if it rolls back, the key is free. An expired key is reused as if it were new.
_CLAIM = text("""
    INSERT INTO idempotency_key AS mine (caller, operation, key, fingerprint)
    VALUES (:caller, :operation, :key, :fingerprint)
    ON CONFLICT (caller, operation, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, status = NULL, headers = NULL, body = NULL, rights = NULL,
            created_at = clock_timestamp()
        WHERE mine.created_at < clock_timestamp() - make_interval(hours => :hours)
    RETURNING 1
""")
_STORED = text("""
    SELECT fingerprint, status, headers, body, rights FROM idempotency_key
    WHERE caller = :caller AND operation = :operation AND key = :key
""")
_STORE = text("""
    UPDATE idempotency_key SET status = :status, headers = :headers, body = :body, rights = :rights
    WHERE caller = :caller AND operation = :operation AND key = :key
""")
_SWEEP = text("""
    DELETE FROM idempotency_key WHERE (caller, operation, key) IN (
        SELECT caller, operation, key FROM idempotency_key
        WHERE created_at < clock_timestamp() - make_interval(hours => :hours) LIMIT 1000
        FOR UPDATE SKIP LOCKED
    )
""")


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key was used for a different request.

    A key belongs to one request. To repeat a request, send the same body again; for another one, choose a new key.
    """


@dataclass(frozen=True, slots=True)
class Claim:
    """One caller's key for one operation."""

    caller: str
    operation: str
    key: str

    def parameters(self) -> dict[str, str]:
        """Return the primary key of the row."""
        return {"caller": self.caller, "operation": self.operation, "key": self.key}


def checked_key(key: str) -> str:
    """Return the key as sent. Raises Unreadable if it is empty, too long or not printable ASCII."""
    if not key.strip() or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Unreadable(f"{HEADER}: 1 to {LONGEST_KEY} printable characters, unique to this request")
    return key


def fingerprint(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a hash that identifies a request: method, path with query, body, and the headers that change its sense."""
    meant = "".join(f"{name}: {headers.get(name, '')}\n" for name in _CHANGE_THE_MEANING)
    digest = hashlib.sha256(f"{method} {target}\n{meant}".encode())
    digest.update(body)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Stored:
    """The response stored under a key, and the rights that its execution used."""

    response: Response
    rights: tuple[Right, ...]


async def claim(session: AsyncSession, claim: Claim, *, mark: bytes, hours: int) -> Stored | None:
    """Claim the key for this transaction, or return what is stored. Waits while the same key is in flight.

    Raises IdempotencyKeyReused if the key was used for another request.
    """
    taken = await session.execute(_CLAIM, {**claim.parameters(), "fingerprint": mark, "hours": hours})
    if taken.first() is not None:
        return None
    stored = (await session.execute(_STORED, claim.parameters())).one()
    if stored.fingerprint != mark:
        raise IdempotencyKeyReused(f"{HEADER} {claim.key} was used for another request; use a new one")
    headers = {**json.loads(stored.headers), REPLAYED: "true"}
    return Stored(Response(stored.body, status_code=stored.status, headers=headers), rights_of_text(stored.rights))


async def keep(session: AsyncSession, claim: Claim, response: Response, rights: Sequence[Right]) -> None:
    """Store this response under the key, with the rights that it took, in the command's transaction."""
    answer = {**stored_answer(response), "rights": rights_as_text(rights)}
    await session.execute(_STORE, {**claim.parameters(), **answer})


def stored_answer(response: Response) -> dict[str, int | str | bytes]:
    """Return the columns of a stored response."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return {"status": response.status_code, "headers": json.dumps(headers), "body": bytes(response.body)}


def rights_as_text(rights: Sequence[Right]) -> str:
    """Return rights as they are stored."""
    return json.dumps([[type(right).__name__, sorted(right.names)] for right in rights])


def rights_of_text(stored: str | None) -> tuple[Right, ...]:
    """Return the rights that were stored."""
    return tuple(_RIGHTS[kind](frozenset(names)) for kind, names in json.loads(stored or "[]"))


async def sweep(database: Database, *, hours: int) -> None:
    """Delete expired keys, at most 1,000 at a time."""
    async with database.begin() as session:
        await session.execute(_SWEEP, {"hours": hours})
