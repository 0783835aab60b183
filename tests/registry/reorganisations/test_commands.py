"""Successions of every shape stated by hand: what they bring, why they are refused, and how they are undone."""

from typing import Any

from libs.common.events.registry import OrganisationClosed, OrganisationSucceeded, SuccessionUndone
from libs.common.identity import Role
from tests.support.registry_client import RegistryClient


async def state(
    registry: RegistryClient, shape: str, before: list[str], after: dict[str, str | None], on: str, **more: Any
) -> Any:
    body: dict[str, Any] = {"shape": shape, "predecessors": before, "effective_on": on}
    body["successors"] = [{"code": code} | ({"share": share} if share else {}) for code, share in after.items()]
    body.update({key: more.pop(key) for key in ("lives_on_as", "commissioners") if key in more})
    return await registry.call("POST", "/reorganisations", json=body, **more)


async def undo(registry: RegistryClient, reference: str, version: int = 1, **more: Any) -> Any:
    return await registry.change(f"/reorganisations/{reference}/undoing", version=version, **more)


async def living(registry: RegistryClient, code: str, on: str, known: str | None = None) -> list[str]:
    asked = {"as_at": on} | ({"as_known": known} if known else {})
    found = await registry.call("GET", f"/organisations/{code}/lineage", params=asked)
    return list(found["resolves_to"])


async def now(registry: RegistryClient) -> str:
    [instant] = [row["now"].isoformat() for row in await registry.database.fetch("SELECT clock_timestamp() AS now")]
    return str(instant)


def messages(refused: dict[str, Any]) -> str:
    return " | ".join(reason["message"] for reason in refused["reasons"])


async def test_a_split_by_thirds_sums_exactly_and_closes_what_was_split(registry: RegistryClient) -> None:
    await registry.open("RAA", "RBB", "RCC", "RDD", kind="nhs_trust")
    done = await state(registry, "split", ["RAA"], {"RBB": "1/3", "RCC": "1/3", "RDD": "1/3"}, "2018-04-01")
    assert (done["reference"], done["closed"]) == ("R-RAA", ["RAA"])
    assert [one["share"] for one in done["successors"]] == ["1/3", "1/3", "1/3"]
    assert [await registry.status("RAA", day) for day in ("2018-03-31", "2018-04-01")] == ["open", "closed"]
    assert await living(registry, "RAA", "2018-04-01") == ["RBB", "RCC", "RDD"]
    assert await living(registry, "RAA", "2018-03-31") == ["RAA"]
    told = await registry.told()
    shares = [event.share for event in told if isinstance(event, OrganisationSucceeded)]
    assert shares == ["1/3", "1/3", "1/3"]
    assert [event.code for event in told if isinstance(event, OrganisationClosed)] == ["RAA"]
    back = await registry.call("GET", "/organisations/RCC/lineage", params={"as_at": "2018-04-01"})
    assert [step["code"] for step in back["before"]] == ["RAA"]


async def test_shares_that_do_not_sum_to_one_are_refused_with_their_sum(registry: RegistryClient) -> None:
    await registry.open("RAA", "RBB", "RCC", kind="nhs_trust")
    refused = await state(registry, "split", ["RAA"], {"RBB": "1/3", "RCC": "0.666666666667"}, "2018-04-01", expect=409)
    assert "sum to 3000000000001/3000000000000, not to 1" in messages(refused)
    lacking = await state(registry, "split", ["RAA"], {"RBB": "1/3", "RCC": None}, "2018-04-01", expect=409)
    assert "RCC has no share" in messages(lacking)
    assert "sum to 1/3, not to 1" in messages(lacking)
    assert await registry.status("RAA", "2018-04-01") == "open"


async def test_shares_as_published_in_decimals_are_taken_in_exact_proportion_and_it_says_so(
    registry: RegistryClient,
) -> None:
    await registry.open("RAA", "RBB", "RCC", "RDD", kind="nhs_trust")
    third = "0.333333333333333"
    done = await state(registry, "split", ["RAA"], {"RBB": third, "RCC": third, "RDD": third}, "2018-04-01")
    assert [one["share"] for one in done["successors"]] == ["1/3"] * 3
    assert done["published_shares"] == [third] * 3
    again = await registry.call("GET", f"/reorganisations/{done['reference']}")
    assert (again["successors"], again["published_shares"]) == (done["successors"], done["published_shares"])
    told = await registry.told()
    assert [event.share for event in told if isinstance(event, OrganisationSucceeded)] == ["1/3"] * 3
    found = await registry.call("GET", "/organisations/RAA/lineage", params={"as_at": "2018-04-01"})
    assert [one["share"] for one in found["living"]] == ["1/3"] * 3


