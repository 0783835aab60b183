"""Suspends and resumes the transfer schemes of staff of mergers; what was done before stays done."""

from collections.abc import Iterator
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason, as_sentence
from libs.common.events.registry import TransferSchemeResumed, TransferSchemeSuspended
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.temporal.believed import NOW, as_known
from services.registry.core.change import Change, behind
from services.registry.core.codes import Day, Note, Words
from services.registry.core.kinds import MergerStatus
from services.registry.core.models import successions
from services.registry.core.terms import Subject, Term, titles_of
from services.registry.mergers.commands import carry_out_if_due, change_of
from services.registry.mergers.models import Merger, Scheme, SchemePause, SchemeType
from services.registry.suspensions.errors import (
    PauseNotAllowed,
    SchemeEnded,
    SchemeNotFound,
    SchemeNotSuspended,
    SchemeSuspendedAlready,
)

_FOLLOWED = f"""
SELECT s.code FROM {successions.beliefs} s WHERE s.merger = $1 AND s.code = ANY($2) AND {as_known("s", NOW)}
"""  # noqa: S608  (the name of a table of ours)


class _NewPause(BaseModel):
    model_config = ConfigDict(extra="forbid")

    effective_on: Day | None = Field(
        default=None, description="a day that has come; left out, the day of the statement", examples=["2018-06-01"]
    )
    document: Words = Field(
        description="the paper that shows it, for the parties of the merger alone",
        examples=["Letter to the staff side of 31 May 2018"],
    )
    words: Note = Field(
        default="", description="for the parties of the merger alone", examples=["Pensions are still open"]
    )


class SuspendScheme(_NewPause):
    """What a transfer scheme of staff moves waits from a day on."""

    reason: Term = Field(
        description="a term of the packs in force, which everyone reads", examples=["consultation_paused"]
    )


class ResumeScheme(_NewPause):
    """What a suspended transfer scheme of staff moves continues from a day on."""

    reason: Term = Field(
        description="a term of the packs in force, which everyone reads", examples=["consultation_completed"]
    )


async def suspend_scheme(
    session: AsyncSession, merger: Merger, reference: str, command: SuspendScheme, *, by: Caller, stated_at: datetime
) -> None:
    """Suspend a scheme of the locked merger; a merger that has not taken effect is then not ready.

    Raises SchemeNotFound, SchemeEnded, SchemeSuspendedAlready, PauseNotAllowed, TermUnknown.
    """
    async with change_of(session, merger, by=by, stated_at=stated_at) as now:
        scheme = _scheme_to_change(now, merger, reference)
        await _must_move(now, merger, scheme, again_from=command.effective_on or day_of(now.at))
        if scheme.suspended_on is not None:
            raise SchemeSuspendedAlready(f"{reference} is suspended since {scheme.suspended_on}")
        pause = _pause(now, scheme, command, "scheme-suspension")
        merger.pause(scheme, pause)
        merger.version += 1
        now.publish(TransferSchemeSuspended(**_published(merger, scheme, pause)))


async def resume_scheme(
    session: AsyncSession,
    merger: Merger,
    reference: str,
    command: ResumeScheme,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Resume a suspended scheme of the locked merger, which takes effect now if only this was missing on its day.

    Raises SchemeNotFound, SchemeEnded, SchemeNotSuspended, PauseNotAllowed, TermUnknown.
    """
    async with change_of(session, merger, by=by, stated_at=stated_at) as now:
        scheme = _scheme_to_change(now, merger, reference)
        await _must_move(now, merger, scheme)
        if scheme.suspended_on is None:
            last = scheme.pauses[-1] if scheme.pauses else None
            raise SchemeNotSuspended(
                f"{reference} was resumed on {last.effective_on}" if last else f"{reference} was never suspended"
            )
        pause = _pause(now, scheme, command, "scheme-resumption")
        merger.pause(scheme, pause)
        merger.version += 1
        now.publish(TransferSchemeResumed(**_published(merger, scheme, pause)))
        await carry_out_if_due(now, merger, by_day=today)


def _scheme_to_change(now: Change, merger: Merger, reference: str) -> Scheme:
    """Return a scheme of the merger, and move the instant after what was stated of it."""
    scheme = next((one for one in merger.schemes if one.reference == reference), None)
    if scheme is None:
        made = ", ".join(one.reference for one in merger.schemes) or "none"
        raise SchemeNotFound(f"{merger.reference} has no transfer scheme {reference}: there are {made}")
    now.at = behind(scheme.last_stated_at(), now.at)
    return scheme


async def _must_move(now: Change, merger: Merger, scheme: Scheme, *, again_from: date | None = None) -> None:
    """Raise SchemeEnded, with every reason, where nothing can continue, or wait from a day on.

    Where one of its predecessors did not follow after all, the staff of the others still do.
    """
    messages = []
    if merger.status == MergerStatus.WITHDRAWN:
        messages.append(f"{merger.reference} is withdrawn")
    if merger.status == MergerStatus.CARRIED_OUT:
        rows = await now.connection.fetch(_FOLLOWED, merger.reference, scheme.predecessors)
        if not rows:
            messages += [f"that {merger.successor} succeeded {code} was undone" for code in sorted(scheme.predecessors)]
    if scheme.nil_return:
        messages.append(f"{scheme.reference} is a nil return")
    if again_from and now.standings[merger.successor].on(again_from) == "closed":
        messages.append(f"{merger.successor} is closed on {again_from}: what {scheme.reference} moved has passed on")
    if messages:
        reasons = [Reason(message) for message in messages]
        raise SchemeEnded(as_sentence(reasons), reasons=reasons)


def _pause(now: Change, scheme: Scheme, command: SuspendScheme | ResumeScheme, subject: Subject) -> SchemePause:
    day = command.effective_on or day_of(now.at)
    if reasons := list(_reasons_against(scheme, day, today=day_of(now.at))):
        raise PauseNotAllowed(as_sentence(reasons), reasons=reasons)
    titles_of(subject, [command.reason], day, field="reason")
    return SchemePause(
        number=len(scheme.pauses) + 1,
        suspended=subject == "scheme-suspension",
        effective_on=day,
        reason=command.reason,
        words=command.words,
        document=command.document,
        stated_at=now.at,
        stated_by=now.by.subject,
    )


def _reasons_against(scheme: Scheme, day: date, *, today: date) -> Iterator[Reason]:
    if scheme.sort is not SchemeType.STAFF:
        yield Reason(f"{scheme.reference} is a {scheme.sort} transfer scheme: one of staff alone waits", "scheme")
    if day > today:
        yield Reason(f"{day} is still to come", "effective_on")
    if day < scheme.made_on:
        yield Reason(f"{scheme.reference} was made on {scheme.made_on}", "effective_on")
    if scheme.pauses and day < (last := scheme.pauses[-1]).effective_on:
        became = "suspended" if last.suspended else "resumed"
        yield Reason(f"{scheme.reference} was {became} on {last.effective_on}", "effective_on")


def _published(merger: Merger, scheme: Scheme, pause: SchemePause) -> dict[str, object]:
    """Return the fields of the event that states a pause."""
    return {
        "merger": merger.reference,
        "scheme": scheme.reference,
        "sort": scheme.sort,
        "successor": merger.successor,
        "predecessors": tuple(scheme.predecessors),
        "reason": pause.reason,
        "effective_on": pause.effective_on,
        "stated_at": pause.stated_at,
    }
