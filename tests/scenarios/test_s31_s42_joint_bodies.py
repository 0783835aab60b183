"""S31 and S42: whom a committee of several organisations binds, and that a host must not dominate one."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform

LEAD = Role.GOVERNANCE_LEAD
DAY = date(2015, 4, 1)
ACTION = "contract.award"
LONDON = ("07M", "07R", "07X", "08D", "08H")
BLACK_COUNTRY = ("05C", "05L", "05Y")


async def acted(platform: Platform, code: str, method: str, path: str, body: dict[str, Any], **more: Any) -> Any:
    """Call governance as the governance lead of one organisation, and of no other."""
    return await platform.call(method, "governance", path, LEAD, organisations=(code,), json=body, **more)


async def read(platform: Platform, path: str, **asked: str) -> Any:
    return await platform.call("GET", "governance", path, Role.PARTNER, params=asked)


async def opened(platform: Platform, *codes: str, on: date = DAY) -> None:
    await platform.move_clocks(on)
    ccgs = {"organisations": [a_ccg(code) for code in codes]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
    await platform.caught_up()


def seat(code: str, number: str = "First", **more: Any) -> dict[str, Any]:
    return {"title": f"{number} member", "organisation": code, "described_in": "Agreement, 4"} | more


def an_instrument(kind: str, parties: tuple[str, ...], seats: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    terms = {"quorum": [{"least": 2}], "majority": {"basis": "members"}}
    constitution = {"title": "Together", "seats": seats, "terms": terms}
    return {
        "kind": kind,
        "parties": parties,
        "first_day": DAY.isoformat(),
        "constitution": constitution,
        "document": "Agreement of March",
    } | more


async def made(platform: Platform, parties: tuple[str, ...], body: dict[str, Any]) -> Any:
    """The first party proposes an instrument, and each of the others agrees by its own act."""
    shown = await acted(platform, parties[0], "POST", "/instruments", body)
    for index, code in enumerate(parties[1:], start=1):
        assert (shown["stands"], shown["awaiting"]) == (False, sorted(parties[index:]))
        path = f"/instruments/{shown['instrument']}/agreements"
        shown = await acted(platform, code, "POST", path, {"organisation": code, "document": "Minute"})
    assert (shown["stands"], shown["awaiting"]) == (True, [])
    return shown


async def binding(platform: Platform, body: str, on: str = DAY.isoformat()) -> dict[str, Any]:
    found: dict[str, Any] = await read(platform, f"/bodies/{body}/binding", action=ACTION, as_at=on)
    return found


@pytest.mark.parametrize("codes", [LONDON, BLACK_COUNTRY])
async def test_s31_a_joint_committee_binds_all_and_committees_in_common_each_its_own(
    platform: Platform, codes: tuple[str, ...]
) -> None:
    await opened(platform, *codes)
    right = {"action": ACTION, "first_day": DAY.isoformat(), "source_minute": "Governing body, item 6"}
    for code in codes:
        await acted(platform, code, "POST", "/bodies", {"organisation": code, "first_day": DAY.isoformat()})
        common = {
            "organisation": code,
            "kind": "committee_in_common",
            "title": "In common",
            "first_day": DAY.isoformat(),
        }
        committee = await acted(platform, code, "POST", "/bodies", common)
        own = await binding(platform, committee["body"])
        assert (own["binding"], own["binds"]) == ("own", [code])

    proposed = an_instrument("joint_committee", codes, [seat(code) for code in codes], functions=["contract"])
    before = await acted(platform, codes[0], "POST", "/instruments", proposed | {"first_day": "2014-09-30"}, expect=409)
    assert (before["type"].rpartition("/")[2], "no power before 2014-10-01" in before["detail"]) == ("no-power", True)
    strange = an_instrument("joint_committee", codes, [seat(code) for code in codes])
    await acted(platform, codes[0], "POST", "/instruments", strange | {"parties": codes[1:]}, expect=403)

    instrument = await made(platform, codes, proposed)
    body = instrument["body"]
    events = [event["data"] for event in await told(platform, "InstrumentMade")]
    assert [(one["parties"], one["binding"], one["power"]) for one in events] == [
        (sorted(codes), "all", "ccg-joint-committees-2014")
    ]
    for code in codes:
        none = await binding(platform, body)
        assert (none["binding"], none["binds"]) == ("none", [])
        assert none["reasons"][0].startswith(f"{code} has not delegated {ACTION}")
        await acted(platform, code, "POST", "/decision-rights", right | {"organisation": code, "body": body})
    bound = await binding(platform, body)
    assert (bound["binding"], bound["binds"]) == ("all", sorted(codes))
    assert (bound["instrument"], bound["pack"]) == (instrument["instrument"], "joint-committee-ccgs-2014")

    later: dict[str, Any] = {"organisation": codes[0], "title": "Together", "seats": [seat(code) for code in codes]}
    later |= {"terms": {"quorum": [{"least": 2}]}, "first_day": "2016-04-01"}
    await acted(platform, codes[0], "POST", f"/instruments/{instrument['instrument']}/constitutions", later)
    for code in codes[1:]:
        agreed = {"organisation": code, "constitution": 2}
        await acted(platform, code, "POST", f"/instruments/{instrument['instrument']}/agreements", agreed)
    silent = await binding(platform, body, "2016-04-01")
    assert (silent["binds"], silent["reasons"]) == ([], [f"the terms of reference of {body} state no rule of voting"])
    assert (await binding(platform, body, "2016-03-31"))["binds"] == sorted(codes)


async def findings(platform: Platform, code: str) -> list[Any]:
    """What an organisation's lead reads of hosts that dominate, in April 2016."""
    asked = {"kind": "dominance", "as_at": "2016-04-01"}
    found = await platform.call("GET", "governance", "/findings", LEAD, organisations=(code,), params=asked)
    listed: list[Any] = found["items"]
    return listed


