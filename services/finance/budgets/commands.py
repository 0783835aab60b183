"""Sets, corrects, reduces and restores lines of budgets, and states what a body has to save of its allowance."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import DomainError, Reason
from libs.common.events.finance import BudgetSet
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from services.finance.allowances.errors import OrganisationNotKnown, OrganisationNotOpen
from services.finance.budgets.entries import BudgetEntry, begin, instant_after, post, settle
from services.finance.budgets.errors import (
    BudgetLineExists,
    BudgetLineNotFound,
    CareModelUnknown,
    DayOutsideYear,
    ExcludedFromCareModel,
)
from services.finance.budgets.queries import admin_pence, get_ceiling, get_excludes, get_lines
from services.finance.budgets.rules import MOST_PENCE, BudgetLine, name_of, part_of_year, why_above
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.core.sight import sight_of
from services.finance.core.years import FinancialYear
from services.finance.decisions.queries import why_not_decided
from services.finance.lines.models import WHAT_A_LINE_IS
from services.finance.lines.restatement import following

_CODE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"
Term = Annotated[str, Field(pattern=_CODE, description="A code: letters, digits, `_`, `.`, `-`.")]
TermIfAny = Annotated[str, Field(pattern=rf"{_CODE}|^$")]
Pence = Annotated[int, Field(strict=True, ge=0, le=MOST_PENCE, description="In whole pence.")]
SomePence = Annotated[int, Field(strict=True, ge=1, le=MOST_PENCE, description="In whole pence.")]
Decision = Annotated[
    str,
    Field(
        default="",
        max_length=100,
        pattern=r"^[A-Za-z0-9._/-]*$",
        description="The id of the decision, as governance published it. Where it is reversed, entries take back what "
        "was done by it.",
    ),
]
Share = Annotated[str, Field(pattern=r"^(0|1|[0-9]{1,9}/[1-9][0-9]{0,9})$", description="An exact fraction.")]

_INTRODUCE = f"""
INSERT INTO budget_line (organisation_code, financial_year, {", ".join(WHAT_A_LINE_IS)})
SELECT $1, $2, account, function, service, locality, care_model, pay, recurrent, admin, transition
  FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::bool[], $10::bool[],
              $11::bool[]) WITH ORDINALITY
       AS new (account, function, service, locality, care_model, pay, recurrent, admin, transition, n)
 ORDER BY n
    ON CONFLICT ON CONSTRAINT uq_budget_line_once DO UPDATE SET account = excluded.account
RETURNING id, organisation_code, financial_year, {", ".join(WHAT_A_LINE_IS)}, 0 AS amount_pence,
          EXISTS (SELECT FROM budget_entry e WHERE e.line_id = budget_line.id) AS has_entries
"""  # noqa: S608  (names of ours)

_OWN = """
SELECT coalesce(sum(amount_pence) FILTER (WHERE kind = 'set'), 0)::bigint AS amount,
       coalesce(sum(annual_pence) FILTER (WHERE kind = 'set'), 0)::bigint AS annual,
       count(*) AS version, min(effective_on) FILTER (WHERE kind = 'set') AS since
  FROM budget_entry WHERE line_id = $1 AND source_id IS NULL
"""

_STATE_CEILING = """
INSERT INTO budget_ceiling (organisation_code, financial_year, required_saving, baseline_per_head_pence,
                            baseline_people, basis, stated_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LAST_CEILING = "SELECT max(stated_at) FROM budget_ceiling WHERE organisation_code = $1 AND financial_year = $2"


class Amount(BaseModel):
    """An amount for the days of the year from a day on: by itself, or by what a whole year has."""

    model_config = ConfigDict(extra="forbid")

    amount_pence: Pence | None = Field(default=None, description="In the year, in whole pence.")
    annual_pence: Pence | None = Field(
        default=None, description="In a whole year: what falls into this one is by days from `effective_on` on."
    )
    effective_on: WrittenDay | None = Field(default=None, description="First day. Default: 1 April.")

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.amount_pence is None) == (self.annual_pence is None):
            raise ValueError("give either amount_pence or annual_pence")
        return self

    def in_year(self, year: FinancialYear, default: date) -> tuple[date, int, int]:
        """Return the first day, and the pence in the year and in a whole one."""
        day = self.effective_on or default
        if self.annual_pence is not None:
            return day, part_of_year(self.annual_pence, year, day), self.annual_pence
        amount = self.amount_pence or 0
        return day, amount, amount


