"""Plans the demo's missing steps: its records less what the services' own events show to have happened."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from deploy.demo import money
from deploy.demo.award import awards
from deploy.demo.domino import units
from deploy.demo.marks import OFFERED, Done
from deploy.demo.publications import partners, publications
from deploy.demo.records import (
    ABOLITION,
    AREAS_KNOWN,
    COMMISSIONER_OF_PRACTICES,
    Consolidation,
    Contract,
    DemoRecords,
    Officers,
    Plan,
    Schedule,
)
from deploy.demo.steps import Step, step

_NOTICE = timedelta(days=7)


def steps_missing(facts: DemoRecords, done: Done) -> list[Step]:
    """Return the steps that are not done yet, in the order in which to take them."""
    planned = [
        *_openings(facts, done),
        *_mergers(facts),
        *_renamings(facts),
        *_revisions(facts),
        *_successions(facts),
        *_areas(facts),
        *_closings(facts),
        *_contracts(facts),
        *_plans(facts),
        *money.exit_assessments(facts),
        *_schedules(facts),
        *units(facts),
        *awards(facts),
        *money.allowances(facts),
        *money.cases(facts),
        *money.cases_of_members(facts),
        *money.budgets(facts),
        *partners(facts),
        *publications(facts),
        *_governance(facts),
    ]
    missing = [step for step in planned if step.happened not in done]
    # The registry first: the others ask it whether a body is open. Sorting keeps the order within one service.
    return sorted(missing, key=lambda step: (step.day, step.service != "registry"))


def days_of_mergers_missing(facts: DemoRecords, done: Done) -> set[date]:
    """Return the days of mergers that have not been carried out yet."""
    return {merger.day for merger in facts.mergers if ("CCGMerged", merger.successor) not in done}


def _openings(facts: DemoRecords, done: Done) -> Iterator[Step]:
    bodies = [(ccg.from_day, ccg.code, ccg.name, "ccg") for ccg in facts.ccgs]
    bodies += [(unit.from_day, unit.code, unit.name, unit.kind) for unit in facts.places.suppliers]
    bodies += [(body.from_day, body.code, body.name, body.kind) for body in facts.bodies]
    bodies += [(trust.from_day, trust.code, trust.name, trust.kind) for trust in facts.places.trusts]
    bodies += [(one.from_day, one.code, one.name, "gp_practice") for one in facts.practices]
    within = {code: award.ccg for award in facts.places.awards for code in award.owners}
    bodies += [
        (award.opened_on, code, f"Member practice {number} of {award.ccg} (illustrative)", "gp_practice")
        for award in facts.places.awards
        for number, code in enumerate(award.owners, start=1)
    ]
    missing = [body for body in bodies if ("OrganisationOpened", body[1]) not in done]
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for from_day, code, name, kind in missing:
        parent = {"parent": within.get(code, COMMISSIONER_OF_PRACTICES)} if kind == "gp_practice" else {}
        opened = {"code": code, "name": name, "kind": kind, "effective_on": from_day.isoformat(), **parent}
        by_day[facts.stated_on(from_day)].append(opened)
    for day, together in sorted(by_day.items()):
        ccgs = sum(one["kind"] == "ccg" for one in together)
        others = len(together) - ccgs
        words = f"{ccgs} CCGs and {others} other bodies open" if ccgs else f"{others} bodies open"
        yield step(
            day,
            "registry",
            words if len(together) > 1 else f"{together[0]['name']} opens",
            "organisations/batch",
            {"organisations": together},
            by="registrar",
            happened=("OrganisationOpened", together[0]["code"]),
        )


def _revisions(facts: DemoRecords) -> Iterator[Step]:
    """Plan what is new of many bodies from a day: levels above them, codes, names of 2022; and counts of people."""
    new: dict[date, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for given in facts.ons_codes:
        new[given.day][given.code]["identifiers"] = [{"system": "ons", "identifier": given.ons}]
    names = {board.code: board.name for board in facts.boards}
    between = {body.code for body in facts.bodies}
    parents: dict[str, str] = {}
    for level in facts.levels:
        for body in level.codes:
            new[level.day][body][level.level] = level.above
            if level.level == "icb":
                new[level.day][body]["new_name"] = f"{names[level.above]} - {body}"
    for board in facts.boards:
        new[ABOLITION][board.code] |= {"kind": "icb", "new_name": board.name, "legal_status": "established"}
    for day, bodies in sorted(new.items()):
        for code, values in bodies.items():
            # The register's own column has the nearest level: a region for those between it and a commissioner.
            nearest = ("region",) if code in between else ("icb", "stp", "local_office")
            parent = next((values[level] for level in nearest if level in values), None)
            # A board has the code of the STP before it, so most of its locations keep their parent.
            if parent and parents.get(code) != parent:
                parents[code] = values["parent"] = parent
        words = "boards are established" if day == ABOLITION else "what is new of bodies, as published"
        yield _revision(day, day, words, [{"code": code, **values} for code, values in sorted(bodies.items())])
    for count in facts.counts:
        counted = [
            {
                "code": one.code,
                "populations": [{"basis": count.basis, "people": one.people, "source": count.source}],
            }
            for one in facts.populations
            if one.count == count.name
        ]
        yield _revision(count.stated_on, count.day, f"{len(counted)} counts of people are published", counted)


def _mergers(facts: DemoRecords) -> Iterator[Step]:
    slips = {slip.successor: slip for slip in facts.places.slips}
    for merger in facts.mergers:
        slip = slips.get(merger.successor)
        planned_for = slip.first_planned_for if slip else merger.day
        yield step(
            merger.agreed,
            "registry",
            f"{merger.name} is agreed for {planned_for:%-d %B %Y}",
            "mergers",
            {
                "successor": merger.successor,
                "successor_name": merger.name,
                "predecessors": list(merger.predecessors),
                "effective_on": planned_for.isoformat(),
                # No source of the demo's data states its schemes.
                "schemes": [{"sort": sort, "nil_return": True} for sort in ("property", "staff")],
            },
            by="nhs-england",
            happened=("CCGMergerAgreed", merger.successor),
        )
        if slip:
            yield step(
                slip.redated_on,
                "registry",
                f"{merger.name} is put off to {merger.day:%-d %B %Y}",
                f"mergers/M-{merger.successor}/redating",
                {"effective_on": merger.day.isoformat()},
                by="nhs-england",
                happened=("CCGMergerRedated", merger.successor),
                kind="edit",
            )


def _renamings(facts: DemoRecords) -> Iterator[Step]:
    for renaming in facts.renamings:
        yield step(
            renaming.day,
            "registry",
            f"{renaming.code} is renamed {renaming.name}",
            f"organisations/{renaming.code}/renaming",
            {"new_name": renaming.name, "effective_on": renaming.day.isoformat()},
            by="registrar",
            happened=("OrganisationRenamed", renaming.code, renaming.day.isoformat()),
            kind="edit",
        )


def _revision(stated_on: date, day: date, words: str, organisations: list[dict[str, Any]]) -> Step:
    return step(
        stated_on,
        "registry",
        words,
        "organisations/revisions",
        {"effective_on": day.isoformat(), "organisations": organisations},
        by="registrar",
        happened=_first_event(organisations[0], day),
    )


def _first_event(new: Mapping[str, Any], day: date) -> tuple[str, ...]:
    """Return what identifies an event of a revision, all of which are published together."""
    code, on = new["code"], day.isoformat()
    if "populations" in new:
        return ("PopulationPublished", code, new["populations"][0]["basis"], on)
    if "identifiers" in new:
        return ("OrganisationIdentified", code, new["identifiers"][0]["identifier"])
    if "kind" in new:
        return ("OrganisationKindChanged", code, on)
    above = next(new[level] for level in ("parent", "icb", "stp", "local_office", "region") if level in new)
    return ("OrganisationParentChanged", code, above, on)


def _successions(facts: DemoRecords) -> Iterator[Step]:
    """Plan the mergers of STPs, and that the CCGs of each board's area were abolished and the board followed them."""
    merged: dict[tuple[date, str], list[str]] = defaultdict(list)
    for body in facts.bodies:
        if body.merged_into and body.last_day:
            merged[body.last_day + timedelta(days=1), body.merged_into].append(body.code)
    for (day, successor), codes in merged.items():
        words = f"{', '.join(codes)} merge into {successor}"
        yield _reorganisation(facts.stated_on(day), words, _succession(day, "merger", codes, successor))
    for level in facts.levels:
        if level.level == "icb":
            terms = _succession(level.day, "abolition", level.codes, level.above)
            plural = "CCG is" if len(level.codes) == 1 else "CCGs are"
            words = f"{len(level.codes)} {plural} abolished, and {level.above} takes over"
            yield _reorganisation(level.day, words, {**terms, "lives_on_as": "sub_icb_location"})