async def test_shares_as_the_registry_answered_them_are_taken(registry: RegistryClient) -> None:
    await registry.open("RAA", "RBB", "RCC", kind="nhs_trust")
    shares = {"RBB": "123456789013/1000000000000", "RCC": "876543210987/1000000000000"}
    done = await state(registry, "split", ["RAA"], dict(shares), "2018-04-01")
    assert {one["code"]: one["share"] for one in done["successors"]} == shares
    assert done["published_shares"] is None


async def test_a_body_that_is_split_may_live_on_as_one_of_the_parts(registry: RegistryClient) -> None:
    await registry.open("RAA", "RBB", kind="nhs_trust")
    done = await state(registry, "split", ["RAA"], {"RAA": "3/4", "RBB": "1/4"}, "2018-04-01")
    assert done["closed"] == []
    assert await registry.status("RAA", "2018-04-01") == "open"
    found = await registry.call("GET", "/organisations/RAA/lineage", params={"as_at": "2018-04-01"})
    assert found["resolves_to"] == ["RAA", "RBB"]


async def test_trusts_and_hubs_are_acquired_by_a_body_that_goes_on(registry: RegistryClient) -> None:
    await registry.open("RN1", "RN5", kind="nhs_trust", on="2001-04-01")
    await registry.open("13C", "13D", kind="commissioning_hub")
    done = await state(registry, "acquisition", ["RN5"], {"RN1": None}, "2012-01-09")
    assert (done["closed"], done["successors"]) == (["RN5"], [{"code": "RN1", "share": "1"}])
    assert [await registry.status(code, "2012-01-09") for code in ("RN5", "RN1")] == ["closed", "open"]
    await state(registry, "acquisition", ["13C"], {"13D": None}, "2016-04-01")
    assert await living(registry, "13C", "2016-04-01") == ["13D"]


async def test_an_acquisition_before_the_acquirer_was_there_is_refused(registry: RegistryClient) -> None:
    await registry.open("RN5", kind="nhs_trust")
    await registry.open("RN1", kind="nhs_trust", on="2018-04-01")
    refused = await state(registry, "acquisition", ["RN5"], {"RN1": None}, "2018-04-01", expect=409)
    assert "RN1 is unknown before 2018-04-01" in messages(refused)


async def test_a_chain_of_an_acquisition_and_a_merger_of_trusts_leads_to_the_last(registry: RegistryClient) -> None:
    await registry.open("RN1", "RN5", "RN9", kind="nhs_trust")
    await registry.open("R0X", kind="nhs_trust", on="2019-04-01")
    await state(registry, "acquisition", ["RN5"], {"RN1": None}, "2017-10-01")
    await state(registry, "merger", ["RN1", "RN9"], {"R0X": None}, "2019-04-01")
    assert await living(registry, "RN5", "2018-01-01") == ["RN1"]
    assert await living(registry, "RN5", "2019-04-01") == ["R0X"]
    assert [await registry.status(code, "2019-04-01") for code in ("RN1", "RN9", "R0X")] == ["closed", "closed", "open"]


async def test_ccgs_are_never_acquired_nor_merged_here_and_the_refusal_says_why(registry: RegistryClient) -> None:
    await registry.open("01H", "01K")
    for shape in ("acquisition", "merger"):
        before = ["01H"] if shape == "acquisition" else ["01H", "01K"]
        refused = await state(registry, shape, before, {"01K": None}, "2018-04-01", expect=409)
        assert refused["type"].endswith("/succession-not-allowed")
        assert "always dissolution and a new body, agreed as a merger (NHS Act 2006 s.14G)" in messages(refused)


async def test_a_practice_is_not_acquired(registry: RegistryClient) -> None:
    await registry.open("A81001", "A81002", kind="gp_practice")
    refused = await state(registry, "acquisition", ["A81001"], {"A81002": None}, "2018-04-01", expect=409)
    assert "A81001 is of the kind gp_practice" in messages(refused)