async def told(platform: Platform, name: str) -> list[Any]:
    await platform.caught_up()
    feed = await platform.call("GET", "governance", "/events", Role.PARTNER, params={"limit": "500"})
    return [one["event"] for one in feed["items"] if name in one["event"]["type"]]


@pytest.mark.parametrize(
    ("host", "others", "share"),
    [("07M", ("07R", "07X", "08D"), "60 %"), ("05C", ("05L", "05Y", "06A"), "75 %")],
    ids=["three of five", "three of four"],
)
async def test_s42_a_host_must_not_dominate(platform: Platform, host: str, others: tuple[str, ...], share: str) -> None:
    parties = (host, *others)
    await opened(platform, *parties)

    def service(*seats: dict[str, Any]) -> dict[str, Any]:
        return an_instrument("hosted_service", parties, list(seats), host=host)

    ours = [seat(host), seat(host, "Second"), seat(host, "Third")]
    two = [seat(others[0]), seat(others[1])] if share == "60 %" else [seat(others[0])]
    refused = await acted(platform, host, "POST", "/instruments", service(*ours, *two), expect=409)
    assert (refused["type"].rpartition("/")[2], share in refused["detail"]) == ("host-dominates", True)
    half = service(*ours[:2], seat(others[0]), seat(others[1]))
    assert "50 %" in (await acted(platform, host, "POST", "/instruments", half, expect=409))["detail"]
    weighty = service(seat(host, weight=3), *(seat(code) for code in others))
    assert "50 %" in (await acted(platform, host, "POST", "/instruments", weighty, expect=409))["detail"]

    instrument = await made(platform, parties, service(*ours[:2], *(seat(code) for code in others)))
    path, body = f"/instruments/{instrument['instrument']}", instrument["body"]
    assert instrument["host_share"] == "2/5"
    assert (await binding(platform, body))["reasons"] == ["hosted_service: each party decides for itself"]

    left = await acted(
        platform, others[2], "POST", f"{path}/departures", {"organisation": others[2], "last_day": "2016-03-31"}
    )
    assert left["host_share"] == "2/5"
    assert await findings(platform, others[2]) == []
    [dominance] = await findings(platform, host)
    assert (dominance["about"][:2], "50 %" in dominance["text"]) == ([instrument["instrument"], body], True)
    await platform.move_clocks(date(2016, 4, 1))
    again = {"organisation": host, "title": "Together", "first_day": "2016-04-01", "terms": {"quorum": [{"least": 2}]}}
    over = again | {"seats": [*ours[:2], seat(others[0]), seat(others[1])]}
    await acted(platform, host, "POST", f"{path}/constitutions", over, expect=409)
    await acted(
        platform,
        host,
        "POST",
        f"{path}/constitutions",
        again | {"seats": [seat(host), seat(others[0]), seat(others[1])]},
    )
    for code in others[:2]:
        shown = await acted(platform, code, "POST", f"{path}/agreements", {"organisation": code, "constitution": 2})
    assert shown["host_share"] == "1/3"
    assert await findings(platform, host) == []
    posts = (await read(platform, f"/bodies/{body}", as_at="2016-04-01"))["posts"]
    assert sorted(post["organisation"] for post in posts) == sorted((host, *others[:2]))
