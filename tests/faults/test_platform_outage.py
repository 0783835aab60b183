"""PostgreSQL stopped under the running platform: it says so, refuses what it cannot do, and is well again by itself."""

import asyncio
from pathlib import Path

import httpx

from deploy.laptop.services import NAMES
from deploy.postgres.server import EmbeddedPostgres
from tests.deploy.laptops import Runner, token
from tests.support.demo import copy
from tests.support.waiting import until

OPENED = {"code": "10Y", "name": "NHS Aylesbury Vale CCG", "kind": "ccg", "effective_on": "2013-04-01"}


async def test_the_platform_outlives_its_postgres(empty_laptop: Path, folder: Path) -> None:
    copy(empty_laptop, folder)
    with Runner(folder / "var", "--port", "0", "--no-demo") as runner:
        address = runner.address()
        headers = token(address, "registrar")
        postgres = EmbeddedPostgres(folder / "var" / "postgres")
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=90) as client:

            async def are_ready() -> bool:
                answers = [await client.get(f"/{name}/health/ready") for name in NAMES]
                return all(answer.status_code == 200 for answer in answers)

            await until(are_ready, within=60)
            await asyncio.to_thread(postgres.stop)
            for name in NAMES:
                ready = await client.get(f"/{name}/health/ready")
                assert (ready.status_code, ready.json()["ready"]) == (503, False)
                assert (await client.get(f"/{name}/health/live")).status_code == 200
            refused = await client.post("/registry/v1/organisations", json=OPENED)
            assert refused.status_code == 503, refused.text
            assert refused.headers["content-type"] == "application/problem+json"
            read = await client.get("/registry/v1/organisations/10Y")
            assert read.status_code == 503, read.text
            await asyncio.to_thread(postgres.start)
            await until(are_ready, within=60)
            assert (await client.get("/registry/v1/organisations/10Y")).status_code == 404
            done = await client.post("/registry/v1/organisations", json=OPENED)
            assert done.status_code == 201, done.text

            async def is_known() -> bool:
                return postgres.run_sql("SELECT code FROM known_organisation", database="finance") == "10Y"

            await until(is_known, within=60)
        assert runner.program.poll() is None
