"""Answers of crosswalks, restatements and lists of changes, as JSON and as tables."""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from libs.common.http.csv_text import Cell
from services.registry.core.shares import WHOLE
from services.registry.core.views import View

What = Literal[
    "ICB",
    "STP",
    "address",
    "area",
    "closure",
    "identifier",
    "kind",
    "legal form",
    "legal status",
    "local office",
    "merger",
    "opening",
    "parent",
    "proposal",
    "region",
    "relation",
    "remit",
    "rename",
    "role",
    "succession",
]

ChangeCursor = tuple[date, str, str, str, str, str]

MOST_CHARACTERS = 40
"""Of a code in any system."""

_FRACTION = re.compile(r"[0-9]+(/0*[1-9][0-9]*)?", re.ASCII)

PLACES = 10
"""Decimal places of a share, in addition to its exact fraction."""


class Outcome(StrEnum):
    """Why a code could not be converted, or not with a figure."""

    CARRIED = ""
    UNKNOWN_CODE = "unknown-code"
    NOT_OPEN_YET = "not-open-yet"
    CLOSED_WITHOUT_SUCCESSOR = "closed-without-successor"
    NO_PREDECESSOR = "no-predecessor-known"
    SHARE_NOT_STATED = "share-not-stated"
    PART_NOT_STATED = "part-not-stated"
    """The stated shares leave a part, and no source says where it went."""
    NO_CODE = "no-code-in-this-system"
    NO_LEVEL = "not-in-this-level"
    """No source states in which body of the level it is on the day."""
    CLOSED_BEFORE_FOLLOWED = "closed-before-it-was-followed"
    """A source says that another followed it, from a day on which it had closed already."""


class Basis(StrEnum):
    """What a row was computed from."""

    SUCCESSIONS = "successions"
    """Who followed whom, with the shares that sources state."""
    PRACTICES = "practices"
    """Where the practices of a body are on the other day, weighted by their lists."""


class MovedView(View):
    """Practices that crossed a boundary, and no succession says so."""

    model_config = ConfigDict(frozen=True)

    from_code: str = Field(description="their body on the earlier day", examples=["01H"])
    to_code: str = Field(description="their body on the later day", examples=["01K"])
    practices: int = Field(examples=[36])
    people: int | None = Field(
        description="on the lists of those of them that have one, of the day nearest to the earlier day; null: none has"
    )


class Finding(StrEnum):
    """What sources say beside a conversion that does not fit with it: each is a reason to look at the line."""

    STILL_OPEN = "followed-and-still-open"
    """A source says that another followed it, and a later file shows it open: it is there on both days."""
    CLOSED_BEFORE = "closed-before-it-was-followed"
    MOVED = "practices-moved-without-succession"
    """Practices crossed its boundary, and no succession says so: by membership the shares are others."""


def in_decimals(share: Fraction | None) -> str | None:
    """Return a share in decimals, rounded half up, for programs without fractions."""
    if share is None:
        return None
    units = (2 * share.numerator * 10**PLACES + share.denominator) // (2 * share.denominator)
    return f"{Decimal(units).scaleb(-PLACES):f}"


def as_text(share: Fraction | None) -> str | None:
    """Return a share as an exact fraction."""
    return None if share is None else str(share)


class CrosswalkRowView(BaseModel):
    """One organisation of the first day, or a share of it, as one of the other day."""

    code: str | None = Field(description="in the requested system; null: it has no code there", examples=["10G"])
    from_day: date
    to_code: str | None = Field(description="null: it cannot be carried, see `reason`", examples=["D4U1Y"])
    to_day: date
    share: str | None = Field(
        description="the part of the first organisation, as an exact fraction; null: no source states it",
        examples=["1/3"],
    )
    share_decimal: str | None = Field(examples=["0.3333333333"])
    share_of_to: str | None = Field(
        description="the part of the other organisation that this is; null: no source states it"
    )
    reason: Outcome = Field(description="why it could not be converted; empty where it was")
    because: str
    findings: list[Finding] = Field(description="what sources say that does not fit; empty: nothing is known to")
    moved: list[MovedView] = Field(
        description="practices that left the body of the earlier day for one that did not follow it, or came "
        "into that of the later day from another: for them the share by succession is wrong, see `by`"
    )
    by: Basis = Field(description="what the row was computed from")
    body: str | None = Field(description="its ODS code, whatever the requested system")
    to_body: str | None