def _succession(day: date, shape: str, codes: Sequence[str], successor: str) -> dict[str, Any]:
    return {
        "shape": shape,
        "predecessors": list(codes),
        "successors": [{"code": successor}],
        "effective_on": day.isoformat(),
    }


def _reorganisation(day: date, words: str, body: Mapping[str, Any]) -> Step:
    happened = ("OrganisationSucceeded", body["predecessors"][0], body["successors"][0]["code"])
    return step(day, "registry", words, "reorganisations", body, by="nhs-england", happened=happened)


def _closings(facts: DemoRecords) -> Iterator[Step]:
    """Plan the closing of what closed without a succession: regions, local offices and practices."""
    closing = [(one.last_day, one.code, one.name) for one in facts.bodies if not one.merged_into]
    closing += [(one.last_day, one.code, one.name) for one in facts.practices]
    for last, code, name in closing:
        if last:
            day = last + timedelta(days=1)
            yield step(
                facts.stated_on(day),
                "registry",
                f"{name} closes",
                f"organisations/{code}/closure",
                {"effective_on": day.isoformat()},
                by="registrar",
                happened=("OrganisationClosed", code),
                kind="edit",
            )


def _areas(facts: DemoRecords) -> Iterator[Step]:
    areas: dict[str, list[str]] = defaultdict(list)
    for run in facts.areas:
        areas[run.code] += run.all
    yield step(
        AREAS_KNOWN,
        "registry",
        f"{sum(map(len, areas.values()))} areas are listed",
        "covers",
        {
            "effective_on": AREAS_KNOWN.isoformat(),
            "commissioners": [{"code": code, "areas": several} for code, several in areas.items()],
        },
        by="nhs-england",
        happened=("AreasAssigned", next(iter(areas))),
    )


