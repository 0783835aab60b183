"""S47 and S52, contracts' part: at what stage a procurement stands and who bids, as known then and since."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform

BUYER, RUNS = "05T", "13Q"


async def say(platform: Platform, path: str, by: str, expect: int = 201, **body: Any) -> Any:
    return await platform.call(
        "POST", "contracts", path, Role.CONTRACT_LEAD, organisations=(by,), expect=expect, json=body
    )


async def read(platform: Platform, path: str, by: str, expect: int = 200, **asked: str) -> Any:
    return await platform.call("GET", "contracts", path, Role.PARTNER, organisations=(by,), params=asked, expect=expect)


async def published(platform: Platform, by: str) -> list[dict[str, Any]]:
    feed = await read(platform, "/events", by, after="0", limit="500")
    return [item["event"]["data"] for item in feed["items"] if ".ProcurementStated.v" in item["event"]["type"]]


@pytest.mark.parametrize(
    ("function", "value", "bidder", "late_bidder", "known_on"),
    [
        ("enhanced_services", 230_000_000, "SWHEALTH", "OPTUM", date(2016, 5, 20)),
        ("pathway", 71_234_567, "FED1", "FED2", date(2016, 9, 2)),
    ],
)
async def test_s52_a_bidder_that_becomes_known_late_was_not_known_when_the_papers_went_out(
    platform: Platform, function: str, value: int, bidder: str, late_bidder: str, known_on: date
) -> None:
    await platform.move_clocks(date(2016, 2, 1))
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=a_ccg(BUYER))
    await platform.caught_up()
    begun: dict[str, Any] = {
        "reference": "TENDER-2016",
        "buyers": [BUYER],
        "run_by": RUNS,
        "functions": [function],
        "regime": "ppccr_2013",
        "value_pence": value,
        "begun_on": "2016-02-01",
    }
    for field, unknown, refusal in (
        ("regime", "psr_2023", "/regime-unknown"),
        ("functions", ["astrology"], "/function-unknown"),
        ("begun_on", "2016-02-02", "/stage-out-of-order"),
    ):
        refused = await say(platform, "/procurements", BUYER, 409, **begun | {field: unknown})
        assert refused["type"].endswith(refusal)
    assert (await say(platform, "/procurements", RUNS, 403, **begun))["type"].endswith("/not-yours-to-decide")
    await say(platform, "/procurements", BUYER, **begun)
    taken = await say(platform, "/procurements", BUYER, 409, **begun)
    assert taken["type"].endswith("/procurement-exists")

    path = "/procurements/TENDER-2016"
    await platform.move_clocks(date(2016, 5, 3))
    await say(platform, f"{path}/bidders", RUNS, bidder=bidder, bids_from="2016-04-04")
    await say(platform, f"{path}/stages", RUNS, stage="bids_received", effective_on="2016-05-02")
    back = await say(platform, f"{path}/stages", RUNS, 409, stage="invited")
    assert back["type"].endswith("/stage-out-of-order")
    own = await say(platform, f"{path}/bidders", BUYER, 409, bidder=RUNS, bids_from="2016-05-01")
    assert own["type"].endswith("/bidder-buys")
    await platform.move_clocks(known_on)
    await say(platform, f"{path}/bidders", BUYER, bidder=late_bidder, bids_from="2016-04-29")

    sent_out: dict[str, Any] = {"as_at": "2016-05-03", "as_known": "2016-05-03"}
    then = await read(platform, path, BUYER, **sent_out)
    assert (then["stage"], [one["bidder"] for one in then["bidders"]]) == ("bids_received", [bidder])
    now = await read(platform, path, RUNS, as_at="2016-05-03")
    assert {one["bidder"] for one in now["bidders"]} == {bidder, late_bidder}
    assert (await read(platform, path, RUNS, as_at="2016-05-01"))["stage"] == "design"
    for stranger in (bidder, late_bidder, "99X"):
        hidden = await read(platform, path, stranger, 404)
        assert hidden["type"].endswith("/procurement-not-found")
        assert (await read(platform, "/procurements", stranger))["items"] == []
    listed = await read(platform, "/procurements", BUYER, stage="bids_received", buyer=BUYER)
    assert [one["reference"] for one in listed["items"]] == ["TENDER-2016"]

    missing = await say(platform, f"{path}/stages", RUNS, 409, stage="award_proposed", winner="99X")
    assert missing["type"].endswith("/winner-does-not-bid")
    await say(platform, f"{path}/stages", RUNS, stage="awarded", winner=bidder, minute="Minute 7")
    await platform.caught_up()
    told = await published(platform, BUYER)
    assert [(one["effective_on"], one["stage"], one["bidders"], one["winner"]) for one in told] == [
        ("2016-02-01", "design", [], ""),
        ("2016-04-04", "design", [bidder], ""),
        ("2016-05-02", "bids_received", [bidder], ""),
        ("2016-04-29", "design", sorted([bidder, late_bidder]), ""),
        ("2016-05-02", "bids_received", sorted([bidder, late_bidder]), ""),
        (known_on.isoformat(), "awarded", sorted([bidder, late_bidder]), bidder),
    ]
    assert {(one["value_pence"], one["run_by"], one["regime"]) for one in told} == {(value, RUNS, "ppccr_2013")}
    assert [await published(platform, one) for one in (bidder, late_bidder)] == [[], []]
