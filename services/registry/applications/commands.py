"""Drafts, files, edits, joins, leaves and withdraws applications to merge, of CCGs or ICBs.

Each applicant acts for itself, or several at once where one caller acts for them: an application is filed, and
published, when all of its applicants have agreed to its content.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events.registry import MergerApplicationDetermined, MergerApplied
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from services.registry.applications.content import (
    Applicant,
    ApplicationContent,
    Content,
    Determination,
    Dossier,
    Joined,
)
from services.registry.applications.errors import (
    ApplicationNotAllowed,
    ApplicationNotFound,
    NoSuchApplicant,
    NotApplicants,
)
from services.registry.applications.models import Application, ApplicationAct, ApplicationStatus
from services.registry.applications.rules import (
    Asked,
    effect_of,
    fewest_applicants,
    kind_of,
    procedures_for,
    reasons_against_filing,
)
from services.registry.clusters.queries import clusters_named
from services.registry.core.change import Change, change
from services.registry.core.codes import Code, Day
from services.registry.core.kinds import Kind
from services.registry.core.permissions import acted_for, must_act_for, must_act_for_one_of
from services.registry.core.standing import standings
from services.registry.core.terms import titles_of
from services.registry.mergers.conditions import ApprovalCondition
from services.registry.mergers.queries import agreed_mergers_of
from services.registry.mergers.rules import Surroundings

_OWN_ACT = "each applicant acts for itself, and it counts when all have agreed"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('merger_application'))"


class FileApplication(Dossier):
    """An application of two or more CCGs, or ICBs, to be dissolved and another established."""

    applicants: list[Applicant] = Field(max_length=50, examples=[["10Y", "10H"]])
    filed_by: Applicant = Field(
        description="the applicant that files it for all; NHS England where it leads a merger of ICBs", examples=["10Y"]
    )


class JoinApplication(BaseModel):
    """A further applicant, before the determination, with NHS England's agreement (s.14B)."""

    model_config = ConfigDict(extra="forbid")

    applicant: Code = Field(examples=["10H"])
    agreed_on: Day = Field(description="when NHS England agreed to it", examples=["2018-01-15"])


async def file_application(
    session: AsyncSession, command: FileApplication, *, by: Caller, stated_at: datetime
) -> Application:
    """Draft an application for those of its applicants that the caller acts for: filed if that is all of them.

    Nothing else changes until it is approved. Raises ApplicationNotAllowed with every reason, NotYoursToDecide,
    RoleMissing.
    """
    await must_file_for(session, command.filed_by, by)
    own = await acted_for(session, command.applicants, by)
    dossier = Dossier.model_validate(command.model_dump(exclude={"applicants", "filed_by"}))
    asked = Asked(command.applicants, command.filed_by, day_of(stated_at), day_of(stated_at), dossier)
    async with change(session, (), by=by, stated_at=stated_at, checks=_concerned(asked)) as now:
        around = await _around(now, asked)
        _must_be_allowed(asked, around)
        await now.connection.execute(_ONE_AT_A_TIME)
        earlier = await session.scalar(
            select(func.count()).select_from(Application).where(Application.successor == dossier.successor)
        )
        application = Application(
            reference=f"A-{dossier.successor}-{earlier + 1}" if earlier else f"A-{dossier.successor}",
            kind=kind_of(asked, around),
            successor=dossier.successor,
            drafted_on=asked.filed_on,
        )
        session.add(application)
        kept = _dated(
            asked,
            around,
            ApplicationContent.model_validate(
                {
                    **dossier.model_dump(),
                    "applicants": command.applicants,
                    "effective_on": effect_of(asked, procedures_for(asked, around)),
                    "day_named": dossier.effective_on is not None,
                    "agreed": own,
                }
            ),
        )
        status = ApplicationStatus.DRAFTED if kept.lacking else ApplicationStatus.FILED
        act = ApplicationAct.DRAFTED if kept.lacking else ApplicationAct.FILED
        note_step(now, application, act, kept, status=status, filed_by=command.filed_by)
    return application


class AgreeToApplication(BaseModel):
    """An applicant that the application names, and that agrees to its content as it stands."""

    model_config = ConfigDict(extra="forbid")

    applicant: Code = Field(examples=["10H"])


