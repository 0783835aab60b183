"""Every command of contracts is refused to who does not act for all that it binds."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from libs.common.identity import Role, service_caller
from services.contracts.contract_proposals.commands import propose_contracts
from services.contracts.contract_proposals.models import ProposalSource
from services.contracts.contract_proposals.rules import NewProposal
from tests.security.walk import Case, walk, without_a_case
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

DAY = date(2017, 2, 1)
CCGS = ("05C", "10H", "10Y")
LEAD = ("10H",)
"""The coordinating commissioner: it ends and prolongs alone what it coordinates; another customer does not."""
DRAFT, SIGNED, ALSO_SIGNED = "DRAFT-2017", "CSU-BUCKS-2017", "CSU-WIDER-2017"
ALLIANCE = "ALLIANCE-2017"
ALLIED: dict[str, Any] = {
    "payer": "10H",
    "target_pence": 100,
    "share": "1/2",
    "weights": {"10H": "1/2", "0CX": "1/2"},
    "effective_on": "2017-04-01",
}
TERMS = {name: value for name, value in a_contract().items() if name not in ("reference", "customers")}
SCHEDULE = {"sum_pence": 1_000_000, "payees": [{"code": "0CX"}], "payer": "10H"}

PROCUREMENT = {
    "reference": "TENDER-2017",
    "buyers": ["10H", "10Y"],
    "run_by": "13Q",
    "functions": ["payroll"],
    "regime": "pcr_2015",
    "value_pence": 1,
    "begun_on": "2017-01-01",
}
PROPOSED = NewProposal(
    source=ProposalSource.PAYMENTS,
    key="10H 0CX",
    customer="10H",
    customer_as_published="Aylesbury Vale CCG",
    supplier_as_published="CSU",
)
CASES = [
    Case(
        operation="draft_contract",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/contracts",
        json=a_contract(reference="NEW-2017"),
    ),
    Case(
        operation="revise_contract",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        method="PUT",
        path="/contracts/{reference}",
        values={"reference": DRAFT},
        json=TERMS | {"customers": ["05C", "10Y"]},
        version=1,
        hidden=True,
    ),
    Case(
        operation="delete_draft",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        method="DELETE",
        path="/contracts/{reference}",
        values={"reference": DRAFT},
        version=1,
        hidden=True,
    ),
    Case(
        operation="sign_contract",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/contracts/{reference}/signature",
        values={"reference": DRAFT},
        json={},
        version=1,
        hidden=True,
    ),
    Case(
        operation="award_contract",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/contracts/{reference}/award",
        values={"reference": DRAFT},
        version=1,
        hidden=True,
    ),
    Case(
        operation="agree_shares",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        method="PUT",
        path="/contracts/{reference}/shares/{kind}",
        values={"reference": DRAFT, "kind": "cost"},
        json={"weights": {"10H": 1, "10Y": 2}, "total": 3},
        version=1,
        hidden=True,
    ),
    Case(
        operation="amend_contract",
        role=Role.CONTRACT_LEAD,
        binds=LEAD,
        path="/contracts/{reference}/amendments",
        values={"reference": SIGNED},
        json={
            "effective_on": "2018-04-01",
            "lines": [{"function": "payroll", "annual_pence": 1}],
            "grounds": "review_clause",
            "rationale": "R",
        },
        version=2,
        hidden=True,
    ),
    Case(
        operation="ratify_contract",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/contracts/{reference}/ratification",
        values={"reference": DRAFT},
        json={},
        version=1,
        hidden=True,
        but="not-conditional",
    ),
    Case(
        operation="extend_contract",
        role=Role.CONTRACT_LEAD,
        binds=LEAD,
        path="/contracts/{reference}/extension",
        values={"reference": SIGNED},
        json={},
        version=2,
        hidden=True,
        but="extension-not-offered",
    ),
    Case(
        operation="close_contract",
        role=Role.CONTRACT_LEAD,
        binds=LEAD,
        path="/contracts/{reference}/closure",
        values={"reference": SIGNED},
        json={},
        version=2,
        hidden=True,
        but="still-running",
    ),
    Case(
        operation="terminate_contract",
        role=Role.CONTRACT_LEAD,
        binds=LEAD,
        path="/contracts/{reference}/termination",
        values={"reference": SIGNED},
        json={"last_day": "2018-03-31", "reason": "in_house"},
        version=2,
        hidden=True,
    ),
    Case(
        operation="consolidate_contracts",
        role=Role.CONTRACT_LEAD,
        binds=CCGS,
        path="/consolidations",
        json=TERMS | {"reference": "SHARED-2018", "starts_on": "2018-04-01", "replaces": [SIGNED, ALSO_SIGNED]},
        hidden=True,
    ),
    Case(
        operation="state_supplier",
        role=Role.CONTRACT_LEAD,
        binds=("0CX",),
        path="/suppliers/{code}/states",
        values={"code": "0CX"},
        json={"effective_on": "2017-04-01", "state": "independent", "owner": "T1"},
    ),
    Case(
        operation="state_costs",
        role=Role.CONTRACT_LEAD,
        binds=("0CX",),
        path="/suppliers/{code}/costs",
        values={"code": "0CX"},
        json={"effective_on": "2017-04-01", "heads": 1_000_000, "basis": "stated"},
    ),
    Case(
        operation="assess_supplier",
        role=Role.NHS_ENGLAND,
        binds=("0CX",),
        path="/suppliers/{code}/assessments",
        values={"code": "0CX"},
        json={
            "assessed_on": "2017-04-01",
            "results": dict.fromkeys(("leadership", "customer", "business", "delivery"), "met"),
        },
    ),
    Case(
        operation="state_offer",
        role=Role.CONTRACT_LEAD,
        binds=("0CX",),
        path="/suppliers/{code}/offers",
        values={"code": "0CX"},
        json={"effective_on": "2017-04-01", "functions": {"it": []}, "regions": ["Y56"]},
    ),
    Case(
        operation="propose_terms",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "0CX"),
        path="/alliances/{contract}/terms",
        values={"contract": ALLIANCE},
        json=ALLIED,
        hidden=True,
    ),
    Case(
        operation="vote_on_terms",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "0CX"),
        path="/alliances/{contract}/terms/{number}/votes",
        values={"contract": ALLIANCE, "number": "1"},
        json={"agrees": True},
        hidden=True,
    ),
    Case(
        operation="settle_period",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/alliances/{contract}/results",
        values={"contract": ALLIANCE},
        json={"period_from": "2017-04-01", "period_to": "2017-06-30", "actual_pence": 1},
        hidden=True,
        but="not-unanimous",
    ),
    Case(
        operation="compare_routes",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path="/route-comparisons",
        json={
            "reference": "SEP-2017",
            "organisation": "10H",
            "partnership": "SEP1",
            "project": "A health centre",
            "quotes": {"framework_pence": 100},
            "chosen": "framework",
            "decided_on": "2017-04-01",
        },
    ),
    Case(
        operation="publish_contract",
        role=Role.CONTRACT_LEAD,
        binds=LEAD,
        path="/contracts/{reference}/publication",
        values={"reference": SIGNED},
        hidden=True,
    ),
    Case(
        operation="confirm_proposal",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path=f"/contract-proposals/{PROPOSED.reference}/confirmation",
        json=a_contract(reference="CONFIRMED-2017", customers=["10H"]),
        hidden=True,
    ),
    Case(
        operation="reject_proposal",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path=f"/contract-proposals/{PROPOSED.reference}/rejection",
        json={"reason": "A purchase of stationery"},
        hidden=True,
    ),
    Case(
        operation="submit_sourcing",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path="/sourcing/{organisation}",
        values={"organisation": "10H"},
        json={"effective_on": "2017-04-01", "decisions": [{"function": "payroll", "choice": "do"}]},
        but="function-unassigned",
    ),
    Case(
        operation="begin_procurement",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/procurements",
        json=PROCUREMENT | {"reference": "NEW-TENDER-2017"},
    ),
    Case(
        operation="state_stage",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/procurements/{procurement}/stages",
        values={"procurement": "TENDER-2017"},
        json={"stage": "invited"},
        hidden=True,
    ),
    Case(
        operation="state_bidder",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/procurements/{procurement}/bidders",
        values={"procurement": "TENDER-2017"},
        json={"bidder": "0CX", "bids_from": "2017-02-01"},
        hidden=True,
    ),
]
CASES += [
    Case(
        operation="state_schedule",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/schedules/{contract}",
        values={"contract": SIGNED},
        json=SCHEDULE,
        hidden=True,
    ),
    Case(
        operation="state_achievement",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path="/achievements",
        json={"contract": SIGNED, "payee": "0CX", "achievement": "1/2"},
        hidden=True,
    ),
    Case(
        operation="state_buy_out_terms",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        method="PUT",
        path="/contracts/{reference}/buy-out-terms",
        values={"reference": SIGNED},
        json={"kind": "pfi", "voluntary_right": False, "unitary_charge_pence": 1},
        hidden=True,
    ),
]
TARIFF = {
    "publisher": "0CX",
    "function": "payroll",
    "tier": "cluster",
    "pence_per_head": "27.5",
    "effective_on": "2017-01-01",
}
CASES += [
    Case(operation="publish_tariff", role=Role.CONTRACT_LEAD, binds=("0CX",), path="/tariffs", json=TARIFF),
    Case(
        operation="price_line",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        method="PUT",
        path="/contracts/{reference}/tariff/{function}",
        values={"reference": SIGNED, "function": "payroll"},
        json={"publisher": "0CX"},
        hidden=True,
    ),
]
DUTY = {"title": "Annual report", "owed_by": "0CX", "due_on": "2018-06-29"}
RESULT = {"period_from": "2017-01-01", "period_to": "2017-01-31", "reached": "98.5"}
MEASURE = {
    "title": "Payslips",
    "unit": "%",
    "target": "99.5",
    "better": "higher",
    "credit_pence": 1,
    "effective_on": "2017-01-01",
}
PERFORMANCE: tuple[tuple[str, str, str, Any], ...] = (
    ("state_obligation", "PUT", "obligations/{code}", DUTY),
    ("state_milestone", "PUT", "milestones/{code}", DUTY),
    ("state_measure", "PUT", "measures/{code}", MEASURE),
    ("fulfil_obligation", "POST", "obligations/{code}/fulfilment", {}),
    ("reach_milestone", "POST", "milestones/{code}/fulfilment", {}),
    ("state_result", "POST", "measures/{code}/results", RESULT),
)
CASES += [
    Case(
        operation=operation,
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        method=method,
        path=f"/contracts/{{reference}}/{path}",
        values={"reference": SIGNED, "code": "a-code"},
        json=body,
        hidden=True,
    )
    for operation, method, path, body in PERFORMANCE
]
CASES.append(
    Case(
        operation="add_document",
        role=Role.CONTRACT_LEAD,
        binds=("0CX", "10H", "10Y"),
        path="/contracts/{reference}/documents",
        values={"reference": SIGNED},
        json={},
        params={"name": "a.json", "sha256": sha256(b"{}").hexdigest()},
        hidden=True,
    )
)

CASES += [
    Case(
        operation="import_payments",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path="/imports/payments",
        json={},
        params={"file": "spend.csv", "payer": "10H"},
    ),
    Case(
        operation="state_alias",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path="/aliases",
        json={"name": "NHS 10H CCG", "code": "10H", "effective_on": "2017-04-01"},
    ),
]

LEAVING = "LEAVING-2017"
"""A contract with a notice that stands and an offer to end it; `prepare` puts their ids into the cases."""


def an_exit_case(operation: str, act: str, body: Any, reference: str = SIGNED, **others: Any) -> Case:
    """A command about the end of a contract; what is made by `prepare` is named by a parameter of the path."""
    return Case(
        operation=operation,
        role=Role.CONTRACT_LEAD,
        binds=others.pop("binds", LEAD),
        path=f"/contracts/{{reference}}/{act}",
        values={"reference": reference} | others.pop("values", {}),
        json=body,
        version=2 if reference == SIGNED else 4,
        hidden=True,
        **others,
    )


EXIT_IDS = {"notice": "", "termination": ""}
CASES += [
    an_exit_case("serve_notice", "notices", {"reason": "in_house"}),
    an_exit_case("state_staff", "staff-list", {"effective_on": "2017-04-01", "staff": []}, method="PUT"),
    an_exit_case("offer_termination", "terminations", {"last_day": "2018-03-31", "reason": "in_house"}),
    an_exit_case("withdraw_notice", "notices/{notice}/withdrawal", {"agreement": "Letter"}, LEAVING, values=EXIT_IDS),
    an_exit_case(
        "accept_termination", "terminations/{termination}/acceptance", {"document": "Deed"}, LEAVING, values=EXIT_IDS
    ),
    an_exit_case(
        "plan_exit",
        "exit-plan",
        {"exit_on": "2018-04-01"},
        method="PUT",
    ),
    an_exit_case(
        "acknowledge_return",
        "exit-plan/returns/{item}/receipt",
        {"sha256": "ab" * 32},
        values={"item": "logs"},
        binds=("10H", "10Y"),
        but="return-not-planned",
    ),
    an_exit_case(
        "complete_step",
        "exit-plan/steps/{step}/completion",
        {},
        values={"step": "handover"},
        binds=("10H", "10Y"),
        but="step-not-planned",
    ),
    an_exit_case(
        "settle_termination",
        "terminations/{termination}/settlement",
        {"lines": []},
        LEAVING,
        values=EXIT_IDS,
        but="not-agreed-yet",
    ),
    Case(
        operation="publish_estimate",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/contracts/{reference}/termination-estimates",
        values={"reference": SIGNED},
        json={"exit_on": "2018-04-01"},
        hidden=True,
    ),
    an_exit_case("recall_termination", "terminations/{termination}", None, LEAVING, values=EXIT_IDS, method="DELETE"),
]
CASES += [
    Case(
        operation="accept_shares",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path="/contracts/{reference}/shares/{kind}/acceptance",
        values={"reference": SIGNED, "kind": "cost"},
        json={"weights": {"10H": 1, "10Y": 2}, "total": 3, "from_day": "2017-05-01"},
        version=2,
        hidden=True,
    ),
    Case(
        operation="choose_coordinator",
        role=Role.CONTRACT_LEAD,
        binds=("10H",),
        path="/contracts/{reference}/coordinator",
        values={"reference": SIGNED},
        json={"coordinating_commissioner": "10Y", "from_day": "2017-05-01"},
        version=2,
        hidden=True,
    ),
]
NOVATION = {
    "into": "CSU-NOVATED-2017",
    "role": "supplier",
    "leaving": "0CX",
    "entering": "0DJ",
    "takes_effect_on": "2017-10-01",
}
CASES += [
    Case(
        operation="propose_novation",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y", "0CX"),
        path="/contracts/{reference}/novation",
        values={"reference": SIGNED},
        json=NOVATION,
        hidden=True,
    ),
    Case(
        operation="consent_to_novation",
        role=Role.CONTRACT_LEAD,
        binds=("10Y", "0CX", "0DJ"),
        path="/contracts/{reference}/novation/consents",
        values={"reference": ALSO_SIGNED},
        json={},
        hidden=True,
    ),
    Case(
        operation="complete_novation",
        role=Role.CONTRACT_LEAD,
        binds=(*CCGS, "0CX"),
        path="/contracts/{reference}/novation/completion",
        values={"reference": ALSO_SIGNED},
        version=2,
        hidden=True,
        but="consent-missing",
    ),
    Case(
        operation="settle_agreement",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/agreements-to-remake/{agreement}/settlement",
        values={"agreement": SIGNED},
        json={"outcome": "ended"},
        hidden=True,
        but="agreement-not-flagged",
    ),
]

PLANNED, ASSESSED, SUBMITTED, APPROVED = "PLAN-A1", "PLAN-B2", "PLAN-C3", "PLAN-D4"
"""Four plans, each of which stands as its name here says."""


def a_plan_case(
    operation: str, plan: str, act: str, revision: int, body: Any, *binds: str, member: str = "", but: str = ""
) -> Case:
    values = {"plan": plan} | ({"organisation": member} if member else {})
    path = f"/consolidations/{{plan}}/{act}"
    return Case(
        operation=operation,
        role=Role.CONTRACT_LEAD,
        binds=binds or CCGS,
        path=path,
        values=values,
        json=body,
        version=revision,
        hidden=True,
        but=but,
    )


CASES += [
    a_plan_case("assess_plan", PLANNED, "feasibility", 1, {}),
    a_plan_case("submit_plan", ASSESSED, "submission", 2, {}),
    a_plan_case("commit_plan", APPROVED, "commitment", 2, {}, but="authority-missing"),
    a_plan_case(
        "prepare_step",
        PLANNED,
        "steps",
        1,
        {"contract": SIGNED, "preparation": "offer_to_end", "document": "Letter of 1 February 2017"},
        *("10H", "10Y"),
    ),
    a_plan_case(
        "accept_plan", SUBMITTED, "members/{organisation}/acceptance", 2, {"minute": "M-1"}, "10H", member="10H"
    ),
    a_plan_case("withdraw_from_plan", SUBMITTED, "members/{organisation}/withdrawal", 2, {}, "05C", member="05C"),
    Case(
        operation="revise_plan",
        role=Role.CONTRACT_LEAD,
        binds=CCGS,
        method="PUT",
        path="/consolidations/{plan}",
        values={"plan": PLANNED},
        json={**TERMS, "reference": "SHARED-A", "members": [{"organisation": code} for code in CCGS]},
        version=1,
        hidden=True,
    ),
]


async def plan_and_go_on(platform: Platform, plan: str) -> None:
    """A plan replaces what Buckinghamshire's two have signed, and goes as far as its name says."""

    async def act(path: str, revision: int, body: Any) -> None:
        headers = {"If-Match": f'"{revision}"'}
        await platform.call("POST", "contracts", f"/consolidations/{plan}{path}", json=body, headers=headers)

    members = [{"organisation": code} for code in CCGS]
    body = {**TERMS, "plan": plan, "reference": f"SHARED-{plan}", "starts_on": "2018-04-01", "members": members}
    body |= {"proposed_by": "10H", "contracts": [SIGNED]}
    await platform.call("POST", "contracts", "/consolidations", Role.CONTRACT_LEAD, json=body)
    if plan > PLANNED:
        await act("/feasibility", 1, {})
    if plan > ASSESSED:
        await act("/submission", 2, {})
    for member in CCGS if plan > SUBMITTED else ():
        await act(f"/members/{member}/acceptance", 2, {"minute": "M-1"})


