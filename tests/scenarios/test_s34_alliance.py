"""S34: an alliance shares gain and pain by weights, once every member has agreed to its terms; finance pays once."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s05_to_s07_notice_dates import signed
from tests.scenarios.test_s19_a_supplier_is_acquired import published
from tests.support.builders import a_ccg, a_merger_command
from tests.support.platform import Platform

CONTRACT, PAYER = "ALLIANCE-2017", "10H"
MEMBERS = ("RC9", "RNA", "RXK")


@pytest.mark.parametrize(
    ("target", "weights", "gained", "lost"),
    [
        (
            1_000_000_000,
            ("1/2", "3/10", "1/5"),
            (920_000_000, [20_000_000, 12_000_000, 8_000_000]),
            (1_050_000_000, [-12_500_000, -7_500_000, -5_000_000]),
        ),
        (
            333_333_301,
            ("1/3", "1/3", "1/3"),
            (333_333_299, [1, 0, 0]),
            (333_333_311, [-2, -2, -1]),
        ),
    ],
)
async def test_s34_gain_then_pain_by_weights_and_who_blocks_is_named(
    platform: Platform,
    target: int,
    weights: tuple[str, ...],
    gained: tuple[int, list[int]],
    lost: tuple[int, list[int]],
) -> None:
    await platform.move_clocks(date(2017, 2, 1))
    await platform.call(
        "POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": [a_ccg(PAYER)]}
    )
    await platform.caught_up()
    await signed(
        platform,
        date(2017, 2, 1),
        reference=CONTRACT,
        customers=[PAYER],
        supplier=MEMBERS[0],
        form="alliance",
        starts_on="2017-04-01",
        last_day="2020-03-31",
        lines=[{"function": "payroll", "annual_pence": target}],
    )

    async def send(path: str, by: str, expect: int = 201, **body: Any) -> Any:
        full = f"/alliances/{CONTRACT}{path}"
        return await platform.call(
            "POST", "contracts", full, Role.CONTRACT_LEAD, organisations=(by,), expect=expect, json=body
        )

    terms: dict[str, Any] = {
        "payer": PAYER,
        "target_pence": target,
        "share": "1/2",
        "weights": dict(zip(MEMBERS, weights, strict=True)),
        "effective_on": "2017-04-01",
    }
    part = dict(list(terms["weights"].items())[:2])
    assert (await send("/terms", MEMBERS[0], 409, **terms | {"weights": part}))["type"].endswith("/weights-not-whole")
    assert (await send("/terms", MEMBERS[0], 409, **terms | {"payer": "05L"}))["type"].endswith(
        "/payer-not-of-contract"
    )
    assert (await send("/terms", "05L", 404, **terms))["type"].endswith("/contract-not-found")
    await send("/terms", MEMBERS[0], **terms)
    await send("/terms/1/votes", MEMBERS[1], agrees=False, authority="Minute 4")

    period: dict[str, Any] = {"period_from": "2017-04-01", "period_to": "2018-03-31", "due_on": "2018-06-30"}
    refused = await send("/results", PAYER, 409, actual_pence=1, **period)
    assert refused["type"].endswith("/not-unanimous")
    assert [one["message"] for one in refused["reasons"]] == [
        f"terms 1: {MEMBERS[1]} is against",
        f"terms 1: {PAYER} has not answered",
        f"terms 1: {MEMBERS[2]} has not answered",
        "the period has not ended: its last day is 2018-03-31",
    ]
    await send("/terms/1/votes", MEMBERS[2], agrees=True)
    await send("/terms/1/votes", PAYER, agrees=True)
    await send("/terms/1/votes", MEMBERS[0], 403, agrees=True, member=MEMBERS[1])
    refused = await send("/terms/1/votes", MEMBERS[1], 403, agrees=True, member="05L")
    assert refused["detail"].startswith("05L is none of those who are asked")
    assert (await send("/terms/1/votes", "*", 403, agrees=True))["type"].endswith("/role-missing")
    agreed = await send("/terms/1/votes", MEMBERS[1], agrees=True)
    assert (agreed["terms"][0]["is_agreed"], agreed["terms"][0]["silent"]) == (True, [])
    assert (await send("/terms/1/votes", MEMBERS[1], 409, agrees=False))["type"].endswith("/terms-settled")

    await platform.move_clocks(date(2018, 5, 1))
    assert (await send("/results", MEMBERS[0], 403, actual_pence=1, **period))["type"].endswith("/not-yours-to-decide")
    early: dict[str, Any] = {"json": {"actual_pence": 1, **period}, "headers": {"Stated-At": "2017-01-31"}}
    path, roles = f"/alliances/{CONTRACT}/results", (Role.CONTRACT_LEAD, Role.LOADER)
    known = await platform.call("POST", "contracts", path, *roles, organisations=(PAYER,), expect=409, **early)
    assert known["type"].endswith("/not-unanimous"), "nothing was agreed by then"
    for actual, expected in (gained, lost):
        shown = await send("/results", PAYER, actual_pence=actual, **period)
        [result] = shown["results"]
        assert list(result["amounts_pence"].values()) == expected
    again = await send("/results", PAYER, actual_pence=lost[0], **period)
    assert again["results"][0]["amounts_pence"] == dict(zip(MEMBERS, lost[1], strict=True))
    other = await send("/results", PAYER, 409, actual_pence=1, period_from="2017-10-01", period_to="2018-04-30")
    assert other["type"].endswith("/period-amiss")

    # Finance pays the items: a gain, and what turns it into a pain, each once.
    await platform.move_clocks(date(2018, 7, 1))
    await platform.caught_up()
    feed = await platform.call("GET", "finance", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    told = [one["event"] for one in feed["items"]]
    made = [one["data"] for one in told if ".PaymentMade.v" in one["type"]]
    taken_back = [one["data"] for one in told if ".PaymentReversed.v" in one["type"]]
    assert len({one["item"] for one in made}) == len(made)
    net = dict.fromkeys(MEMBERS, 0)
    for entries, sign in ((made, 1), (taken_back, -1)):
        for one in entries:
            member, gains = (one["payee"], 1) if one["payer"] == PAYER else (one["payer"], -1)
            net[member] += sign * gains * one["amount_pence"]
    assert list(net.values()) == lost[1]

    # What the period came to is read in finance by the members and by who pays them.
    for code in (MEMBERS[0], PAYER):
        told_by = {"contract": CONTRACT, "as_at": "2018-07-01"}
        shown = await platform.call(
            "GET", "finance", "/reckonings", Role.PARTNER, organisations=(code,), params=told_by
        )
        [reckoning] = shown["items"]
        assert [part["amount_pence"] for part in reckoning["members"]] == lost[1]
        assert (reckoning["period_to"], reckoning["total_pence"]) == ("2018-03-31", sum(lost[1]))

    async def read(by: str, expect: int = 200) -> Any:
        path = f"/alliances/{CONTRACT}"
        return await platform.call("GET", "contracts", path, Role.PARTNER, organisations=(by,), expect=expect)

    assert (await read(MEMBERS[2]))["in_force"] == 1
    await read("05L", 404)

    # Who takes the payer over pays what falls due from then on; what did stays as it is.
    body = {"organisations": [a_ccg("10Y")]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=body)
    merger = a_merger_command("14Y", PAYER, "10Y", on="2018-10-01")
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)
    await platform.move_clocks(date(2018, 10, 1))
    await platform.caught_up()
    await platform.move_clocks(date(2019, 5, 1))
    following = {"period_from": "2018-04-01", "period_to": "2019-03-31"}
    for once in (period, following):
        await send("/results", "14Y", actual_pence=lost[0], **once)
    await platform.caught_up()
    due = [one for one in await published(platform, "PaymentFellDue") if one["kind"] in ("gain", "pain")]
    assert {one["payee"] for one in due if "/alliance/2018-04-01/" in one["item"]} == {"14Y"}
    assert {one["due_on"] for one in due if "/alliance/2017-04-01/" in one["item"]} == {"2018-06-30"}
    assert "14Y" not in {one["payee"] for one in due if "/alliance/2017-04-01/" in one["item"]}

    # Who is a member no longer by its own vote, the last one, is answered with what it voted on.
    without = {"weights": dict.fromkeys(MEMBERS[:2], "1/2"), "payer": "14Y", "effective_on": "2019-05-01"}
    await send("/terms", MEMBERS[0], **terms | without)
    for code in ("14Y", MEMBERS[1]):
        await send("/terms/2/votes", code, agrees=True)
    last = await send("/terms/2/votes", MEMBERS[2], agrees=True)
    assert [one["is_agreed"] for one in last["terms"]] == [True, True]
    await read(MEMBERS[2], 404)
