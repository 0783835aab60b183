"""Registers, changes, pauses and resumes webhooks, and has dead letters sent again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Annotated

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.database.connection import Reads, raw
from libs.common.errors import Reason, as_sentence
from libs.common.events import CATALOGUE, name_of_type
from libs.common.identity import Caller, Role
from libs.common.messaging import event_log
from libs.common.messaging.wakeup import wake_readers_after_commit
from libs.common.webhooks.errors import (
    DeadLetterNotFound,
    TooManyWebhooks,
    WebhookNotActive,
    WebhookNotFound,
    WebhookRefused,
    WebhooksOff,
)
from libs.common.webhooks.queries import get_webhook
from libs.common.webhooks.signing import SigningScheme, new_secret, shown_secret
from libs.common.webhooks.targets import LONGEST_URL, Reach, refusal_of
from libs.common.webhooks.views import RegisteredWebhookView, WebhookView

MOST_WEBHOOKS = 20
"""Webhooks of one caller in one service."""
FORMER_SECRET_HOURS = 24
"""Hours for which deliveries are signed with the former secret too, after a new one was made."""

FindWatched = Callable[[Reads, str, int, date], Awaitable[frozenset[str] | None]]
"""Returns the codes that a caller's watch list follows on a day; None if the caller has no such list."""

