"""S43: a shadow CCG commits itself before it exists: conditional until the established body ratifies."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract, a_practice
from tests.support.platform import Platform

REFERENCE, WORDS = "SHADOW-2012", "Sign by Friday, or stand alone"
CASES = [
    ("10H", date(2012, 6, 1), date(2013, 5, 15), date(2013, 6, 1)),
    ("05Y", date(2012, 11, 20), date(2013, 7, 8), date(2013, 4, 1)),
]


async def call(platform: Platform, code: str, method: str, path: str, **request: Any) -> Any:
    return await platform.call(
        method, "contracts", f"/contracts{path}", Role.CONTRACT_LEAD, organisations=(code,), **request
    )


async def version(platform: Platform, code: str) -> dict[str, str]:
    return {"If-Match": f'"{(await call(platform, code, "GET", "/SHADOW-2012"))["version"]}"'}


async def told(platform: Platform) -> dict[str, dict[str, Any]]:
    await platform.caught_up()
    feed = await platform.call("GET", "contracts", "/events", Role.PARTNER, params={"after": 0, "limit": 100})
    return {item["event"]["type"].split(".")[-2]: item["event"]["data"] for item in feed["items"]}


async def committed(platform: Platform, code: str, signed_on: date, starts_on: date) -> None:
    await platform.move_clocks(signed_on)
    proposed = a_ccg(code, effective_on="2012-06-01", status="proposed")
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=proposed)
    await platform.caught_up()
    last_day = date(starts_on.year + 5, starts_on.month, 1) - timedelta(days=1)
    terms = {"customers": [code], "starts_on": starts_on.isoformat(), "last_day": last_day.isoformat()}
    lines = [{"function": "payroll", "annual_pence": 36_500_000}]
    body = a_contract(reference="SHADOW-2012", lines=lines, **terms)
    await call(platform, code, "POST", "", json=body)
    await call(platform, code, "POST", "/SHADOW-2012/signature", json={}, headers={"If-Match": '"1"'})


async def findings(platform: Platform, code: str, **params: str) -> list[tuple[str, str | None]]:
    found = await platform.call(
        "GET",
        "governance",
        "/findings",
        Role.GOVERNANCE_LEAD,
        organisations=(code,),
        params={"about": REFERENCE, **params},
    )
    return sorted((one["kind"], one["reason"]) for one in found["items"])


async def report(platform: Platform, code: str, on: date) -> str:
    """A practice reports pressure to the reviewer; the report's id."""
    practice = a_practice("K82001", effective_on="2012-04-01")
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=practice)
    await platform.caught_up()
    body = {"reporter": "K82001", "about": code, "contract": REFERENCE, "occurred_on": on.isoformat(), "words": WORDS}
    lodged = await platform.call(
        "POST", "governance", "/coercion-reports", Role.GOVERNANCE_LEAD, organisations=("K82001",), json=body
    )
    by_another = {**body, "reporter": code}
    refused = await platform.call(
        *("POST", "governance", "/coercion-reports", Role.GOVERNANCE_LEAD),
        organisations=(code,),
        json=by_another,
        expect=409,
    )
    assert refused["type"].endswith("/not-a-reporter")
    return str(lodged["report"])


async def establish(platform: Platform, code: str) -> None:
    await platform.move_clocks(date(2013, 4, 1))
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=a_ccg(code))
    await platform.caught_up()


@pytest.mark.parametrize(("code", "signed_on", "ratified_on", "starts_on"), CASES)
async def test_s43_a_commitment_before_existence_runs_on_no_day_until_the_body_ratifies_it(
    platform: Platform, code: str, signed_on: date, ratified_on: date, starts_on: date
) -> None:
    await committed(platform, code, signed_on, starts_on)
    shown = await call(platform, code, "GET", "/SHADOW-2012", params={"as_at": starts_on.isoformat()})
    assert (shown["status"], shown["not_established"], shown["signed_on"]) == ("conditional", [code], None)
    made = await told(platform)
    assert set(made) == {"CommitmentMade"}
    assert (made["CommitmentMade"]["not_established"], made["CommitmentMade"]["signed_on"]) == (
        [code],
        signed_on.isoformat(),
    )
    early = await call(
        platform,
        code,
        "POST",
        "/SHADOW-2012/ratification",
        json={},
        headers=await version(platform, code),
        expect=409,
    )
    assert early["type"].endswith("/not-established")
    revised = a_contract(customers=[code])
    del revised["reference"]
    refused = await call(
        platform, code, "PUT", "/SHADOW-2012", json=revised, headers=await version(platform, code), expect=409
    )
    assert refused["type"].endswith("/not-a-draft")

    await establish(platform, code)
    await platform.move_clocks(ratified_on)
    assert set(await told(platform)) == {"CommitmentMade"}
    minute = {"authority": "Governing body, minute 13/07"}
    ratified = await call(
        platform, code, "POST", "/SHADOW-2012/ratification", json=minute, headers=await version(platform, code)
    )
    first = max(ratified_on, starts_on)
    assert ratified["signed_on"] == ratified_on.isoformat()
    for day, status in ((first - timedelta(days=1), "signed"), (first, "active")):
        asked = {"as_at": day.isoformat()}
        assert (await call(platform, code, "GET", "/SHADOW-2012", params=asked))["status"] == status
    was = {"as_at": first.isoformat(), "as_known": (ratified_on - timedelta(days=1)).isoformat()}
    assert (await call(platform, code, "GET", "/SHADOW-2012", params=was))["status"] == "conditional"
    signed = (await told(platform))["ContractSigned"]
    assert (signed["effective_on"], signed["decisions"]) == (first.isoformat(), ["Governing body, minute 13/07"])


