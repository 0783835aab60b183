"""Carries the demo's plan from its draft to its commitment, which its members' bodies decide on."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from deploy.demo.ballots import decide
from deploy.demo.services import Refused, Services
from deploy.demo.steps import Step


async def consolidate(services: Services, step: Step) -> None:
    """Carry a plan from its draft to its commitment, each act by its own member, from where an earlier run left it.

    Every contract is left by agreement, at the price that its supplier's deed states. That the members accept is what
    governance publishes of their bodies' votes.
    """
    plan, brought = f"{step.path}/{step.body['plan']}", step.more["brought"]
    lead = f"{step.by}@{step.body['proposed_by']}"
    found = await services.find(plan, by=lead) or await services.do("POST", step.path, by=lead, body=step.body)

    async def act(path: str, body: Mapping[str, Any], *, by: str) -> None:
        version = {"If-Match": f'"{(await _shown(services, plan, by=lead))["revision"]}"'}
        await services.do("POST", f"{plan}/{path}", by=by, body=body, headers=version)

    for member in found.json()["members"]:
        code = member["organisation"]["code"]
        if not member["has_entered"]:
            entry = {"minute": f"Governing body of {code}, November 2016", "contracts": [brought[code]]}
            await act(f"members/{code}/acceptance", entry, by=f"{step.by}@{code}")
    if (await _shown(services, plan, by=lead))["state"] in ("planned", "feasible"):
        await _prepare(services, step, act, lead=lead)
    await services.catch_up()
    if (await _shown(services, plan, by=lead))["state"] == "submitted":
        await decide(services, step)
        await services.catch_up()
    await act("commitment", {}, by=lead)


async def _prepare(services: Services, step: Step, act: Callable[..., Awaitable[None]], *, lead: str) -> None:
    """Assess the plan, state the supplier's agreements, assess it again with their prices, and submit it."""
    plan, brought = f"{step.path}/{step.body['plan']}", step.more["brought"]
    choices = {"choices": [{"contract": reference, "choice": "pay"} for reference in sorted(brought.values())]}
    if (await _shown(services, plan, by=lead))["state"] == "planned":
        await act("feasibility", choices, by=lead)
    steps = (await _shown(services, f"{plan}/steps", by=lead))["steps"]
    prepared = {one["contract"] for one in steps if one["prepared"]}
    for code, reference in sorted(brought.items()):
        if reference not in prepared:
            deed = {"contract": reference, "preparation": "supplier_agreed", "document": "Deed of November 2016"}
            price = step.more["payments"][reference] * 100
            await act("steps", {**deed, "price_pence": price}, by=f"{step.by}@{code}")
    if any(one["price_pence"] is None for one in steps):
        await act("feasibility", choices, by=lead)
    await act("submission", {}, by=lead)


async def _shown(services: Services, path: str, *, by: str) -> Mapping[str, Any]:
    found = await services.find(path, by=by)
    if found is None:
        raise Refused(f"{path}: there is nothing to change")
    shown: Mapping[str, Any] = found.json()
    return shown
