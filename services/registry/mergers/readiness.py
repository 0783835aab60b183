"""Whether a merger has what it needs before its day: reckoned from facts, as at a day, as known at an instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from libs.common.database.connection import Reads
from libs.common.errors import Reason
from libs.common.events import Event
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.temporal.history import ALWAYS
from services.registry.core.codes import Code, Day
from services.registry.mergers import events
from services.registry.mergers.errors import MergerNotReady, SchemeNotAllowed
from services.registry.mergers.models import Merger, MergerStatus, SchemeType
from services.registry.mergers.queries import get_merger


class SchemeState(Protocol):
    """What counts of a scheme."""

    @property
    def sort(self) -> SchemeType:
        """Which of the two it is."""

    @property
    def predecessors(self) -> list[str]:
        """From whom it transfers."""


class ConditionState(Protocol):
    """What counts of a condition."""

    @property
    def number(self) -> int:
        """Its number in the approval."""

    @property
    def text(self) -> str:
        """What is to be done."""

    @property
    def met_on(self) -> date | None:
        """The day on which it was met, None where it is not."""


@dataclass(frozen=True, slots=True)
class SchemeAsKnown:
    """A transfer scheme of one sort from some predecessors, or a nil return."""

    reference: str
    sort: SchemeType
    predecessors: list[str]
    successor: str
    nil_return: bool
    made_on: date
    stated_at: datetime
    stated_by: str


@dataclass(frozen=True, slots=True)
class ConditionAsKnown:
    """A condition, and the evidence that it was met, where it was by then."""

    number: int
    text: str
    met_on: date | None
    evidence: str | None
    evidenced_at: datetime | None
    evidenced_by: str | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a merger has and lacks. `overdue`: its day has come, and it did not take effect."""

    merger: str
    status: MergerStatus
    effective_on: date
    ready: bool
    overdue: bool
    missing: list[Reason]
    conditions: list[ConditionAsKnown]
    schemes: list[SchemeAsKnown]
    rule_pack: str
    as_at: date
    as_known: datetime | None


_SCHEMES = """
SELECT s.reference, s.sort, s.predecessors, m.successor, s.nil_return, s.made_on, s.stated_at, s.stated_by
  FROM transfer_scheme s JOIN merger m ON m.id = s.merger_id
 WHERE m.reference = $1 AND s.stated_at <= $2 AND ($3::date IS NULL OR s.made_on <= $3)
 ORDER BY s.made_on, s.reference
"""

_CONDITIONS = """
SELECT c.number, c.text, CASE WHEN met THEN c.met_on END, CASE WHEN met THEN c.evidence END,
       CASE WHEN met THEN c.evidenced_at END, CASE WHEN met THEN c.evidenced_by END
  FROM merger_condition c JOIN merger m ON m.id = c.merger_id
 CROSS JOIN LATERAL (SELECT c.evidenced_at <= $2 AND ($3::date IS NULL OR c.met_on <= $3)) AS shown (met)
 WHERE m.reference = $1 AND c.stated_at <= $2 ORDER BY c.number
"""


def missing(
    predecessors: Sequence[str], conditions: Iterable[ConditionState], schemes: Iterable[SchemeState]
) -> list[Reason]:
    """Return what is missing before the merger of these predecessors can take effect."""
    lacking = [
        Reason(f"condition {one.number} is not met: {one.text}", f"conditions.{one.number}")
        for one in conditions
        if one.met_on is None
    ]
    made = {(one.sort, code) for one in schemes for code in one.predecessors}
    for sort in SchemeType:
        without = [code for code in predecessors if (sort, code) not in made]
        if without:
            message = f"no {sort} transfer scheme or nil return of {', '.join(without)}"
            lacking.append(Reason(message, f"schemes.{sort}"))
    return lacking


async def get_readiness(
    db: Reads, reference: str, *, as_at: date | None, as_known: datetime | None, today: date
) -> Readiness:
    """Return what a merger has and lacks by a day (None: all that is recorded), as known. Raises MergerNotFound."""
    merger, _ = await get_merger(db, reference, as_known=as_known, today=today)
    known = as_known or ALWAYS
    schemes = [SchemeAsKnown(*row) for row in await db.fetch(_SCHEMES, reference, known, as_at)]
    conditions = [ConditionAsKnown(*row) for row in await db.fetch(_CONDITIONS, reference, known, as_at)]
    lacking = missing(merger.predecessors, conditions, schemes)
    return Readiness(
        merger=reference,
        status=merger.status,
        effective_on=merger.effective_on,
        ready=not lacking,
        overdue=merger.status == MergerStatus.AGREED and merger.effective_on <= (as_at or today),
        missing=lacking,
        conditions=conditions,
        schemes=schemes,
        rule_pack=merger.rule_pack,
        as_at=as_at or today,
        as_known=as_known,
    )


class NewScheme(BaseModel):
    """A transfer scheme from some predecessors to the successor, or word that there is nothing to transfer."""

    model_config = ConfigDict(extra="forbid")

    sort: SchemeType = Field(
        description="`property`: property, rights and liabilities; `staff`: contracts of employment. Both are needed",
        examples=["property"],
    )
    predecessors: list[Code] = Field(
        default=[], max_length=50, description="from whom; all of the merger's if left out", examples=[["10Y", "10H"]]
    )
    nil_return: bool = Field(default=False, strict=True, description="there is nothing of this sort to transfer")
    made_on: Day | None = Field(
        default=None,
        description="if left out, the day stated, or the merger's own day where that is earlier",
        examples=["2018-03-20"],
    )


def add_scheme(merger: Merger, command: NewScheme, *, at: datetime, by: Caller) -> Event:
    """Keep a scheme with the locked merger, and return what is told of it.

    Raises SchemeNotAllowed with every reason, SchemeMadeAlready, NotAgreedAnyMore.
    """
    predecessors = command.predecessors or list(merger.predecessors)
    made_on = command.made_on or min(day_of(at), merger.effective_on)
    reasons = [
        Reason(f"{code} is no predecessor in {merger.reference}", f"predecessors.{number}")
        for number, code in enumerate(predecessors)
        if code not in merger.predecessors
    ]
    if len(set(predecessors)) < len(predecessors):
        reasons.append(Reason("a predecessor occurs twice", "predecessors"))
    if made_on > day_of(at):
        reasons.append(Reason(f"{made_on} is still to come", "made_on"))
    if reasons:
        raise SchemeNotAllowed("; ".join(reason.message for reason in reasons), reasons=reasons)
    scheme = merger.make_scheme(
        command.sort, predecessors, nil=command.nil_return, made_on=made_on, stated_at=at, by=by.subject
    )
    return events.scheme_made(merger, scheme)


def must_be_ready(merger: Merger) -> None:
    """Raise MergerNotReady, with what is missing, unless all was there by the merger's day."""
    if merger.is_ready():
        return
    reasons = missing(merger.predecessors, merger.conditions, merger.schemes)
    if not reasons:
        message = (
            f"what {merger.reference} needs was complete on {merger.ready_on}, after {merger.effective_on}: "
            "it needs a new day by decision, and takes effect on none that is past"
        )
        reasons = [Reason(message, "effective_on")]
    raise MergerNotReady("; ".join(reason.message for reason in reasons), reasons=reasons)
