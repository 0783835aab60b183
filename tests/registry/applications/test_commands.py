"""Commissioners apply to merge: filed, joined, left, edited, judged, determined, withdrawn."""

import asyncio

import pytest

from libs.common.events.registry import CCGMergerAgreed, MergerApplicationDetermined, MergerApplied
from libs.common.identity import Role
from tests.registry.applications.applicants import (
    an_application,
    apply,
    conditions,
    determine,
    fields,
    messages,
)
from tests.support.registry_client import RegistryClient


async def test_an_application_is_a_record_and_changes_nothing_until_it_is_approved(registry: RegistryClient) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("10H", "10Y")
    filed = await apply(registry, "14Y", "10Y", "10H", effective_on="2018-04-01")
    assert (filed["reference"], filed["status"], filed["merger"]) == ("A-14Y", "filed", None)
    assert (await registry.call("GET", "/mergers"))["items"] == []
    await registry.call("GET", "/organisations/14Y", expect=404)
    applied = (await registry.told())[-1]
    assert isinstance(applied, MergerApplied)
    assert (applied.application, applied.applicants, str(applied.to_take_effect_on)) == (
        "A-14Y",
        ("10Y", "10H"),
        "2018-04-01",
    )


async def test_approval_makes_the_merger(registry: RegistryClient) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("10H", "10Y")
    await apply(registry, "14Y", "10Y", "10H", effective_on="2018-04-01")
    approved = await determine(registry, "A-14Y", "approved", reasons=["Saves cost"])
    assert (approved["status"], approved["merger"]) == ("approved", "M-14Y")
    merger = await registry.call("GET", "/mergers/M-14Y")
    assert (merger["status"], merger["application"], merger["predecessors"]) == ("agreed", "A-14Y", ["10Y", "10H"])
    agreed, determined = (await registry.told())[-2:]
    assert isinstance(agreed, CCGMergerAgreed)
    assert isinstance(determined, MergerApplicationDetermined)
    assert (determined.outcome, determined.merger) == ("approved", "M-14Y")
    again = await determine(registry, "A-14Y", "rejected", expect=409)
    assert again["type"].endswith("/determined-already")


async def test_every_reason_against_an_application_comes_at_once(registry: RegistryClient) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("10H", "10Y", "10Q", "10X")
    await registry.open("QU9", kind="stp")
    await registry.open("10Z")
    version = (await registry.ask("10Z", "2017-02-01"))["version"]
    await registry.change("/organisations/10Z/closure", version=version, body={"effective_on": "2016-04-01"})
    await registry.merge("15A", "10Q", "10X", on="2018-04-01")
    body = an_application(
        "15A",
        *("10H", "QU9", "99Z", "10Z", "10Q", "10H"),
        effective_on="2018-04-01",
        constitution=None,
        accountable_officer=None,
        factors=[{"factor": "luck", "evidence": "None"}],
        member_views=[{"organisation": "10Y", "support": "All", "views": "None", "recorded_on": "2017-02-02"}],
    )
    refused = await registry.call("POST", "/merger-applications", json=body, expect=409)
    assert refused["type"].endswith("/application-not-allowed")
    assert fields(refused) == {
        "applicants",
        "applicants.1",
        "applicants.2",
        "applicants.3",
        "applicants.4",
        "successor",
        "constitution",
        "accountable_officer",
        "factors.0.factor",
        "member_views.0.organisation",
        "member_views.0.recorded_on",
    }
    for part in ("10H occurs 2 times", "QU9 is no CCG", "99Z is not known", "10Z is closed", "M-15A", "s.14G", "s.14B"):
        assert part in messages(refused)
    assert (await registry.call("GET", "/merger-applications"))["items"] == []


async def test_only_somebody_who_acts_for_the_body_that_files_can_file(registry: RegistryClient) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("10H", "10Y", "10Q")
    body = an_application("14Y", "10Y", "10H", effective_on="2018-04-01")
    for some in ("10Q", "10H"):
        refused = await registry.call(
            "POST", "/merger-applications", Role.GOVERNANCE_LEAD, organisations=(some,), json=body, expect=403
        )
        assert refused["type"].endswith("/not-yours-to-decide")
    reader = await registry.call("POST", "/merger-applications", Role.PARTNER, json=body, expect=403)
    assert reader["type"].endswith("/role-missing")
    other = {**body, "filed_by": "10Q"}
    refused = await registry.call(
        "POST",
        "/merger-applications",
        Role.GOVERNANCE_LEAD,
        organisations=("10H", "10Q", "10Y"),
        json=other,
        expect=409,
    )
    assert fields(refused) == {"filed_by"}