def _contracts(facts: DemoRecords) -> Iterator[Step]:
    for contract in facts.places.contracts:
        yield step(
            contract.signed_on,
            "contracts",
            f"{contract.title} is {'offered' if contract.left_to_sign else 'signed'}",
            "contracts",
            {**_terms(contract), "customers": sorted(contract.customers)},
            happened=(OFFERED if contract.left_to_sign else "ContractSigned", contract.reference),
            kind="sign",
            more={"signers": contract.signers},
        )
    for shared in facts.places.consolidations:
        brought = facts.brought_by(shared)
        members = sorted(brought)
        yield step(
            shared.decided_on,
            "contracts",
            f"{shared.title} is agreed in the place of {len(shared.replaces)} contracts",
            "consolidations",
            {
                **_terms(shared),
                "plan": shared.plan,
                "proposed_by": members[0],
                "members": [{"organisation": code, "weight": facts.charge_of(brought[code])} for code in members],
                "contracts": [brought[members[0]]],
            },
            happened=("ConsolidationAgreed", shared.reference),
            kind="consolidate",
            more={
                "brought": brought,
                "payments": shared.payments,
                "notice_on": (shared.decided_on - _NOTICE).isoformat(),
                "proposal": _proposal(shared, members[0]),
            },
        )


def _plans(facts: DemoRecords) -> Iterator[Step]:
    """Plan what members draw up and have not yet entered."""
    for plan in facts.places.plans:
        yield step(
            plan.stated_on,
            "contracts",
            f"{plan.title} is planned",
            "consolidations",
            {
                **_terms(plan),
                "plan": plan.plan,
                "proposed_by": plan.proposed_by,
                "members": [{"organisation": code} for code in plan.members],
                "contracts": list(plan.contracts),
            },
            by=f"commissioner@{plan.proposed_by}",
            happened=("ConsolidationPlanned", plan.plan),
        )


def _schedules(facts: DemoRecords) -> Iterator[Step]:
    """Plan how contracts are paid, and what their payees achieved, both stated by the customer."""
    contracts = {contract.reference: contract for contract in facts.places.contracts}
    for schedule in facts.places.schedules:
        [customer] = contracts[schedule.contract].customers
        yield step(
            schedule.stated_on,
            "contracts",
            f"{contracts[schedule.contract].title} are paid by a schedule",
            f"schedules/{schedule.contract}",
            {"sum_pence": schedule.sum * 100, "payees": [{"code": code} for code in schedule.achievements]},
            by=f"commissioner@{customer}",
            happened=("PaymentScheduled", schedule.contract),
        )
        yield _payment(schedule, "advance", schedule.stated_on)
        for code, part in schedule.achievements.items():
            yield step(
                schedule.achievements_on,
                "contracts",
                f"{code} achieved {part} of what was agreed",
                "achievements",
                {
                    "contract": schedule.contract,
                    "payee": code,
                    "achievement": part,
                    "achieved_on": schedule.achieved_on.isoformat(),
                    "document": f"Review of {schedule.achieved_on:%-d %B %Y}",
                },
                by=f"commissioner@{customer}",
                happened=("PaymentFellDue", f"{schedule.contract}/balance/{code}"),
            )
        yield _payment(schedule, "balance", schedule.achievements_on)


