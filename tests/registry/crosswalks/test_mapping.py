"""Bodies of one day as bodies of another: crosswalks, restatements, and what changes on a day."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.database.connection import Database, raw
from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationIdentified,
    OrganisationIdentifierEnded,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationSucceeded,
    PopulationPublished,
)
from services.registry.core import recording
from services.registry.crosswalks.mapping import Row
from services.registry.crosswalks.restatement import Figure, Series, divided, restate
from services.registry.crosswalks.views import Outcome
from tests.support.registry_client import RegistryClient

DAY = date(2021, 3, 31)
AT = datetime(2022, 10, 31, tzinfo=UTC)


async def tell(database: Database, *events: Event) -> None:
    opened = {event.code for event in events if isinstance(event, OrganisationOpened)}
    async with database.begin() as session:
        await recording.introduce_missing(await raw(session), opened)
        await recording.record(session, events, source="ods-succession:test", by="test")


def succeeded(code: str, successor: str, on: str, shape: str = "", share: str = "") -> OrganisationSucceeded:
    return OrganisationSucceeded(
        code=code, successor=successor, effective_on=date.fromisoformat(on), stated_at=AT, shape=shape, share=share
    )


def identified(code: str, ons: str, on: str) -> OrganisationIdentified:
    return OrganisationIdentified(
        code=code, system="ons", identifier=ons, effective_on=date.fromisoformat(on), stated_at=AT
    )


async def crosswalk(registry: RegistryClient, start: str, end: str, **params: Any) -> list[dict[str, Any]]:
    found = await registry.call("GET", "/crosswalks", params={"from_day": start, "to_day": end, **params})
    return list(found["items"])


def pairs(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(row["code"], row["to_code"], row["share"]) for row in rows]


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


async def test_a_crosswalk_goes_forwards_along_chains_and_backwards_to_where_bodies_came_from(
    registry: RegistryClient,
) -> None:
    await registry.open("10G", "10T", "11C", "10C", "99A")
    await registry.merge("15D", "10G", "10T", "11C", on="2018-04-01")
    await registry.merge("D4U1Y", "15D", "10C", on="2021-04-01")
    forwards = await crosswalk(registry, "2017-04-01", "2022-04-01")
    assert pairs(forwards) == [
        ("10C", "D4U1Y", "1"),
        ("10G", "D4U1Y", "1"),
        ("10T", "D4U1Y", "1"),
        ("11C", "D4U1Y", "1"),
        ("99A", "99A", "1"),
    ]
    assert [row["share_of_to"] for row in forwards] == [None, None, None, None, "1"]
    backwards = await crosswalk(registry, "2022-04-01", "2018-04-01")
    assert pairs(backwards) == [("99A", "99A", "1"), ("D4U1Y", "10C", None), ("D4U1Y", "15D", None)]
    assert [row["reason"] for row in backwards] == ["", "share-not-stated", "share-not-stated"]
    assert [row["share_of_to"] for row in backwards] == ["1", "1", "1"]
    assert pairs(await crosswalk(registry, "2019-04-01", "2020-04-01", codes="15D")) == [("15D", "15D", "1")]


async def test_a_crosswalk_says_why_a_code_could_not_be_carried(registry: RegistryClient) -> None:
    await registry.open("A1", "A2", "A3", "A4")
    await registry.open("Z9", on="2020-04-01")
    await tell(
        registry.database,
        succeeded("A1", "A2", "2015-04-01", "split", "1/3"),
        succeeded("A1", "A3", "2015-04-01", "split", "1/3"),
    )
    closed = await registry.call("GET", "/organisations/A4", params={"as_at": "2014-01-01"})
    await registry.change("/organisations/A4/closure", version=closed["version"], body={"effective_on": "2016-04-01"})
    rows = await crosswalk(registry, "2014-04-01", "2018-04-01", codes=["A1", "A4", "Z9", "NOBODY"])
    said = {(row["code"], row["to_code"]): (row["share"], row["share_decimal"], row["reason"]) for row in rows}
    assert said == {
        ("A1", "A2"): ("1/3", "0.3333333333", ""),
        ("A1", "A3"): ("1/3", "0.3333333333", ""),
        ("A1", None): ("1/3", "0.3333333333", "part-not-stated"),
        ("A4", None): ("1", "1.0000000000", "closed-without-successor"),
        ("Z9", None): (None, None, "not-open-yet"),
        ("NOBODY", None): (None, None, "unknown-code"),
    }
    assert all(row["because"] for row in rows)
    [before] = await crosswalk(registry, "2021-04-01", "2014-04-01", codes="Z9")
    assert before["reason"] == "no-predecessor-known"


def listed(code: str, opened: str, closed: str | None = None, *, listed_on: str) -> list[Event]:
    """What a practice file of a day says of one practice."""
    said: dict[str, Any] = {"code": code, "stated_at": datetime.fromisoformat(f"{listed_on}T00:00:00+00:00")}
    opening = OrganisationOpened(kind="gp_practice", name=code, effective_on=date.fromisoformat(opened), **said)
    if closed is None:
        return [opening]
    return [opening, OrganisationClosed(effective_on=date.fromisoformat(closed), **said)]


async def a_body_that_a_file_shows_open_after_another_followed_it(registry: RegistryClient) -> None:
    await tell(
        registry.database,
        *listed("Z93001", "2013-04-01", listed_on="2020-03-31"),
        *listed("Z93002", "2013-04-01", listed_on="2020-03-31"),
        *listed("Z93003", "2013-04-01", "2015-04-01", listed_on="2020-03-31"),
        *listed("Z93004", "2013-04-01", "2014-04-01", listed_on="2020-03-31"),
        *listed("Z93005", "2013-04-01", "2014-04-01", listed_on="2020-03-31"),
        *listed("Z93006", "2013-04-01", listed_on="2020-03-31"),
        succeeded("Z93001", "Z93002", "2016-04-01"),
        succeeded("Z93003", "Z93002", "2017-04-01"),
        succeeded("Z93006", "Z93004", "2014-01-01"),
        succeeded("Z93006", "Z93005", "2014-01-01"),
    )


async def test_a_body_that_is_followed_and_still_open_is_there_on_both_days_with_a_finding(
    registry: RegistryClient,
) -> None:
    await a_body_that_a_file_shows_open_after_another_followed_it(registry)
    for code, successor in (("Z93001", "Z93002"), ("Z93006", "Z93004")):
        [row] = await crosswalk(registry, "2013-06-01", "2019-04-01", codes=code)
        assert (row["to_code"], row["share"], row["reason"]) == (code, "1", "")
        assert row["findings"] == ["followed-and-still-open"]
        assert row["because"].startswith(f"{code} is there on both days; ods-succession:test says that {successor} ")
    assert pairs(await crosswalk(registry, "2019-04-01", "2013-06-01", codes=["Z93001", "Z93002"])) == [
        ("Z93001", "Z93001", "1"),
        ("Z93002", "Z93002", "1"),
    ]
    lineage = await registry.call("GET", "/organisations/Z93001/lineage", params={"as_at": "2019-04-01"})
    assert lineage["resolves_to"] == ["Z93001"]
    assert [one["finding"] for one in lineage["findings"]] == ["followed-and-still-open"]
    listed_open = await registry.call("GET", "/findings", params={"sort": "followed_and_still_open"})
    assert [(one["code"], one["other"]) for one in listed_open["items"]] == [
        ("Z93001", "Z93002"),
        ("Z93006", "Z93004"),
        ("Z93006", "Z93005"),
    ]


async def test_a_body_that_closed_before_it_is_said_to_merge_is_not_carried_and_the_reason_says_so(
    registry: RegistryClient,
) -> None:
    await a_body_that_a_file_shows_open_after_another_followed_it(registry)
    for start in ("2014-06-01", "2016-06-01"):
        [row] = await crosswalk(registry, start, "2019-04-01", codes="Z93003")
        assert (row["to_code"], row["reason"]) == (None, "closed-before-it-was-followed")
        assert row["findings"] == ["closed-before-it-was-followed"]
        assert "and it had closed before, on 2015-04-01" in row["because"]
    before = await crosswalk(registry, "2014-06-01", "2019-04-01", codes="Z93003", as_known="2021-01-01")
    assert [row["reason"] for row in before] == ["closed-without-successor"]
    found = await registry.call("GET", "/findings", params={"sort": "closed_before_it_was_followed"})
    assert [(one["code"], one["other"], one["first_day"]) for one in found["items"]] == [
        ("Z93003", "Z93002", "2015-04-01")
    ]


async def test_a_body_that_a_file_shows_open_for_longer_than_another_followed_it_ends_when_it_closes(
    registry: RegistryClient,
) -> None:
    await tell(
        registry.database,
        *listed("Z93001", "2013-04-01", "2016-10-01", listed_on="2016-05-31"),
        *listed("Z93002", "2013-04-01", listed_on="2016-05-31"),
        succeeded("Z93001", "Z93002", "2016-04-01"),
    )
    assert pairs(await crosswalk(registry, "2014-04-01", "2016-06-01", codes="Z93001")) == [("Z93001", "Z93001", "1")]
    assert pairs(await crosswalk(registry, "2014-04-01", "2017-06-01", codes="Z93001")) == [("Z93001", "Z93002", "1")]


def belongs(code: str, *parents: tuple[str, str]) -> list[Event]:
    return [
        OrganisationParentChanged(
            code=code, relation="commissioned by", parent=parent, effective_on=date.fromisoformat(on), stated_at=AT
        )
        for parent, on in parents
    ]


def people(code: str, number: int, on: str = "2013-06-30") -> PopulationPublished:
    return PopulationPublished(
        code=code,
        basis="registered",
        people=number,
        effective_on=date.fromisoformat(on),
        stated_at=AT,
        source="nhse:list",
    )


async def practices_that_crossed_a_boundary(registry: RegistryClient) -> None:
    """A1 and A2 are in 01H, B1 in 01K; A2 moved to 01K in 2017, and A3 closed in 2015. 01K merged into 02K in 2019."""
    await registry.open("01H", "01K")
    await registry.open("02K", on="2019-04-01")
    await tell(
        registry.database,
        *listed("A1", "2013-04-01", listed_on="2021-03-31"),
        *listed("A2", "2013-04-01", listed_on="2021-03-31"),
        *listed("A3", "2013-04-01", "2015-04-01", listed_on="2021-03-31"),
        *listed("B1", "2013-04-01", listed_on="2021-03-31"),
        *belongs("A1", ("01H", "2013-04-01")),
        *belongs("A2", ("01H", "2013-04-01"), ("01K", "2017-04-01"), ("02K", "2019-04-01")),
        *belongs("A3", ("01H", "2013-04-01")),
        *belongs("B1", ("01K", "2013-04-01"), ("02K", "2019-04-01")),
        *(people(code, number) for code, number in (("A1", 500), ("A2", 300), ("A3", 200), ("B1", 1000))),
        people("A2", 900, on="2020-04-01"),
        OrganisationClosed(code="01K", effective_on=date(2019, 4, 1), stated_at=AT),
        succeeded("01K", "02K", "2019-04-01", "merger", "1"),
    )


async def test_practices_that_crossed_a_boundary_mark_both_bodies_in_crosswalk_restatement_and_lineage(
    registry: RegistryClient,
) -> None:
    await practices_that_crossed_a_boundary(registry)
    rows = await crosswalk(registry, "2014-04-01", "2018-04-01", codes=["01H", "01K"])
    move = {"from_code": "01H", "to_code": "01K", "practices": 1, "people": 300}
    assert [(row["code"], row["moved"], row["findings"]) for row in rows] == [
        (code, [move], ["practices-moved-without-succession"]) for code in ("01H", "01K")
    ]
    assert "1 practices with 300 people had moved from 01H to 01K" in rows[0]["because"]
    for start, end in (("2014-04-01", "2016-04-01"), ("2017-04-01", "2020-04-01")):
        assert [row["moved"] for row in await crosswalk(registry, start, end, codes=["01H", "01K"])] == [[], []]
    back = await crosswalk(registry, "2018-04-01", "2014-04-01", codes=["01H", "01K"])
    assert [row["moved"] for row in back] == [[move], [move]]
    later = await crosswalk(registry, "2014-04-01", "2020-04-01", codes=["01H", "01K"])
    assert [row["moved"] for row in later] == [[move | {"to_code": "02K"}]] * 2
    figures = [{"code": "01H", "amount": 100}]
    found = await restated(registry, figures, from_day="2014-04-01", to_day="2018-04-01")
    assert [one["findings"] for one in found["carried"]] == [["practices-moved-without-succession"]]
    written = await registry.send(
        "GET",
        "/crosswalks",
        params={"from_day": "2014-04-01", "to_day": "2018-04-01", "codes": "01H", "format": "csv"},
    )
    assert table_of(written.text)[0]["moved"] == "01H 01K 1 300"
    for code in ("01H", "01K"):
        lineage = await registry.call("GET", f"/organisations/{code}/lineage", params={"as_at": "2018-04-01"})
        # The list of 2020 is nearer to the move than that of 2013.
        assert lineage["boundaries"] == [{"day": "2017-04-01"} | move | {"people": 900}]
    assert (await registry.call("GET", "/organisations/01H/lineage", params={"as_at": "2017-03-31"}))[
        "boundaries"
    ] == []


async def test_figures_are_restated_by_where_the_practices_of_a_body_are_on_the_other_day(
    registry: RegistryClient,
) -> None:
    await practices_that_crossed_a_boundary(registry)
    rows = await crosswalk(registry, "2014-04-01", "2020-04-01", codes=["01H", "01K"], by="practices")
    assert pairs(rows) == [("01H", "01H", "7/10"), ("01H", "02K", "3/10"), ("01K", "02K", "1")]
    assert {row["by"] for row in rows} == {"practices"}
    assert rows[1]["because"].startswith(
        "1 of 3 practices of 01H, with 300 of 1,000 people (lists of 2013-06-30), are in"
    )
    figures = [
        {"code": "01H", "amount": 1000},
        {"code": "A2", "amount": 7},
        {"code": "A3", "amount": 5},
        {"code": "A2", "amount": 9, "day": "2019-05-01"},
        {"code": "ZZZ", "amount": 1},
    ]
    found = await restated(registry, figures, from_day="2014-04-01", to_day="2020-04-01", by="practices")
    assert [(one["line"], one["to_code"], one["amount"], one["by"]) for one in found["carried"]] == [
        (1, "01H", 700, "practices"),
        (1, "02K", 300, "practices"),
        (2, "02K", 7, "practices"),
        (3, "01H", 5, "practices"),
        (4, "02K", 9, "practices"),
    ]
    assert [(one["line"], one["reason"], one["by"]) for one in found["not_carried"]] == [
        (5, "unknown-code", "successions")
    ]
    back = await crosswalk(registry, "2020-04-01", "2014-04-01", codes=["02K"], by="practices")
    assert pairs(back) == [("02K", "01H", "9/19"), ("02K", "01K", "10/19")]


async def test_shares_by_lists_say_how_many_practices_have_none(registry: RegistryClient) -> None:
    await practices_that_crossed_a_boundary(registry)
    stated: dict[str, Any] = {"code": "A9", "effective_on": date(2013, 4, 1), "stated_at": AT}
    await tell(
        registry.database,
        OrganisationOpened(kind="gp_practice", name="A9", **stated),
        OrganisationParentChanged(relation="commissioned by", parent="01H", **stated),
    )
    [stays, _] = await crosswalk(registry, "2014-04-01", "2020-04-01", codes=["01H"], by="practices")
    assert stays["share"] == "7/10"
    assert "(lists of 2013-06-30; of 1 more no list is known)" in stays["because"]


def in_levels(code: str, on: str, **levels: str) -> list[Event]:
    named = {"stp": "in STP", "icb": "in ICB", "region": "in region"}
    return [
        OrganisationParentChanged(
            code=code, relation=named[level], parent=above, effective_on=date.fromisoformat(on), stated_at=AT
        )
        for level, above in levels.items()
    ]


async def test_figures_are_raised_to_the_stp_icb_or_region_of_the_bodies_of_the_other_day(
    registry: RegistryClient,
) -> None:
    await registry.open("07P", "09A", "A1", "A2", "A3", "A4", "A5")
    await registry.open("QWE", "QRT", kind="stp")
    await registry.open("Y56", kind="nhs_england_region")
    await registry.merge("W2U3Z", "07P", "09A", on="2020-04-01")
    await tell(
        registry.database,
        *in_levels("W2U3Z", "2020-04-01", stp="QWE", region="Y56"),
        *in_levels("A2", "2016-12-01", stp="QWE", region="Y56"),
        *in_levels("A3", "2016-12-01", stp="QRT", region="Y56"),
        succeeded("A1", "A2", "2020-04-01", "split"),
        succeeded("A1", "A3", "2020-04-01", "split"),
        succeeded("A5", "QRT", "2020-04-01", "abolition"),
    )
    amounts = (("07P", 5), ("09A", 7), ("A1", 11), ("A4", 13), ("A5", 17))
    figures = [{"code": code, "amount": amount} for code, amount in amounts]
    params = {"from_day": "2019-04-01", "to_day": "2020-04-01"}
    stps = await restated(registry, figures, **params, to_level="stp")
    # Who followed A5 is a body of the level itself.
    assert stps["totals"] == [{"to_code": "QRT", "amount": 17}, {"to_code": "QWE", "amount": 12}]
    assert [(one["code"], one["reason"]) for one in stps["not_carried"]] == [
        ("A1", "share-not-stated"),
        ("A4", "not-in-this-level"),
    ]
    # Whatever their shares, both successors are in one region.
    regions = await restated(registry, figures, **params, to_level="region")
    assert (regions["totals"], regions["amount_not_carried"]) == ([{"to_code": "Y56", "amount": 23}], 13 + 17)
    rows = await crosswalk(registry, "2019-04-01", "2020-04-01", codes=["07P", "A4"], to_level="stp")
    assert [(row["code"], row["to_code"], row["share"], row["reason"]) for row in rows] == [
        ("07P", "QWE", "1", ""),
        ("A4", None, "1", "not-in-this-level"),
    ]
    assert rows[0]["because"].endswith("; W2U3Z is in QWE on 2020-04-01")


async def test_of_a_body_that_merged_before_it_was_split_no_share_is_stated(registry: RegistryClient) -> None:
    await registry.open("ZP9", "ZQ9", "ZR9", "ZS9", "ZT9", kind="nhs_trust")
    await tell(
        registry.database,
        succeeded("ZP9", "ZR9", "2016-04-01", "acquisition", "1"),
        succeeded("ZQ9", "ZR9", "2016-04-01", "acquisition", "1"),
        succeeded("ZR9", "ZS9", "2018-04-01", "split", "7/10"),
        succeeded("ZR9", "ZT9", "2018-04-01", "split", "3/10"),
    )
    rows = await crosswalk(registry, "2015-04-01", "2019-04-01", codes=["ZP9", "ZR9"])
    assert {(row["code"], row["to_code"], row["share"], row["reason"]) for row in rows} == {
        (code, to_code, None, "share-not-stated") for code in ("ZP9", "ZR9") for to_code in ("ZS9", "ZT9")
    }
    stated = await crosswalk(registry, "2017-04-01", "2019-04-01", codes="ZR9")
    assert pairs(stated) == [("ZR9", "ZS9", "7/10"), ("ZR9", "ZT9", "3/10")]
    found = await restated(registry, [{"code": "ZP9", "amount": 100}], from_day="2015-04-01", to_day="2019-04-01")
    assert (found["amount_carried"], [one["reason"] for one in found["not_carried"]]) == (0, ["share-not-stated"])


async def test_a_stale_code_is_followed_from_its_end(registry: RegistryClient) -> None:
    await registry.open("10Y", "10H")
    await registry.merge("14Y", "10Y", "10H", on="2018-04-01")
    assert pairs(await crosswalk(registry, "2019-04-01", "2021-04-01", codes="10Y")) == [("10Y", "14Y", "1")]


async def test_a_crosswalk_is_answered_as_it_was_known(registry: RegistryClient) -> None:
    await registry.open("RW6", "RM3", "R0A", kind="nhs_trust")
    await tell(registry.database, succeeded("RW6", "RM3", "2021-10-01"), succeeded("RW6", "R0A", "2021-10-01"))
    now = await crosswalk(registry, "2020-04-01", "2022-12-31", codes="RW6")
    assert [(row["to_code"], row["share"], row["reason"]) for row in now] == [
        ("R0A", None, "share-not-stated"),
        ("RM3", None, "share-not-stated"),
    ]
    before = await crosswalk(registry, "2020-04-01", "2022-12-31", codes="RW6", as_known="2022-10-30")
    assert pairs(before) == [("RW6", "RW6", "1")]
    assert before[0]["because"] == "nothing is known to have followed RW6"


async def test_a_page_that_ends_between_two_lines_without_another_body_loses_neither(registry: RegistryClient) -> None:
    await registry.open("A1", "A2", "A3", "A4")
    await tell(
        registry.database,
        succeeded("A1", "A2", "2015-04-01", "split", "1/2"),
        succeeded("A1", "A3", "2015-04-01", "split", "1/4"),
    )
    split = await registry.call("GET", "/organisations/A2", params={"as_at": "2014-01-01"})
    await registry.change("/organisations/A2/closure", version=split["version"], body={"effective_on": "2016-04-01"})
    whole = await crosswalk(registry, "2014-04-01", "2018-04-01", codes=["A1", "A4"])
    assert [(row["code"], row["to_code"], row["reason"]) for row in whole] == [
        ("A1", None, "closed-without-successor"),
        ("A1", None, "part-not-stated"),
        ("A1", "A3", ""),
        ("A4", "A4", ""),
    ]
    rows: list[dict[str, Any]] = []
    path: str | None = "/crosswalks?from_day=2014-04-01&to_day=2018-04-01&codes=A1&codes=A4&limit=1"
    while path:
        found = await registry.call("GET", path)
        rows += found["items"]
        path = found["next"].removeprefix("/v1") if found["next"] else None
    assert rows == whole


async def test_pages_of_a_crosswalk_are_the_whole_table_in_parts(registry: RegistryClient) -> None:
    await registry.open("A1", "A2", "A3", "B1")
    await tell(
        registry.database,
        succeeded("A1", "A2", "2015-04-01", "split", "3/7"),
        succeeded("A1", "A3", "2015-04-01", "split", "4/7"),
    )
    whole = await crosswalk(registry, "2014-04-01", "2016-04-01", kind="ccg")
    assert len(whole) == 5
    path: str | None = "/crosswalks?from_day=2014-04-01&to_day=2016-04-01&kind=ccg&limit=1"
    paged = []
    while path:
        found = await registry.call("GET", path)
        assert len(found["items"]) == 1
        paged += found["items"]
        path = found["next"].removeprefix("/v1") if found["next"] else None
    assert paged == whole
    written = await registry.send(
        "GET", "/crosswalks", params={"from_day": "2014-04-01", "to_day": "2016-04-01", "format": "csv"}
    )
    assert [(row["code"], row["to_code"], row["share"]) for row in table_of(written.text)] == pairs(whole)


async def test_ons_codes_change_when_ods_codes_do_not_and_the_other_way_round(registry: RegistryClient) -> None:
    await registry.open("01H", "00W", "01M")
    await registry.merge("14L", "00W", "01M", on="2017-04-01")
    await tell(
        registry.database,
        identified("01H", "E38000041", "2013-04-01"),
        OrganisationIdentifierEnded(
            code="01H", system="ons", identifier="E38000041", effective_on=date(2017, 4, 1), stated_at=AT
        ),
        identified("01H", "E38000215", "2017-04-01"),
        identified("00W", "E38000032", "2013-04-01"),
        identified("14L", "E38000217", "2017-04-01"),
    )
    rows = await crosswalk(registry, "2016-04-01", "2018-04-01", system="ons", kind="ccg")
    shown = {row["body"]: (row["code"], row["to_code"], row["to_body"], row["reason"]) for row in rows}
    assert shown == {
        "01H": ("E38000041", "E38000215", "01H", ""),
        "00W": ("E38000032", "E38000217", "14L", ""),
        "01M": (None, "E38000217", "14L", "no-code-in-this-system"),
    }
    given = await crosswalk(registry, "2016-04-01", "2018-04-01", system="ons", codes=["E38000041", "E38000215"])
    assert [(row["code"], row["to_code"], row["reason"]) for row in given] == [
        ("E38000041", "E38000215", ""),
        ("E38000215", None, "unknown-code"),
    ]
    assert pairs(await crosswalk(registry, "2018-04-01", "2016-04-01", system="ons", codes="E38000215")) == [
        ("E38000215", "E38000041", "1")
    ]


@pytest.mark.parametrize(
    ("amount", "shares", "parts"),
    [
        ("100", ["1/3", "1/3", "1/3"], ["34", "33", "33"]),
        ("-100", ["1/3", "1/3", "1/3"], ["-34", "-33", "-33"]),
        ("0.01", ["1/2", "1/2"], ["0.01", "0.00"]),
        ("10.00", ["1/7", "2/7", "4/7"], ["1.43", "2.86", "5.71"]),
        ("0", ["1/3", "2/3"], ["0", "0"]),
        ("999999999999999.999999", ["1/3", "2/3"], ["333333333333333.333333", "666666666666666.666666"]),
    ],
)
def test_an_amount_is_divided_by_largest_remainder_to_its_unit(
    amount: str, shares: list[str], parts: list[str]
) -> None:
    found = divided(Decimal(amount), [Fraction(share) for share in shares])
    assert found == [Decimal(part) for part in parts]
    assert sum(found) == Decimal(amount)


AMOUNTS = st.lists(st.tuples(st.integers(-3, 99_999), st.integers(0, 3)), min_size=1, max_size=15)
"""Units, and of how many decimal places they are."""
PARTS = st.lists(st.integers(1, 50), min_size=2, max_size=6)


@settings(deadline=None)
@given(AMOUNTS, PARTS)
def test_any_beginning_of_a_series_is_divided_as_its_sum_is(units: list[tuple[int, int]], parts: list[int]) -> None:
    amounts = [Decimal(number).scaleb(-places) for number, places in units]
    shares = [(f"B{number}", Fraction(part, sum(parts))) for number, part in enumerate(parts)]
    figures = [Figure(number, "A", DAY, amount) for number, amount in enumerate(amounts)]
    unit = min(Decimal(1).scaleb(int(amount.as_tuple().exponent)) for amount in amounts)
    series, so_far, given_ = Series(), [Decimal(0)] * len(shares), Decimal(0)
    for figure in figures:
        series.expect(figure)
    for figure in figures:
        assert figure.amount is not None
        line = series.parts("A", figure.amount, shares)
        assert sum(line) == figure.amount
        exact = [Fraction(figure.amount) * share for _, share in shares]
        assert all(abs(Fraction(part) - whole) < 2 * Fraction(unit) for part, whole in zip(line, exact, strict=True))
        so_far = [sum_ + part for sum_, part in zip(so_far, line, strict=True)]
        given_ += figure.amount
        assert so_far == divided(given_, [share for _, share in shares], unit)


@pytest.mark.parametrize("lines", [["1"] * 1000, ["0.01"] * 1000, ["0.010"] * 1000, ["0.01", "0.010"] * 500, ["1000"]])
def test_a_thousand_small_lines_are_halved_as_their_sum_is(lines: list[str]) -> None:
    halves = [Row("Z9A", one, Fraction(1, 2), None, Outcome.CARRIED, "half") for one in ("Z9B", "Z9C")]
    figures = [Figure(number, "Z9A", DAY, Decimal(amount)) for number, amount in enumerate(lines, start=1)]
    found = restate(figures, {("Z9A", DAY): halves})
    half = sum(map(Decimal, lines)) / 2
    assert found.totals == {"Z9B": half, "Z9C": half}
    assert {line.amount for line in found.lines} <= {
        Decimal(amount) * times for amount in lines for times in (0, 1)
    } | {half} | {Decimal("0.005")}


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_of_two_successors_none_gives_back_what_a_line_of_its_sign_brings(lines: list[int]) -> None:
    series = Series()
    for amount in lines:
        parts = series.parts("A", Decimal(amount), [("B", Fraction(3, 7)), ("C", Fraction(4, 7))])
        assert min(parts) >= 0


async def test_a_year_of_small_lines_is_halved_whatever_the_days_of_its_lines(registry: RegistryClient) -> None:
    await registry.open("Z9A", "Z9B", "Z9C")
    halves = [succeeded("Z9A", one, "2019-04-01", "split", "1/2") for one in ("Z9B", "Z9C")]
    await tell(registry.database, *halves)
    figures = [
        {"code": "Z9A", "amount": "0.01" if number % 2 else "0.010", "day": f"2018-{number % 12 + 1:02}-01"}
        for number in range(1000)
    ]
    found = await restated(registry, figures, from_day="2018-06-01", to_day="2020-06-01")
    assert found["totals"] == [{"to_code": "Z9B", "amount": "5.000"}, {"to_code": "Z9C", "amount": "5.000"}]


async def test_a_long_table_is_restated_in_parts_as_if_it_had_been_sent_at_once(registry: RegistryClient) -> None:
    await registry.open("Z9A", "Z9B", "Z9C")
    parts = [succeeded("Z9A", one, "2019-04-01", "split", share) for one, share in (("Z9B", "1/3"), ("Z9C", "2/3"))]
    await tell(registry.database, *parts)
    params = {"from_day": "2018-06-01", "to_day": "2020-06-01"}
    figures = [{"code": "Z9A", "amount": number % 3} for number in range(100)]
    at_once = await restated(registry, figures, **params)
    so_far: list[Any] = []
    amounts: list[tuple[str, int]] = []
    for start in range(0, 100, 7):
        body = {"figures": figures[start : start + 7], "so_far": so_far}
        found = await registry.call("POST", "/crosswalks/restatement", params=params, json=body)
        amounts += [(line["to_code"], line["amount"]) for line in found["carried"]]
        so_far = found["so_far"]
    assert amounts == [(line["to_code"], line["amount"]) for line in at_once["carried"]]
    assert so_far == at_once["so_far"]
    assert so_far[0]["amount"] == "99"
    wrong = {"figures": figures[:1], "so_far": [so_far[0] | {"amount": "much"}]}
    await registry.call("POST", "/crosswalks/restatement", params=params, json=wrong, expect=422)


async def test_shares_along_a_chain_are_answered_and_taken_again_however_long_they_are(
    registry: RegistryClient,
) -> None:
    await registry.open("Z9A")
    await registry.open("Z9B", "Z9C", on="2015-04-01")
    await registry.open("Z9D", "Z9E", on="2016-04-01")
    whole, part = 10**70 + 7, 10**69 + 3
    one, rest = f"{part}/{whole}", f"{whole - part}/{whole}"
    chain = [
        ("Z9A", "Z9B", one, 2015),
        ("Z9A", "Z9C", rest, 2015),
        ("Z9B", "Z9D", one, 2016),
        ("Z9B", "Z9E", rest, 2016),
    ]
    await tell(
        registry.database,
        *(succeeded(code, to, f"{year}-04-01", "split", share) for code, to, share, year in chain),
    )
    params = {"from_day": "2014-06-01", "to_day": "2020-06-01"}
    body: dict[str, Any] = {"figures": [{"code": "Z9A", "amount": 1000}]}
    first = await registry.call("POST", "/crosswalks/restatement", params=params, json=body)
    assert sum(line["amount"] for line in first["carried"]) == 1000
    second = await registry.call(
        "POST", "/crosswalks/restatement", params=params, json=body | {"so_far": first["so_far"]}
    )
    assert second["so_far"][0]["amount"] == "2000"


def test_what_goes_in_is_what_comes_out_and_what_is_left() -> None:
    thirds = [
        Row("A", "B", Fraction(1, 3), None, Outcome.CARRIED, "a"),
        Row("A", "C", Fraction(1, 3), None, Outcome.CARRIED, "b"),
        Row("A", None, Fraction(1, 3), None, Outcome.PART_NOT_STATED, "no source says where 1/3 of A went"),
    ]
    unstated = [Row("D", one, None, None, Outcome.SHARE_NOT_STATED, "not stated") for one in ("E", "F")]
    figures = [
        Figure(1, "A", DAY, Decimal(100)),
        Figure(2, "A", DAY, Decimal("-7.55")),
        Figure(3, "D", DAY, Decimal(9)),
    ]
    found = restate(figures, {("A", DAY): thirds, ("D", DAY): unstated})
    assert found.totals == {"B": Decimal("30.82"), "C": Decimal("30.82")}
    assert (found.amount_in, found.amount_carried, found.amount_left) == (
        Decimal("101.45"),
        Decimal("61.64"),
        Decimal("39.81"),
    )
    left = [(line.line, line.amount, line.reason) for line in found.lines if not line.carried]
    assert left == [
        (1, Decimal("33.33"), Outcome.PART_NOT_STATED),
        (2, Decimal("-2.52"), Outcome.PART_NOT_STATED),
        (3, Decimal(9), Outcome.SHARE_NOT_STATED),
    ]


async def restated(registry: RegistryClient, figures: list[dict[str, Any]], **params: str) -> dict[str, Any]:
    asked = {"from_day": "2021-03-31", "to_day": "2021-04-01", **params}
    found: dict[str, Any] = await registry.call(
        "POST", "/crosswalks/restatement", params=asked, json={"figures": figures}
    )
    return found


async def test_a_series_of_figures_is_restated_onto_the_bodies_of_another_day(registry: RegistryClient) -> None:
    await registry.open("07P", "09A", "07W", "A1", "A2", "A3")
    await registry.merge("W2U3Z", "07P", "09A", "07W", on="2021-04-01")
    await tell(
        registry.database,
        succeeded("A1", "A2", "2021-04-01", "split", "1/3"),
        succeeded("A1", "A3", "2021-04-01", "split", "2/3"),
    )
    found = await restated(
        registry,
        [
            {"code": "07P", "amount": 10_001},
            {"code": "09A", "amount": "-0.50", "day": "2020-06-30"},
            {"code": "A1", "amount": 101},
            {"code": "ZZZ", "amount": 5},
            {"code": "07W"},
        ],
    )
    assert found["totals"] == [
        {"to_code": "A2", "amount": 34},
        {"to_code": "A3", "amount": 67},
        {"to_code": "W2U3Z", "amount": "10000.50"},
    ]
    assert (found["amount_in"], found["amount_carried"], found["amount_not_carried"]) == ("10106.50", "10101.50", 5)
    assert [(one["line"], one["code"], one["reason"]) for one in found["not_carried"]] == [(4, "ZZZ", "unknown-code")]
    assert [(one["line"], one["to_code"], one["amount"]) for one in found["carried"]] == [
        (1, "W2U3Z", 10_001),
        (2, "W2U3Z", "-0.50"),
        (3, "A2", 34),
        (3, "A3", 67),
        (5, "W2U3Z", None),
    ]
    with_events = await registry.names_told()
    assert await restated(registry, [{"code": "07P", "amount": 1}])
    assert await registry.names_told() == with_events


async def test_a_table_goes_in_and_comes_out_as_csv(registry: RegistryClient) -> None:
    await registry.open("07P", "09A")
    await registry.merge("W2U3Z", "07P", "09A", on="2021-04-01")
    sent = "\ufeffPayer,Code,Amount,Day\r\n=1+1,07P,100.10,2020-06-30\r\n,09A,-100.10,\r\nx,ZZZ,1,\r\n"
    answer = await registry.send(
        "POST",
        "/crosswalks/restatement",
        params={"from_day": "2021-03-31", "to_day": "2021-04-01"},
        headers={"Content-Type": "text/csv", "Accept": "text/csv"},
        content=sent.encode(),
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    rows = table_of(answer.text)
    assert [(row["line"], row["to_code"], row["amount"], row["reason"]) for row in rows] == [
        ("1", "W2U3Z", "100.10", ""),
        ("2", "W2U3Z", "-100.10", ""),
        ("3", "", "1", "unknown-code"),
    ]


@pytest.mark.parametrize(
    ("sort", "body", "said"),
    [
        ("text/csv", b"", "no column code"),
        ("text/csv", b"payer,amount\r\nx,1\r\n", "no column code"),
        ("text/csv", b"code\r\n", "0 lines"),
        ("text/csv", b"code,amount\r\n07P,1e5\r\n07P,1\r\nq-1,2\r\n", "line 2"),
        ("text/csv", b"code\r\n\xff\r\n", "UTF-8"),
        ("text/plain", b"code\r\n07P\r\n", "text/plain"),
        ("application/json", b'{"figures": []}', "figures"),
        ("application/json", b'{"figures": [{"code": "07P", "amount": 1.5}]}', "figures.0.amount"),
    ],
)
async def test_what_cannot_be_read_as_figures_is_refused_with_every_reason(
    registry: RegistryClient, sort: str, body: bytes, said: str
) -> None:
    answer = await registry.send(
        "POST",
        "/crosswalks/restatement",
        params={"from_day": "2021-03-31", "to_day": "2021-04-01"},
        headers={"Content-Type": sort},
        content=body,
    )
    assert answer.status_code == 422
    assert said in answer.text


async def changes(registry: RegistryClient, **params: str) -> list[tuple[str, ...]]:
    found = await registry.call("GET", "/changes", params=params)
    return [tuple(row[name] for name in ("day", "what", "code", "before", "after", "other")) for row in found["items"]]


async def test_what_changes_on_the_first_of_april_is_listed_done_or_planned(registry: RegistryClient) -> None:
    await registry.open("10Y", "10H", "01H", "Q78")
    await registry.merge("14Y", "10Y", "10H", on="2018-04-01")
    before = {"as_at": "2016-01-01"}
    version = (await registry.call("GET", "/organisations/01H", params=before))["version"]
    named = {"new_name": "NHS North Cumbria CCG", "effective_on": "2018-04-01"}
    await registry.change("/organisations/01H/renaming", version=version, body=named)
    await tell(
        registry.database,
        *(
            OrganisationParentChanged(
                code="01H", relation="part of", parent=parent, effective_on=date.fromisoformat(on), stated_at=AT
            )
            for parent, on in (("Q74", "2013-04-01"), ("Q78", "2018-04-01"))
        ),
    )
    assert await changes(registry, on="2018-04-01") == [
        ("2018-04-01", "closure", "10H", "open", "closed", ""),
        ("2018-04-01", "closure", "10Y", "open", "closed", ""),
        ("2018-04-01", "legal status", "10H", None, "abolished", ""),
        ("2018-04-01", "legal status", "10Y", None, "abolished", ""),
        ("2018-04-01", "legal status", "14Y", None, "established", ""),
        ("2018-04-01", "merger", "14Y", "10Y 10H", "carried_out", "M-14Y"),
        ("2018-04-01", "opening", "14Y", None, "open", ""),
        ("2018-04-01", "parent", "01H", "Q74", "Q78", ""),
        ("2018-04-01", "rename", "01H", "NHS 01H CCG", "NHS North Cumbria CCG", ""),
        ("2018-04-01", "succession", "10H", None, "merger 1", "14Y"),
        ("2018-04-01", "succession", "10Y", None, "merger 1", "14Y"),
    ]
    assert await changes(registry, on="2018-04-01", what="merger", as_known="2015-01-01") == []
    assert await changes(registry, on="2018-04-02") == []
    span = {"from": "2013-01-01", "to": "2018-04-01"}
    assert len(await changes(registry, **span)) == 11 + 4
    assert [row[1] for row in await changes(registry, **span, code="01H")] == ["opening", "parent", "rename"]
    await registry.open("AAA", "BBB", on="2014-04-01")
    await registry.merge("CCC", "AAA", "BBB", on="2022-04-01")
    written = await registry.send("GET", "/changes", params={"on": "2022-04-01"}, headers={"Accept": "text/csv"})
    planned = [row for row in table_of(written.text) if row["what"] == "merger"]
    assert [(row["code"], row["before"], row["other"]) for row in planned] == [("CCC", "AAA BBB", "M-CCC")]


async def test_pages_of_changes_are_the_whole_list_in_parts(registry: RegistryClient) -> None:
    await registry.open("10Y", "10H")
    await registry.merge("14Y", "10Y", "10H", on="2018-04-01")
    whole = (await registry.call("GET", "/changes", params={"on": "2018-04-01"}))["items"]
    path: str | None = "/changes?on=2018-04-01&limit=2"
    paged = []
    while path:
        found = await registry.call("GET", path)
        paged += found["items"]
        path = found["next"].removeprefix("/v1") if found["next"] else None
    assert paged == whole
    assert len(whole) == 9


@pytest.mark.parametrize("asked", [{}, {"from": "2018-04-01"}, {"from": "2018-04-02", "to": "2018-04-01"}])
async def test_changes_of_no_day_are_refused(registry: RegistryClient, asked: dict[str, str]) -> None:
    await registry.call("GET", "/changes", params=asked, expect=422)


async def test_what_changes_tells_of_codes_roles_relations_addresses_and_law_too(registry: RegistryClient) -> None:
    await registry.open("RX1", kind="nhs_trust")
    await registry.open("QWO", "QOP", kind="stp")
    on = {"effective_on": "2019-04-01"}
    address: dict[str, str | list[str]] = {"lines": ["2 Low Street"], "postcode": "YO1 1AA"}
    told: list[tuple[str, dict[str, str | list[str]]]] = [
        ("/address", {**address, "effective_on": "2013-04-01"}),
        ("/address", {**address, "postcode": "LS1 1AA", **on}),
        ("/identifiers", {"system": "ons", "identifier": "E40000001", "effective_on": "2013-04-01"}),
        ("/identifiers/ons/E40000001/end", {**on}),
        ("/identifiers", {"system": "ons", "identifier": "E40000009", **on}),
        ("/roles", {"role": "RO57", **on}),
        ("/parent", {"parent": "QWO", **on}),
        ("/legal-status", {"legal_status": "abolished", **on}),
    ]
    for number, (path, body) in enumerate(told, start=1):
        await registry.change(f"/organisations/RX1{path}", version=number, body=body)
    for share, first in (("1/3", "2013-04-01"), ("1/2", "2019-04-01")):
        body = {"relation": "part of footprint", "other": "QOP", "share": share, "effective_on": first}
        await registry.call("POST", "/organisations/RX1/relations", json=body)
    day = "2019-04-01"
    expected = [
        (day, "address", "RX1", "2 Low Street\nYO1 1AA", "2 Low Street\nLS1 1AA", ""),
        (day, "identifier", "RX1", None, "E40000009", "ons"),
        (day, "identifier", "RX1", "E40000001", None, "ons"),
        (day, "legal status", "RX1", None, "abolished", ""),
        (day, "parent", "RX1", None, "QWO", ""),
        (day, "relation", "RX1", "part of footprint 1/3", "part of footprint 1/2", "QOP"),
        (day, "role", "RX1", None, "RO57", ""),
    ]
    assert await changes(registry, on=day) == expected
    assert await changes(registry, on=day, what="legal status") == expected[3:4]
    first = await registry.call("GET", "/changes", params={"on": day, "limit": 2})
    rest = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [row["after"] for row in [*first["items"], *rest["items"]]] == [row[4] for row in expected[:4]]


async def test_an_area_that_another_body_covers_is_a_change_and_its_first_one_is_none(registry: RegistryClient) -> None:
    await registry.open("03X", "01K")
    for day, first, second in (
        ("2021-04-01", ["E01000001", "E01000002"], ["E01000003"]),
        ("2021-10-01", ["E01000001"], ["E01000002", "E01000003"]),
    ):
        lists = [{"code": "03X", "areas": first}, {"code": "01K", "areas": second}]
        await registry.call("POST", "/covers", json={"effective_on": day, "commissioners": lists})
    assert await changes(registry, on="2021-04-01") == []
    assert await changes(registry, on="2021-10-01") == [("2021-10-01", "area", "E01000002", "03X", "01K", "")]


async def test_a_restatement_of_bytes_that_are_no_text_is_refused(registry: RegistryClient) -> None:
    params = {"from_day": "2017-04-01", "to_day": "2021-04-01"}
    headers = {"Content-Type": "application/json"}
    refused = await registry.send(
        "POST", "/crosswalks/restatement", params=params, content=b"\xff\xfe", headers=headers
    )
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "unreadable-body")
