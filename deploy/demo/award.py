"""Plans an award that no owner of the bidder may vote on, and carries it to the committee that decides instead."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.demo.ballots import Meeting, read, send
from deploy.demo.records import Award, DemoRecords
from deploy.demo.services import Services
from deploy.demo.steps import Step, step

ACTION = "contract.award"
_SCHEME = "Scheme of reservation and delegation (illustrative)"
_BOARD_QUORUM = {"seats": [{"roles": ["gp"]}, {"roles": ["lay"]}], "least": 2}
_COMMITTEE_QUORUM = {"seats": [{"roles": ["chair"]}, {"roles": ["officer"]}]}


def awards(facts: DemoRecords) -> Iterator[Step]:
    """Plan the owners' shares, the seats of both bodies, the procurement, and the decision."""
    for award in facts.places.awards:
        yield from _owners(award)
        yield step(
            award.opened_on,
            "governance",
            f"{award.ccg} has a governing body and a committee for awards",
            "bodies",
            {"organisation": award.ccg, "first_day": award.opened_on.isoformat()},
            by=f"commissioner@{award.ccg}",
            happened=("DecisionRightGranted", f"{award.ccg}-awards", ACTION),
            kind="seats",
            more={"partners": award.owners[: award.gp_members]},
        )
        yield from _procurement(award)
        yield step(
            award.met_on,
            "governance",
            f"A committee of {award.ccg} decides on the award, because its governing body cannot",
            "proposals",
            _asked(award),
            by=f"commissioner@{award.ccg}",
            happened=("DecisionTaken", award.reference),
            kind="award",
            more={"notice_on": award.bids_on.isoformat()},
        )


def _procurement(award: Award) -> Iterator[Step]:
    procurement = {"reference": award.reference, "buyers": [award.ccg], "functions": ["enhanced_services"]}
    terms = {"regime": "ppccr_2013", "value_pence": award.value * 100, "begun_on": award.opened_on.isoformat()}
    yield step(
        award.opened_on,
        "contracts",
        f"{award.ccg} begins to procure its enhanced services",
        "procurements",
        {**procurement, **terms},
        by=f"commissioner@{award.ccg}",
        happened=("ProcurementStated", award.reference, "design"),
    )
    yield step(
        award.bids_on,
        "contracts",
        f"{award.bidder} bids for the enhanced services of {award.ccg}",
        f"procurements/{award.reference}",
        {"bidder": award.bidder, "bids_from": award.bids_on.isoformat()},
        by=f"commissioner@{award.ccg}",
        happened=("ProcurementStated", award.reference, "bids_received"),
        kind="bids",
    )


def _owners(award: Award) -> Iterator[Step]:
    for code in award.owners:
        share = {"relation": "owns", "other": award.bidder, "share": f"1/{len(award.owners)}"}
        yield step(
            award.opened_on,
            "registry",
            f"{code} owns a part of {award.bidder}",
            f"organisations/{code}/relations",
            {**share, "effective_on": award.opened_on.isoformat()},
            by="registrar",
            happened=("OrganisationRelated", code, award.bidder),
        )


def _asked(award: Award) -> dict[str, Any]:
    return {
        "organisation": award.ccg,
        "kind": "award",
        "action": ACTION,
        "subject": award.reference,
        "due_on": award.met_on.isoformat(),
        "value_pence": award.value * 100,
        "annual_pence": award.value * 100,
    }


async def seat(services: Services, step: Step) -> None:
    """Establish both bodies with their terms and rights, and seat their members; each is known by its office alone.

    Each GP member declares the practice, and none the company. What an earlier run has done is read first; who is a
    person, and what a person has declared, it finds again by the key of the request.
    """
    code, by, day = step.body["organisation"], step.by, step.body["first_day"]
    board, committee = f"{code}-governing-body", f"{code}-awards"
    made = {"organisation": code, "kind": "committee", "title": "Awards", "first_day": day}
    for body, stated in ((board, step.body), (committee, made)):
        if await services.find(f"/governance/v1/bodies/{body}", by=by) is None:
            await send(services, "bodies", stated, by=by)
    for number, practice in enumerate(step.more["partners"], start=1):
        person = await _seated(services, board, "GP member", "gp", number, day=day, by=by)
        interest = {"organisation": code, "person": person, "type": "financial", "relation": "partner_in"}
        days = {"aware_on": day, "first_day": day}
        declared = {**interest, "other": practice, "nature": "partner", **days}
        await send(services, "interests", declared, by=by, once=f"interest {practice}")
    await _seated(services, board, "Lay member", "lay", 1, day=day, by=by)
    await _seated(services, committee, "Awards chair", "chair", 1, day=day, by=by)
    await _seated(services, committee, "Awards officer", "officer", 1, day=day, by=by)
    for body, quorum in ((board, _BOARD_QUORUM), (committee, _COMMITTEE_QUORUM)):
        await _empower(services, body, code, quorum, day=day, by=by)


