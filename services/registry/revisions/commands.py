"""States what is new of many organisations from one day, in one transaction: all of it, or nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason, as_sentence
from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationKindChanged,
    OrganisationLegalStatusChanged,
    OrganisationParentChanged,
    OrganisationRenamed,
)
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW
from libs.organisations.statements import RELATIONS, Facet
from services.registry.core.believed import believed
from services.registry.core.change import Change, change
from services.registry.core.codes import Code, Day, Name
from services.registry.core.errors import OrganisationNotFound
from services.registry.core.kinds import PRACTICE_KINDS, Kind
from services.registry.core.models import Organisation
from services.registry.core.permissions import must_act_for
from services.registry.core.standing import standings
from services.registry.cover.checks import reasons_against_kind, reasons_against_parent
from services.registry.identifiers.commands import GiveIdentifier, IdentifierIn, identify_all
from services.registry.mergers.queries import agreed_mergers_of
from services.registry.organisations.changes import Description, describe_all, reasons_against_legal_status
from services.registry.populations.commands import CountOfPeople, published_count, refusals_of_counts
from services.registry.revisions.errors import RevisionsNotAllowed

_ABOVE = f"""
SELECT o.code, b.facet, b.value FROM organisation o JOIN {believed("b", day="$2", known=NOW)} AND b.facet = ANY($3)
 WHERE o.code = ANY($1) AND b.value <> ''
"""  # noqa: S608  (only names of ours are put in)

_LEVELS = {"local_office": "in local office", "stp": "in STP", "icb": "in ICB", "region": "in region"}
"""The fields of a revision that name a body above another, each with its relation."""


class Revision(BaseModel):
    """What is new of one organisation. A field that is left out changes nothing."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(examples=["QU9"])
    new_name: Name | None = Field(default=None, examples=["NHS Buckinghamshire, Oxfordshire and Berkshire West ICB"])
    kind: Kind | None = Field(default=None, examples=["icb"])
    legal_status: Literal["established", "abolished"] | None = Field(default=None, examples=["established"])
    parent: Code | None = Field(default=None, description="for a practice its commissioner", examples=["Y59"])
    local_office: Code | None = Field(default=None, description="up to March 2020", examples=[None])
    stp: Code | None = Field(default=None, description="up to June 2022", examples=[None])
    icb: Code | None = Field(default=None, description="since July 2022", examples=[None])
    region: Code | None = Field(default=None, examples=["Y59"])
    identifiers: list[IdentifierIn] = Field(default=[], max_length=5, description="codes in other systems")
    populations: list[CountOfPeople] = Field(default=[], max_length=40, description="counts of people on the day")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.kind is Kind.UNKNOWN:
            raise ValueError("kind: state a kind: `unknown` is for codes that no source describes")
        if not self.model_fields_set - {"code"}:
            raise ValueError("state what is new of the organisation")
        return self

    def above(self) -> Iterator[tuple[str, str]]:
        """Yield each level of its own that it states, as relation and body."""
        for name, relation in _LEVELS.items():
            if body := getattr(self, name):
                yield relation, body


