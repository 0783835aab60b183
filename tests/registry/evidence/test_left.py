"""The work list of bodies that are left in one that closed, where several followed it or none."""

from typing import Any

from tests.registry.reorganisations.test_commands import state
from tests.support.registry_client import RegistryClient


async def left(registry: RegistryClient, **asked: str) -> list[Any]:
    found = await registry.call("GET", "/findings", params={"sort": "left_by_closed", **asked})
    return list(found["items"])


async def test_after_a_split_the_members_that_no_source_moved_are_listed_by_kind_with_who_followed(
    registry: RegistryClient,
) -> None:
    """T8: where one body followed, its members are carried; of several nobody can say which."""
    await registry.open("H1", "H2", "H3", "H4", "H5", kind="commissioning_hub", name="A hub")
    await registry.open("G1", "G2", "G3", kind="nhs_trust", parent="H1")
    await registry.open("C1", parent="H1")
    await registry.open("G4", kind="nhs_trust", parent="H4")
    body = {"parent": "H2", "effective_on": "2018-04-01"}
    await registry.call("POST", "/organisations/G2/parent", json=body, headers={"If-Match": '"1"'})
    assert await left(registry) == []
    await state(registry, "split", ["H1"], {"H2": "1/2", "H3": "1/2"}, "2018-04-01")
    await state(registry, "abolition", ["H4"], {"H5": None}, "2018-04-01")
    found = await left(registry)
    assert [(one["code"], one["other"], one["first_day"]) for one in found] == [
        (code, "H1", "2018-04-01") for code in ("C1", "G1", "G3")
    ]
    assert found[0]["words"] == "belonged to H1 to 2018-03-31, which closed then; followed by H2, H3"
    assert [one["code"] for one in await left(registry, kind="nhs_trust", code="H1")] == ["G1", "G3"]
    assert [one["code"] for one in await left(registry, kind="ccg")] == ["C1"]
    assert await left(registry, code="H4") == []
    assert await left(registry, as_known="2100-01-01", kind="nhs_trust") == await left(registry, kind="nhs_trust")
    moved = {"parent": "H3", "effective_on": "2018-04-01"}
    await registry.call("POST", "/organisations/G1/parent", json=moved, headers={"If-Match": '"1"'})
    assert [one["code"] for one in await left(registry)] == ["C1", "G3"]
    counts = await registry.call("GET", "/findings/counts")
    assert [one["findings"] for one in counts["sorts"] if one["sort"] == "left_by_closed"] == [2]
