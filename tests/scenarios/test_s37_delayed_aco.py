"""S37, the registry's part: a delay without a date is one; the plan stays in the history, and no day is invented."""

from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import Platform

ACOS = [
    pytest.param("00L", "RTF", 320_000, "2017-04-01", "2016-06-01", "2017-01-25", id="Northumberland"),
    pytest.param("06K", "RWG", 587_321, "2018-10-01", "2017-11-06", "2018-08-14", id="Hertfordshire"),
]


@pytest.mark.parametrize(("place", "trust", "people", "planned_for", "planned_at", "delayed_at"), ACOS)
async def test_s37_a_delayed_aco_has_no_date_and_keeps_its_plan(
    platform: Platform, place: str, trust: str, people: int, planned_for: str, planned_at: str, delayed_at: str
) -> None:
    loader = (Role.LOADER, Role.REGISTRAR)
    bodies = [(place, "ccg"), (trust, "foundation_trust")]
    opened = [{"code": code, "name": code, "kind": kind, "effective_on": "2013-04-01"} for code, kind in bodies]
    await platform.call("POST", "registry", "/organisations/batch", *loader, json={"organisations": opened})
    reference = f"{place}-ACO"
    body = {
        "reference": reference,
        "model": "aco",
        "name": "Accountable care organisation",
        "place": place,
        "partners": [trust],
        "services": "all services except core primary care",
        "excludes": ["core_primary_care"],
        "people": people,
        "planned_for": planned_for,
    }
    await platform.call("POST", "registry", "/care-models", *loader, json=body, headers={"Stated-At": planned_at})
    headers = {"Stated-At": delayed_at, "If-Match": '"1"'}
    note = {"note": "a number of milestones still need to be achieved"}
    await platform.call("POST", "registry", f"/care-models/{reference}/delay", *loader, json=note, headers=headers)

    for day in (planned_for, "2020-01-01"):
        now = await ask(platform, reference, as_at=day)
        assert (now["status"], now["planned_for"]) == ("delayed", None)
    assert now["slipped_from"] == [planned_for]
    assert (now["people"], now["excludes"]) == (people, ["core_primary_care"])
    history = [(one["stated"], one["planned_for"]) for one in now["statements"]]
    assert history == [("planned", planned_for), ("delayed", None)]
    before = await ask(platform, reference, as_at=planned_for, as_known=planned_at)
    assert (before["status"], before["planned_for"]) == ("planned", planned_for)
    listed = await platform.call("GET", "registry", "/care-models", Role.PARTNER, params={"status": "delayed"})
    assert [one["reference"] for one in listed["items"]] == [reference]

    await platform.caught_up()
    feed = await platform.call("GET", "registry", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    told = [item["event"]["data"] for item in feed["items"] if ".CareModelStated.v" in item["event"]["type"]]
    assert [(one["stated"], one["planned_for"]) for one in told] == history
    assert {(one["people"], tuple(one["excludes"])) for one in told} == {(people, ("core_primary_care",))}


async def ask(platform: Platform, reference: str, **asked: str) -> Any:
    return await platform.call("GET", "registry", f"/care-models/{reference}", Role.PARTNER, params=asked)