async def test_s43_the_established_body_refuses_and_it_ends_without_notice_or_payment(platform: Platform) -> None:
    code, signed_on, _, starts_on = CASES[0]
    await committed(platform, code, signed_on, starts_on)
    await establish(platform, code)
    refusal = {"outcome": "rejected"}
    ended = await call(
        platform, code, "POST", "/SHADOW-2012/ratification", json=refusal, headers=await version(platform, code)
    )
    assert ended["status"] == "lapsed"
    events = await told(platform)
    assert set(events) == {"CommitmentMade", "CommitmentLapsed"}
    assert events["CommitmentLapsed"]["reason"] == "refused"
    again = await call(
        platform,
        code,
        "POST",
        "/SHADOW-2012/ratification",
        json={},
        headers=await version(platform, code),
        expect=409,
    )
    assert again["type"].endswith("/not-conditional")


@pytest.mark.parametrize(("code", "signed_on", "ratified_on", "starts_on"), CASES)
async def test_s43_governance_finds_it_until_it_is_ratified_and_pressure_is_the_reviewers_alone(
    platform: Platform, code: str, signed_on: date, ratified_on: date, starts_on: date
) -> None:
    await committed(platform, code, signed_on, starts_on)
    await platform.move_clocks(signed_on)
    both: list[tuple[str, str | None]] = [("no_consultation", None), ("pre_statutory", None)]
    assert await findings(platform, code) == both
    assert await findings(platform, "06A") == []
    lodged = await report(platform, code, signed_on)
    reviewer = await platform.call("GET", "governance", "/coercion-reports", Role.NHS_ENGLAND)
    assert [(one["report"], one["words"]) for one in reviewer["items"]] == [(lodged, WORDS)]
    everybody_else = (
        (Role.NHS_ENGLAND, (code,)),
        (Role.GOVERNANCE_LEAD, ("K82001",)),
        (Role.GOVERNANCE_LEAD, ("*",)),
        (Role.OPERATOR, ("*",)),
    )
    for role, organisations in everybody_else:
        await platform.call("GET", "governance", "/coercion-reports", role, organisations=organisations, expect=403)
    reads = await platform.database("governance").fetch("SELECT report_id FROM coercion_report_read")
    assert [row["report_id"] for row in reads] == [lodged]
    assert await findings(platform, code) == both, "a report is no finding"

    consulted = {"organisation": code, "consulted": "lmc", "consulted_on": signed_on.isoformat()}
    path = f"/commitments/{REFERENCE}/consultations"
    stranger = {**consulted, "organisation": "K82001"}
    lead = Role.GOVERNANCE_LEAD
    await platform.call("POST", "governance", path, lead, organisations=("K82001",), json=stranger, expect=409)
    await platform.call("POST", "governance", path, lead, organisations=(code,), json=consulted)
    await platform.move_clocks(signed_on + timedelta(days=1))
    settled = [("no_consultation", "consulted"), ("pre_statutory", None)]
    assert await findings(platform, code, cleared="true") == settled

    await establish(platform, code)
    await platform.move_clocks(ratified_on)
    minute = {"authority": "Governing body, minute 13/07"}
    await call(platform, code, "POST", f"/{REFERENCE}/ratification", json=minute, headers=await version(platform, code))
    await platform.caught_up()
    await platform.move_clocks(ratified_on + timedelta(days=1))
    [made] = (await platform.call("GET", "governance", "/commitments", lead, organisations=(code,)))["items"]
    assert (made["state"], made["not_established"], made["consultations"][0]["consulted"]) == (
        "ratified",
        [code],
        "lmc",
    )
    assert await findings(platform, code) == []
    feed = await platform.call("GET", "governance", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    assert lodged not in str(feed)
    assert WORDS not in str(feed)
