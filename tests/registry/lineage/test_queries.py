"""Who followed whom, however many steps away, and how much of a body lives on where."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import permutations

import pytest

from libs.common.database.connection import Database, raw
from libs.organisations.successions import SuccessionStatement
from services.registry.core.models import successions
from services.registry.lineage.queries import lineage_of
from services.registry.lineage.tracing import Ends, Step, living
from tests.support.lineage import resolve
from tests.support.registry_client import RegistryClient

STATED = datetime.fromisoformat("2022-10-31T00:00:00+00:00")
LATER = date(2025, 1, 1)


def step(code: str, successor: str, on: str, shape: str = "", share: str = "") -> Step:
    return Step(code, successor, date.fromisoformat(on), STATED, None, "test", shape, share)


def ends_of(code: str, *steps: Step) -> dict[str, str]:
    """The living ends of a code, each with its share as text, `?` where it is not stated."""
    found: Ends = living(steps, [code])[code]
    return {end: "?" if share is None else str(share) for end, share in found}


def test_thirds_that_no_float_can_sum_add_up_along_a_chain() -> None:
    split = [step("A", one, "2015-04-01", "split", "1/3") for one in ("B", "C", "D")]
    merged = [step("B", "E", "2018-04-01", "merger", "1"), step("C", "E", "2018-04-01", "merger", "1")]
    assert ends_of("A", *split, *merged) == {"D": "1/3", "E": "2/3"}
    again = [step("E", "F", "2020-04-01", "split", "3/7"), step("E", "G", "2020-04-01", "split", "4/7")]
    whole = living([*split, *merged, *again], ["A"])["A"]
    assert dict(whole) == {"D": Fraction(1, 3), "F": Fraction(2, 7), "G": Fraction(8, 21)}
    assert sum(share for _, share in whole if share is not None) == 1


def test_an_acquisition_into_an_existing_code_takes_all_of_the_other_and_none_of_its_own() -> None:
    acquired = step("RA3", "RA7", "2020-04-01", "acquisition")
    assert ends_of("RA3", acquired) == {"RA7": "1"}
    assert ends_of("RA7", acquired) == {"RA7": "1"}


def test_a_body_that_a_boundary_change_leaves_living_keeps_the_rest() -> None:
    changed = step("01H", "01K", "2017-04-01", "boundary_change", "2/9")
    assert ends_of("01H", changed) == {"01H": "7/9", "01K": "2/9"}
    assert ends_of("01H", step("01H", "01K", "2017-04-01", "boundary_change")) == {"01H": "?", "01K": "?"}
    followed = step("01H", "X1", "2020-04-01", "merger", "1")
    assert ends_of("01H", changed, followed) == {"X1": "7/9", "01K": "2/9"}


def test_two_bodies_that_exchange_parts_on_one_day_do_not_send_back_what_they_just_got() -> None:
    exchanged = [
        step("A", "B", "2017-04-01", "boundary_change", "1/10"),
        step("B", "A", "2017-04-01", "boundary_change", "1/4"),
    ]
    assert ends_of("A", *exchanged) == {"A": "9/10", "B": "1/10"}
    assert ends_of("B", *exchanged) == {"A": "1/4", "B": "3/4"}


def test_what_a_boundary_change_leaves_goes_to_the_one_that_takes_the_rest_on_the_same_day() -> None:
    steps = [step("A", "B", "2017-04-01", "boundary_change", "1/10"), step("A", "C", "2017-04-01", "acquisition")]
    assert ends_of("A", *steps) == {"B": "1/10", "C": "9/10"}


def test_shares_that_no_source_states_are_not_invented() -> None:
    split = [step("RW6", "RM3", "2021-10-01"), step("RW6", "R0A", "2021-10-01")]
    assert ends_of("RW6", *split) == {"R0A": "?", "RM3": "?"}
    half = [step("A", "B", "2015-04-01", "split", "1/2"), step("A", "C", "2015-04-01", "split")]
    assert ends_of("A", *half) == {"B": "1/2", "C": "?"}
    more_than_whole = [step("A", "B", "2015-04-01", "", "1"), step("A", "C", "2015-04-01", "", "1/2")]
    assert ends_of("A", *more_than_whole) == {"B": "?", "C": "?"}


def test_parts_that_meet_again_in_one_body_are_all_of_it() -> None:
    steps = [
        step("A", "B", "2015-04-01"),
        step("A", "C", "2015-04-01"),
        step("B", "D", "2016-04-01"),
        step("C", "D", "2017-04-01"),
    ]
    assert ends_of("A", *steps[:3]) == {"C": "?", "D": "?"}
    assert ends_of("A", *steps) == {"D": "1"}


def test_a_part_of_which_no_source_says_where_it_went_is_missing_from_the_sum() -> None:
    assert ends_of("A", step("A", "B", "2015-04-01", "split", "1/3")) == {"B": "1/3"}


def test_a_row_that_names_the_body_itself_means_that_it_lives_on() -> None:
    assert ends_of("A", step("A", "A", "2010-04-01")) == {"A": "1"}
    beside = [step("4KX17", "4KX17", "2000-04-01"), step("4KX17", "5AD", "2000-04-01")]
    assert ends_of("4KX17", *beside) == {"4KX17": "?", "5AD": "?"}
    assert ends_of("4KX17", *beside, step("4KX17", "5GY", "2001-04-01")) == {"5AD": "?", "5GY": "?"}


def test_the_same_pair_on_two_days_is_all_of_it_in_the_end() -> None:
    assert ends_of("4CG71", step("4CG71", "5CJ", "2000-10-01"), step("4CG71", "5CJ", "2001-04-01")) == {"5CJ": "1"}


def test_a_share_of_a_body_that_merged_before_it_was_split_is_stated_of_none_of_its_predecessors() -> None:
    merged = [step("ZP9", "ZR9", "2016-04-01", "merger", "1"), step("ZQ9", "ZR9", "2016-04-01", "merger", "1")]
    split = [step("ZR9", "ZS9", "2018-04-01", "split", "7/10"), step("ZR9", "ZT9", "2018-04-01", "split", "3/10")]
    assert ends_of("ZR9", *merged, *split) == {"ZS9": "7/10", "ZT9": "3/10"}
    assert ends_of("ZP9", *merged, *split) == {"ZS9": "?", "ZT9": "?"}
    again = [step("ZS9", "ZU9", "2020-04-01", "merger", "1"), step("ZT9", "ZU9", "2020-04-01", "merger", "1")]
    assert ends_of("ZP9", *merged, *split, *again) == {"ZU9": "1"}
    days = living([*merged, *split], ["ZR9", "ZS9"], since=date(2016, 4, 2))
    assert dict(days["ZR9"]) == {"ZS9": Fraction(7, 10), "ZT9": Fraction(3, 10)}


def test_a_body_that_took_over_another_on_the_way_is_split_by_no_share_of_what_it_was_before() -> None:
    steps = [
        step("B", "A", "2016-04-01", "acquisition", "1"),
        step("A", "C", "2018-04-01", "split", "1/2"),
        step("A", "D", "2018-04-01", "split", "1/2"),
    ]
    assert dict(living(steps, ["A"], since=date(2015, 1, 1))["A"]) == {"C": None, "D": None}
    assert dict(living(steps, ["A"], since=date(2017, 1, 1))["A"]) == {"C": Fraction(1, 2), "D": Fraction(1, 2)}
    assert ends_of("B", *steps) == {"C": "?", "D": "?"}


def test_a_part_that_went_to_a_living_body_is_in_what_that_body_gives_on_by_no_stated_share() -> None:
    steps = [
        step("A", "B", "2016-04-01", "boundary_change", "1/10"),
        step("B", "C", "2018-04-01", "boundary_change", "1/4"),
    ]
    assert ends_of("A", *steps) == {"A": "9/10", "B": "?", "C": "?"}
    assert ends_of("B", *steps) == {"B": "3/4", "C": "1/4"}


def test_circles_end_with_the_last_word() -> None:
    circle = [step("C1", "C2", "2012-04-01"), step("C2", "C1", "2013-04-01")]
    assert ends_of("C1", *circle) == {"C1": "1"}
    assert ends_of("C2", *circle) == {"C1": "1"}
    on_one_day = [step("C1", "C2", "2012-04-01"), step("C2", "C1", "2012-04-01")]
    assert ends_of("C1", *on_one_day) == {"C1": "1"}


def test_a_move_under_another_parent_moves_nothing_out_of_a_body() -> None:
    assert ends_of("A", step("A", "B", "2015-04-01", "parent_change")) == {"A": "1"}


def test_the_order_of_the_steps_does_not_matter() -> None:
    steps = [
        step("A", "B", "2015-04-01", "split", "1/3"),
        step("A", "C", "2015-04-01", "split", "2/3"),
        step("C", "B", "2015-04-01", "acquisition"),
        step("B", "D", "2015-04-01", "merger", "1"),
    ]
    assert {tuple(ends_of("A", *order).items()) for order in permutations(steps)} == {(("D", "1"),)}


def test_a_long_chain_and_a_wide_lattice_are_walked_without_recursion() -> None:
    first = date(1990, 1, 1)
    chain = [Step(f"N{n}", f"N{n + 1}", first + timedelta(days=n), STATED, None, "test") for n in range(2_000)]
    assert living(chain, ["N0"])["N0"] == (("N2000", Fraction(1)),)
    lattice = [
        Step(f"L{n}{one}", f"L{n + 1}{other}", first + timedelta(days=n), STATED, None, "test", "split", "1/2")
        for n in range(40)
        for one in "ab"
        for other in "ab"
        if (n, one) != (0, "b")
    ]
    assert living(lattice, ["L0a"])["L0a"] == (("L40a", Fraction(1, 2)), ("L40b", Fraction(1, 2)))


async def test_a_chain_of_two_mergers_resolves_by_the_day_asked_about(registry: RegistryClient) -> None:
    await registry.open("10G", "10T", "11C", "10C", "10V")
    await registry.merge("15D", "10G", "10T", "11C", on="2018-04-01")
    await registry.merge("D4U1Y", "15D", "10C", "10V", on="2021-04-01")

    async def resolved(as_at: str) -> list[str]:
        found = await registry.call("GET", "/organisations/10G/lineage", params={"as_at": as_at})
        return list(found["resolves_to"])

    days = ("2018-03-31", "2018-04-01", "2021-03-31", "2021-04-01")
    assert [await resolved(day) for day in days] == [["10G"], ["15D"], ["15D"], ["D4U1Y"]]
    whole = await registry.call("GET", "/organisations/D4U1Y/lineage")
    assert {step["code"] for step in whole["before"]} == {"10G", "10T", "11C", "15D", "10C", "10V"}
    assert whole["after"] == []
    assert {step["merger"] for step in whole["before"]} == {"M-15D", "M-D4U1Y"}


async def test_the_lineage_of_a_code_that_was_never_given_is_not_found(registry: RegistryClient) -> None:
    await registry.call("GET", "/organisations/ZZZ/lineage", expect=404)


async def test_the_lineage_tells_both_ways_with_shares_sources_and_since_when_it_is_known(
    registry: RegistryClient,
) -> None:
    await registry.open("A", "B", "C", "D", "E")
    await said(
        registry.database,
        followed("A", "B", "2015-04-01", shape="split", share="1/3"),
        followed("A", "C", "2015-04-01", shape="split", share="2/3"),
        followed("C", "D", "2018-04-01", shape="acquisition"),
    )
    whole = await registry.call("GET", "/organisations/A/lineage", params={"as_at": "2020-04-01"})
    assert [(one["code"], one["share"], one["status"]) for one in whole["living"]] == [
        ("B", "1/3", "open"),
        ("D", "2/3", "open"),
    ]
    assert whole["resolves_to"] == ["B", "D"]
    shown = [(one["successor"], one["shape"], one["share"], one["distance"]) for one in whole["after"]]
    assert shown == [("B", "split", "1/3", 1), ("C", "split", "2/3", 1), ("D", "acquisition", "", 2)]
    assert {one["known_from"] for one in whole["after"]} == {"2022-10-31T00:00:00Z"}
    assert whole["because"][1:] == [
        "A was followed by C on 2015-04-01 (split, 2/3 of it): test",
        "C was followed by D on 2018-04-01 (acquisition): test",
    ]
    back = await registry.call("GET", "/organisations/D/lineage", params={"direction": "before"})
    assert (back["after"], back["origins"]) == ([], ["A", "D"])
    assert [(one["code"], one["distance"]) for one in back["before"]] == [("A", 2), ("C", 1)]
    then = {"as_known": "2022-10-30", "direction": "after"}
    assert (await registry.call("GET", "/organisations/A/lineage", params=then))["resolves_to"] == ["A"]


async def test_where_no_source_says_what_became_of_a_body_the_lineage_says_so(registry: RegistryClient) -> None:
    await registry.open("A81001", kind="gp_practice")
    await registry.open("RW6", "RM3", "R0A", kind="nhs_trust")
    await said(registry.database, followed("RW6", "RM3", "2021-10-01"), followed("RW6", "R0A", "2021-10-01"))
    await registry.change("/organisations/A81001/closure", version=1, body={"effective_on": "2016-04-01"})
    closed = await registry.call("GET", "/organisations/A81001/lineage")
    assert [(one["finding"], one["message"]) for one in closed["findings"]] == [
        ("no-source-says", "A81001 is closed, and no source names its successor")
    ]
    split = await registry.call("GET", "/organisations/RW6/lineage")
    assert [(one["code"], one["share"]) for one in split["living"]] == [("R0A", None), ("RM3", None)]
    assert [one["finding"] for one in split["findings"]] == ["share-not-stated"]


async def test_an_acquirer_is_among_its_own_origins_and_a_new_body_is_not(registry: RegistryClient) -> None:
    await registry.open("RA7", "RA3", "RN1", kind="nhs_trust")
    await registry.open("R0X", kind="nhs_trust", on="2019-04-01")
    await said(
        registry.database,
        followed("RA3", "RA7", "2016-04-01", shape="acquisition", share="1"),
        followed("RA7", "R0X", "2019-04-01", shape="merger", share="1"),
        followed("RN1", "R0X", "2019-04-01", shape="merger", share="1"),
    )

    async def origins(code: str) -> list[str]:
        return list((await registry.call("GET", f"/organisations/{code}/lineage"))["origins"])

    assert await origins("RA7") == ["RA3", "RA7"]
    assert await origins("R0X") == ["RA3", "RA7", "RN1"]
    assert await origins("RN1") == ["RN1"]


async def test_a_body_that_followed_another_by_a_row_without_shape_is_an_origin_where_it_was_there_before(
    registry: RegistryClient,
) -> None:
    await registry.open("RA7", "RA3", kind="nhs_trust")
    await registry.open("RNEW", kind="nhs_trust", on="2016-04-01")
    await said(registry.database, followed("RA3", "RA7", "2016-04-01"), followed("RA3", "RNEW", "2016-04-01"))
    for code, origins in (("RA7", ["RA3", "RA7"]), ("RNEW", ["RA3"])):
        assert (await registry.call("GET", f"/organisations/{code}/lineage"))["origins"] == origins


async def said(database: Database, *words: SuccessionStatement) -> None:
    async with database.begin() as session:
        await successions.state(await raw(session), words, by="test")


def followed(code: str, successor: str, on: str, **others: object) -> SuccessionStatement:
    stated = {"stated_at": STATED, "source": "test", **others}
    return SuccessionStatement(code, successor, date.fromisoformat(on), **stated)  # type: ignore[arg-type]


async def test_many_codes_resolve_in_one_round_trip(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await said(
        database,
        followed("A1", "A1", "2010-04-01"),
        followed("A1", "B1", "2011-04-01", shape="split", share="1/3"),
        followed("A1", "B2", "2011-04-01", shape="split", share="2/3"),
        followed("B2", "B3", "2014-04-01"),
        followed("C1", "C2", "2012-04-01"),
        followed("C2", "C1", "2013-04-01"),
    )
    trips = []
    fetch = Database.fetch

    async def counted(self: Database, sql: str, *args: object) -> object:
        trips.append(sql)
        return await fetch(self, sql, *args)

    monkeypatch.setattr(Database, "fetch", counted)
    found = await resolve(database, ["A1", "B2", "C1", "NONE"], LATER)
    assert found == {
        "A1": (("B1", Fraction(1, 3)), ("B3", Fraction(2, 3))),
        "B2": (("B3", Fraction(1)),),
        "C1": (("C1", Fraction(1)),),
        "NONE": (("NONE", Fraction(1)),),
    }
    assert len(trips) == 1
    assert await resolve(database, ["A1"], date(2011, 3, 31)) == {"A1": (("A1", Fraction(1)),)}


async def test_an_undone_succession_counts_for_who_asks_as_it_was_known(database: Database) -> None:
    undone = datetime(2023, 5, 1, tzinfo=UTC)
    await said(
        database,
        followed("A1", "B1", "2011-04-01"),
        followed("A1", "B1", "2011-04-01", stated_at=undone, holds=False),
    )
    assert (await lineage_of(database, "A1", as_at=LATER)).resolves_to == ("A1",)
    before = await lineage_of(database, "A1", as_at=LATER, as_known=undone - timedelta(days=1))
    assert before.resolves_to == ("B1",)
    unknown_then = await lineage_of(database, "A1", as_at=LATER, as_known=STATED - timedelta(days=1))
    assert unknown_then.resolves_to == ("A1",)
