"""Since when, and until when, a body bears a further role or a code of another system."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from libs.common.database.connection import Reads
from libs.common.temporal.believed import ALL_DAYS
from libs.common.temporal.history import ALWAYS, LAST_DAY
from services.registry.core.believed import believed_link
from services.registry.core.codes import Day

_SPANS = f"""
SELECT t.sort, t.other, lower(b.valid) AS start, upper(b.valid) AS "end"
  FROM tie t JOIN {believed_link("b", day=ALL_DAYS, known="$3")}
 WHERE t.code = $1 AND (t.sort = $2 OR right($2, 1) = ':' AND starts_with(t.sort, $2))
 ORDER BY t.sort, lower(b.valid), t.other
"""  # noqa: S608  (only names of ours are put in)


class Period(BaseModel):
    """Something holds from a day, up to a last one where it is known."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day of it", examples=["2016-04-01"])
    last_day: Day | None = Field(default=None, description="the last day of it, where it is known")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day is not None and self.last_day < self.effective_on:
            raise ValueError("last_day: it cannot end before it begins")
        return self

    @property
    def until(self) -> date | None:
        """The first day without it."""
        return None if self.last_day is None else self.last_day + timedelta(days=1)


class Ending(BaseModel):
    """Something holds no more."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day without it", examples=["2020-04-01"])


@dataclass(frozen=True, slots=True)
class BornePeriod:
    """A body bears something (`other`, of this sort) from a day, up to the day before `end` where one is known."""

    sort: str
    other: str
    first_day: date | None
    end: date | None

    @property
    def last_day(self) -> date | None:
        """The last day of it, None where none is known."""
        return None if self.end in (None, LAST_DAY) else self.end - timedelta(days=1)

    def holds_on(self, day: date) -> bool:
        """Whether it is so on a day."""
        return (self.first_day is None or self.first_day <= day) and (self.end is None or day < self.end)


async def periods_of(
    db: Reads, code: str, sort: str, *, as_at: date | None = None, as_known: datetime | None = None
) -> list[BornePeriod]:
    """Return what the body under a code bears of a sort, on a day or on any (None), as known at an instant.

    `code:` stands for every system of codes.
    """
    spans = [BornePeriod(*row) for row in await db.fetch(_SPANS, code, sort, as_known or ALWAYS)]
    return spans if as_at is None else [span for span in spans if span.holds_on(as_at)]
