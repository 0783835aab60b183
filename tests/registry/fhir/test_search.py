"""FHIR searches find what matches and nothing else, page by page, in Bundles that the validator accepts."""

from datetime import date
from typing import Any

import pytest

from libs.common.events.registry import OrganisationParentChanged, OrganisationRelated
from services.registry.fhir import codes
from tests.fhir.hapi import Validator
from tests.support.fhir_client import BASE, ask, extensions, found, stage_a_share, stage_newcastle, state
from tests.support.registry_client import RegistryClient


@pytest.fixture
async def stage(registry: RegistryClient) -> RegistryClient:
    """The registry with Newcastle Gateshead in it."""
    await stage_newcastle(registry)
    return registry


ALL = ["00F", "00G", "00H", "13T", "13X", "A85001", "QHM", "RX4", "U1"]

SEARCHES: list[tuple[dict[str, Any], list[str]]] = [
    ({"_id": "13T,RX4"}, ["13T", "RX4"]),
    ({"_id": "13T", "active": "false"}, []),
    ({"name": "nhs 00"}, ["00F", "00G", "00H"]),
    ({"name": "gateshead"}, []),
    ({"name:contains": "medical"}, ["A85001"]),
    ({"name:exact": "teams medical practice"}, []),
    ({"name:exact": "TEAMS MEDICAL PRACTICE"}, ["A85001"]),
    ({"address-postalcode": "ne82"}, ["A85001"]),
    ({"address-postalcode": "NE8 2PQ,SW1A 1AA"}, ["A85001"]),
    ({"address-postalcode": "NE9"}, []),
    ({"active": "true", "type": "ccg"}, ["13T"]),
    ({"active": "true", "type": "ccg", "as-at": "2015-03-31"}, ["00F", "00G", "00H"]),
    ({"type": f"{codes.ODS_ROLE}|RO98"}, ["00F", "00G", "00H", "13T", "13X"]),
    ({"type": "http://elsewhere|RO98"}, []),
    ({"type": "unknown"}, ["U1"]),
    ({"type": f"{codes.ODS_RECORD_CLASS}|RC1", "active": "true"}, ["13T", "A85001", "RX4"]),
    ({"roleCode": "RO57"}, ["RX4"]),
    ({"roleCode": "ro57"}, ["RX4"]),
    ({"activeRoleCode": "RO57", "as-at": "2009-11-30"}, []),
    ({"activeRoleCode": "RO98"}, ["13T"]),
    ({"partof": "Organization/13T"}, ["A85001"]),
    ({"partof": "00F"}, []),
    ({"partof": "00F", "as-at": "2014-01-01"}, ["A85001"]),
    ({"partof:identifier": f"{codes.ODS_CODE}|13T"}, ["A85001"]),
    ({"_lastUpdated": "lt2015"}, []),
    ({"_lastUpdated": "ge2020", "type": "ccg", "active": "true"}, ["13T"]),
    ({"lastChangeDate": ["ge2020", "lt2199"], "_id": "RX4"}, ["RX4"]),
    ({"lastChangeDate": "ne2015-01-01", "_id": "RX4"}, ["RX4"]),
    ({"lastChangeDate": "2015-01-01"}, []),
    ({"lastChangeDate": "eq2015-01-01", "_id": "RX4"}, []),
    ({"lastChangeDate": "le2199-01-01", "_id": "RX4"}, ["RX4"]),
    ({"lastChangeDate": "gt2020", "as-known": "2012-01-01"}, []),
    ({"_lastUpdated": "gt2190"}, []),
    ({"_lastUpdated": "ne2015", "_id": "13T,RX4"}, ["13T", "RX4"]),
]


async def test_a_search_finds_what_matches_and_nothing_else(stage: RegistryClient, validator: Validator) -> None:
    for parameters, expected in SEARCHES:
        bundle = await ask(stage, "Organization", **parameters)
        assert (parameters, _ids(bundle)) == (parameters, expected)
        assert validator.faults(bundle) == []
        counted = await ask(stage, "Organization", **parameters, _summary="count")
        assert (parameters, counted["total"], "entry" in counted) == (parameters, len(expected), False)


def _ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


async def test_pages_follow_one_another_by_their_links(stage: RegistryClient) -> None:
    address, seen, pages = f"/v1{BASE}/Organization?_count=4&_total=accurate", [], 0
    while address:
        response = await stage.client.get(address, headers=stage.tokens.header())
        bundle = response.json()
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert bundle["total"] == 9
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        address, pages = links.get("next", ""), pages + 1
    assert (pages, len(seen), seen) == (3, 9, sorted(set(seen)))


async def _all_pages(registry: RegistryClient, path: str) -> list[str]:
    address, seen = f"/v1{BASE}/{path}", []
    while address:
        bundle = (await registry.client.get(address, headers=registry.tokens.header())).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        address = {link["relation"]: link["url"] for link in bundle["link"]}.get("next", "")
    return seen


