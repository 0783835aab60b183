"""The registry in FHIR: whatever it gives out is accepted by the reference implementation and says what is known."""

from datetime import date

import pytest

from libs.common.events.registry import OrganisationIdentified, OrganisationRoleGiven
from services.registry.fhir import codes
from tests.fhir.hapi import Validator
from tests.support.fhir_client import (
    BASE,
    ask,
    extensions,
    found,
    periods_of,
    role_periods_of,
    roles_of,
    stage_newcastle,
    state,
    status_of,
    succession_of,
)
from tests.support.registry_client import RegistryClient

ABOLITION = "2022-07-01"


@pytest.fixture
async def stage(registry: RegistryClient) -> RegistryClient:
    """The registry with Newcastle Gateshead in it."""
    await stage_newcastle(registry)
    return registry


async def test_every_body_that_is_given_out_is_accepted_by_the_reference_implementation(
    stage: RegistryClient, validator: Validator
) -> None:
    for code in ("00F", "13T", "A85001", "RX4", "QHM", "U1", "13X"):
        for asked in ({}, {"as-at": "2014-01-01"}, {"as-at": "1948-07-04"}, {"as-known": "2012-01-01"}):
            told = await ask(stage, f"Organization/{code}", **asked)
            assert (told["id"], validator.faults(told)) == (code, [])


async def test_a_merged_body_names_what_it_came_from_and_the_others_what_became_of_them(stage: RegistryClient) -> None:
    successor = await ask(stage, "Organization/13T", **{"as-at": "2016-01-01"})
    assert (successor["active"], status_of(successor)) == (True, "open")
    assert succession_of(successor) == [
        {"predecessor": f"Organization/{code}", "date": "2015-04-01", "shape": "merger", "share": "1"}
        for code in ("00F", "00G", "00H")
    ]
    gone = await ask(stage, "Organization/00F", **{"as-at": "2016-01-01"})
    assert (gone["active"], status_of(gone)) == (False, "closed")
    assert periods_of(gone)["Operational"] == {"start": "2013-04-01", "end": "2015-03-31"}
    assert [step["successor"] for step in succession_of(gone)] == ["Organization/13T"]
    assert roles_of(gone) == {"RO98": False}


async def test_a_body_is_shown_as_at_a_day_and_says_which(stage: RegistryClient) -> None:
    then = await ask(stage, "Organization/A85001", **{"as-at": "2014-01-01"})
    assert then["partOf"]["reference"] == "Organization/00F"
    assert extensions(then, codes.AS_AT_EXTENSION) == [{"url": codes.AS_AT_EXTENSION, "valueDate": "2014-01-01"}]
    now = await ask(stage, "Organization/A85001")
    assert now["partOf"]["reference"] == "Organization/13T"
    assert extensions(now, codes.AS_AT_EXTENSION) == []
    assert now["address"] == [{"line": ["WATSON STREET", "GATESHEAD"], "postalCode": "NE8 2PQ"}]
    assert roles_of(now) == {"RO177": True, "RO76": True}


async def test_what_was_not_known_by_an_instant_is_not_shown(stage: RegistryClient) -> None:
    before = await ask(stage, "Organization/A85001", **{"as-known": "2012-01-01"})
    assert (status_of(before), before["active"], "name" in before, "partOf" in before) == (
        "unknown",
        False,
        False,
        False,
    )
    assert [part["valueInstant"] for part in extensions(before, codes.AS_KNOWN_EXTENSION)] == [
        "2012-01-01T23:59:59.999+00:00"
    ]


async def test_a_trust_has_been_a_foundation_trust_since_its_day_and_a_trust_all_along(stage: RegistryClient) -> None:
    before = await ask(stage, "Organization/RX4", **{"as-at": "2009-11-30"})
    assert roles_of(before) == {"RO197": True, "RO57": False}
    after = await ask(stage, "Organization/RX4", **{"as-at": "2009-12-01"})
    assert roles_of(after) == {"RO197": True, "RO57": True}


async def test_a_proposed_body_is_legally_set_and_not_active(stage: RegistryClient) -> None:
    told = await ask(stage, "Organization/QHM", **{"as-at": "2030-04-02"})
    assert (told["active"], status_of(told)) == (False, "proposed")
    assert periods_of(told) == {"Legal": {"start": "2030-04-01"}}


async def test_roles_operate_with_their_body_and_are_legal_from_its_order(
    registry: RegistryClient, validator: Validator
) -> None:
    await registry.move_clock("2017-01-31")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    planned = await ask(registry, "Organization/14Y")
    assert role_periods_of(planned) == {"RO98": {"Legal": {"start": "2017-01-31"}}}
    assert validator.faults(planned) == []
    await registry.move_clock("2018-04-02")
    told = await ask(registry, "Organization/14Y")
    assert role_periods_of(told) == {"RO98": {"Legal": {"start": "2017-01-31"}, "Operational": {"start": "2018-04-01"}}}
    gone = await ask(registry, "Organization/10H")
    assert role_periods_of(gone) == {
        "RO98": {"Legal": {"end": "2018-03-31"}, "Operational": {"start": "2013-04-01", "end": "2018-03-31"}}
    }
    assert validator.faults(told) + validator.faults(gone) == []


