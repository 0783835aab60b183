"""How allowances look from outside: pence for programs, pounds and sentences for people."""

from collections.abc import Iterable
from datetime import date, datetime

import asyncpg
from pydantic import BaseModel, Field

from libs.common.money import pounds
from services.finance.allowances.queries import Explained, History, KnownAllowance
from services.finance.allowances.rates import PACKS
from services.finance.charges.rules import Charge
from services.finance.core.years import FinancialYear, days_of

_NOTES = {pack.id: pack.note for pack in PACKS}


class AsSetView(BaseModel):
    """The allowance as it was set: rate times population. Mergers do not change it."""

    population: int = Field(examples=[856_000])
    source: str
    first_day: date = Field(description="The first day of the year on which the organisation was open.")
    rate_pence: int = Field(description="Pence a head.", examples=[2500])
    rate: str = Field(examples=["£25.00"])
    rate_found: bool = Field(description="false: no national rate was found for the year; the pack is the one before.")
    pack: str = Field(examples=["rca-2013-14"])
    amount_pence: int = Field(examples=[2_140_000_000])
    amount: str = Field(examples=["£21,400,000.00"])
    stated_at: datetime
    event: str | None = Field(description="Id of the AllowanceSet that tells it.")


class PartView(BaseModel):
    """What the organisation has for some days of the year, both included."""

    first_day: date
    last_day: date
    days: int
    amount_pence: int
    amount: str
    population: int
    pack: str
    merger: str | None = Field(description="The merger that brought it; null for what was set.")


class AllowanceView(BaseModel):
    """An organisation's allowance in a financial year: as set, and what it has after mergers."""

    organisation: str = Field(examples=["06H"])
    financial_year: str = Field(examples=["2013-14"])
    as_set: AsSetView | None = Field(description="null where all it has came by mergers. Never restated.")
    amount_pence: int = Field(description="What it has in the year after mergers: the sum of its parts.")
    amount: str
    parts: list[PartView] = Field(description="By days; none where all of it moved on.")


class ReleasedView(BaseModel):
    """What one predecessor gave up."""

    predecessor: str
    amount_pence: int
    amount: str


class MovedView(BaseModel):
    """What a merger moved to a successor: the sum of what was released."""

    merger: str
    successor: str
    first_day: date
    last_day: date
    amount_pence: int
    amount: str
    population: int
    released: list[ReleasedView]
    event: str = Field(description="Id of the AllowanceRestated that tells it.")
    caused_by: str = Field(description="Id of the event or request that caused it.")


class ChargeView(BaseModel):
    """What a support contract charges the organisation for its days in the year."""

    contract: str
    title: str
    supplier: str
    first_day: date
    last_day: date
    days: int
    annual_pence: int = Field(description="Of the whole contract, for a whole year.")
    shared_among: list[str] = Field(description="Its customers of these days; the charge is shared equally.")
    amount_pence: int
    amount: str


class ChargesView(BaseModel):
    """The support charges committed inside the allowance."""

    amount_pence: int
    amount: str
    exceeded_pence: int = Field(description="By how much they exceed the allowance; 0 where they do not.")
    items: list[ChargeView]


class ExplainedView(AllowanceView):
    """An allowance with all that explains it."""

    moved: list[MovedView] = Field(description="What mergers moved to the organisation, and away from it.")
    support_charges: ChargesView
    explanation: list[str] = Field(
        description="How it comes about, in sentences.",
        examples=[["856,000 people at £25.00 a head: £21,400,000.00 (rca-2013-14)."]],
    )
    warnings: list[str]


class KnownFrom(BaseModel):
    """When something was believed, and when it was written down here."""

    known_from: datetime
    known_to: datetime | None = Field(description="null: until now.")
    recorded_at: datetime


class StatedThen(AsSetView, KnownFrom):
    """What was set, and when it was known."""


class PartThen(PartView, KnownFrom):
    """A part, and when it was known."""


class MovedThen(MovedView, KnownFrom):
    """What a merger moved, and when that was known."""


class HistoryView(BaseModel):
    """Everything that was ever believed of an allowance, oldest knowledge first."""

    organisation: str
    financial_year: str
    as_set: list[StatedThen]
    parts: list[PartThen]
    moved: list[MovedThen]


def allowance_view(allowance: KnownAllowance) -> AllowanceView:
    """Return an allowance as it is shown in lists."""
    return AllowanceView(
        organisation=allowance.organisation,
        financial_year=str(allowance.year),
        as_set=AsSetView(**_as_set(allowance.stated)) if allowance.stated else None,
        amount_pence=allowance.amount_pence,
        amount=pounds(allowance.amount_pence),
        parts=[PartView(**_part(part)) for part in allowance.parts],
    )


