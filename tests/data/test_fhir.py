"""The real ODS files through FHIR: bodies of every sort that they name are given out as sound resources."""

from datetime import date
from typing import Any

import pytest

from libs.common.database.connection import Database
from services.registry.fhir import codes
from services.registry.fhir.request import Search
from services.registry.fhir.search.affiliations import find_affiliations
from tests.fhir.hapi import Validator
from tests.support.fhir_client import ask, found, roles_of, succession_of
from tests.support.registry_client import RegistryClient

TODAY = date(2026, 1, 1)


@pytest.fixture
def registry(whole_registry: RegistryClient) -> RegistryClient:
    """The registry that took every file."""
    return whole_registry


def ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


async def test_a_sample_of_every_kind_is_accepted_by_the_reference_implementation(
    registry: RegistryClient, validator: Validator
) -> None:
    kinds = [
        row["value"]
        for row in await registry.database.fetch("SELECT DISTINCT value FROM organisation_belief WHERE facet = 4")
    ]
    seen = 0
    for kind in sorted({*kinds, "unknown"}):
        for active in ("true", "false"):
            bundle = await ask(registry, "Organization", type=f"{codes.KIND}|{kind}", active=active, _count=6)
            assert validator.faults(bundle) == [], kind
            seen += len(ids(bundle))
    assert {"ccg", "gp_practice", "nhs_trust", "foundation_trust"} <= set(kinds)
    assert seen > 50


async def test_affiliations_of_real_practices_are_accepted_page_after_page(
    registry: RegistryClient, validator: Validator
) -> None:
    parameters = {"role": "RE4", "active": "true", "_count": 60}
    first = await ask(registry, "OrganizationAffiliation", **parameters)
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = (await registry.client.get(following, headers=registry.tokens.header())).json()
    for bundle in (first, second):
        assert len(ids(bundle)) == 60
        assert validator.faults(bundle) == []
    assert max(ids(first)) < min(ids(second))


async def test_the_merger_of_newcastle_gateshead_is_in_its_resources(
    registry: RegistryClient, validator: Validator
) -> None:
    successor = await ask(registry, "Organization/13T", **{"as-at": "2016-01-01"})
    assert successor["active"]
    assert [step["predecessor"] for step in succession_of(successor) if "predecessor" in step] == [
        f"Organization/{code}" for code in ("00F", "00G", "00H")
    ]
    assert validator.faults(successor) == []


async def test_as_many_ccgs_are_active_on_a_day_as_were_open(registry: RegistryClient) -> None:
    counted = await ask(
        registry, "Organization", type="ccg", active="true", _summary="count", **{"as-at": "2021-04-01"}
    )
    assert counted["total"] == 106


async def test_a_real_trust_is_found_by_its_postcode_and_a_practice_by_its_name(registry: RegistryClient) -> None:
    leeds = await ask(registry, "Organization/RR8")
    assert (leeds["name"], roles_of(leeds)) == ("LEEDS TEACHING HOSPITALS NHS TRUST", {"RO197": True})
    assert "RR8" in await found(registry, "Organization", **{"address-postalcode": "LS9 7TF", "type": "RO197"})
    practices = await found(registry, "Organization", **{"name:contains": "medical centre"}, activeRoleCode="RO76")
    assert len(practices) == 50


async def test_no_affiliation_of_the_whole_import_outlives_a_body_of_its_own(whole: Database) -> None:
    closed = {
        row["code"]: (row["first"], row["end"])
        for row in await whole.fetch(
            """SELECT o.code, min(lower(b.valid)) AS first, max(coalesce(upper(b.valid), 'infinity')) AS "end"
                 FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id
                WHERE b.facet = 1 AND b.value = 'closed' AND upper_inf(b.known) GROUP BY o.code HAVING count(*) = 1"""
        )
    }
    seen, wrong, after = 0, [], None
    while True:
        search = Search(count=1_000, after=after)
        page = await find_affiliations(whole, search, today=TODAY)
        for one in page[:1_000]:
            seen += 1
            for code in (one.organisation, one.participating):
                first, end = closed.get(code, (None, None))
                if first and one.days.end > first and one.days.start < end and end == date.max:
                    wrong.append(one.id)
        if len(page) <= 1_000:
            break
        after = page[999].id
    assert seen > 50_000
    assert wrong == []