Position = Annotated[StrictInt, Field(ge=0, le=2**63 - 1)]
ListNumber = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
TypeName = Annotated[str, Field(max_length=120, pattern=r"^[A-Za-z0-9.]+$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ChangeWebhook(_Body):
    """Where a webhook's events go, and which they are."""

    url: str = Field(
        max_length=LONGEST_URL,
        description="Where events are posted to: https, on the public internet.",
        examples=["https://partner.example/footprint"],
    )
    types: list[TypeName] = Field(
        default_factory=list,
        max_length=100,
        description="Names of events, or their CloudEvents types; none: every type.",
        examples=[["CCGMerged"]],
    )
    organisations: list[Code] = Field(
        default_factory=list,
        max_length=500,
        description="Codes of organisations that an event has to be about; none: whatever it is about.",
        examples=[["14Y"]],
    )
    watch_list: ListNumber | None = Field(
        default=None,
        description="A watch list of yours: events about what it follows on the day count too. The registry has these.",
    )


class RegisterWebhook(ChangeWebhook):
    """A new webhook: how it is signed, and after which position of the log it begins."""

    signing: SigningScheme = SigningScheme.SYMMETRIC
    after: Position | None = Field(
        default=None,
        description="The position after which it begins, 0 for the first event; by default what is published from now.",
    )


class ResumeWebhook(_Body):
    """From where a webhook continues."""

    after: Position | None = Field(
        default=None,
        description="The position after which it continues: an earlier one sends again, a later one leaves out. "
        "By default where it stopped.",
    )
    epoch: str | None = Field(default=None, max_length=100, description="The epoch in which you know that position.")


class Redeliver(_Body):
    """Which dead letters are sent again."""

    dead_letters: list[Position] | None = Field(
        default=None, max_length=1_000, description="Their ids; by default all of the webhook's."
    )


@dataclass(frozen=True, slots=True)
class Subscribing:
    """What commands about webhooks depend on: the service, its watch lists, where it sends, and today."""

    service: str
    watched: FindWatched | None
    reach: Reach
    today: date


_REGISTER = """
INSERT INTO webhook (owner, acts_for, url, types, organisations, watch_list, signing, secret, position)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
"""
_CHANGE = """
UPDATE webhook SET acts_for = $2, confirmed_at = clock_timestamp(), url = $3, types = $4, organisations = $5,
       watch_list = $6, failures = 0, due_at = clock_timestamp(), version = version + 1 WHERE id = $1
"""
_RESUME = """
UPDATE webhook SET acts_for = $2, confirmed_at = clock_timestamp(), position = coalesce($3, position),
       state = 'active', reason = '', failures = 0, given_up = 0, due_at = clock_timestamp(), version = version + 1
 WHERE id = $1
"""
_PAUSE = "UPDATE webhook SET state = 'paused', reason = $2, version = version + 1 WHERE id = $1 AND state = 'active'"
_RENEW = f"""
UPDATE webhook SET former_secret = secret, former_until = clock_timestamp() + interval '{FORMER_SECRET_HOURS} hours',
       secret = $2, acts_for = $3, confirmed_at = clock_timestamp(), version = version + 1 WHERE id = $1
"""  # noqa: S608  (the only value put in is ours)
_RESEND = """
UPDATE webhook_dead_letter SET resend_at = clock_timestamp()
 WHERE webhook_id = $1 AND ($2::bigint[] IS NULL OR id = ANY($2)) RETURNING id
"""


async def register_webhook(
    session: AsyncSession, command: RegisterWebhook, *, by: Caller, at: Subscribing
) -> RegisteredWebhookView:
    """Register a webhook with the caller's present rights. Raises WebhooksOff, WebhookRefused, EpochEnded."""
    must_send(at)
    connection = await raw(session)
    await _must_be_possible(connection, command, by, at)
    end = await event_log.end(connection)
    if command.after is not None:
        await event_log.must_have(connection, end, command.after, None)
    # One request of a caller at a time, so that two at once do not both find room for one more.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", by.subject)
    if await connection.fetchval("SELECT count(*) FROM webhook WHERE owner = $1", by.subject) >= MOST_WEBHOOKS:
        raise TooManyWebhooks(f"you have {MOST_WEBHOOKS} webhooks")
    secret = new_secret()
    number = await connection.fetchval(
        _REGISTER,
        by.subject,
        sorted(by.organisations),
        *_target(command),
        command.signing,
        secret,
        end.position if command.after is None else command.after,
    )
    wake_readers_after_commit(session)
    return await _with_secret(connection, number, by, command.signing, secret)


def must_send(at: Subscribing) -> None:
    """Raise WebhooksOff where this deployment sends none."""
    if at.reach == Reach.NONE:
        raise WebhooksOff(f"{at.service} sends none here")


async def get_webhook_to_change(session: AsyncSession, number: int, *, by: Caller) -> asyncpg.Record:
    """Lock a webhook of the caller's, for an operator any. Raises WebhookNotFound."""
    connection = await raw(session)
    owner = None if by.has(Role.OPERATOR) else by.subject
    found = await connection.fetchrow(
        "SELECT id, owner, state, signing, version FROM webhook WHERE id = $1 AND ($2::text IS NULL OR owner = $2)"
        " FOR UPDATE",
        number,
        owner,
    )
    if found is None:
        raise WebhookNotFound(f"you have no webhook {number}")
    return found


async def get_own_webhook_to_change(session: AsyncSession, number: int, *, by: Caller) -> asyncpg.Record:
    """Lock a webhook of the caller's own: what it tells is by its owner's rights. Raises WebhookNotFound."""
    found = await get_webhook_to_change(session, number, by=by)
    if found["owner"] != by.subject:
        raise WebhookNotFound(f"you have no webhook {number}")
    return found


async def change_webhook(
    session: AsyncSession, number: int, command: ChangeWebhook, *, by: Caller, at: Subscribing
) -> WebhookView:
    """Replace the target and the filter of a locked webhook; its rights are the caller's. Raises WebhookRefused."""
    connection = await raw(session)
    await _must_be_possible(connection, command, by, at)
    await connection.execute(_CHANGE, number, sorted(by.organisations), *_target(command))
    wake_readers_after_commit(session)
    return await get_webhook(connection, number, by=by)


async def pause_webhook(session: AsyncSession, number: int, *, by: Caller) -> WebhookView:
    """Pause a locked webhook; one that is not active stays as it is."""
    connection = await raw(session)
    await connection.execute(_PAUSE, number, "paused by an operator" if by.has(Role.OPERATOR) else "paused by you")
    return await get_webhook(connection, number, by=by)


async def resume_webhook(session: AsyncSession, number: int, command: ResumeWebhook, *, by: Caller) -> WebhookView:
    """Let a locked webhook continue, from a position if one is given. Raises EpochEnded."""
    connection = await raw(session)
    if command.after is not None:
        await event_log.must_have(connection, await event_log.end(connection), command.after, command.epoch)
    await connection.execute(_RESUME, number, sorted(by.organisations), command.after)
    wake_readers_after_commit(session)
    return await get_webhook(connection, number, by=by)


async def renew_secret(
    session: AsyncSession, number: int, scheme: SigningScheme, *, by: Caller
) -> RegisteredWebhookView:
    """Give a locked webhook a new secret or key; the former one signs too for a day."""
    connection, secret = await raw(session), new_secret()
    await connection.execute(_RENEW, number, secret, sorted(by.organisations))
    return await _with_secret(connection, number, by, scheme, secret)


async def redeliver(session: AsyncSession, webhook: asyncpg.Record, command: Redeliver) -> int:
    """Have dead letters of a locked webhook sent again; return how many. Raises DeadLetterNotFound."""
    if webhook["state"] != "active":
        raise WebhookNotActive(f"webhook {webhook['id']} is {webhook['state']}")
    connection = await raw(session)
    rows = await connection.fetch(_RESEND, webhook["id"], command.dead_letters)
    missing = {*(command.dead_letters or ())} - {row["id"] for row in rows}
    if missing:
        names = ", ".join(map(str, sorted(missing)))
        raise DeadLetterNotFound(f"webhook {webhook['id']} has no dead letter {names}")
    wake_readers_after_commit(session)
    return len(rows)


async def end_webhook(session: AsyncSession, number: int) -> None:
    """Delete a locked webhook with its dead letters."""
    await (await raw(session)).execute("DELETE FROM webhook WHERE id = $1", number)


def _target(command: ChangeWebhook) -> tuple[str, list[str], list[str], int | None]:
    return command.url, sorted(set(command.types)), sorted(set(command.organisations)), command.watch_list


async def _with_secret(
    connection: asyncpg.Connection, number: int, by: Caller, scheme: SigningScheme, secret: bytes
) -> RegisteredWebhookView:
    made = await get_webhook(connection, number, by=by)
    return RegisteredWebhookView(**made.model_dump(), secret=shown_secret(scheme, secret))


async def _must_be_possible(reads: Reads, command: ChangeWebhook, by: Caller, at: Subscribing) -> None:
    reasons = [Reason(refusal, "url")] if (refusal := refusal_of(command.url, at.reach)) else []
    reasons += _unknown_types(command.types, at.service)
    if command.watch_list is not None and (fault := await _fault_of_list(reads, command.watch_list, by, at)):
        reasons.append(Reason(fault, "watch_list"))
    if reasons:
        raise WebhookRefused(as_sentence(reasons), reasons=reasons)


async def _fault_of_list(reads: Reads, number: int, by: Caller, at: Subscribing) -> str:
    if at.watched is None:
        return f"{at.service} has no watch lists: the registry has"
    return (
        "" if await at.watched(reads, by.subject, number, at.today) is not None else f"you have no watch list {number}"
    )


def _unknown_types(types: list[str], service: str) -> list[Reason]:
    """Return a reason for each type that this service does not publish, with the nearest that it does."""
    return [Reason(message, f"types.{number}") for number, one in enumerate(types) if (message := _fault(one, service))]


def _fault(written: str, service: str) -> str:
    published = {kind.event_name for kind in CATALOGUE.values() if kind.topic == service}
    name = name_of_type(written)
    if name in published:
        return ""
    near = get_close_matches(name, published, n=1)
    return f"{service} publishes no {name}" + (f"; do you mean {near[0]}?" if near else "")