async def test_applicants_join_and_leave_before_the_determination(registry: RegistryClient) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("10H", "10Y", "10Q")
    views = [
        {"organisation": code, "support": "Most", "views": "None", "recorded_on": "2017-01-31"} for code in ("10Y",)
    ]
    await apply(registry, "14Y", "10Y", "10H", effective_on="2018-04-01", member_views=views)
    path = "/merger-applications/A-14Y/applicants"
    joining = {"applicant": "10Q", "agreed_on": "2017-02-01"}
    assert (await registry.change(path, version=1, body=joining))["applicants"] == ["10Y", "10H", "10Q"]
    early = await registry.change(path, version=2, body={**joining, "agreed_on": "2017-02-02"}, expect=409)
    assert fields(early) == {"agreed_on"}
    said = (await registry.call("GET", "/merger-applications/A-14Y"))["said"]
    assert said["joined"] == [{"applicant": "10Q", "agreed_on": "2017-02-01"}]
    twice = await registry.change(path, version=2, body=joining, expect=409)
    assert "10Q occurs 2 times" in messages(twice)
    await registry.move_clock("2017-03-01")
    left = await registry.change(f"{path}/10Y/withdrawal", version=2)
    assert left["applicants"] == ["10H", "10Q"]
    then = await registry.call("GET", "/merger-applications/A-14Y", params={"as_known": "2017-02-28"})
    assert (then["filed_by"], then["applicants"]) == ("10Y", ["10Y", "10H", "10Q"])
    nobody = await registry.change(f"{path}/10Y/withdrawal", version=3, expect=404)
    assert nobody["type"].endswith("/no-such-applicant")
    found = await registry.call("GET", "/merger-applications/A-14Y")
    assert (found["filed_by"], found["said"]["member_views"]) == ("10H", [])
    assert [(step["act"], step["applicants"]) for step in found["steps"]] == [
        ("filed", ["10Y", "10H"]),
        ("joined", ["10Y", "10H", "10Q"]),
        ("left", ["10H", "10Q"]),
    ]


async def test_an_edit_needs_the_version_read_and_leaves_what_was_said_before_as_known_then(
    registry: RegistryClient,
) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("10H", "10Y")
    await apply(registry, "14Y", "10Y", "10H", effective_on="2018-04-01")
    await registry.move_clock("2017-03-01")
    content = {
        "successor_name": "NHS Buckinghamshire CCG",
        "effective_on": "2019-04-01",
        "constitution": "https://example.org/other",
        "accountable_officer": "P-2",
    }
    path = "/merger-applications/A-14Y"
    edited = await registry.call("PUT", path, json=content, headers={"If-Match": '"1"'})
    assert (edited["version"], edited["effective_on"]) == (2, "2019-04-01")
    await registry.call("PUT", path, json=content, headers={"If-Match": '"1"'}, expect=412)
    await registry.call("PUT", path, json=content, expect=428)
    before = await registry.call("GET", path, params={"as_known": "2017-02-15"})
    assert (before["effective_on"], before["said"]["accountable_officer"], len(before["steps"])) == (
        "2018-04-01",
        "P-1",
        1,
    )
    assert (await registry.call("GET", path))["successor_name"] == "NHS Buckinghamshire CCG"
    await registry.call("GET", path, params={"as_known": "2017-01-31"}, expect=404)


async def test_a_deferral_keeps_the_day_that_it_slipped_from_and_is_determined_later(registry: RegistryClient) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y")
    filed = await apply(registry, "14Y", "10Y", "10H")
    assert filed["effective_on"] == "2020-04-01"
    early = await determine(registry, "A-14Y", "deferred", deferred_to="2020-04-01", expect=409)
    assert fields(early) == {"deferred_to"}
    deferred = await determine(registry, "A-14Y", "deferred", deferred_to="2021-04-01")
    assert (deferred["status"], deferred["effective_on"], deferred["merger"]) == ("deferred", "2021-04-01", None)
    await registry.move_clock("2020-10-01")
    approved = await determine(registry, "A-14Y", "approved")
    assert approved["merger"] == "M-14Y"
    steps = (await registry.call("GET", "/merger-applications/A-14Y"))["steps"]
    assert [(step["status"], step["effective_on"]) for step in steps] == [
        ("filed", "2020-04-01"),
        ("deferred", "2021-04-01"),
        ("approved", "2021-04-01"),
    ]
    assert (await registry.call("GET", "/mergers/M-14Y"))["effective_on"] == "2021-04-01"


@pytest.mark.parametrize("ended", ["rejected", "withdrawn"])
async def test_what_is_rejected_or_withdrawn_ends_and_another_can_be_filed(
    registry: RegistryClient, ended: str
) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y")
    await apply(registry, "14Y", "10Y", "10H")
    if ended == "rejected":
        await determine(registry, "A-14Y", "rejected", reasons=["No coterminosity"])
    else:
        await registry.call(
            "POST",
            "/merger-applications/A-14Y/withdrawal",
            Role.GOVERNANCE_LEAD,
            organisations=("10H", "10Y"),
            headers={"If-Match": '"1"'},
        )
    told = (await registry.told())[-1]
    assert isinstance(told, MergerApplicationDetermined)
    assert told.outcome == ended
    assert (await registry.call("GET", "/mergers"))["items"] == []
    assert (await apply(registry, "14Y", "10Y", "10H"))["reference"] == "A-14Y-2"
    found = await registry.call("GET", "/merger-applications", params={"status": ended})
    assert [one["reference"] for one in found["items"]] == ["A-14Y"]
    closed = await registry.change("/merger-applications/A-14Y/withdrawal", version=2, expect=409)
    assert closed["type"].endswith("/determined-already")


