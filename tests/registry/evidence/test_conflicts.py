"""Where sources disagree: both values, who rules, and why."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from random import Random
from typing import Any

from libs.common.identity import Role
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days, Statement, history
from services.registry.evidence import conflict_rules
from services.registry.evidence.conflict_rules import Claim, Differing
from tests.registry.evidence.test_commands import GATESHEAD, fact, record, report
from tests.support.registry_client import RegistryClient


def word(source: str, value: str | None, start: str, stated: str, rank: int = 0, **others: Any) -> Claim:
    days = Days(date.fromisoformat(start), others.pop("end", LAST_DAY))
    return Claim(source, rank, value, days, datetime.fromisoformat(stated).replace(tzinfo=UTC), **others)


def differing(words: Iterable[Claim]) -> list[Differing]:
    """The days on which sources differ, where what is believed follows from their words alone."""
    words = list(words)
    statements = [
        Statement(one.value, one.days, one.stated_at, one.observed, rank=one.rank)
        for one in sorted(words, key=lambda one: (not one.observed, one.days.start, one.value or ""))
    ]
    statements = [replace(one, order=order) for order, one in enumerate(statements)]
    believed = [(one.days, one.value) for one in history(statements) if one.known_to is None]
    return conflict_rules.differing(words, sorted(believed, key=lambda one: one[0].start))


def spans(found: list[Differing]) -> list[tuple[str, str, str | None, str]]:
    return [
        (
            "" if one.days.start == FIRST_DAY else one.days.start.isoformat(),
            "" if one.days.end == LAST_DAY else one.days.end.isoformat(),
            one.rules,
            one.why,
        )
        for one in found
    ]


ODS = (
    word("ods-eccg:2016", "open", "2013-04-01", "2016-02-29", end=date(2015, 4, 1)),
    word("ods-eccg:2016", "closed", "2015-04-01", "2016-02-29"),
)
HSJ = (
    word("hsj:1", "open", "2013-04-01", "2016-11-04", -50, end=date(2014, 4, 1)),
    word("hsj:1", "closed", "2014-04-01", "2016-11-04", -50),
)


def test_of_two_families_the_one_of_the_higher_rank_rules_though_it_spoke_earlier() -> None:
    [one] = differing([*ODS, *HSJ])
    assert spans([one]) == [("2014-04-01", "2015-04-01", "open", "rank")]
    assert [(said.source, said.value) for said in one.words] == [("ods-eccg:2016", "open"), ("hsj:1", "closed")]
    assert one.because == (
        "From 2014-04-01 to 2015-03-31 ods-eccg:2016 says open, hsj:1 says closed; "
        "ods-eccg rules: ods-eccg ranks above hsj (0 against -50)"
    )


def test_of_two_families_of_one_rank_the_later_word_rules() -> None:
    later = word("command", "Q2", "2016-04-01", "2020-01-01")
    earlier = word("ods-eccg:2016", "Q1", "2015-04-01", "2016-02-29", end=date(2017, 1, 1))
    [one] = differing([later, earlier])
    assert spans([one]) == [("2016-04-01", "2017-01-01", "Q2", "later word")]
    assert "it stated this later, on 2020-01-01 after 2016-02-29" in one.because


def test_a_family_that_corrects_itself_is_no_conflict_with_itself() -> None:
    words = [
        word("ods-eccg:1", "A", "2013-04-01", "2016-01-01"),
        word("ods-eccg:2", "B", "2013-04-01", "2017-01-01"),
        word("hsj:1", "B", "2013-04-01", "2015-01-01", -50),
    ]
    assert differing(words) == []
    assert spans(differing(words[::2])) == [("2013-04-01", "2015-01-02", "A", "rank")]


def test_a_file_says_nothing_of_the_days_after_it_and_a_plan_does() -> None:
    moved = word("ods-epraccur:2021", "16C", "2020-04-01", "2021-11-30")
    assert differing([word("ods-epcmem:2019", "00K", "2013-04-01", "2019-10-31"), moved]) == []
    planned = word("hsj:1", "closed", "2017-04-01", "2017-01-10", -50)
    happened = word("ods-eccg:2018", "open", "2013-04-01", "2018-11-30", end=date(2018, 4, 1))
    closed = word("ods-eccg:2018", "closed", "2018-04-01", "2018-11-30")
    assert spans(differing([planned, happened, closed])) == [("2017-04-01", "2018-04-01", "open", "rank")]


def test_what_the_press_says_later_than_the_register_is_shown_against_what_rules() -> None:
    register = word("command", "open", "2013-04-01", "2013-04-01")
    [one] = differing([register, word("hsj:1", "closed", "2027-01-01", "2027-06-30", -50)])
    assert spans([one]) == [("2027-01-01", "2027-07-01", "open", "rank")]
    assert [said.family for said in one.words] == ["command", "hsj"]


def test_a_name_in_other_capitals_is_no_conflict() -> None:
    shouted = word("ods-eccg:1", "NHS DARLINGTON  CCG", "2013-04-01", "2016-02-29")
    assert differing([shouted, word("nhsi:1", "NHS Darlington CCG", "2013-04-01", "2018-05-31", -1)]) == []


def test_a_file_that_opens_and_closes_a_body_says_that_it_is_closed() -> None:
    words = [
        word("ods-eccg:1", "closed", "2020-04-01", "2025-12-31"),
        word("ods-eccg:1", "open", "2013-04-01", "2025-12-31"),
        word("ods-succession:1", "closed", "2020-04-01", "2022-10-31"),
    ]
    assert differing(words) == []


def test_an_observation_claims_its_day_and_the_days_between_two_equal_ones() -> None:
    seen = [
        word("ods-epraccur:1", "00W", "2015-07-31", "2015-07-31", observed=True),
        word("ods-epraccur:2", "00W", "2016-01-31", "2016-01-31", observed=True),
    ]
    dated = [
        word("ods-epcmem:1", "01M", "2013-04-01", "2019-10-31", end=date(2015, 9, 1)),
        word("ods-epcmem:1", "00W", "2015-09-01", "2019-10-31", end=date(2016, 6, 1)),
        word("ods-epcmem:1", "14L", "2016-06-01", "2019-10-31"),
    ]
    assert spans(differing([*seen, *dated])) == [("2015-07-31", "2015-09-01", "01M", "later word")]
    assert spans(differing([seen[0], *dated])) == [("2015-07-31", "2015-08-01", "01M", "later word")]


def test_conflicts_do_not_depend_on_the_order_in_which_words_arrive() -> None:
    words = [*ODS, *HSJ]
    assert all(differing(order) == differing(words) for order in permutations(words))


def test_three_families_differ_each_with_its_word() -> None:
    words = [
        *ODS,
        *HSJ,
        word("openprescribing:5", "closed", "2015-01-01", "2015-12-01", -60),
    ]
    found = differing(words)
    assert spans(found) == [
        ("2014-04-01", "2015-01-01", "open", "rank"),
        ("2015-01-01", "2015-04-01", "open", "rank"),
    ]
    assert [said.family for said in found[1].words] == ["ods-eccg", "hsj", "openprescribing"]


async def conflicts(registry: RegistryClient, **params: str) -> list[dict[str, Any]]:
    found = await registry.call("GET", "/conflicts", params=params)
    return list(found["items"])


async def test_the_merger_that_the_press_dated_a_year_early_is_shown_with_both_days(registry: RegistryClient) -> None:
    await registry.open(*GATESHEAD, "99A")
    await registry.merge("13T", *GATESHEAD, on="2015-04-01")
    assert await conflicts(registry) == []
    said = report(
        "hsj:7013041",
        "2016-11-04",
        *(fact(code, "life", "closed", "2014-04-01") for code in GATESHEAD),
        *(fact(code, "succession", "13T", "2014-04-01") for code in GATESHEAD),
        fact("99A", "name", "NHS 99A CCG", "2014-04-01"),
    )
    await record(registry, said)
    found = await conflicts(registry)
    assert [(one["code"], one["about"]) for one in found] == [
        *((code, "life") for code in GATESHEAD),
        *((code, "succession") for code in GATESHEAD),
    ]
    [life] = found[0]["differs"]
    assert (life["first_day"], life["last_day"], life["rules"], life["why"]) == (
        "2014-04-01",
        "2015-03-31",
        "open",
        "rank",
    )
    [followed] = found[3]["differs"]
    assert (followed["first_day"], followed["last_day"]) == ("2014-04-01", "2015-03-31")
    assert [(said["family"], said["value"]) for said in followed["words"]] == [
        ("command", "not followed by anybody"),
        ("hsj", "13T"),
    ]
    assert [one["code"] for one in await conflicts(registry, about="life", code="00G")] == ["00G"]
    assert await conflicts(registry, as_at="2016-01-01") == []
    assert len(await conflicts(registry, as_at="2014-12-31", about="succession")) == 3
    assert await conflicts(registry, as_known="2016-11-03") == []


async def test_pages_of_conflicts_are_the_whole_list_in_parts(registry: RegistryClient) -> None:
    await registry.open("A1", "A2", "B1", "B2")
    successions = (fact("A1", "succession", other, "2018-04-01") for other in ("B1", "B2"))
    await record(
        registry, report("hsj:1", "2019-01-01", *(fact(code, "name", "X", "2014-04-01") for code in ("A1", "A2")))
    )
    await record(registry, report("hsj:2", "2019-01-01", next(successions)))
    await record(registry, report("users:2", "2019-01-01", next(successions)))
    whole = await conflicts(registry)
    assert [(one["code"], one["about"]) for one in whole] == [("A1", "name"), ("A2", "name"), ("A1", "succession")]
    path: str | None = "/conflicts?limit=1"
    paged = []
    while path:
        found = await registry.call("GET", path)
        paged += found["items"]
        path = found["next"].removeprefix("/v1") if found["next"] else None
    assert paged == whole


async def test_a_place_that_no_page_gave_is_refused(registry: RegistryClient) -> None:
    answer = await registry.send("GET", "/conflicts", Role.PARTNER, params={"after": "WyJ4Il0"})
    assert answer.status_code == 400


async def test_what_is_stored_is_what_a_search_finds_whatever_arrived_first(registry: RegistryClient) -> None:
    """Random statements of sources of several ranks, in no order: the search of all that is known finds the same."""
    draw = Random(11)
    practices, bodies, offices = ("P1", "P2", "P3"), ("A1", "A2", "A3", "A4"), ("Q1", "Q2", "Q3")
    await registry.open(*practices, kind="gp_practice")
    await registry.open(*bodies[:3])
    await registry.open(*offices[:2], kind="local_office")
    await registry.open("A4", "Q3", on="2017-04-01")
    for number in range(60):
        family = draw.choice(("hsj", "users", "nhse", "ods-eccg", "ods-epcmem", "ods-epraccur"))
        day, stated = f"20{draw.randint(13, 19)}-0{draw.randint(1, 9)}-01", f"20{draw.randint(13, 21)}-06-01"
        code = draw.choice((*practices, *bodies))
        about, value = draw.choice(
            (
                ("parent", draw.choice(bodies if code in practices else offices)),
                ("life", draw.choice(("open", "closed"))),
                ("name", draw.choice("XYZ")),
                ("kind", draw.choice(("gp_practice", "ccg"))),
                ("succession", draw.choice(practices if code in practices else bodies)),
            )
        )
        observed = {"observed": True} if about in ("parent", "name") and draw.random() < 0.3 else {}
        ends = {"last_day": f"20{draw.randint(20, 22)}-03-31"} if about == "parent" and draw.random() < 0.3 else {}
        said = report(f"{family}:{number}", stated, fact(code, about, value, day, **observed, **ends))
        await record(registry, said, Role.LOADER, Role.REGISTRAR)
        if number % 20 == 19:
            await _is_what_a_search_finds(registry)
    stored = await conflicts(registry)
    assert {one["about"] for one in stored} == {"parent", "life", "name", "kind", "succession"}
    assert {span["why"] for one in stored for span in one["differs"]} >= {"rank", "later word"}
    counts = await registry.call("GET", "/findings/counts")
    assert sum(one["findings"] > 0 for one in counts["sorts"]) >= 8


async def test_the_lives_of_the_bodies_rule_over_a_later_file_that_rewrites_its_past(registry: RegistryClient) -> None:
    """As the answer has it: a commissioner that was not there yet had no practices, whatever a later file says."""
    await registry.open("G1", kind="gp_practice")
    await registry.open("X1")
    await registry.open("X9", on="2018-04-01")
    dated = report("ods-epcmem:1", "2018-03-01", fact("G1", "parent", "X1", "2013-04-01", last_day="2018-03-31"))
    await record(registry, dated, Role.LOADER)
    await record(
        registry, report("ods-epraccur:1", "2019-01-31", fact("G1", "parent", "X9", "2013-04-01")), Role.LOADER
    )
    assert (await registry.ask("G1", "2016-04-01"))["parent"] == "X1"
    [one] = await conflicts(registry, about="parent")
    [span] = one["differs"]
    assert (span["first_day"], span["last_day"], span["rules"], span["why"]) == (
        "2013-04-01",
        "2018-03-31",
        "X1",
        "lives",
    )
    assert {said["family"]: said["value"] for said in span["words"]} == {"ods-epcmem": "X1", "ods-epraccur": "X9"}


async def _is_what_a_search_finds(registry: RegistryClient) -> None:
    later = {"as_known": "2100-01-01"}
    assert await conflicts(registry) == await conflicts(registry, **later)
    for day in ("2014-06-01", "2018-06-01"):
        assert await conflicts(registry, as_at=day) == await conflicts(registry, as_at=day, **later)
    counts = await registry.call("GET", "/findings/counts")
    searched = await registry.call("GET", "/findings/counts", params=later)
    assert counts["sorts"] == searched["sorts"]
    for one in counts["sorts"]:
        asked = {"sort": one["sort"]}
        found = await registry.call("GET", "/findings", params=asked)
        assert found["items"] == (await registry.call("GET", "/findings", params=asked | later))["items"]
