"""Mergers of commissioners as the registry's part of the scenarios: dates, windows, criteria, schemes, conditions."""

from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_merger_command
from tests.support.platform import NIL_RETURNS, Platform

Answer = dict[str, Any]


async def registry(platform: Platform, method: str, path: str, *roles: Role, **request: Any) -> Answer:
    answer: Answer = await platform.call(method, "registry", path, *roles, **request)
    return answer


async def on_day(platform: Platform, day: str) -> None:
    await registry(platform, "PUT", "/operations/clock", json={"moved_to": day})


async def open_all(platform: Platform, codes: list[str], kind: str = "ccg", on: str = "2013-04-01") -> None:
    bodies = [{"code": code, "name": f"NHS {code}", "kind": kind, "effective_on": on} for code in codes]
    await registry(platform, "POST", "/organisations/batch", json={"organisations": bodies})


def an_application(successor: str, applicants: list[str], **others: Any) -> Answer:
    return {
        "successor": successor,
        "successor_name": f"NHS {successor}",
        "applicants": applicants,
        "filed_by": applicants[0],
        "constitution": "https://example.org/constitution",
        "accountable_officer": "P-1",
    } | others


async def file(platform: Platform, body: Answer, *roles: Role, **request: Any) -> Answer:
    return await registry(platform, "POST", "/merger-applications", *roles, json=body, **request)


async def determine(platform: Platform, reference: str, outcome: str, **others: Any) -> Answer:
    read = await registry(platform, "GET", f"/merger-applications/{reference}")
    return await registry(
        platform,
        "POST",
        f"/merger-applications/{reference}/determination",
        Role.NHS_ENGLAND,
        json={"outcome": outcome, **others},
        headers={"If-Match": f'"{read["version"]}"'},
    )


async def statuses(platform: Platform, codes: list[str], as_at: str, as_known: str | None = None) -> list[str]:
    asked = {"as_at": as_at} | ({"as_known": as_known} if as_known else {})
    return [(await registry(platform, "GET", f"/organisations/{code}", params=asked))["status"] for code in codes]


