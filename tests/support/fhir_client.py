"""What a test of the FHIR routes asks and reads, and the bodies that it asks about."""

from typing import Any

from libs.common.events import Event
from libs.common.events.registry import OrganisationRelated
from services.registry.core import recording
from services.registry.fhir import codes
from tests.support.registry_client import RegistryClient

BASE = "/fhir/R4"


async def ask(registry: RegistryClient, path: str, expect: int = 200, /, **parameters: Any) -> dict[str, Any]:
    """A resource, or an outcome."""
    response = await registry.send("GET", f"{BASE}/{path}", params=parameters)
    assert response.status_code == expect, response.text
    assert response.headers["Content-Type"] == "application/fhir+json"
    resource: dict[str, Any] = response.json()
    return resource


async def found(registry: RegistryClient, path: str, /, **parameters: Any) -> list[str]:
    """The ids of what a search finds on its first page."""
    bundle = await ask(registry, path, **parameters)
    return [entry["resource"]["id"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == "match"]


def extensions(resource: dict[str, Any], url: str) -> list[dict[str, Any]]:
    return [part for part in resource["extension"] if part["url"] == url]


def status_of(resource: dict[str, Any]) -> str:
    [status] = extensions(resource, codes.STATUS_EXTENSION)
    return str(status["valueCode"])


def roles_of(resource: dict[str, Any]) -> dict[str, bool]:
    """Its role codes, and whether each is active."""
    told = {}
    for role in extensions(resource, codes.ROLE_EXTENSION):
        parts = {part["url"]: part for part in role["extension"]}
        code = parts["roleCode"]["valueCodeableConcept"]["coding"][0]["code"]
        told[code] = parts["active"]["valueBoolean"]
    return told


def role_periods_of(resource: dict[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    """Its role codes, and the legal and the operational period of each."""
    told = {}
    for role in extensions(resource, codes.ROLE_EXTENSION):
        [coded] = [part for part in role["extension"] if part["url"] == "roleCode"]
        told[coded["valueCodeableConcept"]["coding"][0]["code"]] = periods_of(role)
    return told


def periods_of(resource: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Its legal and its operational period."""
    return {
        part["extension"][0]["valueCoding"]["code"]: part["extension"][1]["valuePeriod"]
        for part in extensions(resource, codes.TYPED_PERIOD)
    }


def succession_of(resource: dict[str, Any]) -> list[dict[str, str]]:
    told = []
    for step in extensions(resource, codes.SUCCESSION_EXTENSION):
        parts = {part["url"]: next(value for key, value in part.items() if key != "url") for part in step["extension"]}
        told.append({url: value["reference"] if isinstance(value, dict) else value for url, value in parts.items()})
    return told


async def state(registry: RegistryClient, *events: Event) -> None:
    """State what no command of the API states, as an import does."""
    async with registry.database.begin() as session:
        await recording.record(session, events, source="test", by="test")


async def stage_newcastle(registry: RegistryClient) -> None:
    """Newcastle Gateshead: three CCGs become one; a practice, a trust, bodies proposed, closed and unknown."""
    await registry.open("00F", "00G", "00H", "13X")
    await registry.call(
        "POST",
        "/organisations",
        json={
            "code": "A85001",
            "name": "TEAMS MEDICAL PRACTICE",
            "kind": "gp_practice",
            "effective_on": "1974-04-01",
            "address": {"lines": ["WATSON STREET", "GATESHEAD"], "postcode": "NE8 2PQ"},
        },
    )
    await registry.change(
        "/organisations/A85001/parent",
        version=1,
        body={"parent": "00F", "relation": "commissioned by", "effective_on": "2013-04-01"},
    )
    await registry.open("RX4", kind="nhs_trust", on="2006-04-01")
    await registry.change(
        "/organisations/RX4/kind", version=1, body={"kind": "foundation_trust", "effective_on": "2009-12-01"}
    )
    await registry.open("QHM", kind="icb", on="2030-04-01", status="proposed")
    await registry.open("U1", kind="unknown", on="2016-01-01")
    await registry.change("/organisations/13X/closure", version=1, body={"effective_on": "2014-04-01"})
    await registry.merge("13T", "00F", "00G", "00H", on="2015-04-01")
    await registry.change(
        "/organisations/A85001/parent",
        version=2,
        body={"parent": "13T", "relation": "commissioned by", "effective_on": "2015-04-01"},
    )


async def stage_a_share(registry: RegistryClient) -> None:
    """The trust is partner in the ICB with a third."""
    at = (await registry.told())[-1].stated_at
    await state(
        registry,
        OrganisationRelated(
            effective_on="2016-04-01", stated_at=at, code="RX4", other="QHM", relation="partner in", share="1/3"
        ),
    )