CROSSWALK_HEADER = tuple(CrosswalkRowView.model_fields)


class RestatedView(BaseModel):
    """A line, or a part of it, after the restatement."""

    line: int = Field(description="the number of the line, from 1")
    code: str = Field(examples=["07P"])
    day: date
    to_code: str | None = Field(description="null: it cannot be carried, see `reason`", examples=["W2U3Z"])
    to_day: date
    share: str | None = Field(examples=["1"])
    amount: int | str | None = Field(description="in the form that was sent; null where the line has none")
    reason: Outcome
    because: str
    findings: list[Finding] = Field(description="what sources say that does not fit; empty: nothing is known to")
    by: Basis = Field(description="what the share was computed from")


RESTATED_HEADER = tuple(RestatedView.model_fields)


class TotalView(BaseModel):
    """The total of one organisation of the other day."""

    to_code: str = Field(examples=["W2U3Z"])
    amount: int | str = Field(examples=[166865139900])


def _exact(given: str) -> str:
    if not _FRACTION.fullmatch(given) or not 0 < (share := Fraction(given)) <= WHOLE:
        raise ValueError("a share is an exact fraction of at most 1, as 1/3")
    return str(share)


class SeriesShareView(BaseModel):
    """What one body gets of a series; null: the part of which no source says where it went."""

    model_config = ConfigDict(extra="forbid")

    to_code: str | None = Field(examples=["W2U3Z"], max_length=MOST_CHARACTERS)
    share: Annotated[str, AfterValidator(_exact)] = Field(
        # Longer than any that is stated: shares along a chain of successions multiply.
        description="an exact fraction, as it was answered",
        max_length=4_000,
        examples=["1/3"],
    )


class SeriesView(BaseModel):
    """The sum of the amounts of a code that were divided so far, and by which shares."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(examples=["07P"], max_length=MOST_CHARACTERS)
    shares: list[SeriesShareView] = Field(min_length=1, max_length=500)
    amount: str = Field(pattern=r"^-?[0-9]{1,24}(\.[0-9]{1,6})?$", examples=["12345"])


class RestatementView(BaseModel):
    """A column of codes, or a series of figures, on the organisations of another day."""

    to_day: date
    as_known: datetime | None = Field(description="null: as known now")
    system: str
    carried: list[RestatedView]
    not_carried: list[RestatedView]
    totals: list[TotalView]
    amount_in: int | str
    amount_carried: int | str = Field(description="with `amount_not_carried` exactly `amount_in`")
    amount_not_carried: int | str
    so_far: list[SeriesView] = Field(
        description="the sums that were divided: sent as `so_far` with the next part of a long table, that part is "
        "divided as if the table had been sent at once, provided that no amount of a code has more decimal places than "
        "those of the parts before"
    )


def shown(amount: Decimal) -> int | str:
    """Return an amount as a whole number, or as decimal text where it has decimal places."""
    return int(amount) if int(amount.as_tuple().exponent) >= 0 else f"{amount:f}"


class ChangeView(View):
    """Something that takes effect on a day."""

    day: date
    what: What = Field(description="the type of change", examples=["closure"])
    code: str = Field(description="of a merger the successor, of an area its ONS code", examples=["10Y"])
    before: str | None = Field(
        description="the value before; of a merger its predecessors; null where something begins"
    )
    after: str | None = Field(
        description="the value since; of a merger its status; of a succession its shape; null where something ends"
    )
    other: str = Field(
        description="for a succession the successor, for a merger its reference, for a relation the other body, for an "
        "identifier its system",
        examples=["14Y"],
    )
    known_from: datetime
    observed: bool = Field(
        description="true: the new value was seen on this day; it changed on some day between the sighting before "
        "and this one"
    )

    @property
    def cursor(self) -> ChangeCursor:
        """The cursor of the change."""
        return self.day, self.what, self.code, self.other, self.before or "", self.after or ""


CHANGE_HEADER = tuple(ChangeView.model_fields)


def cells_of(view: BaseModel) -> list[Cell]:
    """Return a view as the cells of a table; the members of a list stand in one cell."""
    values = (getattr(view, name) for name in type(view).model_fields)
    return ["; ".join(map(_in_a_list, value)) if isinstance(value, list) else value for value in values]


def _in_a_list(value: object) -> str:
    return " ".join(str(part) for part in value.model_dump().values()) if isinstance(value, BaseModel) else str(value)