async def test_a_further_role_ends_with_its_body_and_begins_no_earlier(registry: RegistryClient) -> None:
    await registry.open("13Q", kind="commissioning_hub")
    at = (await registry.told())[0].stated_at
    roles = (("RO216", date(2012, 4, 1)), ("RO217", date(2020, 4, 1)))
    given = (OrganisationRoleGiven(effective_on=day, stated_at=at, code="13Q", role=role) for role, day in roles)
    await state(registry, *given)
    await registry.change("/organisations/13Q/closure", version=1, body={"effective_on": "2018-04-01"})
    told = role_periods_of(await ask(registry, "Organization/13Q"))
    assert told["RO216"] == {"Operational": {"start": "2013-04-01", "end": "2018-03-31"}}
    assert "RO217" not in told


async def test_a_code_whose_body_was_abolished_in_law_lives_on_in_operation(
    registry: RegistryClient, validator: Validator
) -> None:
    await registry.open("00K")
    await registry.change(
        "/organisations/00K/legal-status", version=1, body={"legal_status": "abolished", "effective_on": ABOLITION}
    )
    await registry.change(
        "/organisations/00K/kind", version=2, body={"kind": "sub_icb_location", "effective_on": ABOLITION}
    )
    told = await ask(registry, "Organization/00K", **{"as-at": "2023-01-01"})
    assert periods_of(told) == {"Legal": {"end": "2022-06-30"}, "Operational": {"start": "2013-04-01"}}
    assert (told["active"], roles_of(told)) == (True, {"RO98": True, "RO319": True})
    assert validator.faults(told) == []


async def test_codes_of_other_systems_and_further_roles_are_told_and_found(
    registry: RegistryClient, validator: Validator
) -> None:
    await registry.open("13Q", kind="commissioning_hub")
    at = (await registry.told())[0].stated_at
    await state(
        registry,
        OrganisationIdentified(
            effective_on="2014-04-01", stated_at=at, code="13Q", system="ons", identifier="E38000226"
        ),
        OrganisationIdentified(
            effective_on="2014-04-01", stated_at=at, code="13Q", system="ledger", identifier="C 104", until="2016-04-01"
        ),
        OrganisationRoleGiven(effective_on="2014-04-01", stated_at=at, code="13Q", role="RO216", until="2015-04-01"),
        OrganisationRoleGiven(effective_on="2014-04-01", stated_at=at, code="13Q", role="data-controller"),
    )
    told = await ask(registry, "Organization/13Q")
    assert validator.faults(told) == []
    assert told["identifier"] == [
        {"use": "official", "system": codes.ODS_CODE, "value": "13Q"},
        {
            "use": "secondary",
            "system": f"{codes.OURS}/Id/ledger",
            "value": "C 104",
            "period": {"start": "2014-04-01", "end": "2016-03-31"},
        },
        {"use": "secondary", "system": codes.ONS, "value": "E38000226", "period": {"start": "2014-04-01"}},
    ]
    assert roles_of(told) == {"RO98": True, "RO218": True, "RO216": False, "data-controller": True}
    for token in ("E38000226", f"{codes.ONS}|E38000226", f"{codes.ONS}|", "13Q", f"{codes.OURS}/Id/ledger|C 104"):
        assert await found(registry, "Organization", identifier=token) == ["13Q"], token
    for token in (f"{codes.ODS_CODE}|E38000226", f"{codes.OURS}/Id/payroll|C 104", "http://elsewhere|13Q"):
        assert await found(registry, "Organization", identifier=token) == [], token
    assert await found(registry, "Organization", roleCode="RO216") == ["13Q"]
    assert await found(registry, "Organization", activeRoleCode="RO216") == []
    assert await found(registry, "Organization", activeRoleCode="RO216", **{"as-at": "2014-05-01"}) == ["13Q"]


async def test_each_value_says_since_when_it_is_known_and_when_it_was_seen(
    registry: RegistryClient, validator: Validator
) -> None:
    await registry.move_clock("2014-06-01")
    await registry.open("13T")
    told = await ask(registry, "Organization/13T", **{"as-at": "2020-01-01"})
    values = [
        {part["url"]: next(value for key, value in part.items() if key != "url") for part in one["extension"]}
        for one in extensions(told, codes.PROVENANCE_EXTENSION)
    ]
    assert {value["element"]: value["seenOn"] for value in values} == {
        "active": "2014-06-01",
        "name": "2014-06-01",
        "type": "2014-06-01",
    }
    assert {value["knownSince"][:10] for value in values} == {"2014-06-01"}
    assert validator.faults(told) == []


async def test_a_body_has_its_version_and_the_day_of_its_last_change(stage: RegistryClient) -> None:
    response = await stage.send("GET", f"{BASE}/Organization/RX4")
    told = response.json()
    assert (response.headers["ETag"], told["meta"]["versionId"]) == ('W/"2"', "2")
    assert response.headers["Last-Modified"].endswith("GMT")
    [change] = extensions(told, codes.TYPED_DATE_TIME)
    stated = max(event.stated_at for event in await stage.told() if getattr(event, "code", "") == "RX4")
    assert change["extension"][1]["valueDateTime"] == stated.date().isoformat()
