"""Idempotency-Key: the answer to a command is kept in its own transaction, and given again to a repetition."""

import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from libs.common.database.connection import Database
from libs.common.http.problems import Unprocessable, Unreadable

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 200
_KEPT_HEADERS = ("location", "etag", "content-type")

# A key in flight holds this statement on the unique index until that command ends: committed, its answer is read below;
# rolled back, the key is free. A key past its time is taken over as if it were new.
_CLAIM = text("""
    INSERT INTO idempotency_key AS mine (caller, operation, key, fingerprint)
    VALUES (:caller, :operation, :key, :fingerprint)
    ON CONFLICT (caller, operation, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, status = NULL, headers = NULL, body = NULL,
            created_at = clock_timestamp()
        WHERE mine.created_at < clock_timestamp() - make_interval(hours => :hours)
    RETURNING 1
""")
_STORED = text("""
    SELECT fingerprint, status, headers, body FROM idempotency_key
    WHERE caller = :caller AND operation = :operation AND key = :key
""")
_STORE = text("""
    UPDATE idempotency_key SET status = :status, headers = :headers, body = :body
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
        """Return what names the row."""
        return {"caller": self.caller, "operation": self.operation, "key": self.key}


def checked_key(key: str) -> str:
    """Return the key as the header gave it. Raises Unreadable where it is empty, too long or not printable ASCII."""
    if not key.strip() or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Unreadable(f"{HEADER}: 1 to {LONGEST_KEY} printable characters, unique to this request")
    return key


def fingerprint(method: str, target: str, body: bytes) -> bytes:
    """Return what tells two requests apart: method, path with its query, and body."""
    digest = hashlib.sha256(f"{method} {target}\n".encode())
    digest.update(body)
    return digest.digest()


async def claim(session: AsyncSession, claim: Claim, *, mark: bytes, hours: int) -> Response | None:
    """Take the key for this transaction, or return the answer that it had. Waits while the same key is in flight.

    Raises IdempotencyKeyReused where the key belongs to another request.
    """
    taken = await session.execute(_CLAIM, {**claim.parameters(), "fingerprint": mark, "hours": hours})
    if taken.first() is not None:
        return None
    stored = (await session.execute(_STORED, claim.parameters())).one()
    if stored.fingerprint != mark:
        raise IdempotencyKeyReused(f"{HEADER} {claim.key} was used for another request; take a new one")
    headers = {**json.loads(stored.headers), REPLAYED: "true"}
    return Response(stored.body, status_code=stored.status, headers=headers)


async def keep(session: AsyncSession, claim: Claim, response: Response) -> None:
    """Keep this answer under the key, in the command's transaction."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    answer = {"status": response.status_code, "headers": json.dumps(headers), "body": bytes(response.body)}
    await session.execute(_STORE, {**claim.parameters(), **answer})


async def sweep(database: Database, *, hours: int) -> None:
    """Remove keys past their time, a few at once."""
    async with database.begin() as session:
        await session.execute(_SWEEP, {"hours": hours})
