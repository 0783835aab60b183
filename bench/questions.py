"""Measures each kind of question to a registry with the whole real import: a page, or the first part of a stream."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from bench.imports import MEMBERSHIPS_OF, TODAY, real_files
from bench.runner import Aim, Benchmark, Contest, Measure, Size
from bench.servers import Callers, new_database, opened, postgres, registry, sequenced, temporary_folder
from libs.common.identity import Role
from services.registry.imports.runner import import_folder
from services.registry.tables import METADATA

_LONGEST = 0.3
"""Seconds until a page, or the first part of what is streamed, is there."""
_SETTLING_SECONDS = 600.0

QUESTIONS: Mapping[str, str] = {
    "organisation": "/v1/organisations/14Y?sightings=true&as_at=2022-07-01",
    "organisations": "/v1/organisations?kind=ccg&status=open&as_at=2013-04-01",
    "organisations in a region": "/v1/organisations?in_region=Y60&as_at=2021-04-01",
    "search": "/v1/search?text=surgery",
    "search, nearest": "/v1/search?text=sugrery+buckinghamhire",
    "counts": "/v1/counts",
    "members": "/v1/organisations/14Y/members?as_at=2020-01-01",
    "tree": "/v1/organisations/Y60/tree?depth=3&as_at=2021-04-01",
    "lineage": "/v1/organisations/D4U1Y/lineage",
    "history": "/v1/organisations/14Y/history",
    "crosswalk": "/v1/crosswalks?from_day=2013-04-01&to_day=2021-04-01&codes=10Y",
    "crosswalk of everything": "/v1/crosswalks?from_day=2013-04-01&to_day=2021-04-01&format=csv",
    "changes of parents": "/v1/changes?from=2013-04-01&to=2021-04-01&what=parent&format=csv",
    "changes of a day": "/v1/changes?on=2020-04-01",
    "conflicts of parents": "/v1/conflicts?about=parent",
    "findings": "/v1/findings?sort=restated",
    "finding counts": "/v1/findings/counts",
    "covers": "/v1/covers?as_at=2019-04-01",
    "cover findings": "/v1/covers/findings?as_at=2019-04-01",
    "export": "/v1/exports/organisations?as_at=2020-04-01",
    "FHIR by name": "/v1/fhir/R4/Organization?name=surgery",
    "FHIR by _lastUpdated": "/v1/fhir/R4/Organization?_lastUpdated=gt2025-01-01",
    "FHIR affiliations": "/v1/fhir/R4/OrganizationAffiliation?primary-organization=14Y",
}


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            url = await new_database(server, "registry", METADATA)
            async with opened(url) as database:
                files = real_files(folder / "ods", size)
                await import_folder(database, files, stated_on=MEMBERSHIPS_OF, today=TODAY, say=lambda _: None)
            async with (
                registry(url, callers, log=folder / "server.log") as ours,
                opened(url) as database,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{ours.port}", timeout=60) as client,
            ):
                await sequenced(database, within=_SETTLING_SECONDS)
                name, _, token = callers.header(Role.PARTNER, Role.OPERATOR).strip().partition(": ")
                client.headers[name] = token
                yield Contest([_asking(client, question, path) for question, path in QUESTIONS.items()])


def _asking(client: httpx.AsyncClient, question: str, path: str) -> Measure:
    async def measure() -> Mapping[str, float]:
        began = time.perf_counter()
        async with client.stream("GET", path) as answer:
            if "text/csv" in answer.headers.get("content-type", ""):
                # The header of a table comes at once: what counts is the first part with rows.
                parts, lines = answer.aiter_lines(), 0
                async for _ in parts:
                    lines += 1
                    if lines == 2:
                        break
            else:
                await answer.aread()
            took = time.perf_counter() - began
        assert answer.status_code == 200, (path, answer.status_code)
        return {question: took}

    return measure


BENCHMARK = Benchmark(
    name="questions",
    words="each kind of question to the registry with every real ODS file: seconds to a page, or to the first rows",
    units=dict.fromkeys(QUESTIONS, "s"),
    aims=[Aim(question, None, at_most=_LONGEST) for question in QUESTIONS],
    stage=_stage,
    rounds=3,
)
