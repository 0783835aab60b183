"""Plans what a support unit costs and charges, and what one customer's leaving shifts to the others."""

from collections.abc import Iterator

from deploy.demo.records import DemoRecords
from deploy.demo.services import Services
from deploy.demo.steps import Step, step


def units(facts: DemoRecords) -> Iterator[Step]:
    """Plan the units' costs and prices, which each states itself, and what its first customer to leave publishes."""
    for unit in facts.places.units:
        heads = facts.people_on_lists([unit.leaves, *unit.triggers])
        yield step(
            unit.stated_on,
            "contracts",
            f"{unit.supplier} states what it costs and charges",
            f"suppliers/{unit.supplier}/costs",
            {
                "effective_on": unit.from_day.isoformat(),
                "fixed_pence": unit.fixed_pence,
                "per_head_pence": unit.per_head_pence,
                "heads": heads,
                "price_per_head_pence": unit.price_per_head_pence,
                "basis": "illustrative",
            },
            by=f"commissioner@{unit.supplier}",
            happened=("SupplierPriced", unit.supplier),
        )
        first_exit = {"organisation": unit.leaves, "replacement_per_head_pence": unit.replacement_per_head_pence}
        yield step(
            unit.leaves_on,
            "finance",
            f"{unit.leaves} publishes what its leaving {unit.supplier} would shift to others",
            f"suppliers/{unit.supplier}/cost-shifts",
            {"exits": [first_exit]},
            by=f"commissioner@{unit.leaves}",
            happened=("CostShiftFound", unit.supplier),
            kind="domino",
            more={"triggers": unit.triggers, "supplier": unit.supplier},
        )


async def publish(services: Services, step: Step) -> None:
    """Let each of the others state for itself above which price it would leave, and publish what the first exit shifts.

    A trigger is no event, because no other body reads it: one that an earlier run has stated is found by its body.
    """
    for code, pence in step.more["triggers"].items():
        by, path = f"commissioner@{code}", f"/finance/v1/exit-triggers/{code}/{step.more['supplier']}"
        if await services.find(path, by=by) is None:
            trigger = {"effective_on": step.day.isoformat(), "price_per_head_pence": pence}
            await services.do("PUT", path, by=by, body=trigger)
    await services.do(step.method, step.path, by=step.by, body=step.body)
