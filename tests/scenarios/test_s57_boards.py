"""S57, the boards: clustered ICBs share a chief executive and a chair, and never a vote; merged, there is one board."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_merger_command, an_icb
from tests.support.platform import Platform

CLUSTERED, MERGED = date(2025, 10, 1), date(2027, 4, 1)
LEAD = Role.GOVERNANCE_LEAD
CHIEF = "Chief executive"


@pytest.mark.parametrize(("first", "second", "successor"), [("QMJ", "QRV", "QX1"), ("QHM", "QF7", "QX2")])
async def test_s57_clustered_icbs_share_posts_and_decide_separately(
    platform: Platform, first: str, second: str, successor: str
) -> None:
    async def governance(method: str, path: str, **request: Any) -> Any:
        return await platform.call(method, "governance", path, LEAD, **request)

    async def may(body: str, organisation: str) -> bool:
        question = {"organisation": organisation, "body": body, "action": "contract.award", "value_pence": 1}
        return bool((await governance("POST", "/questions/can", json=question))["may"])

    await platform.move_clocks(CLUSTERED)
    opened = {"organisations": [an_icb(code) for code in (first, second)]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=opened)
    await platform.caught_up()
    cluster = {"name": "A cluster", "icbs": [first, second], "shares": ["chair", "chief_executive"]}
    cluster |= {"effective_on": CLUSTERED.isoformat()}
    asked: dict[str, Any] = {"organisations": (first,), "json": cluster}
    reference = (await platform.call("POST", "registry", "/clusters", LEAD, **asked))["reference"]
    agreed: dict[str, Any] = {"organisations": (second,), "json": {"icb": second}, "headers": {"If-Match": '"1"'}}
    stands = await platform.call("POST", "registry", f"/clusters/{reference}/agreements", LEAD, **agreed)
    assert stands["status"] == "agreed"

    shared = (await governance("POST", "/people", json={"organisation": first, "display_name": "One"}))["person"]
    for code in (first, second):
        board: dict[str, Any] = {"organisation": code, "kind": "board", "first_day": CLUSTERED.isoformat()}
        board |= {"posts": [{"title": title, "described_in": "Constitution, 3"} for title in (CHIEF, "Chair")]}
        await governance("POST", "/bodies", json=board)
        for post in ("chief-executive", "chair"):
            held = {"post": f"{code}/{post}", "person": shared, "first_day": CLUSTERED.isoformat()}
            await governance("POST", "/appointments", json=held)
    right = {"organisation": first, "action": "contract.award", "first_day": CLUSTERED.isoformat()}
    granted = await governance("POST", "/decision-rights", json={**right, "source_minute": "Board, 1 October 2025"})
    assert [await may(f"{one}-board", code) for one in (first, second) for code in (first, second)] == [
        *(True, False),
        *(False, False),
    ]

    merger = a_merger_command(successor, first, second, on=MERGED)
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)
    await platform.caught_up()
    preview = await governance("GET", f"/mergers/M-{successor}/preview")
    assert [one["body"] for one in preview["bodies"]] == sorted([f"{first}-board", f"{second}-board"])
    assert {one["post"].rpartition("/")[2] for one in preview["posts"] if one["shared"]} >= {"chair", "chief-executive"}
    await platform.move_clocks(MERGED)
    bodies = (await governance("GET", "/bodies", params={"as_at": MERGED.isoformat()}))["items"]
    assert [one["body"] for one in bodies] == [f"{successor}-board"]
    [waits] = (await governance("GET", "/to-remake", params={"as_at": MERGED.isoformat()}))["items"]
    assert (waits["reference"], waits["successor"]) == (f"R-{granted['decision_right']}", successor)
    assert await may(f"{successor}-board", successor) is False