class ReviseOrganisations(BaseModel):
    """What is new of up to 500 organisations from one day."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day of all that is new", examples=["2022-07-01"])
    organisations: list[Revision] = Field(
        min_length=1,
        max_length=500,
        examples=[[{"code": "QU9", "kind": "icb", "new_name": "NHS Buckinghamshire ICB", "region": "Y59"}]],
    )


async def revise_organisations(
    session: AsyncSession, command: ReviseOrganisations, *, by: Caller, stated_at: datetime
) -> list[Organisation]:
    """State what is new of organisations from a day, each value up to the next one that is known already.

    It binds them, and the bodies above that they join and leave. Raises OrganisationNotFound with every code that names
    nothing, RevisionsNotAllowed with every reason, NotYoursToDecide.
    """
    day, revisions = command.effective_on, command.organisations
    codes = {one.code for one in revisions}
    joined = {
        body for one in revisions for body in (one.parent, one.local_office, one.stp, one.icb, one.region) if body
    }

    async def bound() -> set[str]:
        return {*codes, *joined, *await _left(session, revisions, day)}

    async with change(session, codes, by=by, stated_at=stated_at, bound=await bound()) as now:
        # One of them may have got another body above it while this waited for the locks.
        await must_act_for(session, await bound(), by)
        # Those above are not locked: they do not change.
        there = {**now.standings, **await standings(now.connection, joined - codes)}
        if missing := sorted(code for code in {*codes, *joined} if not there[code].exists):
            raise OrganisationNotFound(f"no organisation has the code {', '.join(missing)}")
        reasons = [*_against_standing(now, revisions, day), *await _against_kinds_and_parents(now, revisions, day)]
        found = [*await describe_all(now, list(_descriptions(now, revisions, day)), day)]
        found += await _identify(now, revisions, day)
        found += await _count(now, revisions, day)
        reasons += [Reason(message, "organisations") for message in found]
        if reasons:
            raise RevisionsNotAllowed(as_sentence(reasons), reasons=reasons)
    return [now.organisations[one.code] for one in revisions]


async def _left(session: AsyncSession, revisions: Sequence[Revision], day: date) -> set[str]:
    facets = {one.code: {RELATIONS[relation] for relation, _ in one.above()} for one in revisions}
    for one in revisions:
        if one.parent:
            facets[one.code].add(Facet.PARENT)
    stated = sorted(set().union(*facets.values()))
    rows = await (await raw(session)).fetch(_ABOVE, sorted(facets), day, stated) if stated else ()
    return {row["value"] for row in rows if row["facet"] in facets[row["code"]]}


def _against_standing(now: Change, revisions: Sequence[Revision], day: date) -> Iterator[Reason]:
    for code, times in Counter(one.code for one in revisions).items():
        if times > 1:
            yield Reason(f"{code} occurs {times} times", "organisations")
    for number, one in enumerate(revisions):
        field, standing = f"organisations.{number}", now.standings[one.code]
        described = one.model_fields_set - {"code", "legal_status", "identifiers", "populations"}
        if described and standing.on(day) not in {"open", "proposed"}:
            yield Reason(f"{one.code} is {standing.on(day)} on {day}", field)
        if one.legal_status:
            is_another = one.kind is not None and one.kind is not standing.kind_on(day - timedelta(days=1))
            against = reasons_against_legal_status(standing, one.legal_status, day, as_another_kind=is_another)
            yield from (Reason(reason.message, field) for reason in against)


async def _against_kinds_and_parents(now: Change, revisions: Sequence[Revision], day: date) -> list[Reason]:
    agreed = await agreed_mergers_of(now.session, [one.code for one in revisions if one.kind])
    reasons = []
    for one in revisions:
        if one.kind:
            if one.code in agreed and day <= agreed[one.code][1]:
                reference, on = agreed[one.code]
                reasons.append(Reason(f"{one.code} is part of the merger {reference}, agreed for {on}"))
            reasons += await reasons_against_kind(now.connection, one.code, one.kind, day)
        if one.parent and now.standings[one.code].kind_on(day) in PRACTICE_KINDS:
            reasons += await reasons_against_parent(now.connection, one.code, one.parent, day)
    return reasons


def _descriptions(now: Change, revisions: Sequence[Revision], day: date) -> Iterator[Description]:
    for one in revisions:
        code = one.code
        if one.new_name:
            yield Description(code, Facet.NAME, one.new_name, partial(_renamed, now.at, code))
        if one.kind:
            yield Description(code, Facet.KIND, str(one.kind), partial(_of_kind, now.at, code))
        if one.legal_status:
            yield Description(code, Facet.LEGAL, one.legal_status, partial(_in_law, now.at, code))
        if one.parent:
            is_practice = now.standings[code].kind_on(day) in PRACTICE_KINDS
            relation = "commissioned by" if is_practice else "part of"
            yield Description(code, Facet.PARENT, one.parent, partial(_belonging, now.at, code, relation))
        for relation, body in one.above():
            yield Description(code, RELATIONS[relation], body, partial(_belonging, now.at, code, relation))


def _renamed(at: datetime, code: str, name: str, day: date) -> Event:
    return OrganisationRenamed(code=code, new_name=name, effective_on=day, stated_at=at)


def _of_kind(at: datetime, code: str, kind: str, day: date) -> Event:
    return OrganisationKindChanged(code=code, kind=kind, effective_on=day, stated_at=at)


def _in_law(at: datetime, code: str, status: str, day: date) -> Event:
    return OrganisationLegalStatusChanged(code=code, legal_status=status, effective_on=day, stated_at=at)


def _belonging(at: datetime, code: str, relation: str, parent: str, day: date) -> Event:
    return OrganisationParentChanged(code=code, relation=relation, parent=parent, effective_on=day, stated_at=at)


async def _identify(now: Change, revisions: Sequence[Revision], day: date) -> list[str]:
    given = [
        (one.code, GiveIdentifier(system=new.system, identifier=new.identifier, effective_on=day))
        for one in revisions
        for new in one.identifiers
    ]
    taken, known = await identify_all(now, given) if given else ([], [])
    return [*taken, *known]


async def _count(now: Change, revisions: Sequence[Revision], day: date) -> list[str]:
    counts = {one.code: one.populations for one in revisions}
    for code, several in counts.items():
        for count in several:
            now.publish(published_count(code, count, day, stated_at=now.at))
    return [reason.message for _, reason in await refusals_of_counts(now.connection, counts, day)]