async def merged(platform: Platform, name: str = "CCGMerged") -> list[Answer]:
    await platform.caught_up()
    feed = await registry(platform, "GET", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [item["event"]["data"] for item in feed["items"] if f".{name}.v" in item["event"]["type"]]


def fields(refused: Answer) -> set[str]:
    return {reason["field"] for reason in refused["reasons"]}


def messages(refused: Answer) -> str:
    return " / ".join(reason["message"] for reason in refused["reasons"])


SLIPS = [
    pytest.param(["10H", "10Y"], "14Y", (2017, 2018), id="Buckinghamshire"),
    pytest.param(["04C", "04V", "03W"], "26A", (2019, 2020), id="second set"),
]


@pytest.mark.parametrize(("old", "new", "years"), SLIPS)
async def test_s23_a_slipped_merger_answers_each_question_as_it_was_known(
    platform: Platform, old: list[str], new: str, years: tuple[int, int]
) -> None:
    planned, real = (f"{year}-04-01" for year in years)
    await on_day(platform, "2013-04-01")
    await open_all(platform, old)
    await on_day(platform, f"{years[0]}-01-15")
    await registry(platform, "POST", "/mergers", json=a_merger_command(new, *old, on=planned))
    await on_day(platform, f"{years[0]}-03-20")
    corrected = {"effective_on": real}
    await registry(platform, "POST", f"/mergers/M-{new}/redating", json=corrected, headers={"If-Match": '"1"'})
    await on_day(platform, real)
    await on_day(platform, f"{years[1]}-05-02")

    in_between, first, later = f"{years[0]}-06-01", f"{years[0]}-02-01", f"{years[1]}-05-01"
    then = await registry(platform, "GET", f"/organisations/{new}", params={"as_at": in_between, "as_known": first})
    assert (then["status"], then["mergers"][0]["status"], then["mergers"][0]["effective_on"]) == (
        "proposed",
        "agreed",
        planned,
    )
    everybody = [*old, new]
    still, proposed, gone = ["open"] * len(old), ["proposed"], ["closed"] * len(old)
    assert await statuses(platform, everybody, in_between, later) == [*still, *proposed]
    assert await statuses(platform, everybody, real, later) == [*gone, "open"]
    assert await statuses(platform, everybody, f"{years[1]}-03-31", later) == [*still, *proposed]
    now = await registry(platform, "GET", f"/organisations/{new}", params={"as_at": real})
    assert now["mergers"][0]["slipped_from"] == [planned]
    before = await registry(platform, "GET", f"/mergers/M-{new}", params={"as_known": first})
    assert [one["effective_on"] for one in before["plans"]] == [planned]
    whole = await registry(platform, "GET", f"/mergers/M-{new}")
    assert [(one["status"], one["effective_on"]) for one in whole["plans"]] == [
        ("agreed", planned),
        ("agreed", real),
        ("carried_out", real),
    ]


WINDOWS = [
    pytest.param("2013-06-01", "2014-04-01", "2013-06-02", "2015-04-01", "PROC-2013", id="PROC-2013"),
    pytest.param("2019-09-30", "2020-04-01", "2019-10-01", "2021-04-01", "PROC-2019", id="second set"),
]


@pytest.mark.parametrize(("in_time", "effect", "late", "a_year_later", "pack"), WINDOWS)
async def test_s25_the_filing_day_decides_the_earliest_effect(
    platform: Platform, in_time: str, effect: str, late: str, a_year_later: str, pack: str
) -> None:
    await on_day(platform, in_time)
    await open_all(platform, ["10H", "10Y", "10Q", "10X"])
    first = await file(platform, an_application("14Y", ["10H", "10Y"]))
    await on_day(platform, late)
    second = await file(platform, an_application("15A", ["10Q", "10X"]))
    assert (first["effective_on"], second["effective_on"]) == (effect, a_year_later)
    shown = await registry(platform, "GET", "/merger-applications/A-14Y")
    assert [one["id"] for one in shown["procedures"]] == [pack]
    assert shown["procedures"][0]["weight"] == "binding"
    too_early = an_application("15B", ["10Q", "10X"], effective_on=effect)
    refused = await file(platform, too_early, expect=409)
    assert fields(refused) == {"effective_on"}
    assert pack in messages(refused)


@pytest.mark.parametrize(("filed", "effect"), [("2014-05-30", "2015-04-01"), ("2016-07-04", "2018-04-01")])
async def test_s25_what_is_filed_in_the_moratorium_is_recorded_with_an_advisory(
    platform: Platform, filed: str, effect: str
) -> None:
    await on_day(platform, filed)
    await open_all(platform, ["00F", "00G"])
    recorded = await file(platform, an_application("13T", ["00F", "00G"]))
    assert (recorded["status"], recorded["effective_on"]) == ("filed", effect)
    shown = await registry(platform, "GET", "/merger-applications/A-13T")
    assert {one["id"]: one["weight"] for one in shown["procedures"]} == {
        "PROC-2013": "binding",
        "MORATORIUM": "advisory",
    }
    [ban] = [one for one in shown["procedures"] if one["id"] == "MORATORIUM"]
    assert ban["advice"].startswith("Informal ban, HSJ")


SAVINGS = [
    pytest.param([200_000, 330_000], 9_357_680, id="11,697,100"),
    pytest.param([150_001, 249_999], 7_062_400, id="second set: 8,828,000"),
]


@pytest.mark.parametrize(("lists", "planned"), SAVINGS)
async def test_s26_a_saving_of_one_fifth_is_one_criterion_among_others(
    platform: Platform, lists: list[int], planned: int
) -> None:
    baseline = sum(lists) * 2207
    await on_day(platform, "2016-12-01")
    await open_all(platform, ["10H", "10Y"])
    results = {}
    for successor, pounds in (("14Y", planned), ("15A", planned + 1)):
        costs = {
            "planned_management_cost_pence": pounds * 100,
            "management_cost_baseline_pence": baseline,
            "baseline_source": "Running-cost allowance at £22.07 a head",
        }
        await file(platform, an_application(successor, ["10H", "10Y"], effective_on="2018-04-01", **costs))
        judged = {"criterion": "logical_footprint", "passes": True, "reasons": "One STP"}
        path = f"/merger-applications/A-{successor}/judgements"
        await registry(platform, "POST", path, json=judged, headers={"If-Match": '"1"'})
        shown = await registry(platform, "GET", f"/merger-applications/A-{successor}")
        assert {one["pack"] for one in shown["criteria"]} == {"PROC-2016"}
        results[successor] = {one["criterion"]: one["result"] for one in shown["criteria"]}
        [saving] = [one for one in shown["criteria"] if one["criterion"] == "saves_management_costs"]
        assert f"£{baseline // 100:,}.00" in saving["why"]
    assert results["14Y"]["saves_management_costs"] == "passes"
    assert results["15A"] == {**results["14Y"], "saves_management_costs": "fails"}
    assert results["14Y"]["logical_footprint"] == "passes"
    assert results["14Y"]["critical_mass"] == "unjudged"
    assert results["14Y"]["sixth_criterion"] == "not found, unjudged"


BOARDS = [
    pytest.param("QUA", "stp", ["05C", "05L"], "D2P", id="an STP board"),
    pytest.param("Y56", "nhs_england_region", ["07M", "07R"], "93C", id="second set: a region"),
]


@pytest.mark.parametrize(("board", "kind", "ccgs", "successor"), BOARDS)
async def test_s27_only_ccgs_apply(platform: Platform, board: str, kind: str, ccgs: list[str], successor: str) -> None:
    await on_day(platform, "2017-02-01")
    await open_all(platform, ccgs)
    await open_all(platform, [board], kind)
    await platform.caught_up()
    told = await registry(platform, "GET", "/events", Role.PARTNER, params={"after": 0})
    versions = [(await registry(platform, "GET", f"/organisations/{code}"))["version"] for code in ccgs]
    body = an_application(successor, ccgs, filed_by=board, effective_on="2018-04-01")
    for roles in ((Role.GOVERNANCE_LEAD,), (Role.REGISTRAR,)):
        refused = await file(platform, body, *roles, organisations=(board, *ccgs), expect=409)
        assert refused["type"].endswith("/application-not-allowed")
        assert fields(refused) == {"filed_by"}
        assert "applicants are CCGs (NHS Act 2006 s.14G)" in messages(refused)
    as_applicant = {**body, "applicants": [board, *ccgs]}
    refused = await file(platform, as_applicant, organisations=(board, *ccgs), expect=409)
    assert fields(refused) == {"filed_by", "applicants.0"}
    assert (await registry(platform, "GET", "/merger-applications"))["items"] == []
    assert [(await registry(platform, "GET", f"/organisations/{code}"))["version"] for code in ccgs] == versions
    await platform.caught_up()
    again = await registry(platform, "GET", "/events", Role.PARTNER, params={"after": 0})
    assert again["items"] == told["items"]


SCHEMES = [
    pytest.param(["10H", "10Y"], "14Y", "2018-04-01", ("property", "staff"), id="no staff scheme"),
    pytest.param(
        ["04C", "04V", "03W"], "26A", "2019-04-01", ("staff", "property"), id="second set: no property scheme"
    ),
]


@pytest.mark.parametrize(("old", "new", "day", "sorts"), SCHEMES)
async def test_s32_nothing_is_established_without_both_schemes(
    platform: Platform, old: list[str], new: str, day: str, sorts: tuple[str, str]
) -> None:
    there, lacking = sorts
    year = int(day[:4])
    await on_day(platform, f"{year - 1}-03-01")
    await open_all(platform, old)
    await file(platform, an_application(new, old, effective_on=day))
    await determine(platform, f"A-{new}", "approved")
    await on_day(platform, f"{year}-03-20")
    schemes = f"/mergers/M-{new}/schemes"
    await registry(platform, "POST", schemes, json={"sort": there})
    await on_day(platform, day)
    assert await merged(platform) == []
    refused = await registry(platform, "POST", f"/mergers/M-{new}/establishment", expect=409)
    assert refused["type"].endswith("/merger-not-ready")
    assert messages(refused) == f"no {lacking} transfer scheme or nil return of {', '.join(old)}"
    assert await statuses(platform, [*old, new], day) == ["open"] * len(old) + ["proposed"]

    await registry(platform, "POST", schemes, json={"sort": lacking, "nil_return": True})
    assert await statuses(platform, [*old, new], day) == ["closed"] * len(old) + ["open"]
    [told] = await merged(platform)
    assert told["property_schemes"] == [f"M-{new}-P1"] * len(old)
    assert told["staff_schemes"] == [f"M-{new}-S1"] * len(old)
    shown = await registry(platform, "GET", f"/mergers/M-{new}")
    assert {one["sort"]: (one["reference"], one["nil_return"]) for one in shown["schemes"]} == {
        there: (f"M-{new}-{there[0].upper()}1", False),
        lacking: (f"M-{new}-{lacking[0].upper()}1", True),
    }


CONDITIONS = [
    pytest.param(["09C", "09E", "09J"], "91Q", 2020, [1, 3], 2, id="Kent and Medway"),
    pytest.param(["10H", "10Y"], "14Y", 2021, [2, 3], 1, id="second set"),
]


@pytest.mark.parametrize(("old", "new", "year", "met", "left"), CONDITIONS)
async def test_s33_a_condition_that_is_not_evidenced_keeps_the_new_body_proposed(
    platform: Platform, old: list[str], new: str, year: int, met: list[int], left: int
) -> None:
    day = f"{year}-04-01"
    await on_day(platform, f"{year - 1}-09-15")
    await open_all(platform, old)
    await file(platform, an_application(new, old))
    titles = {
        "constitution": "The constitution is signed off",
        "accountable_officer": "The accountable officer is appointed",
        "financial_plan": "The financial plan is agreed",
    }
    conditions = [{"condition": term, "words": title} for term, title in titles.items()]
    approved = await determine(
        platform, f"A-{new}", "approved_with_conditions", conditions=conditions, schemes=NIL_RETURNS
    )
    assert (approved["merger"], approved["effective_on"]) == (f"M-{new}", day)
    await on_day(platform, f"{year}-03-31")
    evidence = {"met_on": f"{year}-03-31", "evidence_type": "minute", "evidence": "Of the governing body"}
    for number in met:
        await registry(platform, "POST", f"/mergers/M-{new}/conditions/{number}/evidence", json=evidence)
    await on_day(platform, day)
    assert await merged(platform) == []
    assert await statuses(platform, [*old, new], day) == ["open"] * len(old) + ["proposed"]
    ready = await registry(platform, "GET", f"/mergers/M-{new}/readiness")
    assert (ready["ready"], ready["overdue"]) == (False, True)
    assert [one["field"] for one in ready["missing"]] == [f"conditions.{left}"]
    assert list(titles.values())[left - 1] in ready["missing"][0]["message"]

    await on_day(platform, f"{year}-04-05")
    late = await registry(platform, "POST", f"/mergers/M-{new}/conditions/{left}/evidence", json=evidence)
    assert late["status"] == "agreed"
    assert await statuses(platform, [*old, new], day) == ["open"] * len(old) + ["proposed"]
    refused = await registry(platform, "POST", f"/mergers/M-{new}/establishment", expect=409)
    assert fields(refused) == {"effective_on"}
    redating = f"/mergers/M-{new}/redating"
    version, past = {"If-Match": f'"{late["version"]}"'}, {"effective_on": f"{year}-04-02"}
    back = await registry(platform, "POST", redating, json=past, headers=version, expect=409)
    assert fields(back) == {"effective_on"}
    await registry(platform, "POST", redating, json={"effective_on": f"{year}-05-01"}, headers=version)
    await on_day(platform, f"{year}-05-01")
    assert [told["effective_on"] for told in await merged(platform)] == [f"{year}-05-01"]
    assert await statuses(platform, [*old, new], f"{year}-04-30") == ["open"] * len(old) + ["proposed"]
    assert await statuses(platform, [*old, new], f"{year}-05-01") == ["closed"] * len(old) + ["open"]


CLUSTERS = [
    pytest.param(["QAA", "QBB"], [1_600_000, 1_400_000], "QZ1", id="3.0m people"),
    pytest.param(["QCC", "QDD", "QEE"], [700_000, 450_001, 849_999], "QZ2", id="second set: 2.0m people"),
]


@pytest.mark.parametrize(("icbs", "people", "successor"), CLUSTERS)
async def test_s57_a_cluster_is_no_merger(
    platform: Platform, icbs: list[str], people: list[int], successor: str
) -> None:
    await on_day(platform, "2025-10-01")
    await open_all(platform, icbs, "icb", "2022-07-01")
    await open_all(platform, ["X24"], "nhs_england")
    for code, count in zip(icbs, people, strict=True):
        counted = {"basis": "registered", "people": count, "effective_on": "2025-04-01"}
        await registry(platform, "POST", f"/organisations/{code}/populations", json=counted)
    clustered = {
        "name": "A cluster",
        "icbs": icbs,
        "shares": ["chair", "chief_executive"],
        "effective_on": "2025-10-01",
    }
    cluster = (await registry(platform, "POST", "/clusters", json=clustered))["reference"]
    shown = await registry(platform, "GET", f"/clusters/{cluster}", params={"as_at": "2026-01-01"})
    assert (shown["legal_person"], shown["works"]) == (False, True)
    assert [(one["code"], one["status"], one["people"]) for one in shown["members"]] == [
        (code, "open", count) for code, count in zip(icbs, people, strict=True)
    ]
    assert await statuses(platform, icbs, "2026-01-01") == ["open"] * len(icbs)
    counts = await merged(platform, "PopulationPublished")
    assert [(one["code"], one["people"]) for one in counts] == list(zip(icbs, people, strict=True))

    body = an_application(successor, icbs, effective_on="2027-04-01")
    refused = await file(platform, {**body, "filed_by": cluster}, organisations=tuple(icbs), expect=409)
    assert fields(refused) == {"filed_by"}
    assert "no such legal person" in messages(refused)
    led = {**body, "filed_by": "X24"}
    stranger = await file(platform, led, Role.GOVERNANCE_LEAD, expect=403)
    assert stranger["type"].endswith("/role-missing")
    filed = await file(platform, led, Role.NHS_ENGLAND, organisations=("X24", *icbs))
    shown = await registry(platform, "GET", f"/merger-applications/{filed['reference']}")
    assert "ICB-PROC-2025" in [one["id"] for one in shown["procedures"]]
    [million] = [one for one in shown["criteria"] if one["criterion"] == "million_people"]
    assert (million["result"], f"{sum(people):,}" in million["why"]) == ("passes", True)
    await determine(platform, filed["reference"], "approved", schemes=[{"sort": "property"}, {"sort": "staff"}])
    await on_day(platform, "2027-03-31")
    assert await statuses(platform, [*icbs, successor], "2027-03-31") == ["open"] * len(icbs) + ["proposed"]
    await on_day(platform, "2027-04-01")

    [told] = await merged(platform, "ICBMerged")
    assert (told["predecessors"], told["successor"], told["effective_on"]) == (icbs, successor, "2027-04-01")
    assert set(told["property_schemes"]) == {f"M-{successor}-P1"}
    assert set(told["staff_schemes"]) == {f"M-{successor}-S1"}
    assert await merged(platform) == []
    assert await statuses(platform, [*icbs, successor], "2027-04-01") == ["closed"] * len(icbs) + ["open"]
    after = await registry(platform, "GET", f"/clusters/{cluster}", params={"as_at": "2027-04-01"})
    assert after["works"] is False
    populations = await registry(platform, "GET", f"/organisations/{successor}/populations")
    assert [(one["basis"], one["people"]) for one in populations["populations"]] == [("registered", sum(people))]
