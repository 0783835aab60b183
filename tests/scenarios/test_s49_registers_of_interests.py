"""S49: 28 days, six months, six years: who reads which interest when, and from when it may be purged."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform

CCG = "05T"
OFFICER = "gp.officer"


async def ask(platform: Platform, method: str, path: str, expect: int = 201, version: int = 0, **body: Any) -> Any:
    """As the governance lead of the CCG."""
    headers = {"If-Match": f'"{version}"'} if version else {}
    return await platform.call(
        method,
        "governance",
        path,
        Role.GOVERNANCE_LEAD,
        organisations=(CCG,),
        expect=expect,
        json=body,
        headers=headers,
    )


async def register(
    platform: Platform, role: Role, *, by: str = CCG, subject: str = "somebody", **asked: str
) -> list[Any]:
    """What the register shows a caller."""
    client = platform.clients["governance"]
    headers = platform.tokens.header(role, organisations=(by,), subject=subject)
    answer = await client.get("/v1/interests", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


@pytest.mark.parametrize(
    ("aware", "in_time", "late", "last_day", "public", "off", "kept", "purgeable"),
    [
        (
            *("2016-03-01", "2016-03-29", "2016-03-30"),
            *("2016-06-30", "2016-12-30", "2016-12-31", "2022-06-30", "2022-07-01"),
        ),
        (
            *("2016-02-05", "2016-03-04", "2016-03-05"),
            *("2016-08-31", "2017-02-28", "2017-03-01", "2022-08-31", "2022-09-01"),
        ),
    ],
)
async def test_s49_declared_in_28_days_public_six_months_and_kept_six_years(
    platform: Platform,
    aware: str,
    in_time: str,
    late: str,
    last_day: str,
    public: str,
    off: str,
    kept: str,
    purgeable: str,
) -> None:
    await platform.move_clocks(date.fromisoformat("2016-01-04"))
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=a_ccg(CCG))
    await platform.caught_up()
    person = (await ask(platform, "POST", "/people", organisation=CCG, display_name="Dr Vesalius Nayme"))["person"]
    await ask(platform, "PUT", f"/people/{person}/account", 200, subject=OFFICER)
    await ask(platform, "POST", "/bodies", organisation=CCG, first_day="2016-01-04", posts=[{"title": "Chair"}])
    await ask(platform, "POST", "/appointments", post=f"{CCG}/chair", person=person, first_day="2016-01-04")

    declared: dict[str, Any] = {
        "organisation": CCG,
        "person": person,
        "type": "financial",
        "relation": "owns",
        "other": "HAVERSTOCK",
        "share": "1/32",
        "nature": "shareholder",
        "aware_on": aware,
        "first_day": "2014-01-01",
        "words": "Shareholder in the federation",
    }
    await platform.move_clocks(date.fromisoformat(in_time))
    unlisted = await ask(platform, "POST", "/interests", 409, **declared | {"nature": "sorcerer", "aware_on": late})
    assert unlisted["type"].endswith("/nature-not-listed")
    assert {one["field"] for one in unlisted["reasons"]} == {"nature", "aware_on"}
    made = await ask(platform, "POST", "/interests", **declared)
    assert (made["in_time"], made["due_on"], made["words"]) == (True, in_time, None)
    nil = {"organisation": CCG, "person": person}
    refused = await ask(platform, "POST", "/interests/nil-returns", 409, **nil)
    assert refused["type"].endswith("/interests-in-force")
    await platform.move_clocks(date.fromisoformat(late))
    second = await ask(platform, "POST", "/interests", **declared | {"other": "OTHER", "share": None, "words": None})
    assert (second["in_time"], second["due_on"], second["packs"]) == (False, in_time, ["interests-2014"])
    confirmed = await ask(platform, "POST", "/interests/nil-returns", **nil, confirms=True)
    assert confirmed["next_check_on"] == f"2016-09-{late[-2:]}"

    path = f"/interests/{made['interest']}"
    amended = await ask(platform, "POST", f"{path}/amendments", version=1, first_day=late, share="1/16")
    assert (amended["share"], amended["version"]) == ("1/16", 2)
    early = await ask(platform, "POST", f"{path}/ending", 409, version=2, last_day="2013-12-31")
    assert early["type"].endswith("/ends-before-it-begins")
    ended = await ask(platform, "POST", f"{path}/ending", version=2, last_day=last_day)
    assert (ended["public_until"], ended["kept_until"], ended["last_day"]) == (public, kept, last_day)

    private = ("words", "aware_on", "in_time", "due_on", "source")
    for role, by, subject, full in (
        (Role.GOVERNANCE_LEAD, CCG, "somebody", True),
        (Role.PARTNER, "99X", OFFICER, True),
        (Role.PARTNER, CCG, "somebody", False),
        (Role.GOVERNANCE_LEAD, "99X", "somebody", False),
    ):
        first, other = await register(platform, role, by=by, subject=subject, as_at=public)
        assert (first["other"], other["other"]) == ("HAVERSTOCK", "OTHER")
        assert all((first[name] is not None) == full for name in private)
        shown = await register(platform, role, by=by, subject=subject, as_at=off)
        assert [one["other"] for one in shown] == ["HAVERSTOCK", "OTHER"] * full + ["OTHER"] * (not full)
    [before] = [one for one in await register(platform, Role.PARTNER, as_at=in_time) if one["share"]]
    assert (before["share"], before["state"]) == ("1/32", "in_force")

    await platform.move_clocks(date.fromisoformat(kept))
    not_over = await ask(platform, "POST", f"{path}/purge", 409, version=3)
    assert not_over["type"].endswith("/retention-not-over")
    assert kept in not_over["detail"]
    running = await ask(platform, "POST", f"/interests/{second['interest']}/purge", 409, version=1)
    assert running["type"].endswith("/retention-not-over")
    await platform.move_clocks(date.fromisoformat(purgeable))
    await ask(platform, "POST", f"{path}/purge", 204, version=3)
    left = await register(platform, Role.GOVERNANCE_LEAD)
    assert [one["other"] for one in left] == ["OTHER"]
    assert await platform.database("governance").fetch("SELECT FROM interest_words") == []