async def test_a_refusal_has_every_reason_and_changes_nothing(registry: RegistryClient) -> None:
    await registry.open("RAA", kind="nhs_trust")
    await registry.open("RBB", kind="nhs_trust", on="2019-04-01")
    refused = await state(
        registry, "split", ["RAA", "RZZ"], {"RBB": "1/2", "RYY": "1/3"}, "2018-04-01", lives_on_as="company", expect=409
    )
    said = messages(refused)
    for part in (
        "exactly 1 of the predecessors, not 2",
        "RZZ is not known",
        "RBB is unknown on 2018-04-01: open it first",
        "RYY is not known",
        "the shares sum to 5/6, not to 1",
        "after an abolition only",
    ):
        assert part in said, part
    assert await registry.names_told() == ["OrganisationOpened"] * 2


async def test_a_part_goes_from_one_living_body_to_another_and_both_live_on(registry: RegistryClient) -> None:
    await registry.open("01H", "01K")
    await registry.open("A81001", "A81002", "A81003", kind="gp_practice")
    lists = [{"code": "01H", "practices": ["A81001", "A81002"]}, {"code": "01K", "practices": ["A81003"]}]
    await registry.call("POST", "/covers", json={"effective_on": "2013-04-01", "commissioners": lists})
    then = [{"code": "01H", "practices": ["A81001"]}, {"code": "01K", "practices": ["A81002", "A81003"]}]
    done = await state(registry, "boundary_change", ["01H"], {"01K": None}, "2017-04-01", commissioners=then)
    assert done["closed"] == []
    assert [await registry.status(code, "2017-04-01") for code in ("01H", "01K")] == ["open", "open"]
    assert (await registry.ask("A81002", "2017-04-01"))["parent"] == "01K"
    assert "01H" in await living(registry, "01H", "2017-04-01")
    whole = await state(registry, "boundary_change", ["01H"], {"01K": "1"}, "2018-04-01", expect=409)
    assert "the rest stays" in messages(whole)


async def test_a_ccg_that_is_split_leaves_no_practice_behind_and_none_in_two(registry: RegistryClient) -> None:
    await registry.open("01H", "01K", "01R")
    await registry.open("A81001", "A81002", "A81003", kind="gp_practice")
    lists = [{"code": "01H", "practices": ["A81001", "A81002", "A81003"], "areas": ["E01000001"]}]
    await registry.call("POST", "/covers", json={"effective_on": "2013-04-01", "commissioners": lists})
    parts: dict[str, str | None] = {"01K": "1/2", "01R": "1/2"}
    without = await state(registry, "split", ["01H"], parts, "2018-04-01", expect=409)
    until = "from 2018-04-01 to 2022-06-30"
    assert sorted(reason["message"] for reason in without["reasons"]) == [
        *(f"A8100{n} would be in two {until}: 01K, 01R" for n in (1, 2, 3)),
        f"E01000001 would be in two {until}: 01K, 01R",
    ]
    half = [
        {"code": "01K", "practices": ["A81001"], "areas": ["E01000001"]},
        {"code": "01R", "practices": ["A81002"], "areas": []},
    ]
    refused = await state(registry, "split", ["01H"], parts, "2018-04-01", commissioners=half, expect=409)
    assert messages(refused) == f"A81003 would be in none {until}; it is in 01H"
    half[1]["practices"] = ["A81002", "A81003"]
    await state(registry, "split", ["01H"], parts, "2018-04-01", commissioners=half)
    assert (await registry.ask("A81003", "2018-04-01"))["parent"] == "01R"
    found = await registry.call("GET", "/covers/findings", params={"as_at": "2018-04-01"})
    assert found["items"] == []


async def test_what_is_abolished_in_law_lives_on_under_its_code_as_another_kind(registry: RegistryClient) -> None:
    await registry.open("11X")
    await registry.open("QSL", kind="icb", on="2022-07-01")
    await registry.open("L85001", kind="gp_practice")
    lists = [{"code": "11X", "practices": ["L85001"]}]
    await registry.call("POST", "/covers", json={"effective_on": "2013-04-01", "commissioners": lists})
    done = await state(registry, "abolition", ["11X"], {"QSL": None}, "2022-07-01", lives_on_as="sub_icb_location")
    assert (done["closed"], done["successors"]) == ([], [{"code": "QSL", "share": "1"}])
    then = await registry.ask("11X", "2022-07-01")
    assert (then["status"], then["kind"], then["legal"]["status"]) == ("open", "sub_icb_location", "abolished")
    assert (await registry.ask("11X", "2022-06-30"))["kind"] == "ccg"
    assert await living(registry, "11X", "2022-07-01") == ["QSL"]
    found = await registry.call("GET", "/covers/findings", params={"as_at": "2022-07-01"})
    assert found["items"] == []