async def test_matches_are_ordered_as_asked_over_all_pages(stage: RegistryClient) -> None:
    await stage_a_share(stage)
    names = {code: str((await ask(stage, f"Organization/{code}")).get("name", "")).lower() for code in ALL}
    by_name = sorted(ALL, key=lambda code: (names[code], code))
    assert await _all_pages(stage, "Organization?_sort=name&_count=2") == by_name
    backwards = sorted(sorted(ALL), key=lambda code: names[code], reverse=True)
    assert await _all_pages(stage, "Organization?_sort=-name&_count=2") == backwards
    assert await _all_pages(stage, "Organization?_sort=-_id&_count=4") == sorted(ALL, reverse=True)
    changed = {code: (await ask(stage, f"Organization/{code}"))["meta"]["lastUpdated"] for code in ALL}
    latest = sorted(sorted(ALL), key=lambda code: changed[code], reverse=True)
    assert await _all_pages(stage, "Organization?_sort=-_lastUpdated,name&_count=3") == latest
    assert await _all_pages(stage, "Organization?_sort=-_lastUpdated,_lastUpdated,name&_count=3") == latest
    assert await _all_pages(stage, "OrganizationAffiliation?_sort=-date&_count=1") == [
        "RX4.partner-in.QHM.2016-04-01",
        "A85001.parent.13T.2015-04-01",
        "A85001.parent.00F.2013-04-01",
    ]
    assert await _all_pages(
        stage, "OrganizationAffiliation?_sort=-participating-organization,_lastUpdated&_count=1"
    ) == [
        "RX4.partner-in.QHM.2016-04-01",
        "A85001.parent.13T.2015-04-01",
        "A85001.parent.00F.2013-04-01",
    ]


async def test_parents_come_along_when_they_are_asked_for(stage: RegistryClient) -> None:
    bundle = await ask(stage, "Organization", _id="A85001", _include="Organization:partof")
    assert [(entry["resource"]["id"], entry["search"]["mode"]) for entry in bundle["entry"]] == [
        ("A85001", "match"),
        ("13T", "include"),
    ]


async def test_a_practice_is_affiliated_to_its_commissioner_of_each_time(
    stage: RegistryClient, validator: Validator
) -> None:
    bundle = await ask(stage, "OrganizationAffiliation", **{"primary-organization": "Organization/A85001"})
    assert validator.faults(bundle) == []
    told = [entry["resource"] for entry in bundle["entry"]]
    assert [(one["id"], one["active"], one["period"]) for one in told] == [
        ("A85001.parent.00F.2013-04-01", False, {"start": "2013-04-01", "end": "2015-03-31"}),
        ("A85001.parent.13T.2015-04-01", True, {"start": "2015-04-01"}),
    ]
    assert told[0]["participatingOrganization"]["reference"] == "Organization/00F"
    assert [coding["code"] for coding in told[0]["code"][0]["coding"]] == ["RE4", "parent"]
    for one in told:
        assert await ask(stage, f"OrganizationAffiliation/{one['id']}") == one
        assert validator.faults(one) == []


AFFILIATIONS: list[tuple[dict[str, Any], list[str]]] = [
    ({"participating-organization": "13T"}, ["A85001.parent.13T.2015-04-01"]),
    ({"organization": "13T,RX4"}, ["A85001.parent.13T.2015-04-01", "RX4.partner-in.QHM.2016-04-01"]),
    ({"primary-organization": "RX4", "active": "false"}, []),
    ({"active": "false"}, ["A85001.parent.00F.2013-04-01"]),
    ({"active": "true", "as-at": "2014-01-01"}, ["A85001.parent.00F.2013-04-01"]),
    ({"role": "RE4", "active": "true"}, ["A85001.parent.13T.2015-04-01"]),
    ({"role": f"{codes.RELATION}|partner-in"}, ["RX4.partner-in.QHM.2016-04-01"]),
    ({"role": "partner-in,RE5"}, ["RX4.partner-in.QHM.2016-04-01"]),
    ({"role": f"{codes.ODS_RELATIONSHIP}|partner-in"}, []),
    ({"date": ["ge2015-03-31", "le2015-03-31"]}, ["A85001.parent.00F.2013-04-01"]),
    ({"date": "sa2015-03-31"}, ["A85001.parent.13T.2015-04-01", "RX4.partner-in.QHM.2016-04-01"]),
    ({"date": "eb2015-04-01"}, ["A85001.parent.00F.2013-04-01"]),
    ({"date": "gt2015-04-01", "organization": "A85001"}, ["A85001.parent.13T.2015-04-01"]),
    ({"date": "lt2013-04-01"}, []),
    ({"date": "2013"}, []),
    ({"_id": "A85001.parent.00F.2013-04-01,nonsense"}, ["A85001.parent.00F.2013-04-01"]),
    ({"as-known": "2012-01-01"}, []),
]


async def test_a_search_of_affiliations_finds_what_matches_and_nothing_else(
    stage: RegistryClient, validator: Validator
) -> None:
    await stage_a_share(stage)
    for parameters, expected in AFFILIATIONS:
        bundle = await ask(stage, "OrganizationAffiliation", **parameters)
        assert (parameters, _ids(bundle)) == (parameters, expected)
        assert validator.faults(bundle) == []
        counted = await ask(stage, "OrganizationAffiliation", **parameters, _count=0)
        assert (parameters, counted["total"]) == (parameters, len(expected))


