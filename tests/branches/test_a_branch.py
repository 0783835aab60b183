"""A branch: opened from life, moved on one clock, and dropped without a trace; life does not notice."""

from tests.branches.conftest import NAME
from tests.faults.normal_form import read_content
from tests.support.branching import Planning
from tests.support.builders import a_merger_command
from tests.support.platform import Platform


async def test_a_merger_is_agreed_and_done_in_a_branch_and_life_is_unchanged(life: Platform, planner: Planning) -> None:
    before = await read_content(life.urls)
    opened = await planner.open("merge", "10H", "10Y")
    assert (opened["state"], opened["base"]["ends"]["registry"]["position"]) == ("open", 5)
    # Names are in no branch: life records who reads one, and erases it.
    [person] = await life.database("governance").fetch("SELECT id FROM person WHERE display_name = $1", NAME)
    shown = await planner.call("GET", f"/branches/merge/governance/v1/people/{person['id']}")
    assert shown["display_name"] == "left out of branches"
    path = "/branches/merge/registry/v1"
    agreed = await planner.send("POST", f"{path}/mergers", json=a_merger_command("14Y", on="2018-04-01"))
    assert agreed.status_code == 201, agreed.text
    await planner.move("merge", "2018-04-02")
    merged = await planner.call("GET", f"{path}/organisations/14Y")
    assert merged["status"] == "open"
    feed = await planner.call("GET", f"{path}/events", params={"after": 0, "limit": 500})
    assert any(".CCGMerged." in one["event"]["type"] for one in feed["items"])
    assert await read_content(life.urls) == before
