"""Transfer schemes of a merger (NHS Act 2006 s.14I; ICBs: s.14Z28): two sorts, each made or returned as nil."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from libs.common.errors import Reason
from libs.common.events import Event
from libs.common.identity import Caller
from services.registry import merger_events
from services.registry.errors import MergerNotReady, SchemeNotAllowed
from services.registry.models.mergers import Merger, SchemeSort, day_of
from services.registry.organisations import Code, Day
from services.registry.readiness import missing


class NewScheme(BaseModel):
    """A transfer scheme from some predecessors to the successor, or word that there is nothing to transfer."""

    model_config = ConfigDict(extra="forbid")

    sort: SchemeSort = Field(
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
    return merger_events.scheme_made(merger, scheme)


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
