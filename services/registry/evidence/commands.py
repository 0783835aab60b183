"""Records what a document of a named source states, with the rank of the source."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import as_code
from libs.common.errors import Reason
from libs.common.events import Event
from libs.common.events.registry import OrganisationSucceeded, SourceReported, SuccessionReported
from libs.common.identity import Caller, Role
from libs.common.text import visible
from libs.organisations.successions import OFFICIAL
from services.registry.core.change import change
from services.registry.core.codes import CODE, PRINTED, Code, Day
from services.registry.core.errors import OrganisationNotFound, SourceRefused
from services.registry.core.kinds import Kind
from services.registry.core.recording import COMMAND
from services.registry.core.sources import SourceName, families, family_of, source_of
from services.registry.core.views import SourceView
from services.registry.evidence.views import RecordedView

_FITS = {
    "life": re.compile("proposed|open|closed"),
    "name": re.compile(".+"),
    "parent": re.compile(f"({CODE})?"),
    "kind": re.compile("|".join(Kind)),
    "succession": re.compile(CODE),
}

Value = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PRINTED), AfterValidator(visible)
]


class Reported(BaseModel):
    """One statement of a source about one organisation."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(examples=["00F"])
    about: Literal["life", "name", "parent", "kind", "succession"] = Field(examples=["succession"])
    value: Value = Field(
        description="`open`, `closed` or `proposed`; a name; the parent's code, empty for none; a kind; the successor",
        examples=["13T"],
    )
    effective_on: Day = Field(description="the first day on which it is so", examples=["2014-04-01"])
    last_day: Day | None = Field(default=None, description="the last such day, where the source gives one")
    observed: bool = Field(
        default=False,
        strict=True,
        description="the source observed it on that day, and does not state since when it is so",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.last_day is not None and self.last_day < self.effective_on:
            raise ValueError("last_day: it cannot end before it begins")
        if self.about == "succession" and (self.last_day or self.observed):
            raise ValueError("a succession has one day: leave last_day and observed out")
        if self.about in {"succession", "parent"}:
            self.value = as_code(self.value) if self.value else ""
        if _FITS[self.about].fullmatch(self.value) is None:
            raise ValueError(f"value: not one for {self.about}")
        return self

    @property
    def codes(self) -> set[str]:
        """Return the codes of the bodies that it names."""
        names_another = self.about in {"succession", "parent"} and self.value
        return {self.code, self.value} if names_another else {self.code}


class SourceDocument(BaseModel):
    """The statements of one document of a source."""

    model_config = ConfigDict(extra="forbid")

    source: SourceName = Field(
        description="`family:document`; GET /sources lists the families", examples=["hsj:7013041"]
    )
    stated_on: Day = Field(description="the day on which the source stated it", examples=["2016-11-04"])
    facts: list[Reported] = Field(
        min_length=1,
        max_length=500,
        description="its statements, each about one facet of one organisation",
        examples=[[{"code": "10Y", "about": "life", "value": "closed", "effective_on": "2017-04-01"}]],
    )


async def record(session: AsyncSession, report: SourceDocument, *, by: Caller, today: date) -> RecordedView:
    """Record what a source states. It rules where no source of a higher rank states anything.

    A succession that only the press or a user reports is recorded and shown, and changes no lineage. Registers and
    official lists are reported by a loader only. Raises SourceRefused, RoleMissing, NotYoursToDecide,
    OrganisationNotFound.
    """
    source = _source_of(report, today)
    if source.rank >= OFFICIAL:
        by.must_have(Role.LOADER)
    codes = {code for fact in report.facts for code in fact.codes}
    changed = {fact.code for fact in report.facts}
    at = datetime.combine(report.stated_on, time.min, UTC)
    async with change(session, changed, by=by, stated_at=at, bound=codes, checks=codes, in_its_place=True) as now:
        if missing := sorted(codes - now.organisations.keys()):
            raise OrganisationNotFound(f"no organisation has the code {', '.join(missing)}")
        now.publish(*(_event(fact, report.source, source.rank, at) for fact in report.facts))
    return RecordedView(source=report.source, rank=source.rank, pack=source.pack, stated_at=at)


def _source_of(report: SourceDocument, today: date) -> SourceView:
    """Return the family of the report's source. Raises SourceRefused with every reason."""
    reasons = []
    source = source_of(report.source, report.stated_on)
    if source is None:
        named = ", ".join(one for one in families(report.stated_on) if one != COMMAND)
        reasons.append(Reason(f"no pack names the family {family_of(report.source)}: there are {named}", "source"))
    elif source.family == COMMAND:
        reasons.append(Reason("a registrar's decision is a command of its own, not a report", "source"))
    if report.stated_on > today:
        reasons.append(Reason(f"{report.stated_on} lies in the future", "stated_on"))
    if reasons or source is None:
        raise SourceRefused("; ".join(reason.message for reason in reasons), reasons=reasons)
    return source


def _event(fact: Reported, source: str, rank: int, at: datetime) -> Event:
    said = {"code": fact.code, "effective_on": fact.effective_on, "stated_at": at, "source": source, "rank": rank}
    if fact.about == "succession":
        told = OrganisationSucceeded if rank >= OFFICIAL else SuccessionReported
        return told(**said, successor=fact.value)
    until = None if fact.last_day is None else fact.last_day + timedelta(days=1)
    return SourceReported(**said, about=fact.about, value=fact.value, until=until, observed=fact.observed)
