"""Opens federations, and states legal forms and remits."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason
from libs.common.events import Event
from libs.common.events.registry import OrganisationLegalFormChanged, OrganisationRemitStated
from libs.common.identity import Caller
from libs.organisations.statements import Facet
from services.registry.core.change import change
from services.registry.core.codes import Code, Day, Name
from services.registry.core.kinds import Kind
from services.registry.core.models import Organisation
from services.registry.core.terms import Term, titles_of
from services.registry.federations.errors import LegalFormUnknown
from services.registry.federations.rules import forms_on
from services.registry.organisations.changes import describe, must_be_there
from services.registry.organisations.commands import Address, OpenOrganisation, open_in

LegalForm = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,59}$")]


class OpenFederation(BaseModel):
    """A federation of practices, with its legal form and remit."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(description="its code, never used before", examples=["SUFFED"])
    name: Name = Field(examples=["Suffolk GP Federation"])
    effective_on: Day = Field(description="the first day on which it operates", examples=["2007-10-01"])
    legal_form: LegalForm = Field(description="a form in the matrix of that day", examples=["cic_limited_by_guarantee"])
    remit: Term = Field(
        description="its purpose, a term of the packs in force: the form follows from it",
        examples=["extended_services"],
    )
    address: Address | None = None


class ChangeLegalForm(BaseModel):
    """Another legal form from a day."""

    model_config = ConfigDict(extra="forbid")

    legal_form: LegalForm = Field(examples=["company_limited_by_shares"])
    effective_on: Day = Field(description="the first day of this form", examples=["2015-04-01"])


class StateRemit(BaseModel):
    """A remit from a day."""

    model_config = ConfigDict(extra="forbid")

    remit: Term = Field(description="a term of the packs in force", examples=["enhanced_services"])
    effective_on: Day = Field(description="the first day of this remit", examples=["2015-04-01"])


async def open_federation(
    session: AsyncSession, command: OpenFederation, *, by: Caller, stated_at: datetime
) -> Organisation:
    """Open a federation of practices, with its legal form and its remit.

    Raises LegalFormUnknown, TermUnknown, CodeTaken, NotYoursToDecide.
    """
    body = OpenOrganisation(
        code=command.code,
        name=command.name,
        kind=Kind.GP_FEDERATION,
        effective_on=command.effective_on,
        address=command.address,
    )
    when = command.effective_on
    async with change(session, [command.code], by=by, stated_at=stated_at) as now:
        _must_be_known(command.legal_form, when)
        remit = _remit(command.remit, when)
        await open_in(now, [body])
        now.publish(
            OrganisationLegalFormChanged(
                code=command.code, legal_form=command.legal_form, effective_on=when, stated_at=now.at
            ),
            OrganisationRemitStated(code=command.code, remit=remit, effective_on=when, stated_at=now.at),
        )
    return now.organisations[command.code]


async def change_legal_form(
    session: AsyncSession, organisation: Organisation, command: ChangeLegalForm, *, by: Caller, stated_at: datetime
) -> None:
    """State the legal form of the locked body, of any kind, from a day up to the next known one.

    Raises LegalFormUnknown, NotOpen, NoChange, NotYoursToDecide.
    """
    code = organisation.code
    _must_be_known(command.legal_form, command.effective_on)
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        must_be_there(now.standings[code], command.effective_on)

        def of_form(form: str, day: date) -> Event:
            return OrganisationLegalFormChanged(code=code, legal_form=form, effective_on=day, stated_at=now.at)

        await describe(now, code, Facet.LEGAL_FORM, command.legal_form, command.effective_on, of_form)


async def state_remit(
    session: AsyncSession, organisation: Organisation, command: StateRemit, *, by: Caller, stated_at: datetime
) -> None:
    """State the remit of the locked body from a day, up to the next remit that is known already.

    Raises NotOpen, NoChange, TermUnknown, NotYoursToDecide.
    """
    code = organisation.code
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        must_be_there(now.standings[code], command.effective_on)

        def with_remit(remit: str, day: date) -> Event:
            return OrganisationRemitStated(code=code, remit=remit, effective_on=day, stated_at=now.at)

        remit = _remit(command.remit, command.effective_on)
        await describe(now, code, Facet.REMIT, remit, command.effective_on, with_remit)


def _remit(term: str, day: date) -> str:
    [title] = titles_of("federation-remit", [term], day, field="remit")
    return title


def _must_be_known(form: str, day: date) -> None:
    known = forms_on(day)
    if form not in known:
        message = f"{form} is no legal form that the rule packs know on {day}; they know {', '.join(known) or 'none'}"
        raise LegalFormUnknown(message, reasons=[Reason(message, "legal_form")])