async def test_several_are_abolished_together_where_one_body_follows_them(registry: RegistryClient) -> None:
    await registry.open("06Q", "07G", "99E")
    await registry.open("QH8", "QUE", kind="icb", on="2022-07-01")
    codes, day = ["06Q", "07G", "99E"], "2022-07-01"
    refused = await state(registry, "abolition", codes, {"QH8": None, "QUE": None}, day, expect=409)
    assert "where one body follows all of them" in messages(refused)
    done = await state(registry, "abolition", codes, {"QH8": None}, day, lives_on_as="sub_icb_location")
    assert (done["closed"], done["predecessors"]) == ([], codes)
    for code in codes:
        assert await living(registry, code, day) == ["QH8"]
        then = await registry.ask(code, day)
        assert (then["kind"], then["status"], then["legal"]["status"]) == ("sub_icb_location", "open", "abolished")


async def test_a_code_cannot_live_on_as_a_body_that_may_not_cover_its_practices(registry: RegistryClient) -> None:
    await registry.open("11X", "QSL")
    await registry.open("L85001", kind="gp_practice")
    lists = [{"code": "11X", "practices": ["L85001"]}]
    await registry.call("POST", "/covers", json={"effective_on": "2013-04-01", "commissioners": lists})
    refused = await state(
        registry, "abolition", ["11X"], {"QSL": None}, "2018-04-01", lives_on_as="locality", expect=409
    )
    assert "L85001 would be in none from 2018-04-01" in messages(refused)


async def test_an_abolition_without_a_life_after_it_closes_the_body(registry: RegistryClient) -> None:
    await registry.open("5QH", kind="pct", on="2006-10-01")
    await registry.open("11X", "11J")
    await state(registry, "abolition", ["5QH"], {"11X": None, "11J": None}, "2013-04-01")
    assert (await registry.ask("5QH", "2013-04-01"))["status"] == "closed"
    assert await living(registry, "5QH", "2013-04-01") == ["11J", "11X"]


async def test_a_change_of_parent_alone_follows_nobody(registry: RegistryClient) -> None:
    await registry.open("RAA", kind="nhs_trust")
    await registry.open("Q78", kind="local_office")
    await registry.change("/organisations/RAA/parent", version=1, body={"parent": "Q78", "effective_on": "2015-04-01"})
    assert await living(registry, "RAA", "2016-01-01") == ["RAA"]


async def test_an_undone_succession_is_a_correction_and_both_words_stay_known(registry: RegistryClient) -> None:
    await registry.open("RAA", "RBB", "RCC", kind="nhs_trust")
    await state(registry, "split", ["RAA"], {"RBB": "1/2", "RCC": "1/2"}, "2018-04-01")
    before = await now(registry)
    undone = await undo(registry, "R-RAA")
    assert (undone["version"], undone["undone_at"] > before) == (2, True)
    assert await living(registry, "RAA", "2018-04-01") == ["RAA"]
    assert await living(registry, "RAA", "2018-04-01", before) == ["RBB", "RCC"]
    assert await registry.status("RAA", "2020-01-01") == "open"
    assert await registry.status("RAA", "2020-01-01", before) == "closed"
    assert sum(isinstance(event, SuccessionUndone) for event in await registry.told()) == 2
    assert (await undo(registry, "R-RAA", version=2, expect=409))["type"].endswith("/succession-not-undoable")
    await undo(registry, "R-RAA", version=1, expect=412)
    known = await registry.call("GET", "/reorganisations/R-RAA", params={"as_known": before})
    assert known["undone_at"] is None


async def test_an_undone_succession_can_be_stated_again_under_a_reference_of_its_own(registry: RegistryClient) -> None:
    await registry.open("RAA", "RBB", "RCC", kind="nhs_trust")
    await state(registry, "split", ["RAA"], {"RBB": "1/2", "RCC": "1/2"}, "2018-04-01")
    await undo(registry, "R-RAA")
    again = await state(registry, "split", ["RAA"], {"RBB": "1/4", "RCC": "3/4"}, "2018-04-01")
    assert again["reference"] == "R-RAA-2"
    found = await registry.call("GET", "/organisations/RAA/lineage", params={"as_at": "2018-04-01"})
    assert [step["share"] for step in found["after"]] == ["1/4", "3/4"]


