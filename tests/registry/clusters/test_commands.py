"""ICBs that share a leadership: no legal person, nothing merged."""

from collections.abc import Mapping

from libs.common.events.registry import ICBClusterEnded, ICBsClustered, OrganisationRelated, OrganisationUnrelated
from libs.common.identity import Role
from tests.registry.applications.applicants import fields, messages
from tests.support.registry_client import RegistryClient

A_CLUSTER = {
    "name": "North Central and North West London",
    "icbs": ["QMJ", "QRV"],
    "shares": ["chair", "chief_executive"],
    "effective_on": "2025-10-01",
}


async def icbs(registry: RegistryClient, *codes: str) -> None:
    await registry.move_clock("2025-10-01")
    await registry.open(*codes, kind="icb", on="2022-07-01")


async def test_clustered_icbs_stay_legal_bodies_of_their_own(registry: RegistryClient) -> None:
    await icbs(registry, "QMJ", "QRV")
    made = await registry.call("POST", "/clusters", json=A_CLUSTER, expect=201)
    assert (made["reference"], made["version"]) == ("CL-QMJ", 1)
    clustered, related = (await registry.told())[-2:]
    assert isinstance(clustered, ICBsClustered)
    assert (clustered.icbs, clustered.shares) == (("QMJ", "QRV"), ("chair", "chief_executive"))
    assert isinstance(related, OrganisationRelated)
    assert (related.code, related.relation, related.other) == ("QMJ", "clustered with", "QRV")
    found = await registry.call("GET", "/clusters/CL-QMJ", params={"as_at": "2025-10-01"})
    assert (found["legal_person"], found["works"]) == (False, True)
    assert [(one["code"], one["status"]) for one in found["members"]] == [("QMJ", "open"), ("QRV", "open")]
    await registry.call("GET", "/organisations/CL-QMJ", expect=422)
    before = await registry.call("GET", "/clusters/CL-QMJ", params={"as_at": "2025-09-30"})
    assert before["works"] is False
    await registry.call("GET", "/clusters/CL-QMJ", params={"as_known": "2025-09-30"}, expect=404)


async def test_a_cluster_ends_and_its_icbs_can_form_another(registry: RegistryClient) -> None:
    await icbs(registry, "QMJ", "QRV", "QWE")
    await registry.call("POST", "/clusters", json=A_CLUSTER)
    taken = await registry.call("POST", "/clusters", json={**A_CLUSTER, "icbs": ["QRV", "QWE"]}, expect=409)
    assert fields(taken) == {"icbs.0"}
    early = await registry.change("/clusters/CL-QMJ/ending", version=1, body={"effective_on": "2025-10-01"}, expect=409)
    assert fields(early) == {"effective_on"}
    ended = await registry.change("/clusters/CL-QMJ/ending", version=1, body={"effective_on": "2026-04-01"})
    assert (ended["ended_on"], ended["version"]) == ("2026-04-01", 2)
    told = (await registry.told())[-2:]
    assert [type(event) for event in told] == [ICBClusterEnded, OrganisationUnrelated]
    again = await registry.change("/clusters/CL-QMJ/ending", version=2, body={"effective_on": "2026-05-01"}, expect=409)
    assert again["type"].endswith("/cluster-ended")
    second = await registry.call("POST", "/clusters", json={**A_CLUSTER, "effective_on": "2026-04-01"}, expect=201)
    assert second["reference"] == "CL-QMJ-2"
    listed = await registry.call("GET", "/clusters", params={"icb": "QRV"})
    assert [one["reference"] for one in listed["items"]] == ["CL-QMJ", "CL-QMJ-2"]
    for day, there in (("2025-09-30", []), ("2026-03-31", ["CL-QMJ"]), ("2026-04-01", ["CL-QMJ-2"])):
        listed = await registry.call("GET", "/clusters", params={"as_at": day})
        assert [one["reference"] for one in listed["items"]] == there
    first = await registry.call("GET", "/clusters", params={"limit": "1"})
    rest = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [one["reference"] for one in rest["items"]] == ["CL-QMJ-2"]