class LineToSet(Amount):
    """A line of a budget, and its amount."""

    account: Term = Field(examples=["5210"])
    function: Term = Field(examples=["payroll"])
    service: TermIfAny = Field(default="", description="What is bought or done, such as `core_primary_care`.")
    locality: TermIfAny = Field(default="", description="A locality of the body: its lines stay the body's own.")
    care_model: str = Field(default="", max_length=40, description="The care model whose budget it is part of.")
    pay: StrictBool
    recurrent: StrictBool
    admin: StrictBool = Field(description="Administration, within the allowance; false: programme.")
    transition: StrictBool = Field(default=False, description="It pays for a transition, once.")


class SetLines(BaseModel):
    """Lines that a body sets for a year, all or none."""

    model_config = ConfigDict(extra="forbid")

    lines: list[LineToSet] = Field(min_length=1, max_length=1000)
    decision: Decision = ""

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if sum(one.amount_pence or one.annual_pence or 0 for one in self.lines) > MOST_PENCE:
            raise ValueError("lines together are at most 10^13 pence")
        return self


class CorrectLine(Amount):
    """What a body sets a line to, before virements, reductions and what mergers moved."""

    decision: Decision = ""


class StateCeiling(BaseModel):
    """What a body has to save of its allowance, and what it spent before."""

    model_config = ConfigDict(extra="forbid")

    required_saving: Share = Field(default="0", examples=["1/5"])
    baseline_per_head_pence: Pence | None = Field(default=None, description="Spent before, a head.")
    baseline_people: Annotated[int, Field(strict=True, ge=1, le=100_000_000)] | None = None
    basis: Literal["", "registered", "weighted", "resident"] = Field(
        default="", description="How these people were counted."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if Fraction(self.required_saving) > 1:
            raise ValueError("a saving is at most the whole allowance")
        if (self.baseline_per_head_pence is None) != (self.baseline_people is None):
            raise ValueError("a baseline has an amount a head and people")
        if (self.baseline_per_head_pence or 0) * (self.baseline_people or 0) > MOST_PENCE:
            raise ValueError("a baseline is at most 10^13 pence")
        return self


async def set_lines(
    session: AsyncSession,
    command: SetLines,
    *,
    code: str,
    year: FinancialYear,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> list[BudgetLine]:
    """Set new lines of a body's budget.

    Raises OrganisationNotKnown, and with every reason at once OrganisationNotOpen, BudgetLineExists, CeilingExceeded,
    CareModelUnknown, ExcludedFromCareModel.
    """
    connection = await begin(session, [code], by=by, today=today, decision=command.decision)
    await _must_be_known(connection, code, year)
    lines, refusals = await _introduce(connection, command.lines, code, year)
    amounts = [one.in_year(year, year.first_day) for one in command.lines]
    refusals += await _why_not_open(connection, code, year, [day for day, _, _ in amounts])
    refusals += await _why_excluded(connection, lines)
    rise = sum(amount for line, (_, amount, _) in zip(lines, amounts, strict=True) if line.admin)
    before = await admin_with_heirs(connection, code, year)
    refusals += await why_too_much(connection, before, code, year, rise)
    refusals += await why_not_decided(connection, command.decision, code, today=today)
    refuse(refusals)
    stated_at = await instant_after(connection, lines, stated_at, by)
    entries = [
        BudgetEntry(
            line=line,
            kind="set",
            effective_on=day,
            stated_at=stated_at,
            amount_pence=amount,
            annual_pence=annual,
            decision=command.decision,
        )
        for line, (day, amount, annual) in zip(lines, amounts, strict=True)
    ]
    await post(connection, entries, by)
    await outbox.add_all(session, [_set(entry, entry.amount_pence) for entry in entries])
    await settle(session, lines, by=by)
    refuse(await why_exceeded(connection, before, year))
    return lines


async def _introduce(
    connection: asyncpg.Connection, asked: Sequence[LineToSet], code: str, year: FinancialYear
) -> tuple[list[BudgetLine], list[DomainError]]:
    """Make the lines that are asked for; return them, and the refusals where the budget has one already."""
    identities = [tuple(getattr(one, name) for name in WHAT_A_LINE_IS) for one in asked]
    columns = [list(column) for column in zip(*dict.fromkeys(identities), strict=True)]
    rows = {
        tuple(row[name] for name in WHAT_A_LINE_IS): row
        for row in await connection.fetch(_INTRODUCE, code, year.start, *columns)
    }
    lines = [_line(rows[identity], code, year) for identity in identities]
    refusals: list[DomainError] = []
    for number, identity in enumerate(identities):
        if identity in identities[:number] or rows[identity]["has_entries"]:
            message = f"{lines[number].name} is this line"
            refusals.append(BudgetLineExists(message, reasons=[Reason(message, f"lines.{number}")]))
    return lines, refusals


async def correct_line(
    session: AsyncSession,
    command: CorrectLine,
    *,
    code: str,
    year: FinancialYear,
    line: int,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Callable[[int], None],
) -> None:
    """Set a line to another amount, by an entry of the difference.

    Raises BudgetLineNotFound, CeilingExceeded, LineWouldBeNegative, StatedOutOfOrder.
    """
    connection = await begin(session, [code], by=by, today=today, decision=command.decision)
    found = await line_of_budget(connection, line, code, year, by)
    own = await connection.fetchrow(_OWN, line)
    assert own is not None
    expect(own["version"])
    day, amount, annual = command.in_year(year, own["since"] or year.first_day)
    rise, annual_rise = amount - own["amount"], annual - own["annual"]
    if not rise and not annual_rise:
        return
    refusals = why_outside(day, year)
    before = await admin_with_heirs(connection, code, year)
    refusals += await why_too_much(connection, before, code, year, rise if found.admin else 0)
    refusals += await why_not_decided(connection, command.decision, code, today=today)
    refuse(refusals)
    entry = BudgetEntry(
        line=found,
        kind="set",
        effective_on=day,
        stated_at=await instant_after(connection, [found], stated_at, by),
        amount_pence=rise,
        annual_pence=annual_rise,
        decision=command.decision,
    )
    await post(connection, [entry], by)
    await outbox.add(session, _set(entry, amount))
    await settle(session, [found], by=by)
    refuse(await why_exceeded(connection, before, year))


async def state_ceiling(
    session: AsyncSession,
    command: StateCeiling,
    *,
    code: str,
    year: FinancialYear,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State what a body has to save of its allowance in a year. Raises OrganisationNotKnown."""
    connection = await begin(session, [code], by=by, today=today)
    await _must_be_known(connection, code, year)
    last = await connection.fetchval(_LAST_CEILING, code, year.start)
    baseline = command.baseline_per_head_pence, command.baseline_people
    saving = str(Fraction(command.required_saving))
    at = stated_at if last is None or last < stated_at else last + timedelta(microseconds=1)
    await connection.execute(_STATE_CEILING, code, year.start, saving, *baseline, command.basis, at, by.subject)


async def line_of_budget(
    connection: asyncpg.Connection, line: int, code: str, year: FinancialYear, by: Caller
) -> BudgetLine:
    """Return a line of this body and year that the caller sees. Raises BudgetLineNotFound."""
    found = (await get_lines(connection, [line], sight=await sight_of(connection, by))).get(line)
    if found is None or (found.organisation, found.year) != (code, year):
        raise BudgetLineNotFound(f"{name_of(line)}: no such line of a budget is known")
    return found


def within(day: date, year: FinancialYear) -> date:
    """Return the day, or the nearest one of the year."""
    return max(year.first_day, min(day, year.last_day))


async def _must_be_known(connection: asyncpg.Connection, code: str, year: FinancialYear) -> None:
    """Raise OrganisationNotKnown where the registry has published nothing of a body."""
    for day in (year.first_day, year.last_day, date.max):
        if (await known.status(connection, code, as_at=day)).status != "unknown":
            return
    raise OrganisationNotKnown(f"{code}: no organisation of this code is known")


async def _why_not_open(
    connection: asyncpg.Connection, code: str, year: FinancialYear, days: Sequence[date]
) -> list[DomainError]:
    statuses = {day: (await known.status(connection, code, as_at=day)).status for day in set(days) if day in year}
    refusals: list[DomainError] = []
    for number, day in enumerate(days):
        field = f"lines.{number}.effective_on"
        refusals += why_outside(day, year, field)
        if statuses.get(day, "open") not in ("open", "proposed"):
            message = f"{code} is {statuses[day]} on {day.isoformat()}"
            refusals.append(OrganisationNotOpen(message, reasons=[Reason(message, field)]))
    return refusals


def why_outside(day: date, year: FinancialYear, field: str = "effective_on") -> list[DomainError]:
    """Return the refusal where a day is not one of the year."""
    if day in year:
        return []
    message = f"{day.isoformat()} is not in {year}"
    return [DayOutsideYear(message, reasons=[Reason(message, field)])]


async def _why_excluded(connection: asyncpg.Connection, lines: Sequence[BudgetLine]) -> list[DomainError]:
    excludes = await get_excludes(connection, {line.care_model for line in lines if line.care_model})
    refusals: list[DomainError] = []
    for number, line in enumerate(lines):
        if line.care_model and line.care_model not in excludes:
            message = f"no care model {line.care_model} is known"
            refusals.append(CareModelUnknown(message, reasons=[Reason(message, f"lines.{number}.care_model")]))
        for one in sorted({line.function, line.service} & set(excludes.get(line.care_model, ()))):
            message = f"care model {line.care_model} excludes {one}"
            refusals.append(ExcludedFromCareModel(message, reasons=[Reason(message, f"lines.{number}")]))
    return refusals


async def why_too_much(
    connection: asyncpg.Connection, before: Mapping[str, int], code: str, year: FinancialYear, rise_pence: int
) -> list[DomainError]:
    """Return the refusal where administration would rise above the ceiling.

    What rises of a body that others took over is theirs, whole or in part: `why_exceeded` sees it once it has moved.
    """
    if rise_pence <= 0 or len(before) > 1:
        return []
    return why_above(await get_ceiling(connection, code, year), before[code], before[code] + rise_pence)


async def admin_with_heirs(connection: asyncpg.Connection, code: str, year: FinancialYear) -> dict[str, int]:
    """Return the administration of a body and of each that its budget lives on in, before something is posted."""
    steps = [step for step in await following(connection, [code]) if step.known_to is None]
    bodies, left = {code}, [code]
    while left:
        one = left.pop()
        new = {to for step in steps if step.code == one for to, _ in step.shares} - bodies
        bodies |= new
        left += new
    return {body: await admin_pence(connection, body, year) for body in sorted(bodies)}


async def why_exceeded(
    connection: asyncpg.Connection, before: Mapping[str, int], year: FinancialYear
) -> list[DomainError]:
    """Return a refusal for each body whose administration rose above its ceiling by what was posted."""
    refusals: list[DomainError] = []
    for code, pence in before.items():
        after = await admin_pence(connection, code, year)
        refusals += why_above(await get_ceiling(connection, code, year), pence, after, whose=code)
    return refusals


def _line(row: asyncpg.Record, code: str, year: FinancialYear) -> BudgetLine:
    return BudgetLine(row["id"], code, year, **{name: row[name] for name in WHAT_A_LINE_IS})


def common_fields(entry: BudgetEntry) -> dict[str, Any]:
    """Return what every event about a line says of it."""
    line = entry.line
    return {
        "effective_on": entry.effective_on,
        "stated_at": entry.stated_at,
        "organisation": line.organisation,
        "financial_year": str(line.year),
        "line": line.name,
        "account": line.account,
        "function": line.function,
        "pay": line.pay,
        "recurrent": line.recurrent,
    }


def _set(entry: BudgetEntry, amount_pence: int) -> BudgetSet:
    return BudgetSet(**common_fields(entry), amount_pence=amount_pence, decision=entry.decision)