async def test_undoing_gives_back_what_moved_but_not_what_was_said_since(registry: RegistryClient) -> None:
    await registry.open("01H", "01K", "01R")
    await registry.open("A81001", "A81002", "A81003", kind="gp_practice")
    areas = ["E01000001", "E01000002"]
    lists = [{"code": "01H", "practices": ["A81001", "A81002", "A81003"], "areas": areas}]
    await registry.call("POST", "/covers", json={"effective_on": "2013-04-01", "commissioners": lists})
    then = [
        {"code": "01K", "practices": ["A81001"], "areas": areas[:1]},
        {"code": "01R", "practices": ["A81002", "A81003"], "areas": areas[1:]},
    ]
    await state(registry, "split", ["01H"], {"01K": "1/2", "01R": "1/2"}, "2018-04-01", commissioners=then)
    await registry.change(
        "/organisations/A81003/parent", version=3, body={"parent": "01K", "effective_on": "2019-04-01"}
    )
    await undo(registry, "R-01H")
    assert [(await registry.ask(code, "2018-04-01"))["parent"] for code in ("A81001", "A81002", "A81003")] == [
        "01H"
    ] * 3
    assert (await registry.ask("A81003", "2019-04-01"))["parent"] == "01K"
    covered = await registry.call("GET", "/covers/01H/areas", params={"as_at": "2020-01-01"})
    assert [one["code"] for one in covered["items"]] == areas
    assert (await registry.call("GET", "/covers/findings", params={"as_at": "2019-04-01"}))["items"] == []


async def test_undoing_an_abolition_gives_back_its_kind_and_its_standing_in_law(registry: RegistryClient) -> None:
    await registry.open("11X")
    await registry.open("QSL", kind="icb", on="2022-07-01")
    await state(registry, "abolition", ["11X"], {"QSL": None}, "2022-07-01", lives_on_as="sub_icb_location")
    await undo(registry, "R-11X")
    then = await registry.ask("11X", "2022-07-01")
    assert (then["status"], then["kind"], then["legal"]["status"]) == ("open", "ccg", "established")


async def test_successions_stated_by_hand_are_listed_by_code_and_shape_in_pages(registry: RegistryClient) -> None:
    await registry.open("RAA", "RBB", "RCC", "RDD", kind="nhs_trust")
    await state(registry, "acquisition", ["RAA"], {"RBB": None}, "2017-04-01")
    await state(registry, "acquisition", ["RCC"], {"RBB": None}, "2018-04-01")
    await state(registry, "boundary_change", ["RBB"], {"RDD": "1/5"}, "2019-04-01")
    found = await registry.call("GET", "/reorganisations", params={"code": "RBB", "limit": 2})
    assert [one["reference"] for one in found["items"]] == ["R-RAA", "R-RCC"]
    rest = await registry.call("GET", found["next"].removeprefix("/v1"))
    assert [one["reference"] for one in rest["items"]] == ["R-RBB"]
    shaped = await registry.call("GET", "/reorganisations", params={"shape": "boundary_change"})
    assert [one["successors"] for one in shaped["items"]] == [[{"code": "RDD", "share": "1/5"}]]
    await registry.call("GET", "/reorganisations/R-ZZZ", expect=404)


async def test_only_a_registrar_or_nhs_england_who_acts_for_all_of_its_bodies_states_a_succession(
    registry: RegistryClient,
) -> None:
    await registry.open("RAA", "RBB", kind="nhs_trust")
    body = {
        "shape": "acquisition",
        "predecessors": ["RAA"],
        "successors": [{"code": "RBB"}],
        "effective_on": "2018-04-01",
    }
    await registry.call("POST", "/reorganisations", Role.PARTNER, json=body, expect=403)
    for one in ("RAA", "RBB"):
        await registry.call("POST", "/reorganisations", Role.REGISTRAR, organisations=(one,), json=body, expect=403)
    dry = await registry.call("POST", "/reorganisations", json=body, params={"dry_run": "true"})
    assert await registry.status("RAA", "2018-04-01") == "open"
    both = ("RAA", "RBB")
    done = await registry.call("POST", "/reorganisations", Role.NHS_ENGLAND, organisations=both, json=body)
    assert {**dry, "stated_at": ""} == {**done, "stated_at": ""}
    await undo(registry, "R-RAA", expect=200)


async def test_what_is_part_of_an_agreed_merger_goes_by_that(registry: RegistryClient) -> None:
    await registry.move_clock("2018-01-01")
    await registry.open("01H", "01K", "01R")
    await registry.merge("15X", "01H", "01K", on="2018-04-01")
    refused = await state(registry, "abolition", ["01H"], {"01R": None}, "2018-04-01", expect=409)
    assert messages(refused) == "01H is part of the merger M-15X, agreed for 2018-04-01"
