"""S13: several care models at one place; each is live only once somebody said that it was established."""

from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import Platform

PLACES = [
    pytest.param("06A", "05L", "RL4", "WFED", "2017-04-01", "2018-04-01", "2019-04-01", id="Wolverhampton"),
    pytest.param("15N", "15E", "RH8", "DFED", "2019-10-01", "2020-10-01", "2021-10-01", id="Devon"),
]


async def ask(platform: Platform, path: str, **asked: str) -> Any:
    return await platform.call("GET", "registry", path, Role.PARTNER, params=asked)


async def say(platform: Platform, path: str, body: dict[str, Any], version: int | None = None) -> Any:
    headers = {"If-Match": f'"{version}"'} if version else {}
    return await platform.call("POST", "registry", path, Role.REGISTRAR, json=body, headers=headers)


async def established(platform: Platform, reference: str, model: str, place: str, partner: str, on: str) -> None:
    body = {"reference": reference, "model": model, "name": reference, "place": place, "partners": [partner]}
    await say(platform, "/care-models", body)
    await say(platform, f"/care-models/{reference}/establishment", {"effective_on": on}, version=1)


@pytest.mark.parametrize(("place", "neighbour", "trust", "federation", "mcp", "first", "followers"), PLACES)
async def test_s13_care_models_overlap_and_are_live_only_once_established(
    platform: Platform, place: str, neighbour: str, trust: str, federation: str, mcp: str, first: str, followers: str
) -> None:
    bodies = [(place, "ccg"), (neighbour, "ccg"), (trust, "nhs_trust"), (federation, "gp_federation")]
    opened = [{"code": code, "name": code, "kind": kind, "effective_on": "2013-04-01"} for code, kind in bodies]
    await say(platform, "/organisations/batch", {"organisations": opened})
    await established(platform, f"{place}-PACS", "pacs", place, trust, "2016-06-01")
    await established(platform, f"{place}-PCH", "primary_care_home", place, federation, "2016-09-01")

    body = {"reference": f"{place}-MCP", "model": "mcp", "name": "MCP", "place": place, "planned_for": mcp}
    planned = await say(platform, "/care-models", {**body, "services": "community services"})
    [warning] = planned["warnings"]
    assert warning["references"] == [f"{place}-PACS", f"{place}-PCH"]
    assert all(reference in warning["message"] for reference in warning["references"])

    in_december = f"{int(mcp[:4])}-12-01"
    listed = (await ask(platform, "/care-models", place=place, as_at=in_december))["items"]
    shown = {one["reference"]: (one["status"], one["planned_for"]) for one in listed}
    assert shown == {
        f"{place}-MCP": ("planned", mcp),
        f"{place}-PACS": ("live", None),
        f"{place}-PCH": ("live", None),
    }

    modality = {"model": "mcp", "place": neighbour, "name": "Modality"}
    for reference, day in ((f"{neighbour}-MODALITY", first), (f"{neighbour}-FOLLOWERS", followers)):
        await say(platform, "/care-models", {**modality, "reference": reference, "planned_for": day})
    for day in (first, followers, "2023-01-01"):
        assert (await ask(platform, "/care-models", place=neighbour, status="live", as_at=day))["items"] == []
        waiting = (await ask(platform, "/care-models", place=neighbour, status="planned", as_at=day))["items"]
        assert [one["planned_for"] for one in waiting] == [followers, first]

    began = f"{int(first[:4])}-12-01"
    await say(platform, f"/care-models/{neighbour}-MODALITY/establishment", {"effective_on": began}, version=1)
    live = (await ask(platform, "/care-models", place=neighbour, status="live", as_at=began))["items"]
    assert [one["reference"] for one in live] == [f"{neighbour}-MODALITY"]
    assert (await ask(platform, "/care-models", place=neighbour, status="live", as_at=first))["items"] == []
    await say(platform, f"/care-models/{place}-MCP/establishment", {"effective_on": in_december}, version=1)
    live = (await ask(platform, "/care-models", place=place, status="live", as_at=in_december))["items"]
    assert len(live) == 3