def _payment(schedule: Schedule, kind: str, day: date) -> Step:
    """Return the step by which what fell due on a day is paid on that day, not when the clocks move next."""
    *_, last = schedule.achievements
    happened = ("PaymentMade", f"{schedule.contract}/{kind}/{last}")
    words = f"what fell due of {schedule.contract} is paid"
    return step(day, "finance", words, "operations/clock", {}, by="operator", happened=happened, kind="pay")


def _proposal(shared: Consolidation, organisation: str) -> dict[str, Any]:
    """Return what the members' bodies are asked, by the body that drew the plan up."""
    annual = sum(shared.lines.values()) * 100
    ends = shared.last_day + timedelta(days=1)
    months = (ends.year - shared.from_day.year) * 12 + ends.month - shared.from_day.month
    return {
        "organisation": organisation,
        "kind": "consolidation",
        "action": "consolidation.commit",
        "subject": shared.plan,
        "value_pence": annual * months // 12,
        "annual_pence": annual,
        "recurrent": True,
        "case": shared.case,
        "case_version": 1,
        "due_on": shared.decided_on.isoformat(),
    }


def _terms(agreed: Contract | Consolidation | Plan) -> dict[str, Any]:
    basis = "illustrative" if agreed.illustrative or not agreed.source else "stated"
    ends = (
        {"notice_months": agreed.notice_months, "exit_terms": agreed.exit_terms} if isinstance(agreed, Contract) else {}
    )
    return {
        **{name: value for name, value in ends.items() if value is not None},
        "reference": agreed.reference,
        "title": agreed.title,
        "supplier": agreed.supplier,
        "starts_on": agreed.from_day.isoformat(),
        "last_day": agreed.last_day.isoformat(),
        "lines": [{"function": name, "annual_pence": charge * 100} for name, charge in sorted(agreed.lines.items())],
        "value_basis": basis,
        "value_source": agreed.source or None,
    }


def _governance(facts: DemoRecords) -> Iterator[Step]:
    names = {ccg.code: ccg.name.removeprefix("NHS ").removesuffix(" CCG") for ccg in facts.ccgs}
    first_day = {ccg.code: ccg.from_day for ccg in facts.ccgs}
    titles: dict[str, list[str]] = {}
    for officers in facts.places.officers:
        for code in officers.ccgs:
            titles.setdefault(code, [])
            if officers.post not in titles[code]:
                titles[code].append(officers.post)
    for code, posts in titles.items():
        yield step(
            first_day[code],
            "governance",
            f"{names[code]} has a governing body",
            "bodies",
            {
                "organisation": code,
                "first_day": first_day[code].isoformat(),
                "posts": [{"title": title} for title in posts],
            },
            by=f"commissioner@{code}",
            happened=("BodyEstablished", code),
        )
    for officers in facts.places.officers:
        for code in officers.ccgs:
            yield from _term_of_office(officers, code, names[code])


def _term_of_office(officers: Officers, code: str, name: str) -> Iterator[Step]:
    post = f"{code}/{_slug(officers.post)}"
    displayed = officers.one_holder or f"{officers.post}, {name}"
    first = officers.ccgs[0] if officers.one_holder else code
    yield step(
        officers.from_day,
        "governance",
        f"{displayed} is appointed in {name}",
        "appointments",
        {"post": post, "first_day": officers.from_day.isoformat()},
        by=f"commissioner@{code}",
        happened=("AppointmentMade", post, officers.from_day.isoformat()),
        kind="appoint",
        # Governance gives the ids: one holder in several CCGs is whoever holds the post in the first of them.
        more={"display_name": displayed, "organisation": first, "held_first": f"{first}/{_slug(officers.post)}"},
    )
    if officers.until:
        first_without = officers.until + timedelta(days=1)
        yield step(
            first_without,
            "governance",
            f"{displayed} leaves",
            "appointments",
            {
                "last_day": officers.until.isoformat(),
                "reason": "reorganised",
                "note": "One officer is to hold this post in several CCGs.",
            },
            by=f"commissioner@{code}",
            happened=("AppointmentEnded", post, first_without.isoformat()),
            kind="leave",
            more={"post": post},
        )


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-")