async def test_an_end_stated_late_counts_from_when_its_source_stated_it(registry: RegistryClient) -> None:
    """A loader states in May an end that was stated in January: known from January, as if it had come then."""
    await icbs(registry, "QMJ", "QRV")
    await registry.call("POST", "/clusters", json=A_CLUSTER)
    await registry.move_clock("2026-05-01")
    await registry.call(
        "POST",
        "/clusters/CL-QMJ/ending",
        *Role,
        json={"effective_on": "2026-04-01"},
        headers={"If-Match": '"1"', "Stated-At": "2026-01-15T09:00:00Z"},
    )
    for known, ended in (("2026-01-14", None), ("2026-01-15", "2026-04-01"), ("2026-05-01", "2026-04-01")):
        found = await registry.call("GET", "/clusters/CL-QMJ", params={"as_known": known})
        assert found["ended_on"] == ended, known
        listed = await registry.call("GET", "/clusters", params={"as_known": known, "as_at": "2026-04-01"})
        assert [one["reference"] for one in listed["items"]] == ([] if ended else ["CL-QMJ"]), known


async def test_every_reason_against_a_cluster_comes_at_once(registry: RegistryClient) -> None:
    await icbs(registry, "QMJ")
    await registry.open("R0A", kind="nhs_trust")
    await registry.open("QOX", kind="icb", on="2026-04-01")
    body = {**A_CLUSTER, "icbs": ["QMJ", "QMJ", "R0A", "QZZ", "QOX"]}
    refused = await registry.call("POST", "/clusters", json=body, expect=409)
    assert fields(refused) == {"icbs", "icbs.2", "icbs.3", "icbs.4"}
    for part in ("R0A is no ICB", "QZZ is not known", "QOX is unknown"):
        assert part in messages(refused)
    stranger = await registry.call(
        "POST", "/clusters", Role.GOVERNANCE_LEAD, organisations=("QRV",), json=body, expect=403
    )
    assert stranger["type"].endswith("/not-yours-to-decide")


async def test_a_cluster_stands_when_all_of_its_icbs_have_agreed(registry: RegistryClient) -> None:
    await icbs(registry, "QMJ", "QRV", "QWE")

    async def as_lead(own: str, path: str, body: Mapping[str, object], version: int = 0, expect: int = 200) -> object:
        headers = {"If-Match": f'"{version}"'} if version else {}
        return await registry.call(
            "POST", path, Role.GOVERNANCE_LEAD, organisations=(own,), json=body, headers=headers, expect=expect
        )

    before = len(await registry.told())
    await as_lead("QMJ", "/clusters", A_CLUSTER, expect=201)
    found = await registry.call("GET", "/clusters/CL-QMJ")
    assert (found["status"], found["agreed"], found["works"]) == ("proposed", ["QMJ"], False)
    assert len(await registry.told()) == before
    path = "/clusters/CL-QMJ/agreements"
    for own, asked in (("QMJ", "QMJ"), ("QWE", "QWE")):
        await as_lead(own, path, {"icb": asked}, 1, 409)
    await as_lead("QWE", path, {"icb": "QRV"}, 1, 403)
    await as_lead("QMJ", "/clusters/CL-QMJ/ending", {"effective_on": "2026-04-01"}, 1, 409)
    await as_lead("QRV", path, {"icb": "QRV"}, 1, 201)
    clustered = (await registry.told())[-2]
    assert isinstance(clustered, ICBsClustered)
    assert clustered.icbs == ("QMJ", "QRV")
    found = await registry.call("GET", "/clusters/CL-QMJ")
    assert (found["status"], found["agreed"], found["works"], found["version"]) == ("agreed", ["QMJ", "QRV"], True, 2)
    await as_lead("QWE", "/clusters/CL-QMJ/ending", {"effective_on": "2026-04-01"}, 2, 403)
    await as_lead("QRV", "/clusters/CL-QMJ/ending", {"effective_on": "2026-04-01"}, 2)
    assert isinstance((await registry.told())[-2], ICBClusterEnded)


async def test_one_refusal_ends_a_proposed_cluster(registry: RegistryClient) -> None:
    await icbs(registry, "QMJ", "QRV")
    lead = Role.GOVERNANCE_LEAD
    await registry.call("POST", "/clusters", lead, organisations=("QMJ",), json=A_CLUSTER, expect=201)
    answer = {"icb": "QRV", "agrees": False}
    refused = await registry.change("/clusters/CL-QMJ/agreements", version=1, body=answer)
    assert (refused["status"], refused["agreed"], refused["version"]) == ("refused", ["QMJ"], 2)
    late = await registry.change("/clusters/CL-QMJ/agreements", version=2, body={"icb": "QRV"}, expect=409)
    assert late["type"].endswith("/cluster-not-proposed")
    again = await registry.call("POST", "/clusters", json=A_CLUSTER, expect=201)
    assert (again["reference"], again["status"]) == ("CL-QMJ-2", "agreed")
