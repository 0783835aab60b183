"""Who may be cited, whose word stands above whose, and who said and believed what."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from libs.common.events.registry import OrganisationSucceeded, SourceReported, SuccessionReported
from libs.common.identity import Role
from libs.common.rulepacks import load_packs
from services.registry.core import sources
from services.registry.core.rule_packs import PACKS
from tests.support.registry_client import RegistryClient

DAY = date(2020, 1, 1)
GATESHEAD = ("00F", "00G", "00H")


def fact(code: str, about: str, value: str, on: str, **others: Any) -> dict[str, Any]:
    return {"code": code, "about": about, "value": value, "effective_on": on, **others}


def report(source: str, stated_on: str, *facts: dict[str, Any]) -> dict[str, Any]:
    return {"source": source, "stated_on": stated_on, "facts": list(facts)}


async def record(
    registry: RegistryClient, body: dict[str, Any], *roles: Role, expect: int = 201, **others: Any
) -> dict[str, Any]:
    answer: dict[str, Any] = await registry.call(
        "POST", "/reports", *(roles or (Role.REGISTRAR,)), json=body, expect=expect, **others
    )
    return answer


def test_registers_stand_above_lists_above_the_press_above_users() -> None:
    ranks = [sources.rank_of(f"{family}:x", DAY) for family in ("ods-eccg", "command", "ons", "hsj", "openprescribing")]
    assert ranks == [0, 0, -1, -50, -60]
    assert sources.rank_of("gossip:x", DAY) is None
    assert sources.rank_of("hsj:7013041", date(1900, 1, 1)) is None
    assert next(iter(sources.families(DAY))) == "command"


def test_a_new_row_in_the_pack_changes_whose_word_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = """
    [[pack]]
    id = "source-hsj-2021"
    subject = "source"
    title = "HSJ"
    citation = "a decision of 2021"
    effective_from = 2021-01-01
    values = {family = "hsj", rank = 1, sort = "register"}
    """
    (tmp_path / "more.toml").write_text(pack)
    monkeypatch.setattr(sources, "PACKS", (*PACKS, *load_packs(tmp_path)))
    assert [sources.rank_of("hsj:1", day) for day in (date(2020, 12, 31), date(2021, 1, 1))] == [-50, 1]


async def test_the_families_are_listed_with_their_packs(registry: RegistryClient) -> None:
    found = (await registry.call("GET", "/sources", params={"as_at": "2020-01-01"}))["sources"]
    by_family = {one["family"]: (one["rank"], one["pack"]) for one in found}
    assert by_family["hsj"] == (-50, "source-hsj")
    assert [one["rank"] for one in found] == sorted((one["rank"] for one in found), reverse=True)
    assert (await registry.call("GET", "/sources", params={"as_at": "1900-01-01"}))["sources"] == []


async def test_what_the_press_says_rules_only_where_no_register_spoke(registry: RegistryClient) -> None:
    """HSJ believed that Gateshead and Newcastle merged in April 2014; by ODS their last day is 2015-03-31."""
    await registry.open(*GATESHEAD, "13X")
    await registry.merge("13T", *GATESHEAD, on="2015-04-01")
    said = report(
        "hsj:7013041",
        "2016-11-04",
        *(fact(code, "life", "closed", "2014-04-01") for code in GATESHEAD),
        *(fact(code, "succession", "13T", "2014-04-01") for code in GATESHEAD),
        fact("13X", "parent", "Q74", "2014-04-01"),
        fact("13T", "name", "NHS Gateshead and Newcastle CCG", "2010-04-01", last_day="2013-03-31"),
    )
    await registry.open("Q74", kind="local_office")
    recorded = await record(registry, said)
    assert (recorded["rank"], recorded["pack"]) == (-50, "source-hsj")
    assert await registry.status("00F", "2014-06-01") == "open"
    lineage = await registry.call("GET", "/organisations/00F/lineage", params={"as_at": "2014-06-01"})
    assert lineage["resolves_to"] == ["00F"]
    assert (await registry.ask("13X", "2020-01-01"))["parent"] == "Q74"
    assert (await registry.ask("13X", "2020-01-01", "2016-11-03"))["parent"] is None
    told = await registry.told()
    assert not any(isinstance(one, OrganisationSucceeded) for one in told)
    assert sum(isinstance(one, SuccessionReported) for one in told) == 3
    assert {one.rank for one in told if isinstance(one, SourceReported | SuccessionReported)} == {-50}


async def test_a_succession_that_is_only_heard_of_is_shown_and_followed_by_nobody(registry: RegistryClient) -> None:
    await registry.open("A1", "A2")
    await record(registry, report("users:a letter", "2019-01-01", fact("A1", "succession", "A2", "2018-04-01")))
    found = await registry.call("GET", "/organisations/A1/lineage", params={"as_at": "2020-01-01"})
    assert (found["resolves_to"], found["after"]) == (["A1"], [])
    history = await registry.call("GET", "/organisations/A1/history")
    assert history["successions"] == []
    [said] = history["successions_stated"]
    assert (said["successor"], said["source"], said["rank"]) == ("A2", "users:a letter", -60)


async def test_a_register_is_reported_by_a_loader_and_then_followed(registry: RegistryClient) -> None:
    await registry.open("A1", "A2")
    said = report("ods-succession:a page", "2019-01-01", fact("A1", "succession", "A2", "2018-04-01"))
    await record(registry, said, Role.REGISTRAR, expect=403)
    await record(registry, said, Role.LOADER)
    found = await registry.call("GET", "/organisations/A1/lineage", params={"as_at": "2020-01-01"})
    assert found["resolves_to"] == ["A2"]
    assert found["living"] == [{"code": "A2", "name": "NHS A2 CCG", "status": "open", "share": "1"}]
    assert found["because"] == ["A1 was followed by A2 on 2018-04-01: ods-succession:a page"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (report("gossip:1", "2019-01-01", fact("A1", "life", "closed", "2018-04-01")), 409, "gossip"),
        (report("command:1", "2019-01-01", fact("A1", "life", "closed", "2018-04-01")), 409, "a command of its own"),
        (report("hsj:1", "2199-01-01", fact("A1", "life", "closed", "2018-04-01")), 409, "future"),
        (report("hsj:1", "2019-01-01", fact("ZZ", "life", "closed", "2018-04-01")), 404, "ZZ"),
        (report("hsj:1", "2019-01-01", fact("A1", "succession", "ZZ", "2018-04-01")), 404, "ZZ"),
        (report("hsj:1", "2019-01-01", fact("A1", "life", "sleeping", "2018-04-01")), 422, "life"),
        (report("hsj:1", "2019-01-01", fact("A1", "kind", "cgc", "2018-04-01")), 422, "kind"),
        (
            report("hsj:1", "2019-01-01", fact("A1", "name", "x", "2018-04-01", last_day="2018-03-31")),
            422,
            "before it begins",
        ),
        (
            report("hsj:1", "2019-01-01", fact("A1", "succession", "A1", "2018-04-01", last_day="2019-03-31")),
            422,
            "one day",
        ),
        (report("hsj", "2019-01-01", fact("A1", "life", "closed", "2018-04-01")), 422, "source"),
        (report("hsj:1", "2019-01-01"), 422, "facts"),
    ],
)
async def test_a_report_that_cannot_stand_is_refused_with_the_reason(
    registry: RegistryClient, body: dict[str, Any], status: int, said: str
) -> None:
    await registry.open("A1")
    answer = await registry.send("POST", "/reports", Role.REGISTRAR, json=body)
    assert answer.status_code == status
    assert said in answer.text
    assert await registry.names_told() == ["OrganisationOpened"]


async def test_a_report_about_a_body_that_is_not_ones_own_is_refused(registry: RegistryClient) -> None:
    await registry.open("A1")
    body = report("hsj:1", "2019-01-01", fact("A1", "life", "closed", "2018-04-01"))
    await record(registry, body, expect=403, organisations=("A2",))
    await record(registry, body, Role.PARTNER, expect=403)


async def test_the_history_tells_everything_that_was_said_and_believed_as_known_then(registry: RegistryClient) -> None:
    await registry.open("A1", "A2", "Q1")
    await record(registry, report("hsj:1", "2015-01-01", fact("A1", "kind", "company", "2010-04-01", observed=True)))
    await record(
        registry, report("hsj:2", "2019-01-01", fact("A1", "parent", "Q1", "2018-04-01", last_day="2019-03-31"))
    )
    whole = await registry.call("GET", "/organisations/A1/history")
    assert {one["about"] for one in whole["statements"]} == {"life", "name", "kind", "parent"}
    assert {one["source"]: one["rank"] for one in whole["statements"]} == {"command": 0, "hsj:1": -50, "hsj:2": -50}
    [parent] = [one for one in whole["beliefs"] if one["about"] == "parent"]
    assert (parent["value"], parent["first_day"], parent["last_day"]) == ("Q1", "2018-04-01", "2019-03-31")
    then = await registry.call("GET", "/organisations/A1/history", params={"as_known": "2015-06-01"})
    assert [one["source"] for one in then["statements"]] == ["hsj:1"]
    [kind] = then["beliefs"]
    assert (kind["value"], kind["known_from"], kind["known_to"]) == ("company", "2015-01-01T00:00:00Z", None)
    of_a_day = await registry.call("GET", "/organisations/A1/history", params={"as_at": "2020-01-01"})
    assert "parent" not in {one["about"] for one in of_a_day["beliefs"]}
    await registry.call("GET", "/organisations/ZZZ/history", expect=404)


async def test_the_same_report_twice_says_nothing_new(registry: RegistryClient) -> None:
    await registry.open("A1", "A2")
    body = report(
        "hsj:1", "2019-01-01", fact("A1", "succession", "A2", "2018-04-01"), fact("A1", "name", "X", "2018-04-01")
    )
    await record(registry, body)
    before = await registry.call("GET", "/organisations/A1/history")
    await record(registry, body)
    after = await registry.call("GET", "/organisations/A1/history")
    assert after == before
    assert datetime.fromisoformat(before["successions_stated"][0]["stated_at"]) == datetime(2019, 1, 1, tzinfo=UTC)
