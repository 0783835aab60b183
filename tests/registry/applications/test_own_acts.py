"""Each applicant applies, changes and withdraws for itself: an application counts when all of them have agreed."""

from typing import Any

from libs.common.events.registry import MergerApplicationDetermined, MergerApplied
from libs.common.identity import Role
from tests.registry.applications.applicants import an_application, determine, fields
from tests.support.registry_client import RegistryClient

PATH = "/merger-applications/A-14Y"


async def acting(
    registry: RegistryClient, own: str, method: str, path: str, body: Any = None, *, version: int = 0, expect: int = 200
) -> dict[str, Any]:
    """Ask as the governance lead of one CCG."""
    headers = {"If-Match": f'"{version}"'} if version else {}
    answer: dict[str, Any] = await registry.call(
        method, path, Role.GOVERNANCE_LEAD, organisations=(own,), json=body, headers=headers, expect=expect
    )
    return answer


async def drafted(registry: RegistryClient, **others: Any) -> dict[str, Any]:
    """10Y drafts an application with 10H and 10Q, in time for April 2020."""
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y", "10Q", "10V")
    body = an_application("14Y", "10Y", "10H", "10Q", **others)
    return await acting(registry, "10Y", "POST", "/merger-applications", body, expect=201)


async def test_an_application_is_filed_when_the_last_applicant_has_agreed(registry: RegistryClient) -> None:
    before = len(await registry.told())
    draft = await drafted(registry)
    assert (draft["status"], draft["lacking"]) == ("drafted", ["10H", "10Q"])
    told = [type(event) for event in (await registry.told())[before:]]
    assert MergerApplied not in told
    await acting(registry, "10V", "GET", PATH, expect=404)
    assert (await acting(registry, "10V", "GET", "/merger-applications"))["items"] == []
    seen = await acting(registry, "10H", "GET", PATH)
    assert (seen["filed_on"], seen["drafted_on"], seen["said"]["constitution"]) == (
        None,
        "2019-09-02",
        "https://example.org/constitution",
    )
    early = await determine(registry, "A-14Y", "approved", expect=409)
    assert (early["type"].rpartition("/")[2], fields(early)) == ("not-applicants", {"applicants"})
    await registry.move_clock("2019-09-10")
    path = f"{PATH}/agreements"
    unread = await acting(registry, "10H", "POST", path, {"applicant": "10H"}, version=9, expect=412)
    assert unread["type"].endswith("/stale-version")
    await acting(registry, "10V", "POST", path, {"applicant": "10V"}, version=1, expect=404)
    agreed = await acting(registry, "10H", "POST", path, {"applicant": "10H"}, version=1, expect=201)
    assert (agreed["status"], agreed["lacking"]) == ("drafted", ["10Q"])
    twice = await acting(registry, "10H", "POST", path, {"applicant": "10H"}, version=2, expect=409)
    assert fields(twice) == {"applicant"}
    filed = await acting(registry, "10Q", "POST", path, {"applicant": "10Q"}, version=2, expect=201)
    assert (filed["status"], filed["lacking"]) == ("filed", [])
    applied = (await registry.told())[-1]
    assert isinstance(applied, MergerApplied)
    assert (applied.applicants, str(applied.effective_on)) == (("10Y", "10H", "10Q"), "2019-09-10")
    none = await acting(registry, "10V", "POST", path, {"applicant": "10V"}, version=3, expect=409)
    assert none["type"].endswith("/not-applicants")
    seen = await acting(registry, "10V", "GET", PATH)
    assert (seen["filed_on"], seen["lacking"], seen["said"]) == ("2019-09-10", [], None)
    assert [step["act"] for step in (await acting(registry, "10Y", "GET", PATH))["steps"]] == [
        "drafted",
        "agreed",
        "agreed",
    ]


async def test_the_day_of_the_last_agreement_decides_the_first_day_of_effect(registry: RegistryClient) -> None:
    assert (await drafted(registry))["effective_on"] == "2020-04-01"
    path = f"{PATH}/agreements"
    await acting(registry, "10H", "POST", path, {"applicant": "10H"}, version=1, expect=201)
    await registry.move_clock("2019-10-01")
    filed = await acting(registry, "10Q", "POST", path, {"applicant": "10Q"}, version=2, expect=201)
    assert filed["effective_on"] == "2021-04-01"


async def test_a_change_by_one_counts_when_the_others_agree_and_each_withdraws_for_itself(
    registry: RegistryClient,
) -> None:
    await drafted(registry)
    for version, code in enumerate(("10H", "10Q"), 1):
        await acting(registry, code, "POST", f"{PATH}/agreements", {"applicant": code}, version=version, expect=201)
    content = {"successor_name": "NHS New CCG", "constitution": "Page 1", "accountable_officer": "P-1"}
    await acting(registry, "10V", "PUT", PATH, content, version=3, expect=403)
    before = len(await registry.told())
    changed = await acting(registry, "10H", "PUT", PATH, content, version=3)
    assert (changed["status"], changed["lacking"]) == ("drafted", ["10Y", "10Q"])
    assert len(await registry.told()) == before
    await acting(registry, "10Y", "POST", f"{PATH}/agreements", {"applicant": "10Y"}, version=4, expect=201)
    left = await acting(registry, "10Q", "POST", f"{PATH}/applicants/10Q/withdrawal", version=5)
    assert (left["status"], left["applicants"]) == ("filed", ["10Y", "10H"])
    applied = (await registry.told())[-1]
    assert isinstance(applied, MergerApplied)
    assert (applied.applicants, applied.successor_name) == (("10Y", "10H"), "NHS New CCG")
    await acting(registry, "10H", "POST", f"{PATH}/withdrawal", version=6, expect=403)
    ended = await acting(registry, "10H", "POST", f"{PATH}/applicants/10H/withdrawal", version=6)
    assert ended["status"] == "withdrawn"
    withdrawn = (await registry.told())[-1]
    assert isinstance(withdrawn, MergerApplicationDetermined)
    assert withdrawn.outcome == "withdrawn"


async def test_a_draft_that_is_withdrawn_is_published_at_no_time(registry: RegistryClient) -> None:
    await drafted(registry)
    before = len(await registry.told())
    left = await acting(registry, "10Q", "POST", f"{PATH}/applicants/10Q/withdrawal", version=1)
    assert (left["status"], left["lacking"]) == ("drafted", ["10H"])
    ended = await acting(registry, "10H", "POST", f"{PATH}/applicants/10H/withdrawal", version=2)
    assert ended["status"] == "withdrawn"
    assert len(await registry.told()) == before
    await acting(registry, "10V", "GET", PATH, expect=404)
