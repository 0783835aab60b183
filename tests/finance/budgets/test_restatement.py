"""Mergers, splits, boundary changes and transfers of staff restate lines, in any order and to the penny."""

from datetime import date
from fractions import Fraction
from itertools import permutations

import pytest

from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationSucceeded,
    SuccessionUndone,
    TransferSchemeResumed,
    TransferSchemeSuspended,
)
from services.finance.lines import restatement
from tests.finance.budgets.conftest import Budgets
from tests.support.finance_harness import a_merger, at, bucks_merges

YEAR = "2018-19"
BEFORE = "2018-02-01T09:00:00Z"
SET = {"stated": BEFORE}


def a_pause(kind: type[TransferSchemeSuspended] | type[TransferSchemeResumed], day: date) -> Event:
    return kind(
        effective_on=day,
        stated_at=at(day),
        merger="M-14Y",
        scheme="TS-10H",
        sort="staff",
        successor="14Y",
        predecessors=("10H",),
        reason="consultation",
    )


def a_succession(code: str, successor: str, day: date, shape: str = "", share: str = "") -> OrganisationSucceeded:
    return OrganisationSucceeded(
        effective_on=day, stated_at=at(day, 0), code=code, successor=successor, shape=shape, share=share
    )


async def test_a_merger_moves_every_line_to_one_of_the_same_kind_and_publishes_what_each_released(
    budgets: Budgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where not all lines fit into one statement, nor all events into one piece."""
    monkeypatch.setattr(restatement, "_LINES_AT_ONCE", 1)
    monkeypatch.setattr(restatement, "_AT_ONCE", 1)
    await budgets.set_line("10H", YEAR, amount_pence=1_000_01, **SET)
    await budgets.set_line("10Y", YEAR, amount_pence=500_00, **SET)
    await budgets.set_line("10Y", YEAR, amount_pence=77, function="bi", **SET)
    await budgets.set_line("10H", "2017-18", amount_pence=5, **SET)
    await budgets.harness.hear(bucks_merges())
    assert await budgets.amounts("14Y", YEAR) == [1_500_01, 77]
    assert await budgets.amounts("10H", YEAR) == [0]
    assert await budgets.amounts("10H", YEAR, as_known="2018-03-31") == [1_000_01]
    assert await budgets.amounts("14Y", YEAR, as_known="2018-03-31") == []
    assert await budgets.amounts("10H", "2017-18") == [5]
    told = await budgets.told("BudgetRestated")
    assert [(one["organisation"], one["amount_pence"], one["predecessors"], one["released_pence"]) for one in told] == [
        ("14Y", 1_500_01, ["10H", "10Y"], [1_000_01, 500_00]),
        ("14Y", 77, ["10Y"], [77]),
    ]
    await budgets.harness.hear(bucks_merges(), bucks_merges())
    assert await budgets.amounts("14Y", YEAR) == [1_500_01, 77]
    assert len(await budgets.told("BudgetRestated")) == 2


async def test_in_mid_year_each_has_its_days_and_a_later_correction_passes_on(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000_00, **SET)
    await budgets.harness.hear(bucks_merges(date(2018, 10, 1)))
    moved = round(Fraction(1_000_00 * 182, 365))
    assert await budgets.amounts("10H", YEAR) == [1_000_00 - moved]
    [of_successor] = await budgets.lines("14Y", YEAR)
    assert (of_successor["amount_pence"], of_successor["annual_pence"]) == (moved, 1_000_00)
    assert of_successor["full_year_effect_pence"] == 1_000_00 - moved
    path = f"/organisations/10H/budgets/{YEAR}/lines/{line}"
    await budgets.call("PUT", path, json={"amount_pence": 1_100_00}, headers={"If-Match": '"1"'})
    again = moved + round(Fraction(100_00 * 182, 365))
    assert await budgets.amounts("14Y", YEAR) == [again]
    assert await budgets.amounts("10H", YEAR) == [1_100_00 - again]


async def test_an_undone_merger_is_taken_back_by_entries(budgets: Budgets) -> None:
    await budgets.set_line("10H", YEAR, amount_pence=900, **SET)
    await budgets.harness.hear(bucks_merges())
    undone = SuccessionUndone(
        effective_on=date(2018, 4, 1), stated_at=at(date(2018, 6, 1)), code="10H", successor="14Y"
    )
    await budgets.harness.hear(undone)
    assert (await budgets.amounts("10H", YEAR), await budgets.amounts("14Y", YEAR)) == ([900], [0])
    assert await budgets.amounts("14Y", YEAR, as_known="2018-05-31") == [900]
    assert [one["amount_pence"] for one in await budgets.told("BudgetRestated")] == [900, -900]


# What a statement may change, where it moves one line or looks at two entries: the body's half and the successor's; of
# what it removes also what follows from both: a pause, its end, and what takes the three back.
_IN_PIECES = """
CREATE FUNCTION at_most() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM changed) > TG_ARGV[0]::int THEN RAISE EXCEPTION 'not in pieces: %', TG_OP; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER added AFTER INSERT ON budget_entry REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION at_most(2);
CREATE TRIGGER removed AFTER DELETE ON budget_entry REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION at_most(12)
"""


async def test_no_statement_moves_pauses_takes_back_or_removes_more_than_a_piece_of_the_entries(
    budgets: Budgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restatement, "_LINES_AT_ONCE", 1)
    monkeypatch.setattr(restatement, "_ENTRIES_AT_ONCE", 2)
    pence = {"payroll": 11, "bi": 22, "it": 33}
    for function, amount in pence.items():
        await budgets.set_line("10H", YEAR, amount_pence=amount, function=function, **SET)
    async with budgets.harness.database.connect() as connection:
        await connection.execute(_IN_PIECES)
    paused = a_pause(TransferSchemeSuspended, date(2018, 6, 1))
    await budgets.harness.hear(bucks_merges(), paused)
    assert sorted(await budgets.amounts("10H", YEAR)) == [11, 22, 33]
    await budgets.harness.hear(a_pause(TransferSchemeResumed, date(2018, 8, 1)))
    assert sorted(await budgets.amounts("14Y", YEAR)) == [11, 22, 33]
    undone = SuccessionUndone(
        effective_on=date(2018, 4, 1), stated_at=at(date(2018, 9, 1)), code="10H", successor="14Y"
    )
    await budgets.harness.hear(undone)
    assert await budgets.amounts("14Y", YEAR) == [0, 0, 0]
    # Known earlier than before: what followed from the merger as it was believed is removed, and posted again.
    earlier = bucks_merges().model_copy(update={"stated_at": at(date(2018, 3, 1))})
    entries = "SELECT count(*) AS all, min(believed_from) AS since FROM budget_entry WHERE succession IS NOT NULL"
    [before] = await budgets.harness.database.fetch(entries)
    await budgets.harness.hear(earlier)
    [after] = await budgets.harness.database.fetch(entries)
    assert (after["all"], after["since"] < before["since"]) == (before["all"], True)
    assert sum(one["amount_pence"] for one in await budgets.told("BudgetRestated")) == 0


async def test_what_a_later_successor_has_is_published_anew_where_an_earlier_succession_is_known_otherwise(
    budgets: Budgets,
) -> None:
    await budgets.set_line("10H", YEAR, amount_pence=1_000, **SET)
    later = a_merger("W1A", "14Y", "06H", on=date(2018, 10, 1))
    await budgets.harness.hear(bucks_merges(), later)
    await budgets.harness.hear(bucks_merges().model_copy(update={"stated_at": at(date(2018, 3, 1))}))
    told = [one["amount_pence"] for one in await budgets.told("BudgetRestated") if one["organisation"] == "W1A"]
    assert [sum(told)] == await budgets.amounts("W1A", YEAR)


async def test_pay_goes_back_while_a_transfer_of_staff_waits_and_is_posted_again(budgets: Budgets) -> None:
    for code in ("10H", "10Y"):
        await budgets.set_line(code, YEAR, amount_pence=1_000, **SET)
        await budgets.set_line(code, YEAR, amount_pence=30, pay=False, **SET)
    paused = a_pause(TransferSchemeSuspended, date(2018, 6, 1))
    await budgets.harness.hear(bucks_merges(), paused, paused)
    assert (await budgets.amounts("10H", YEAR), await budgets.amounts("10Y", YEAR)) == ([1_000, 0], [0, 0])
    assert sorted(await budgets.amounts("14Y", YEAR)) == [60, 1_000]
    assert sorted(await budgets.amounts("14Y", YEAR, as_at="2018-05-31")) == [60, 2_000]
    resumed = a_pause(TransferSchemeResumed, date(2018, 8, 1))
    await budgets.harness.hear(resumed, resumed)
    assert (await budgets.amounts("10H", YEAR), sorted(await budgets.amounts("14Y", YEAR))) == ([0, 0], [60, 2_000])
    assert sorted(await budgets.amounts("14Y", YEAR, as_at="2018-07-31")) == [60, 1_000]
    last = (await budgets.told("BudgetRestated"))[-2:]
    assert [(one["amount_pence"], one["predecessors"], one["merger"]) for one in last] == [
        (-1_000, ["10H"], "TS-10H"),
        (1_000, ["10H"], "TS-10H"),
    ]


def later_events() -> list[Event]:
    """A merger, a pause and its end, a second merger of the successor, and one that is undone."""
    return [
        bucks_merges(),
        a_pause(TransferSchemeSuspended, date(2018, 6, 1)),
        a_pause(TransferSchemeResumed, date(2018, 8, 1)),
        a_merger("W1A", "14Y", "06H", on=date(2018, 10, 1)),
        a_succession("11C", "06H", date(2018, 5, 1), "acquisition"),
        SuccessionUndone(effective_on=date(2018, 5, 1), stated_at=at(date(2018, 9, 1)), code="11C", successor="06H"),
    ]


async def test_any_order_and_any_repetition_gives_the_same(budgets: Budgets) -> None:
    years = ("2018-19", "2019-20", "2020-21", "2021-22")
    orders = [later_events(), later_events()[::-1], *list(permutations(later_events()))[377::263][:2]]
    found = []
    for year, order in zip(years, orders, strict=True):
        # One database after the other would cost seconds each: each order has a decade of its own.
        shift = years.index(year) * 10
        moved = [_later(event, shift) for event in order]
        renamed = {code: f"{code}{shift}" for code in ("10H", "10Y", "06H", "11C", "14Y", "W1A")}
        events = [_renamed(event, renamed) for event in moved]
        of = f"{2018 + shift}-{(19 + shift) % 100:02d}"
        await budgets.harness.hear_of_ccgs(*(renamed[code] for code in ("10H", "10Y", "06H", "11C")))
        for number, code in enumerate(("10H", "10Y", "06H", "11C")):
            await budgets.set_line(renamed[code], of, amount_pence=100_003 + number, **SET)
        for event in events:
            await budgets.harness.hear(event, event)
        state = {}
        for code, name in renamed.items():
            state[code] = {day: await budgets.amounts(name, of, **asked) for day, asked in _asked(shift).items()}
        found.append(state)
        # The last successor released nothing: what was published of it sums to what it has.
        told = [one for one in await budgets.told("BudgetRestated") if one["organisation"] == renamed["W1A"]]
        assert [sum(one["amount_pence"] for one in told)] == state["W1A"]["now"]
    assert found[1:] == found[:1] * (len(years) - 1)
    whole = sum(amount for code in found[0].values() for amount in code["now"])
    assert whole == sum(100_003 + number for number in range(4))


def _asked(shift: int) -> dict[str, dict[str, str]]:
    year = 2018 + shift
    return {
        "now": {},
        "july": {"as_at": f"{year}-07-01"},
        "november": {"as_at": f"{year}-11-01"},
        "as known": {"as_known": "2018-07-01"},
    }


def _later(event: Event, years: int) -> Event:
    return event.model_copy(update={"effective_on": event.effective_on.replace(year=event.effective_on.year + years)})


def _renamed(event: Event, names: dict[str, str]) -> Event:
    def new(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(new(one) for one in value)
        return names.get(value, value) if isinstance(value, str) else value

    update = {name: new(getattr(event, name)) for name in type(event).model_fields}
    if "merger" in update:
        update["merger"] = f"{update['merger']}-{names['10H']}"
    return event.model_copy(update=update)


SHARES = {"205/680": 72_352_941, "330/680": 116_470_588, "145/680": 51_176_471}
"""Golden 18: £2.4m by 205,000, 330,000 and 145,000 people."""


@pytest.mark.parametrize(
    ("amount", "parts"),
    [(240_000_000, SHARES), (1_000_000, {"1/3": 333_334, "2/6": 333_333, "3/9": 333_333})],
)
async def test_a_split_moves_exact_shares_by_largest_remainder(
    budgets: Budgets, amount: int, parts: dict[str, int]
) -> None:
    await budgets.set_line("10H", YEAR, amount_pence=amount, **SET)
    for number, share in enumerate(parts):
        await budgets.harness.hear(a_succession("10H", f"N{number}", date(2018, 4, 1), "split", share))
    found = [await budgets.amounts(f"N{number}", YEAR) for number in range(len(parts))]
    assert found == [[part] for part in parts.values()]
    assert await budgets.amounts("10H", YEAR) == [0]


@pytest.mark.parametrize("first", ["1/3", ""])
async def test_what_moved_by_a_share_goes_back_where_the_other_one_turns_out_to_be_unknown(
    budgets: Budgets, first: str
) -> None:
    await budgets.set_line("10H", YEAR, amount_pence=900, **SET)
    for number, share in enumerate([first, "" if first else "1/3"]):
        await budgets.harness.hear(a_succession("10H", f"N{number}", date(2018, 4, 1), "split", share))
    found = [await budgets.amounts(code, YEAR) for code in ("10H", "N0", "N1")]
    assert [sum(one) for one in found] == [900, 0, 0]
    assert sum(one["amount_pence"] for one in await budgets.told("BudgetRestated")) == 0


async def test_a_boundary_change_shares_what_was_there_and_nothing_of_what_comes_after(budgets: Budgets) -> None:
    await budgets.set_line("10H", YEAR, amount_pence=1_000, **SET)
    await budgets.harness.hear(a_succession("10H", "10Y", date(2018, 4, 1), "boundary_change", "1/3"))
    assert (await budgets.amounts("10H", YEAR), await budgets.amounts("10Y", YEAR)) == ([667], [333])
    await budgets.set_line("10H", YEAR, amount_pence=50, function="bi", stated="2018-09-01T09:00:00Z")
    assert (await budgets.amounts("10H", YEAR), await budgets.amounts("10Y", YEAR)) == ([667, 50], [333])
    told = await budgets.told("BudgetRestated")
    assert [(one["organisation"], one["amount_pence"]) for one in told] == [("10Y", 333)]


async def test_what_rises_of_a_predecessor_stays_within_the_ceiling_of_who_has_it_now(budgets: Budgets) -> None:
    """The successor has 2 x 100 heads at £22.07: £4,414, of which £3,414 are planned after the merger."""
    lines = {}
    for code, pence in (("10H", 1_207_00), ("10Y", 2_207_00)):
        await budgets.harness.state(code, YEAR, 100)
        lines[code] = await budgets.set_line(code, YEAR, amount_pence=pence, admin=True, **SET)
    path = f"/organisations/10H/budgets/{YEAR}/lines/{lines['10H']}"
    reduced = await budgets.call("POST", f"{path}/reductions", json={"amount_pence": 207_00})
    [reduction] = [one["reduction"] for one in reduced["entries"] if one["reduction"]]
    await budgets.harness.hear(bucks_merges())
    match = {"If-Match": '"2"'}
    over = await budgets.call("PUT", path, json={"amount_pence": 2_414_01}, headers=match, expect=409)
    assert "administration of 14Y would sum to £4,414.01, above the ceiling of £4,414.00" in over["detail"]
    assert await budgets.amounts("14Y", YEAR) == [3_207_00]
    await budgets.call("PUT", path, json={"amount_pence": 2_414_00}, headers=match)
    assert await budgets.amounts("14Y", YEAR) == [4_414_00]
    back = {"amount_pence": 1, "reduction": reduction}
    over = await budgets.call("POST", f"{path}/restorations", json=back, expect=409)
    assert over["type"].endswith("/ceiling-exceeded")