async def agree_to_application(
    session: AsyncSession, application: Application, command: AgreeToApplication, *, by: Caller, stated_at: datetime
) -> None:
    """Let an applicant agree to the locked application: filed when it was the last of them.

    Raises DeterminedAlready, NotApplicants, ApplicationNotAllowed with every reason.
    """
    application.must_be_open()
    if command.applicant not in application.applicants:
        message = f"{command.applicant} is no applicant of {application.reference}: join it, where NHS England agrees"
        raise NotApplicants(message, reasons=[Reason(message, "applicant")])
    before = content_of(application)
    if command.applicant not in before.lacking:
        message = f"{command.applicant} has agreed to it already"
        raise ApplicationNotAllowed(message, reasons=[Reason(message, "applicant")])
    kept = before.model_copy(update={"agreed": [*(before.agreed or ()), command.applicant]})
    await _change_applicants(session, application, kept, ApplicationAct.AGREED, stated_at, by)


async def edit_application(
    session: AsyncSession, application: Application, command: Content, *, by: Caller, stated_at: datetime
) -> None:
    """Change the content of the locked application for those of its applicants that the caller acts for.

    The others have to agree to the new content; until then it is a draft. Judgements stay.
    Raises DeterminedAlready, ApplicationNotAllowed with every reason.
    """
    application.must_be_open()
    before = content_of(application)
    own = await acted_for(session, application.applicants, by)
    dossier = Dossier.model_validate({**command.model_dump(), "successor": application.successor})
    filed_on = _filing_day(application, stated_at)
    asked = Asked(application.applicants, application.filed_by, filed_on, day_of(stated_at), dossier)
    async with change_of(session, application, by=by, stated_at=stated_at, checks=_concerned(asked)) as now:
        around = await _around(now, asked)
        _must_be_allowed(asked, around)
        kept = ApplicationContent.model_validate(
            {
                **dossier.model_dump(),
                "applicants": before.applicants,
                "effective_on": effect_of(asked, procedures_for(asked, around)),
                "day_named": dossier.effective_on is not None,
                "agreed": own,
                "filed_on": before.filed_on if before.agreed is not None else application.drafted_on,
                "joined": before.joined,
                "judgements": before.judgements,
            }
        )
        kept = _dated(asked, around, kept)
        note_step(now, application, ApplicationAct.EDITED, kept, status=_status(application, kept))


async def join_application(
    session: AsyncSession, application: Application, command: JoinApplication, *, by: Caller, stated_at: datetime
) -> None:
    """Add an applicant to the locked application.

    Raises DeterminedAlready, ApplicationNotAllowed with every reason.
    """
    application.must_be_open()
    if command.agreed_on > day_of(stated_at):
        message = f"{command.agreed_on} is still to come"
        raise ApplicationNotAllowed(message, reasons=[Reason(message, "agreed_on")])
    before = content_of(application)
    joined = [*before.joined, Joined(applicant=command.applicant, agreed_on=command.agreed_on)]
    kept = before.model_copy(
        update={
            "applicants": [*before.applicants, command.applicant],
            "agreed": None if before.agreed is None else [*before.agreed, command.applicant],
            "joined": joined,
        }
    )
    await _change_applicants(session, application, kept, ApplicationAct.JOINED, stated_at, by)


async def leave_application(
    session: AsyncSession, application: Application, code: str, *, by: Caller, stated_at: datetime
) -> None:
    """Withdraw one applicant from the locked application, which ends where it leaves fewer than the law asks for.

    Raises DeterminedAlready, NoSuchApplicant, ApplicationNotAllowed with every reason.
    """
    must_be_applicant(application, code)
    application.must_be_open()
    before = content_of(application)
    left = [one for one in application.applicants if one != code]
    if len(left) < fewest_applicants(before.effective_on, Kind(application.kind)):
        await withdraw_application(session, application, by=by, stated_at=stated_at)
        return
    filed_by = application.filed_by
    if filed_by == code:
        filed_by = left[0]
    kept = before.model_copy(
        update={
            "applicants": left,
            "agreed": None if before.agreed is None else [one for one in before.agreed if one != code],
            "joined": [one for one in before.joined if one.applicant != code],
            "member_views": [view for view in before.member_views if view.organisation != code],
        }
    )
    await _change_applicants(session, application, kept, ApplicationAct.LEFT, stated_at, by, filed_by=filed_by)


