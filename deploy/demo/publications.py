"""Plans what bodies publish of themselves: payments, their estate, and how far a case may be out."""

import asyncio
import time
from collections.abc import Iterator

import httpx

from deploy.demo.records import FOLDER, DemoRecords
from deploy.demo.services import NotCaughtUp, Refused, Services
from deploy.demo.steps import Step, step

SIMULATED = "a simulation that was requested"
"""In place of an event's name: no event is about a simulation."""
_POLL_SECONDS, _PATIENCE_SECONDS = 0.1, 60.0


def partners(facts: DemoRecords) -> Iterator[Step]:
    """Plan that trusts are partners in their footprint."""
    for trust in facts.places.trusts:
        yield step(
            trust.partner_from,
            "registry",
            f"{trust.name} is a partner in {trust.footprint}",
            f"organisations/{trust.code}/relations",
            {
                "relation": "partner in",
                "other": trust.footprint,
                "effective_on": trust.partner_from.isoformat(),
            },
            by="nhs-england",
            happened=("OrganisationRelated", trust.code, trust.footprint),
        )


def publications(facts: DemoRecords) -> Iterator[Step]:
    """Plan the published payments, the returns of estates and the simulations."""
    for spend in facts.places.spend_files:
        codes = sorted(set(spend.aliases.values()))
        yield step(
            spend.stated_on,
            "contracts",
            f"{spend.payer} publishes what it paid",
            "imports/payments",
            {"aliases": spend.aliases, "since": spend.first_day.isoformat()},
            by=f"commissioner@{spend.payer}",
            happened=("SpendRecorded", spend.payer, codes[-1]),
            kind="payments",
            more={"file": spend.file, "payer": spend.payer},
        )
    for estates in facts.places.estates_returns:
        yield step(
            estates.stated_on,
            "finance",
            f"the estates return of {estates.year} is taken",
            "estates/workbooks",
            {},
            happened=("BacklogRecorded", facts.places.trusts[-1].code, estates.year),
            kind="estates",
            more={"year": estates.year, "file": estates.file},
        )
    for one in facts.places.simulations:
        yield step(
            one.stated_on,
            "finance",
            f"the case {one.case} is simulated",
            f"cases/{one.case}/versions/1/simulations",
            one.terms,
            by=f"commissioner@{one.organisation}",
            happened=(SIMULATED, one.case),
            kind="simulate",
        )


async def take_workbook(services: Services, step: Step) -> None:
    """Send the estates return: the same bytes are taken once."""
    content = (FOLDER / step.more["file"]).read_bytes()
    await services.send_file(step.path, by=step.by, content=content, params=step.more)


async def import_payments(services: Services, step: Step) -> None:
    """State whose names the suppliers have, and import the file; a line that an earlier run took is taken once."""
    for name, code in step.body["aliases"].items():
        alias = {"name": name, "code": code, "effective_on": step.body["since"]}
        once = {"Idempotency-Key": f"demo alias {code} {name}"}
        await services.do("POST", "/contracts/v1/aliases", by="nhs-england", body=alias, headers=once)
    file = step.more["file"]
    params = {"file": f"{step.more['payer']}-{file}", "payer": step.more["payer"]}
    asked = await services.send_file(step.path, by=step.by, content=(FOLDER / file).read_bytes(), params=params)
    done = await _ended(services, f"{step.path}/{asked.json()['reference']}", by=step.by)
    if done.json()["state"] != "done":
        raise Refused(f"{step.path}: {done.json()['reason']}")


async def simulations_requested(services: Services, facts: DemoRecords) -> frozenset[tuple[str, ...]]:
    """Return the cases that were simulated, as the steps name them."""
    return frozenset(
        [(SIMULATED, one.case) for one in facts.places.simulations if await _simulations(services, one.case)]
    )


async def simulate(services: Services, step: Step) -> None:
    """Request the simulation, and wait for it."""
    asked = await services.do("POST", step.path, by=step.by, body=step.body)
    await _simulated(services, f"{step.path}/{asked.json()['simulation']}")


async def simulations_ended(services: Services, facts: DemoRecords) -> None:
    """Wait until the simulations are done: one is stalled where the days pass by it. Raises NotCaughtUp, Refused."""
    for one in facts.places.simulations:
        for simulation in await _simulations(services, one.case):
            await _simulated(services, f"{_simulations_of(one.case)}/{simulation}")


async def _simulated(services: Services, path: str) -> None:
    done = await _ended(services, path, by="commissioner")
    if done.json()["state"] != "done":
        raise Refused(f"{path} {done.json()['state']}: {done.json()['reason']}")


def _simulations_of(case: str) -> str:
    return f"/finance/v1/cases/{case}/versions/1/simulations"


async def _simulations(services: Services, case: str) -> list[str]:
    found = await services.find(_simulations_of(case), by="commissioner")
    return [one["simulation"] for one in found.json()["items"]] if found else []


async def _ended(services: Services, path: str, *, by: str) -> httpx.Response:
    """Read what runs in the background until it has ended. Raises NotCaughtUp."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (found := await services.find(path, by=by)) and found.json()["state"] in ("waiting", "queued", "running"):
        if time.monotonic() > deadline:
            raise NotCaughtUp(f"{path} is {found.json()['state']}")
        await asyncio.sleep(_POLL_SECONDS)
    if found is None:
        raise Refused(f"{path}: there is no such thing")
    return found