def explained_view(found: Explained) -> ExplainedView:
    """Return an allowance with all that explains it."""
    return ExplainedView(
        **allowance_view(found.allowance).model_dump(),
        moved=[MovedView(**_moved(row)) for row in found.moved],
        support_charges=ChargesView(
            amount_pence=found.charged_pence,
            amount=pounds(found.charged_pence),
            exceeded_pence=found.exceeded_pence,
            items=[_charge(charge) for charge in found.charges],
        ),
        explanation=[*_how_set(found.allowance), *_how_moved(found.moved), *_how_charged(found)],
        warnings=_warnings(found),
    )


def history_view(code: str, year: FinancialYear, history: History) -> HistoryView:
    """Return everything ever believed of an allowance."""
    return HistoryView(
        organisation=code,
        financial_year=str(year),
        as_set=[StatedThen(**_as_set(row), **_known(row)) for row in history.stated],
        parts=[PartThen(**_part(row), **_known(row)) for row in history.parts],
        moved=[MovedThen(**_moved(row), **_known(row)) for row in history.moved],
    )


def _as_set(row: asyncpg.Record) -> dict[str, object]:
    names = ("population", "source", "first_day", "rate_pence", "rate_found", "pack", "amount_pence", "event")
    texts = {"rate": pounds(row["rate_pence"]), "amount": pounds(row["amount_pence"])}
    return {name: row[name] for name in names} | texts | {"stated_at": row["known_from"]}


def _part(row: asyncpg.Record) -> dict[str, object]:
    names = ("first_day", "last_day", "amount_pence", "population", "pack", "merger")
    more = {"amount": pounds(row["amount_pence"]), "days": days_of(row["first_day"], row["last_day"])}
    return {name: row[name] for name in names} | more


def _moved(row: asyncpg.Record) -> dict[str, object]:
    names = ("merger", "successor", "first_day", "last_day", "amount_pence", "population", "event", "caused_by")
    released = [
        ReleasedView(predecessor=code, amount_pence=amount, amount=pounds(amount))
        for code, amount in zip(row["predecessors"], row["released_pence"], strict=True)
    ]
    return {name: row[name] for name in names} | {"amount": pounds(row["amount_pence"]), "released": released}


def _known(row: asyncpg.Record) -> dict[str, object]:
    return {name: row[name] for name in ("known_from", "known_to", "recorded_at")}


def _charge(charge: Charge) -> ChargeView:
    names = ("contract", "title", "supplier", "first_day", "last_day", "days", "annual_pence", "amount_pence")
    return ChargeView(
        **{name: getattr(charge, name) for name in names},
        shared_among=list(charge.shared_among),
        amount=pounds(charge.amount_pence),
    )


def _how_set(allowance: KnownAllowance) -> list[str]:
    stated, year = allowance.stated, allowance.year
    if stated is None:
        return [f"No population was stated for {allowance.organisation} in {year}: what it has came by mergers."]
    days = days_of(stated["first_day"], year.last_day)
    open_for = "" if days == year.days else f" for the {days} of {year.days} days from {stated['first_day']} on"
    people = f"{stated['population']:,} people ({stated['source']})"
    amount = f"{pounds(stated['amount_pence'])} ({stated['pack']})"
    said = [f"{people} at {pounds(stated['rate_pence'])} a head{open_for}: {amount}."]
    if not stated["rate_found"]:
        said.append(f"No national rate was found for {year}: {stated['pack']}, the last one before, was used.")
    return said + [note for note in [_NOTES.get(stated["pack"])] if note]


def _how_moved(moved: Iterable[asyncpg.Record]) -> list[str]:
    return [
        f"Merger {row['merger']}: from {row['first_day']} to {row['last_day']} {row['successor']} has "
        f"{pounds(row['amount_pence'])}, released by "
        + ", ".join(
            f"{code} ({pounds(amount)})"
            for code, amount in zip(row["predecessors"], row["released_pence"], strict=True)
        )
        + "."
        for row in moved
    ]


def _how_charged(found: Explained) -> list[str]:
    if not found.charges:
        return []
    total = pounds(found.charged_pence)
    shared = "what several customers share is split equally, for lack of a stated share"
    return [f"Support contracts charge {total} within it, by the days of the year; {shared}."]


def _warnings(found: Explained) -> list[str]:
    if not found.exceeded_pence:
        return []
    charged, allowed = pounds(found.charged_pence), pounds(found.allowance.amount_pence)
    over = pounds(found.exceeded_pence)
    return [f"Support charges of {charged} exceed the allowance of {allowed} by {over}. It is a ceiling, not a target."]
