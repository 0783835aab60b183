"""S58 through a published case: a saving here that is a cost there counts what is left for the footprint."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.support.builders import a_ccg, an_organisation
from tests.support.cases import a_case
from tests.support.platform import Platform

# What moving a team saves the CCG, what it costs the provider then, and what is left of it for the footprint.
MOVES = {
    "NOTHING-LEFT": (4_000_000_00, 4_000_000_00, 0),
    "HALF-A-MILLION": (4_000_000_00, 3_500_000_00, 500_000_00),
    "TO-THE-PENNY": (1_234_567_89, 987_654_32, 246_913_57),
    "DEARER-THERE": (100, 101, 0),
}


async def test_s58_what_is_left_for_the_footprint_counts_and_the_losers_are_told(platform: Platform) -> None:
    await platform.move_clocks(date(2016, 4, 1))
    bodies = [a_ccg("10H"), a_ccg("10Y"), an_organisation("RTF", "foundation_trust"), an_organisation("QF7", "stp")]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    for code in ("10H", "RTF"):
        part = {"relation": "part of footprint", "other": "QF7", "effective_on": "2016-04-01"}
        await platform.call("POST", "registry", f"/organisations/{code}/relations", Role.REGISTRAR, json=part)
    await platform.caught_up()
    for case, (here, there, left) in MOVES.items():
        shown = await published(platform, case, here, there)
        assert [(one["party"], one["gain_pence"]) for one in shown["gainers"]] == [("10H", here)]
        assert [(one["party"], one["gain_pence"]) for one in shown["losers"]] == [("RTF", -there)]
        assert (shown["counted_saving_pence"], shown["net_pence"]) == (left, here - there)
        assert (shown["lens"], shown["shifted"]) == ("footprint:QF7", True)
    await platform.caught_up()
    found = [
        (case, ["10H"], [here], ["RTF"], [there], here - there) for case, (here, there, _) in sorted(MOVES.items())
    ]
    # Who gains and who loses are keys: both hear of it, and who has no part in it does not.
    for code, seen in (("RTF", found), ("10H", found), ("10Y", [])):
        assert await shifts_told_to(platform, code) == seen


async def published(platform: Platform, case: str, here: int, there: int) -> Any:
    """State and publish a case in which a team moves to the provider; who loses by it within the footprint."""
    team = {"line": "team", "title": "Team moves", "type": "cash_releasing", "basis": "gross", "amount_pence": here}
    cost = {"line": "there", "title": "Team at the provider", "type": "cost", "payer": "RTF", "amount_pence": there}
    content = a_case(years=1, lenses=["footprint:QF7"])
    content["options"][1]["lines"] = [team, cost]
    lead: dict[str, Any] = {"organisations": ("10H",)}
    path = f"/cases/{case}/versions/1"
    body = {"case": case, "organisation": "10H", "content": content}
    await platform.call("POST", "finance", "/cases", Role.FINANCE_LEAD, json=body, **lead)
    await platform.call(
        "POST", "finance", f"{path}/publication", Role.FINANCE_LEAD, headers={"If-Match": '"1"'}, **lead
    )
    params = {"lens": "footprint:QF7"}
    return await platform.call("GET", "finance", f"{path}/losers", Role.FINANCE_LEAD, params=params, **lead)


async def shifts_told_to(platform: Platform, code: str) -> list[tuple[Any, ...]]:
    """The shifts that a partner of an organisation hears of, by case."""
    feed = await platform.call("GET", "finance", "/events", Role.PARTNER, params={"limit": 500}, organisations=(code,))
    events = [item["event"] for item in feed["items"]]
    told = [one["data"] for one in events if ".CostShiftFound.v" in one["type"]]
    fields = ("subject", "gainers", "gains_pence", "losers", "losses_pence", "net_pence")
    return sorted(tuple(one[field] for field in fields) for one in told)