async def test_an_affiliation_ends_with_either_body_and_none_begins_after(registry: RegistryClient) -> None:
    await registry.open("00F", "00G", "00H")
    await registry.open("A85001", "A85002", kind="gp_practice", on="2013-04-01")
    at = (await registry.told())[-1].stated_at
    ties = (
        ("A85001", "00F", "2013-04-01", None),
        ("A85002", "00F", "2013-04-01", "2014-04-01"),
        ("A85001", "00G", "2016-04-01", None),
        ("A85002", "00H", "2018-04-01", None),
    )
    await state(
        registry,
        *(
            OrganisationRelated(
                effective_on=date.fromisoformat(first),
                until=last and date.fromisoformat(last),
                stated_at=at,
                code=code,
                other=other,
                relation="member of",
            )
            for code, other, first, last in ties
        ),
    )
    for code in ("00F", "00G"):
        await registry.change(f"/organisations/{code}/closure", version=1, body={"effective_on": "2015-04-01"})
    await registry.change("/organisations/A85002/closure", version=1, body={"effective_on": "2017-04-01"})
    bundle = await ask(registry, "OrganizationAffiliation", role="member-of")
    told = [entry["resource"] for entry in bundle["entry"]]
    assert [(one["id"], one["active"], one["period"]) for one in told] == [
        ("A85001.member-of.00F.2013-04-01", False, {"start": "2013-04-01", "end": "2015-03-31"}),
        ("A85002.member-of.00F.2013-04-01", False, {"start": "2013-04-01", "end": "2014-03-31"}),
    ]
    assert await found(registry, "OrganizationAffiliation", role="member-of", active="true") == []
    before = await found(registry, "OrganizationAffiliation", active="true", **{"as-at": "2015-03-31"})
    assert before == ["A85001.member-of.00F.2013-04-01"]
    assert await found(registry, "OrganizationAffiliation", date="ge2015-04-01") == []
    await ask(registry, "OrganizationAffiliation/A85001.member-of.00G.2016-04-01", 404)


async def test_the_levels_above_a_body_are_affiliations_of_their_own(
    registry: RegistryClient, validator: Validator
) -> None:
    await registry.open("00F")
    await registry.open("Q49", kind="local_office", on="2013-04-01")
    await registry.open("QHM", kind="stp", on="2016-04-01")
    await registry.open("Y54", kind="nhs_england_region", on="2013-04-01")
    at = (await registry.told())[-1].stated_at
    levels = (("Q49", "in local office", 2013), ("QHM", "in STP", 2016), ("Y54", "in region", 2019))
    await state(
        registry,
        *(
            OrganisationParentChanged(
                effective_on=date(year, 4, 1), stated_at=at, code="00F", parent=above, relation=relation
            )
            for above, relation, year in levels
        ),
    )
    bundle = await ask(registry, "OrganizationAffiliation", **{"primary-organization": "00F", "as-at": "2019-06-01"})
    told = {one["id"]: one for one in (entry["resource"] for entry in bundle["entry"])}
    assert set(told) == {
        "00F.in-local-office.Q49.2013-04-01",
        "00F.in-stp.QHM.2016-04-01",
        "00F.in-icb.QHM.2022-07-01",
        "00F.in-region.Y54.2019-04-01",
    }
    stp = told["00F.in-stp.QHM.2016-04-01"]
    assert [(one["code"], one["display"]) for one in stp["code"][0]["coding"]] == [
        ("RE5", "IS LOCATED IN THE GEOGRAPHY OF"),
        ("in-stp", "in STP"),
    ]
    assert stp["active"] is True
    assert await found(registry, "OrganizationAffiliation", role="in-STP") == ["00F.in-stp.QHM.2016-04-01"]
    assert await ask(registry, "OrganizationAffiliation/00f.in-STP.QHM.2016-04-01", **{"as-at": "2019-06-01"}) == stp
    assert validator.faults(bundle) == []


async def test_affiliations_come_by_pages_with_both_bodies(stage: RegistryClient, validator: Validator) -> None:
    await stage_a_share(stage)
    first = await ask(
        stage,
        "OrganizationAffiliation",
        _count=2,
        _include=["OrganizationAffiliation:primary-organization", "OrganizationAffiliation:participating-organization"],
    )
    assert [entry["resource"]["id"] for entry in first["entry"] if entry["search"]["mode"] == "include"] == [
        "00F",
        "13T",
        "A85001",
    ]
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = (await stage.client.get(following, headers=stage.tokens.header())).json()
    [shared] = [entry["resource"] for entry in second["entry"] if entry["search"]["mode"] == "match"]
    assert extensions(shared, codes.SHARE_EXTENSION) == [{"url": codes.SHARE_EXTENSION, "valueString": "1/3"}]
    assert validator.faults(first) + validator.faults(second) == []