@pytest.mark.parametrize(
    "body",
    [
        {"outcome": "approved", "conditions": conditions("constitution")},
        {"outcome": "approved_with_conditions"},
        {"outcome": "deferred"},
        {"outcome": "rejected", "deferred_to": "2021-04-01"},
    ],
)
async def test_a_determination_that_does_not_fit_its_outcome_is_refused(
    registry: RegistryClient, body: dict[str, object]
) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y")
    await apply(registry, "14Y", "10Y", "10H")
    await registry.change("/merger-applications/A-14Y/determination", version=1, body=body, expect=422)


async def test_only_nhs_england_determines_and_judges(registry: RegistryClient) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y")
    await apply(registry, "14Y", "10Y", "10H")
    for path, body in (
        ("determination", {"outcome": "approved"}),
        ("judgements", {"criterion": "coterminosity", "passes": True, "reasons": "One council"}),
    ):
        refused = await registry.call(
            "POST",
            f"/merger-applications/A-14Y/{path}",
            Role.GOVERNANCE_LEAD,
            json=body,
            headers={"If-Match": '"1"'},
            expect=403,
        )
        assert refused["type"].endswith("/role-missing")


async def test_the_member_practices_views_have_to_be_recorded_and_need_not_approve(registry: RegistryClient) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y")
    one = {"organisation": "10H", "support": "40 %, voted against", "views": "Too big", "recorded_on": "2019-08-01"}
    await apply(registry, "14Y", "10Y", "10H", member_views=[one])

    async def result() -> tuple[str, str]:
        criteria = (await registry.call("GET", "/merger-applications/A-14Y"))["criteria"]
        [found] = [one for one in criteria if one["criterion"] == "member_views"]
        return found["result"], found["why"]

    lacking = await result()
    assert lacking[0] == "fails"
    assert "10Y" in lacking[1]
    content = {
        "successor_name": "NHS 14Y CCG",
        "constitution": "https://example.org/c",
        "accountable_officer": "P-1",
        "member_views": [one, {**one, "organisation": "10Y", "support": "30 %"}],
    }
    await registry.call("PUT", "/merger-applications/A-14Y", json=content, headers={"If-Match": '"1"'})
    recorded = await result()
    assert recorded[0] == "passes"
    assert "no legal requirement" in recorded[1]


async def test_the_factors_of_the_regulations_are_listed_with_what_is_put_forward(registry: RegistryClient) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y")
    await apply(registry, "14Y", "10Y", "10H", factors=[{"factor": "boundary", "evidence": "One county"}])
    found = (await registry.call("GET", "/merger-applications/A-14Y"))["factors"]
    evidence = {one["factor"]: one["evidence"] for one in found}
    assert evidence["boundary"] == ["One county"]
    assert evidence["stewardship"] == []
    assert {one["pack"] for one in found} == {"merger-factors-2012-sched-1", "merger-factors-2012-sched-3"}


async def test_applications_are_paged_in_the_order_of_their_filing_days(registry: RegistryClient) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10A", "10B", "10C", "10D")
    await apply(registry, "2CC", "10C", "10D")
    await registry.move_clock("2019-09-03")
    await apply(registry, "1BB", "10A", "10B")
    first = await registry.call("GET", "/merger-applications", params={"limit": "1"})
    rest = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [one["reference"] for one in [*first["items"], *rest["items"]]] == ["A-2CC", "A-1BB"]
    by_code = await registry.call("GET", "/merger-applications", params={"code": "10B"})
    assert [one["reference"] for one in by_code["items"]] == ["A-1BB"]
    await registry.call("GET", "/merger-applications/A-9ZZ", expect=404)


async def test_two_applications_for_one_successor_at_once_get_references_of_their_own(registry: RegistryClient) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10A", "10B", "10C", "10D")
    filed = await asyncio.gather(apply(registry, "14Y", "10A", "10B"), apply(registry, "14Y", "10C", "10D"))
    assert sorted(one["reference"] for one in filed) == ["A-14Y", "A-14Y-2"]


async def test_a_dry_run_tells_what_filing_would_give_and_files_nothing(registry: RegistryClient) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y")
    tried = await registry.call(
        "POST", "/merger-applications", params={"dry_run": "true"}, json=an_application("14Y", "10Y", "10H")
    )
    assert tried["effective_on"] == "2020-04-01"
    assert (await registry.call("GET", "/merger-applications"))["items"] == []


async def test_without_a_window_in_force_the_day_has_to_be_named(registry: RegistryClient) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("10H", "10Y")
    refused = await apply(registry, "14Y", "10Y", "10H", expect=409)
    assert fields(refused) == {"effective_on"}
