"""A FHIR client that is not ours (SMART's) reads, searches and pages, over a real port, with models that are strict."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, TypeVar

import pytest
import uvicorn
from fastapi import FastAPI
from fhirclient.client import FHIRClient
from fhirclient.models.organization import Organization
from fhirclient.models.organizationaffiliation import OrganizationAffiliation
from fhirclient.server import FHIRNotFoundException, FHIRServer, FHIRUnauthorizedException

from services.registry.fhir import codes
from tests.support.fhir_client import BASE, stage_newcastle
from tests.support.registry_client import RegistryClient
from tests.support.waiting import until

Answer = TypeVar("Answer")


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The address of this app, whose lifespan is under way already."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", access_log=False, log_config=None))
    serving = asyncio.create_task(server._serve())  # noqa: SLF001  (without taking over the test run's signals)

    async def has_started() -> bool:
        return server.started

    await until(has_started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def server(registry: RegistryClient) -> AsyncIterator[FHIRServer]:
    """SMART's client of the registry on a port, signed in."""
    await stage_newcastle(registry)
    async with served(registry.app) as address:
        client = FHIRClient(settings={"app_id": "test", "api_base": f"{address}/v1{BASE}"})
        client.server.session.headers.update(registry.tokens.header())
        yield client.server
        client.server.session.close()


async def asked(question: Callable[[], Answer]) -> Answer:
    """What the client answers; it blocks, and the server runs in this loop."""
    return await asyncio.to_thread(question)


async def test_the_client_reads_what_the_server_can_do(server: FHIRServer) -> None:
    told: Any = await asked(lambda: server.capabilityStatement)
    assert told.fhirVersion == "4.0.1"
    assert [resource.type for resource in told.rest[0].resource] == ["Organization", "OrganizationAffiliation"]


async def test_the_client_reads_a_body_with_its_roles_and_its_predecessors(server: FHIRServer) -> None:
    body: Any = await asked(lambda: Organization.read("13T", server))
    assert (body.id, body.active, body.identifier[0].value) == ("13T", True, "13T")
    [role] = [part for part in body.extension if part.url == codes.ROLE_EXTENSION]
    assert role.extension[0].valueCodeableConcept.coding[0].code == "RO98"
    came_from = [part.extension for part in body.extension if part.url == codes.SUCCESSION_EXTENSION]
    assert [(parts[0].valueReference.reference, parts[1].valueDate.date) for parts in came_from] == [
        (f"Organization/{code}", date(2015, 4, 1)) for code in ("00F", "00G", "00H")
    ]


async def test_the_client_follows_a_reference_to_the_parent(server: FHIRServer) -> None:
    practice: Any = await asked(lambda: Organization.read("A85001", server))
    commissioner: Any = await asked(lambda: practice.partOf.resolved(Organization))
    assert commissioner.id == "13T"


async def test_the_client_searches_and_pages_through_all_that_match(server: FHIRServer) -> None:
    search = Organization.where({"_count": "2", "type": "ccg", "name": {"$exact": "NHS 00F CCG"}})
    assert [body.id for body in await asked(lambda: list(search.perform_resources_iter(server)))] == ["00F"]
    pages = await asked(lambda: list(Organization.where({"_count": "2"}).perform_iter(server)))
    assert [len(page.entry) for page in pages] == [2, 2, 2, 2, 1]
    found = [entry.resource.id for page in pages for entry in page.entry]
    assert found == ["00F", "00G", "00H", "13T", "13X", "A85001", "QHM", "RX4", "U1"]


async def test_the_client_searches_affiliations_of_a_day(server: FHIRServer) -> None:
    search = OrganizationAffiliation.where({"primary-organization": "Organization/A85001", "active": "true"})
    [tie] = await asked(lambda: list(search.perform_resources_iter(server)))
    assert tie.participatingOrganization.reference == "Organization/13T"
    assert tie.period.start.as_json() == "2015-04-01"
    same: Any = await asked(lambda: OrganizationAffiliation.read(tie.id, server))
    assert same.as_json() == tie.as_json()


async def test_the_client_is_told_what_is_not_there_and_who_may_not_ask(server: FHIRServer) -> None:
    with pytest.raises(FHIRNotFoundException):
        await asked(lambda: Organization.read("ZZZ", server))
    del server.session.headers["Authorization"]
    with pytest.raises(FHIRUnauthorizedException):
        await asked(lambda: Organization.read("13T", server))