async def prepare_exit(platform: Platform) -> None:
    """A contract is signed, notice of it is served, and its end is offered."""

    async def act(path: str, version: int, body: Any) -> Any:
        headers = {"If-Match": f'"{version}"'}
        url, organisations = f"/contracts/{LEAVING}/{path}", ("10H", "10Y")
        return await platform.call(
            "POST", "contracts", url, Role.CONTRACT_LEAD, json=body, headers=headers, organisations=organisations
        )

    draft = a_contract(reference=LEAVING, customers=["10H", "10Y"])
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=draft)
    await act("signature", 1, {})
    served = await act("notices", 2, {"reason": "in_house", "last_day": "2018-03-31"})
    offered = await act("terminations", 3, {"reason": "in_house", "last_day": "2017-12-31"})
    ids = {"notice": served["notices"][0]["notice"], "termination": offered["terminations"][0]["termination"]}
    for number, case in enumerate(CASES):
        if case.values.get("reference") == LEAVING:
            CASES[number] = replace(case, values={"reference": LEAVING} | ids)


async def prepare(platform: Platform) -> None:
    """Three CCGs are open; one contract is a draft and two are signed, of which each customer has one with another."""
    await platform.move_clocks(DAY)
    ccgs = [a_ccg(code) for code in CCGS]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": ccgs})
    await platform.caught_up()
    for reference, customers in ((DRAFT, ["10H", "10Y"]), (SIGNED, ["10H", "10Y"]), (ALSO_SIGNED, list(CCGS))):
        body = a_contract(reference=reference, customers=customers)
        await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=body)
    allied = a_contract(reference=ALLIANCE, customers=["10H", "10Y"], form="alliance")
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=allied)
    for reference in (SIGNED, ALSO_SIGNED, ALLIANCE):
        path, version = f"/contracts/{reference}/signature", {"If-Match": '"1"'}
        await platform.call("POST", "contracts", path, Role.CONTRACT_LEAD, organisations=CCGS, json={}, headers=version)
    path = f"/alliances/{ALLIANCE}/terms"
    await platform.call("POST", "contracts", path, Role.CONTRACT_LEAD, organisations=("10H",), json=ALLIED)
    async with platform.database("contracts").begin() as session:
        by = service_caller("contracts")
        await propose_contracts(session, [PROPOSED], stated_at=datetime(2017, 1, 31, tzinfo=UTC), by=by)
    await prepare_exit(platform)
    await platform.call("POST", "contracts", f"/schedules/{SIGNED}", Role.CONTRACT_LEAD, json=SCHEDULE)
    path = f"/contracts/{ALSO_SIGNED}/novation"
    await platform.call("POST", "contracts", path, Role.CONTRACT_LEAD, organisations=("10H",), json=NOVATION)
    await platform.call("POST", "contracts", "/procurements", Role.CONTRACT_LEAD, json=PROCUREMENT)
    for plan in (PLANNED, ASSESSED, SUBMITTED, APPROVED):
        await plan_and_go_on(platform, plan)
    await platform.call("POST", "contracts", "/tariffs", Role.CONTRACT_LEAD, json=TARIFF)
    for _, method, path, stated in PERFORMANCE[:3]:
        where = f"/contracts/{SIGNED}/{path.format(code='a-code')}"
        await platform.call(method, "contracts", where, Role.CONTRACT_LEAD, json=stated)


async def test_every_command_needs_its_role_and_every_organisation_that_it_binds(platform: Platform) -> None:
    await prepare(platform)
    await walk(platform, "contracts", CASES)
    others = without_a_case(platform.apps["contracts"], CASES)
    assert [name for name, binding in others.items() if binding is None or not binding.none_because] == []


async def test_the_words_about_a_hidden_contract_are_those_about_none(platform: Platform) -> None:
    await prepare(platform)
    stranger = platform.tokens.header(Role.CONTRACT_LEAD, organisations=("99X",))
    for case in (case for case in CASES if "reference" in case.values):
        answers = []
        for reference in (case.values["reference"], "NEVER-2017"):
            for version in ('"1"', '"7"'):
                request = case.request() | {"headers": stranger | {"If-Match": version}}
                request["url"] = request["url"].replace(case.values["reference"], reference)
                if case.operation == "revise_contract":
                    request["json"] = case.json | {"customers": ["99X"]}
                answer = await platform.clients["contracts"].request(**request)
                answers.append((answer.status_code, answer.json()["detail"].replace(reference, "")))
        assert set(answers) == {(404, "no contract  is known")}, case.operation
