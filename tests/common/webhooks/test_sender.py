"""Deliveries: in order, at least once, tried again by a schedule, given up in the end, and no target harms another."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from libs.common.identity import Role
from libs.common.process.tasks import Tasks
from libs.common.webhooks.sender import SenderLimits
from tests.common.webhooks.conftest import QUICK, Stage, Target
from tests.support.waiting import until

CODES = ("AAA", "BBB", "CCC")
OUTCOMES = ("delivered", "failed")


async def log(stage: Stage) -> list[dict[str, Any]]:
    """The events of the log."""
    return [item["event"] for item in (await stage.client.get("/v1/events?limit=500")).json()["items"]]


async def test_every_event_is_delivered_in_order_as_the_feed_has_it(stage: Stage, target: Target) -> None:
    stage.send()
    made = await stage.register(target.address)
    await stage.light(*CODES)
    taken = await target.takes(6)
    feed = (await stage.client.get("/v1/events")).content
    assert all(one.body in feed for one in taken)
    assert [one.event for one in taken] == [event["id"] for event in await log(stage)]
    assert {one.headers["content-type"] for one in taken} == {"application/cloudevents+json"}
    reached = await stage.reaches(made["number"], position=6, behind=0, failures=0, last_error="")
    assert reached["delivered_at"]


async def test_a_failure_is_tried_again_and_what_is_behind_it_waits(stage: Stage, target: Target) -> None:
    target.answers(204, 500, 302)
    stage.send()
    made = await stage.register(target.address)
    await stage.light(*CODES)
    await stage.reaches(made["number"], position=6, failures=0, dead_letters=0)
    ids = [event["id"] for event in await log(stage)]
    assert [one.event for one in target.taken] == [ids[0], ids[1], ids[1], *ids[1:]]


async def test_what_fails_to_the_last_is_a_dead_letter_and_can_be_sent_again(stage: Stage, target: Target) -> None:
    target.answers(500, 500, 500)
    stage.send()
    number = (await stage.register(target.address))["number"]
    await stage.light("AAA")
    await stage.reaches(number, position=2, state="active", dead_letters=1)
    path = f"/v1/webhooks/{number}"
    [letter] = (await stage.client.get(f"{path}/dead-letters")).json()["items"]
    first, second = await log(stage)
    assert (letter["event_id"], letter["type"], letter["position"]) == (first["id"], first["type"], 1)
    assert (letter["attempts"], letter["error"], letter["waits"]) == (3, "it answered 500", False)
    assert [one.event for one in target.taken] == [first["id"]] * 3 + [second["id"]]
    unknown = await stage.client.post(f"{path}/redelivery", json={"dead_letters": [letter["id"], 10**9]})
    assert (unknown.status_code, "1000000000" in unknown.json()["detail"]) == (404, True)
    target.answers(503)
    assert (await stage.client.post(f"{path}/redelivery", json={})).json() == {"waiting": 1}

    async def attempts() -> Any:
        [one] = (await stage.client.get(f"{path}/dead-letters")).json()["items"]
        return one["attempts"] == 4 and one["error"] == "it answered 503" and not one["waits"]

    await until(attempts)
    again = await stage.client.post(f"{path}/redelivery", json={"dead_letters": [letter["id"]]})
    assert again.status_code == 202
    await stage.reaches(number, dead_letters=0, position=2)
    assert target.taken[-1].event == first["id"]


async def test_two_events_given_up_in_a_row_disable_it_and_resuming_enables_it(stage: Stage, target: Target) -> None:
    target.answers(*[500] * 6)
    stage.send()
    number = (await stage.register(target.address))["number"]
    await stage.light("AAA", "BBB")
    found = await stage.reaches(number, state="disabled", position=2, dead_letters=2)
    assert found["reason"] == "2 events in a row were given up"
    refused = await stage.client.post(f"/v1/webhooks/{number}/redelivery", json={})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "webhook-not-active")
    assert (await stage.client.post(f"/v1/webhooks/{number}/resume", json={})).is_success
    await stage.reaches(number, state="active", position=4)


async def test_410_disables_it_at_once_where_it_is(stage: Stage, target: Target) -> None:
    target.answers(204, 410)
    stage.send()
    number = (await stage.register(target.address))["number"]
    await stage.light("AAA")
    found = await stage.reaches(number, state="disabled", position=1)
    assert found["reason"] == "its target answered 410: it is gone"
    assert len(target.taken) == 2
    assert (await stage.client.post(f"/v1/webhooks/{number}/resume", json={})).is_success
    await stage.reaches(number, state="active", position=2)


async def test_slow_and_dead_targets_hold_up_no_other(stage: Stage, target: Target, other: Target) -> None:
    other.behave = other.silent
    stage.send(SenderLimits(attempt=30, poll=0.02, at_once=3, retries_at_once=1))
    for _ in range(2):
        await stage.register(other.address)
    await stage.register("http://127.0.0.1:9/")
    made = await stage.register(target.address)
    await stage.light(*CODES)
    await stage.reaches(made["number"], position=6)
    failing = await stage.reaches(made["number"] - 1, failures=1, last_error="no connection could be made")
    assert failing["next_attempt_at"]
    assert (await stage.client.get("/health/ready")).status_code == 200


async def test_what_failed_before_is_tried_in_slots_of_its_own(stage: Stage, target: Target, other: Target) -> None:
    async def at_first_only(number: int, writer: asyncio.StreamWriter) -> None:
        if number > 3:
            await other.silent()
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    other.behave = at_first_only
    stage.send(SenderLimits(attempt=30, poll=0.02, schedule=(0.01,), at_once=1, retries_at_once=1))
    for _ in range(3):
        await stage.register(other.address)
    await stage.light("AAA")
    await other.takes(4)
    made = await stage.register(target.address)
    await stage.reaches(made["number"], position=2)


async def test_another_sender_takes_over_where_the_first_one_stopped(stage: Stage, target: Target) -> None:
    first, second = Tasks(), stage.tasks
    stage.tasks = first
    stage.send()
    stage.tasks = second
    made = await stage.register(target.address)
    await stage.light("AAA")
    await stage.reaches(made["number"], position=2)
    stage.send(named="standby")
    await stage.light("BBB")
    await stage.reaches(made["number"], position=4)
    await first.close()
    await stage.light("CCC")
    await stage.reaches(made["number"], position=6)
    assert [one.event for one in target.taken] == [event["id"] for event in await log(stage)]


async def test_a_delivery_that_was_cut_off_is_made_again(stage: Stage, target: Target) -> None:
    target.behave = target.silent
    first, second = Tasks(), stage.tasks
    stage.tasks = first
    stage.send(replace(QUICK, attempt=30))
    stage.tasks = second
    made = await stage.register(target.address)
    await stage.light("AAA")
    await target.takes(1)
    await first.close()
    target.behave = None
    stage.send()
    await stage.reaches(made["number"], position=2)
    assert [one.event for one in target.taken] == [target.taken[0].event] * 2 + [target.taken[2].event]


async def test_pausing_keeps_the_position_and_resuming_may_move_it(stage: Stage, target: Target) -> None:
    stage.send()
    number = (await stage.register(target.address))["number"]
    await stage.light("AAA")
    await stage.reaches(number, position=2)
    path = f"/v1/webhooks/{number}"
    paused = (await stage.client.post(f"{path}/pause")).json()
    assert (paused["state"], paused["reason"], paused["position"]) == ("paused", "paused by you", 2)
    await stage.light("BBB")
    await stage.published(4)
    epoch = paused["epoch"]
    beyond = await stage.client.post(f"{path}/resume", json={"after": 5, "epoch": epoch})
    assert (beyond.status_code, beyond.json()["type"].rpartition("/")[2]) == (409, "epoch-ended")
    assert (await stage.state(number))["state"] == "paused"
    resumed = await stage.client.post(f"{path}/resume", json={"after": 3, "epoch": epoch})
    assert (resumed.json()["state"], resumed.json()["position"]) == ("active", 3)
    await stage.reaches(number, position=4)
    ids = [event["id"] for event in await log(stage)]
    assert [one.event for one in target.taken] == [*ids[:2], ids[3]]
    assert (await stage.client.post(f"{path}/resume", json={"after": 0})).is_success
    await target.takes(7)
    await stage.reaches(number, position=4)
    assert [one.event for one in target.taken[3:]] == ids


async def test_it_sends_what_its_owners_feed_shows_and_nothing_else(stage: Stage, target: Target) -> None:
    keeper = stage.tokens.header(Role.PARTNER, subject="keeper", organisations=("BBB",))
    stage.send()
    made = await stage.register(target.address, caller=keeper)
    await stage.light(*CODES)
    await stage.published(6)
    feed = (await stage.client.get("/v1/events", headers=keeper)).json()["items"]
    await target.takes(4)

    async def has_passed_all() -> Any:
        found = await stage.client.get(f"/v1/webhooks/{made['number']}", headers=keeper)
        return found.json()["position"] == 6

    await until(has_passed_all)
    assert [one.event for one in target.taken] == [item["event"]["id"] for item in feed]


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ({"types": ["BeaconLit"]}, ["AAA", "BBB", "CCC"]),
        ({"types": ["uk.nhs.footprint.BeaconWhispered.v1"]}, ["AAA", "BBB", "CCC"]),
        ({"types": ["BeaconLit"], "organisations": ["ccc", "AAA"]}, ["AAA", "CCC"]),
    ],
)
async def test_a_filter_is_of_types_and_organisations(
    stage: Stage, target: Target, asked: dict[str, Any], codes: list[str]
) -> None:
    stage.send()
    made = await stage.register(target.address, **asked)
    await stage.light(*CODES)
    await stage.reaches(made["number"], position=6)
    taken = [event for event in await log(stage) if event["id"] in {one.event for one in target.taken}]
    assert [event["data"]["code"] for event in taken] == codes
    assert len(target.taken) == len(codes)


async def test_webhooks_at_different_positions_each_get_what_is_after_theirs(stage: Stage, target: Target) -> None:
    await stage.light(*CODES)
    await stage.published(6)
    numbers = [(await stage.register(f"{target.address}/{after}", after=after))["number"] for after in (0, 0, 2, 4, 6)]
    stage.send(replace(QUICK, events=2))
    for number in numbers:
        await stage.reaches(number, position=6)
    ids = [event["id"] for event in await log(stage)]
    for path, expected in (("/2", ids[2:]), ("/4", ids[4:]), ("/6", [])):
        assert [one.event for one in target.taken if one.path == path] == expected
    assert sorted(one.event for one in target.taken if one.path == "/0") == sorted(ids * 2)


async def test_attempts_and_lag_are_metrics(stage: Stage, target: Target) -> None:
    async def measured() -> dict[str, float]:
        shown = (await stage.client.get("/metrics", headers=stage.tokens.header(Role.OPERATOR))).text
        lines = [line.rpartition(" ") for line in shown.splitlines() if "webhook" in line and line[0] != "#"]
        return {name: float(value) for name, _, value in lines if "_created" not in name}

    delivered, failed = (f'footprint_webhook_attempts_total{{outcome="{one}",service="beacons"}}' for one in OUTCOMES)
    lag, active = (
        f'footprint_backbone{{measure="{one}",service="beacons"}}' for one in ("webhook_lag", "webhooks_active")
    )
    made = await stage.register(target.address)
    await stage.light("AAA")
    await stage.published(2)
    before = await measured()
    assert (before[lag], before[active]) == (2, 1)
    target.answers(500)
    stage.send()
    await stage.reaches(made["number"], position=2)
    after = await measured()
    assert (after[lag], after[active]) == (0, 1)
    assert after[delivered] - before.get(delivered, 0) == 2
    assert after[failed] - before.get(failed, 0) == 1
