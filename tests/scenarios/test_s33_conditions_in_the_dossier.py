"""S33, the dossier of an applicant's decision: it has each condition of the approval, and names which is not met."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_seed_002_mergers import an_application, determine, file, open_all, registry
from tests.support.ballots import Bodies
from tests.support.platform import NIL_RETURNS, Platform

CONDITIONS = ("constitution", "accountable_officer", "financial_plan")
CASES = [
    pytest.param(["09C", "09E", "09J"], "91Q", 2020, [1, 3], 2, id="Kent and Medway"),
    pytest.param(["10H", "10Y"], "14Y", 2021, [2, 3], 1, id="second set"),
]


@pytest.mark.parametrize(("old", "new", "year", "met", "left"), CASES)
async def test_s33_the_dossier_names_the_condition_that_is_not_met(
    platform: Platform, old: list[str], new: str, year: int, met: list[int], left: int
) -> None:
    first, filed_on, merges_on = old[0], date(year - 1, 9, 15), date(year, 4, 1)
    await platform.move_clocks(filed_on)
    await open_all(platform, old)
    await file(platform, an_application(new, old))
    await platform.caught_up()
    bodies = Bodies(platform)
    await bodies.establish(old, on=filed_on, may=False)
    right = {"organisation": first, "action": "merger.apply", "first_day": filed_on.isoformat()}
    await bodies.call(first, "POST", "/decision-rights", {**right, "source_minute": "Constitution, 6.8"})
    asked = {"organisation": first, "kind": "merger", "action": "merger.apply", "subject": f"A-{new}"}
    proposed = await bodies.call(first, "POST", "/proposals", {**asked, "due_on": f"{year - 1}-10-01"})
    sought = {"consulted": "members", "position": "supports"}
    await bodies.call(first, "POST", f"/proposals/{proposed['proposal']}/consultations", sought)
    decision = (await bodies.vote(first, proposed["proposal"], on=filed_on))["result"]["decision"]

    async def missing() -> list[tuple[str, str]]:
        await platform.move_clocks(date(year, 3, 31))
        shown = await bodies.call(first, "GET", f"/decisions/{decision}/dossier")
        assert shown["state"] == "open"
        return [(one["step"], one["about"]) for one in shown["missing"] if one["step"] == "conditions"]

    async def entries(kind: str) -> list[dict[str, Any]]:
        path = f"/decisions/{decision}/dossier/entries"
        found = await bodies.call(first, "GET", path, params={"limit": 200})
        return [one["fields"] for one in found["items"] if one["kind"] == kind]

    terms = [{"condition": term, "words": f"Words about the {term}"} for term in CONDITIONS]
    await determine(platform, f"A-{new}", "approved_with_conditions", conditions=terms, schemes=NIL_RETURNS)
    assert await missing() == [("conditions", str(number)) for number in (1, 2, 3)]
    evidence = {"met_on": f"{year}-03-31", "evidence_type": "minute", "evidence": "Of the governing body"}
    for number in met:
        await registry(platform, "POST", f"/mergers/M-{new}/conditions/{number}/evidence", json=evidence)
    await platform.move_clocks(merges_on)
    assert await missing() == [("conditions", str(left))]
    [determined] = await entries("MergerApplicationDetermined")
    assert len(determined["conditions"]) == len(CONDITIONS), "each condition that is in force is in the record"
    assert sorted(one["condition"] for one in await entries("MergerConditionMet")) == met

    await registry(platform, "POST", f"/mergers/M-{new}/conditions/{left}/evidence", json=evidence)
    assert await missing() == []
    assert await entries("CCGMerged") == [], "evidenced late, it merges on a day that is decided anew"
    shown = await platform.call("GET", "governance", f"/decisions/{decision}", Role.PARTNER)
    assert (shown["outcome"], shown["binds"]) == ("approved", [first])