async def _empower(services: Services, body: str, code: str, quorum: Mapping[str, Any], *, day: str, by: str) -> None:
    path = f"/governance/v1/bodies/{body}/terms-of-reference"
    if await services.find(path, by=by, params={"as_at": day}) is None:
        await services.do("PUT", path, by=by, body={"first_day": day, "quorum": [quorum]})
    listed = (await read(services, "decision-rights", by=by, organisation=code, as_at=day))["items"]
    if not any((one["body"], one["action"]) == (body, ACTION) for one in listed):
        right = {"organisation": code, "body": body, "action": ACTION, "recurrent": True, "first_day": day}
        await send(services, "decision-rights", {**right, "source_minute": _SCHEME}, by=by)


async def _seated(services: Services, body: str, title: str, role: str, number: int, *, day: str, by: str) -> str:
    """Return who holds a post, which is added to the body and filled first if an earlier run has not done so."""
    code = body.partition("-")[0]
    office = f"{title} {number}" if role == "gp" else title
    named = {"organisation": code, "display_name": office}
    person: str = (await send(services, "people", named, by=by, once=f"person {code} {office}"))["person"]
    stated = {"organisation": code, "body": body, "title": title, "roles": [role], "first_day": day}
    described = {**stated, "described_in": "Constitution (illustrative)"}
    post = await send(services, "posts", described, by=by, once=f"post {code} {office}")
    held = {"post": post["post"], "person": person, "first_day": day}
    await send(services, "appointments", held, by=by, once=f"appointment {code} {office}")
    return person


async def bid(services: Services, step: Step) -> None:
    """Name the bidder, unless an earlier run has, and state that the bids are in."""
    shown = await services.find(step.path, by=step.by)
    named = [one["bidder"] for one in shown.json()["bidders"]] if shown else []
    if step.body["bidder"] not in named:
        await services.do("POST", f"{step.path}/bidders", by=step.by, body=step.body)
    await services.do("POST", f"{step.path}/stages", by=step.by, body={"stage": "bids_received"})


async def decide_elsewhere(services: Services, step: Step) -> None:
    """Let the governing body find that it has no quorum without the owners, and the committee decide in its place."""
    code, day = step.body["organisation"], step.day.isoformat()
    for body, decides in ((f"{code}-governing-body", False), (f"{code}-awards", True)):
        meeting = Meeting(services=services, body=body, day=day, by=step.by)
        proposal = await _proposed(services, step, body)
        item = await meeting.item_about(proposal, "Enhanced services", notice_on=step.more["notice_on"])
        shown = await read(services, f"items/{item}/conflicts", by=step.by)
        excluded = {one["person"] for one in shown["members"] if one["excluded"]}
        await meeting.vote(item, without=excluded, to_a_result=decides)
        await meeting.end()
        if not decides:
            await _withdrawn(services, proposal, day=day, by=step.by)


async def _proposed(services: Services, step: Step, body: str) -> str:
    listed = (await read(services, "proposals", by=step.by, subject=step.body["subject"]))["items"]
    for one in listed:
        if [consent["body"] for consent in one["consents"]] == [body]:
            return str(one["proposal"])
    return str((await send(services, "proposals", {**step.body, "consents": [body]}, by=step.by))["proposal"])


async def _withdrawn(services: Services, proposal: str, *, day: str, by: str) -> None:
    if (await read(services, f"proposals/{proposal}", by=by))["state"] != "withdrawn":
        await send(services, f"proposals/{proposal}/withdrawal", {"reason": "withdrawn-by-proposer", "on": day}, by=by)