async def withdraw_application(
    session: AsyncSession, application: Application, *, by: Caller, stated_at: datetime
) -> None:
    """Withdraw the whole of the locked application. Raises DeterminedAlready."""
    application.must_be_open()
    decided = Determination(outcome=ApplicationStatus.WITHDRAWN, decided_on=day_of(stated_at))
    kept = content_of(application).model_copy(update={"determination": decided})
    async with change_of(session, application, by=by, stated_at=stated_at) as now:
        note_step(now, application, ApplicationAct.WITHDRAWN, kept, status=ApplicationStatus.WITHDRAWN)


async def get_application_to_change(
    session: AsyncSession, reference: str, *, by: Caller, binds: Callable[[Application], Collection[str]] | None = None
) -> Application:
    """Lock an application, before the organisations that it concerns, as who acts for those that the act binds.

    Left out, the act is one applicant's, or that of the body that filed it. A draft is not found by who acts for none
    of them. Raises ApplicationNotFound, NotYoursToDecide, RoleMissing.
    """

    async def must_be_theirs(application: Application) -> None:
        parties = [*application.applicants, application.filed_by]
        if content_of(application).never_filed and not await acted_for(session, parties, by):
            raise ApplicationNotFound(f"no application has the reference {reference}")
        if binds is None:
            await must_act_for_one_of(session, parties, by, because=_OWN_ACT)
        else:
            await must_act_for(session, binds(application), by)

    stated = await session.scalar(
        select(Application).where(Application.reference == reference).options(selectinload(Application.steps))
    )
    if stated is not None:
        await must_be_theirs(stated)
    found: Application | None = await session.scalar(
        select(Application)
        .where(Application.reference == reference)
        .options(selectinload(Application.steps))
        .with_for_update(of=Application)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise ApplicationNotFound(f"no application has the reference {reference}")
    # Another may have joined while this waited for the lock.
    await must_be_theirs(found)
    return found


def must_be_applicant(application: Application, code: str) -> None:
    """Raise NoSuchApplicant unless the body is an applicant, before any version is compared."""
    if code not in application.applicants:
        raise NoSuchApplicant(f"{code} is no applicant of {application.reference}")


def bodies_of(application: Application) -> set[str]:
    """Return every body that an application names: its determination, which may merge them, binds them all."""
    return {application.filed_by, application.successor, *application.applicants}


def applying(application: Application) -> set[str]:
    """Return the applicants and the body that filed it."""
    return {application.filed_by, *application.applicants}


def content_of(application: Application) -> ApplicationContent:
    """Return the current content of an application."""
    return ApplicationContent.model_validate(application.current.content)


async def _change_applicants(
    session: AsyncSession,
    application: Application,
    kept: ApplicationContent,
    act: ApplicationAct,
    stated_at: datetime,
    by: Caller,
    *,
    filed_by: str | None = None,
) -> None:
    filer = filed_by or application.filed_by
    dossier = Dossier.model_validate({name: getattr(kept, name) for name in Dossier.model_fields})
    if kept.never_filed and not kept.day_named:
        dossier = dossier.model_copy(update={"effective_on": None})
    asked = Asked(kept.applicants, filer, _filing_day(application, stated_at), day_of(stated_at), dossier)
    async with change_of(session, application, by=by, stated_at=stated_at, checks=_concerned(asked)) as now:
        around = await _around(now, asked)
        _must_be_allowed(asked, around)
        kept = _dated(asked, around, kept)
        note_step(now, application, act, kept, status=_status(application, kept), filed_by=filer)


def _dated(asked: Asked, around: Surroundings, kept: ApplicationContent) -> ApplicationContent:
    """Return the content with its filing day, if it has just become whole, and the day of effect that follows."""
    if kept.lacking or not kept.never_filed:
        return kept
    effective_on = effect_of(asked, procedures_for(asked, around))
    return kept.model_copy(update={"filed_on": asked.filed_on, "effective_on": effective_on})


def _filing_day(application: Application, stated_at: datetime) -> date:
    """Return the day on which it was filed; of a draft, the day on which it would be, if it became whole now."""
    kept = content_of(application)
    return day_of(stated_at) if kept.never_filed else kept.filed_on or application.drafted_on


def _status(application: Application, kept: ApplicationContent) -> ApplicationStatus:
    """Return the status with this content: a draft until all have agreed to it."""
    if kept.lacking:
        return ApplicationStatus.DRAFTED
    return ApplicationStatus.FILED if application.status is ApplicationStatus.DRAFTED else application.status


def must_be_whole(application: Application) -> None:
    """Raise NotApplicants where applicants have not agreed to its content: it cannot be judged or determined."""
    lacking = content_of(application).lacking
    if lacking:
        message = f"{', '.join(lacking)} has not agreed to {application.reference}"
        raise NotApplicants(message, reasons=[Reason(f"{code} has not agreed to it", "applicants") for code in lacking])


def change_of(
    session: AsyncSession, application: Application, *, by: Caller, stated_at: datetime, checks: Collection[str] = ()
) -> AbstractAsyncContextManager[Change]:
    """Change a locked application, after all its steps; the bodies that it concerns do not change."""
    return change(session, (), by=by, stated_at=stated_at, checks=checks, after=application.last_stated_at())


def _concerned(asked: Asked) -> set[str]:
    return {asked.dossier.successor, asked.filed_by, *asked.applicants}


async def _around(now: Change, asked: Asked) -> Surroundings:
    codes = _concerned(asked)
    return Surroundings(
        now.standings, await agreed_mergers_of(now.session, codes), await clusters_named(now.connection, codes)
    )


async def must_file_for(session: AsyncSession, code: str, by: Caller) -> None:
    """Raise RoleMissing or NotYoursToDecide unless the caller acts for the body that files.

    For a cluster, which is refused with a reason later, that is for its ICBs.
    """
    connection = await raw(session)
    if (await standings(connection, [code]))[code].kind is Kind.NHS_ENGLAND:
        by.must_have(Role.NHS_ENGLAND)
    clusters = await clusters_named(connection, [code])
    await must_act_for(session, clusters.get(code, [code]), by)


def _must_be_allowed(asked: Asked, around: Surroundings) -> None:
    reasons = reasons_against_filing(asked, around)
    if reasons:
        raise ApplicationNotAllowed("; ".join(reason.message for reason in reasons), reasons=reasons)


def titles_of_conditions(conditions: Sequence[ApprovalCondition], day: date) -> tuple[str, ...]:
    """Return the titles of an approval's conditions, in order. Raises TermUnknown."""
    terms = [one.condition for one in conditions]
    return titles_of("merger-condition", terms, day, field="conditions.{}.condition")


def note_step(
    now: Change,
    application: Application,
    act: ApplicationAct,
    kept: ApplicationContent,
    *,
    status: ApplicationStatus | None = None,
    filed_by: str | None = None,
) -> None:
    """Add the step to the application, and publish it if it is whole; a judgement only with the determination."""
    application.note(act, kept.dump(), stated_at=now.at, by=now.by.subject, status=status, filed_by=filed_by)
    if act is ApplicationAct.JUDGED or application.status is ApplicationStatus.DRAFTED or kept.never_filed:
        return
    if kept.determination is None or act not in {ApplicationAct.DETERMINED, ApplicationAct.WITHDRAWN}:
        now.publish(
            MergerApplied(
                application=application.reference,
                applicants=tuple(kept.applicants),
                successor=kept.successor,
                successor_name=kept.successor_name,
                to_take_effect_on=kept.effective_on,
                effective_on=day_of(now.at),
                stated_at=now.at,
            )
        )
        return
    decided = kept.determination
    now.publish(
        MergerApplicationDetermined(
            application=application.reference,
            applicants=tuple(kept.applicants),
            successor=kept.successor,
            outcome=decided.outcome,
            merger=decided.merger or "",
            conditions=titles_of_conditions(decided.conditions, decided.decided_on),
            deferred_to=decided.deferred_to,
            effective_on=decided.decided_on,
            stated_at=now.at,
        )
    )
