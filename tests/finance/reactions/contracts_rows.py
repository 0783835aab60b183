"""What finance hears from contracts."""

from datetime import date
from typing import Any

from libs.common.events import Event
from libs.common.events.contracts import (
    AllianceSettled,
    ConsolidationAgreed,
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    NoticeDatesStated,
    NoticeServed,
    NoticeWithdrawn,
    PaymentFellDue,
    PaymentScheduled,
    ServiceConsolidated,
    SharesAgreed,
    SpendRecorded,
    SupplierChangedHands,
    SupplierPriced,
    TerminationPriced,
)
from libs.common.events.registry import OrganisationRelated, PopulationPublished
from tests.finance.reactions.registry_rows import sector
from tests.finance.reactions.rows import AFTER, THE_DAY, YEAR, Bodies, Row, get, kind_of, later, then, tried
from tests.support.cases import a_case
from tests.support.contract_terms import buy_out_terms, exit_terms
from tests.support.finance_harness import at

START, LAST, EXIT = date(2017, 4, 1), date(2022, 3, 31), date(2020, 4, 1)


def rows(of: Bodies) -> dict[str, Row]:
    """Each event of contracts that finance hears."""
    return {**_of_charges(of), **_of_ends(of), **_of_exits(of), **_of_plans(of), **_of_money(of), **_of_reckonings(of)}


def signed(of: Bodies) -> ContractSigned:
    return ContractSigned(
        **of.parties,
        title="Payroll",
        functions=("payroll",),
        last_day=LAST,
        annual_pence=1_000,
        effective_on=START,
        stated_at=at(START),
    )


def counted(of: Bodies) -> list[Event]:
    return [
        PopulationPublished(code=code, basis="registered", people=people, **then(effective_on=START))
        for code, people in ((of.a, 600), (of.b, 400))
    ]


def _of_charges(of: Bodies) -> dict[str, Row]:
    parts: dict[str, Any] = {
        "seen": get(f"/cost-shares/{of.ref}"),
        "shown": lambda shown: [(one["organisation"], one["annual_pence"]) for one in shown["parts"]],
    }
    thirds = ("1/3", "2/3")
    varied = ContractVaried(
        **of.parties,
        customer_shares=thirds,
        functions=("payroll",),
        function_pence=(3_000,),
        function_tiers=(),
        annual_pence=3_000,
        last_day=LAST,
        reason="amended",
        amendment="AM-1",
        previous_supplier="",
        decisions=(),
        **then(),
    )
    moved = ContractTransferred(
        contract=of.ref,
        supplier=of.s,
        from_customers=(of.a,),
        customers=(of.b, of.c),
        merger="M",
        annual_pence=1_000,
        customer_shares=thirds,
        **then(),
    )
    agreed = SharesAgreed(
        agreement=f"SH-{of.ref}",
        contract=of.ref,
        customers=(of.a, of.b),
        host=of.a,
        cost_shares=("1/2", "1/2"),
        hr_shares=(),
        legal_shares=(),
        risk_shares=(),
        cost_basis="population:registered",
        **then(effective_on=START),
    )
    ended = ContractTerminated(**of.parties, reason="agreed", **then())
    return {
        "ContractSigned": Row([signed(of)], expected=[(of.a, 500), (of.b, 500)], **parts),
        "ContractVaried": Row([signed(of), varied], expected=[(of.a, 1_000), (of.b, 2_000)], **parts),
        "ContractTransferred": Row([signed(of), moved], expected=[(of.b, 333), (of.c, 667)], **parts),
        "SharesAgreed": Row([signed(of), agreed, *counted(of)], expected=[(of.a, 600), (of.b, 400)], **parts),
        "ContractTerminated": Row([signed(of), ended], get(f"/cost-shares/{of.ref}"), kind_of, "cost-shares-not-found"),
    }


def _of_ends(of: Bodies) -> dict[str, Row]:
    money: dict[str, Any] = {
        "components": ("contractual_payment",),
        "natures": ("transfer",),
        "payers": (of.a,),
        "payees": (of.s,),
        "component_pence": (700,),
        "due_on": (EXIT,),
    }
    priced = TerminationPriced(
        **of.parties,
        **money,
        termination=f"T-{of.ref}",
        functions=(),
        leaving=(),
        exit_on=EXIT,
        status="agreed",
        recurrent_to=(None,),
        unpriced=(),
        pack="",
        **then(),
    )
    ended = ContractTerminated(
        **of.parties, **money, reason="agreed", termination=f"T-{of.ref}", **then(effective_on=EXIT)
    )
    content = a_case(base_year="2018-19", terminations=[{"line": "payment", "contract": of.ref}])
    states = tried("/cases", lambda _: {"case": f"CASE-{of.ref}", "organisation": of.a, "content": content})
    return {
        "TerminationPriced": Row([signed(of), priced], states, lambda shown: shown.get("status"), "draft"),
        "ContractTerminated (priced)": Row([signed(of), ended], states, lambda shown: shown.get("status"), "draft"),
    }


def _of_exits(of: Bodies) -> dict[str, Row]:
    terms = exit_terms(
        **of.parties,
        term_ends_on=LAST,
        redundancy_payer="",
        **then(),
    )
    dates = NoticeDatesStated(**of.parties, exit_on=(EXIT,), last_notice_on=(date(2019, 9, 30),), **then())
    notice: dict[str, Any] = {**of.parties, "notice": f"N-{of.ref}"}
    served = NoticeServed(
        **notice,
        served_by=of.a,
        served_on=THE_DAY,
        deemed_on=THE_DAY,
        exit_on=EXIT,
        functions=(),
        leaving=(),
        **then(stated_at=at(THE_DAY)),
    )
    withdrawn = NoticeWithdrawn(**notice, agreed_by=(of.s,), reason="agreed", **later())
    assessed = tried(
        f"/exit-assessments/{of.ref}",
        lambda _: {
            "organisation": of.a,
            "base_year": YEAR,
            "years": 4,
            "replacement_pence": 500,
            "transition_pence": 10,
        },
    )
    calendar: dict[str, Any] = {
        "seen": get("/exit-assessments", organisation=of.a),
        "shown": lambda page: [(one["next_notice_on"], one["exit_on"]) for one in page["items"]],
    }
    told = [signed(of), terms, dates]
    member = OrganisationRelated(code=of.b, relation="part of footprint", other=f"F{of.s}", **then())
    return {
        "OrganisationRelated (footprint)": Row(
            [*told, member],
            get("/exit-assessments", footprint=f"F{of.s}"),
            lambda page: [one["contract"] for one in page["items"]],
            [of.ref],
        ),
        "ExitTermsStated": Row(
            told,
            assessed,
            lambda shown: [(one["component"], one["pence"]) for each in shown["exits"] for one in each["lines"][:1]],
            [("contractual_payment", 500)],
        ),
        "NoticeDatesStated": Row(told, expected=[("2019-09-30", "2020-04-01")], **calendar),
        "NoticeServed": Row([*told, served], assessed, lambda shown: shown["committed_on"], "2020-04-01"),
        "NoticeWithdrawn": Row([*told, served, withdrawn], assessed, lambda shown: shown["committed_on"], None),
    }


def _of_plans(of: Bodies) -> dict[str, Row]:
    plan: dict[str, Any] = {"plan": of.ref, "customers": (of.a, of.b), "functions": ("hr",), "initiative": of.ref}
    money: dict[str, Any] = {"annual_pence": 600, "previous_annual_pence": 1_000}
    planned = ConsolidationPlanned(
        **plan,
        **money,
        contracts=("OLD-1",),
        supplier=of.s,
        option="joint_entity",
        go_live_on=THE_DAY,
        exit_on=(THE_DAY,),
        choices=("wait",),
        price_pence=(0,),
        unpriced=(),
        revision=1,
        **then(),
    )
    withdrawn = ConsolidationWithdrawn(
        plan=of.ref, customers=(of.a, of.b), by=of.a, reason="too_dear", revision=0, **later()
    )
    agreed = ConsolidationAgreed(
        **plan,
        **money,
        contract=f"NEW-{of.ref}",
        supplier=of.s,
        replaced=("OLD-1",),
        move_on=(THE_DAY,),
        decisions=(),
        **then(stated_at=at(date(2017, 11, 1))),
    )
    done = ServiceConsolidated(
        **plan,
        **money,
        contract=f"NEW-{of.ref}",
        title="HR",
        supplier=of.s,
        replaced=("OLD-1",),
        last_day=LAST,
        summary=True,
        **then(stated_at=at(date(2018, 6, 1))),
    )
    seen: dict[str, Any] = {
        "seen": get(f"/initiatives/{of.ref}/savings"),
        "shown": lambda shown: [
            (one["organisation"], one["forecast_pence"], one["contracted_pence"])
            for one in shown["savings"]
            if one["financial_year"] == YEAR
        ],
    }
    return {
        "ConsolidationPlanned": Row([planned], expected=[(of.a, 200, None), (of.b, 200, None)], **seen),
        "ConsolidationWithdrawn": Row([planned, withdrawn], expected=[(of.a, 0, None), (of.b, 0, None)], **seen),
        "ConsolidationAgreed": Row([planned, agreed], expected=[(of.a, 200, 200), (of.b, 200, 200)], **seen),
        "ServiceConsolidated": Row([planned, done], expected=[(of.a, 200, 200), (of.b, 200, 200)], **seen),
    }


def _of_money(of: Bodies) -> dict[str, Row]:
    item: dict[str, Any] = {"contract": of.ref, "item": f"{of.ref}/1", "payer": of.a, "payee": of.s, "kind": "charge"}
    planned = PaymentScheduled(**item, amount_pence=800, due_on=date(2019, 4, 1), condition="", **then())
    due = PaymentFellDue(
        **item, amount_pence=750, due_on=AFTER, achievement="15/16", corrects="", **then(effective_on=AFTER)
    )
    payments: dict[str, Any] = {
        "seen": get("/payments", contract=of.ref),
        "shown": lambda page: [
            (one["status"], one["most_pence"], one["due_pence"], one["paid_pence"]) for one in page["items"]
        ],
    }
    hands = SupplierChangedHands(
        supplier=of.s, owner="CAPITA", host="", owner_sector="private", status="acquired", **then()
    )
    price = SupplierPriced(
        supplier=of.s,
        customers=(of.a, of.b),
        fixed_pence=1_000,
        per_head_pence=1,
        heads=100,
        price_per_head_pence=11,
        basis="stated",
        **then(),
    )
    terms = buy_out_terms(
        **of.parties,
        debt_pence=400,
        redundancy_pence=30,
        distributions_pence=(100,),
        unitary_charge_pence=80,
        **then(),
    )
    return {
        "PaymentScheduled": Row([planned], expected=[("planned", 800, None, 0)], **payments),
        "PaymentFellDue": Row([planned, due], expected=[("paid", 800, 750, 750)], **payments),
        "SupplierChangedHands": Row([hands], *sector(of.s), "private"),
        "SupplierPriced": Row(
            [signed(of), price, *counted(of)],
            get(f"/suppliers/{of.s}/domino", leaving=of.a),
            lambda shown: [(step["leaving"], step["price_per_head_pence"]) for step in shown["steps"]],
            [([of.a], 26)],
        ),
        "BuyOutTermsStated": Row([terms], get(f"/buy-outs/{of.ref}"), lambda shown: shown["total_pence"], 530),
    }


def _of_reckonings(of: Bodies) -> dict[str, Row]:
    period: dict[str, Any] = {"contract": of.ref, "members": (of.a, of.b), "period_from": START, "period_to": THE_DAY}
    settled = AllianceSettled(**period, amounts_pence=(600, 400), **then())
    corrected = AllianceSettled(**period, amounts_pence=(-6, -4), **later(effective_on=THE_DAY))
    month: dict[str, Any] = {"payer": of.a, "supplier": of.s, "contract": "", "month": THE_DAY, "duplicate_pence": 0}
    paid = SpendRecorded(**month, rows=1, amount_pence=100, source="one", **then())
    more = SpendRecorded(**month, rows=2, amount_pence=70, source="two", **later(effective_on=THE_DAY))
    return {
        "AllianceSettled": Row(
            [settled, corrected],
            get("/reckonings", contract=of.ref),
            lambda page: [[part["amount_pence"] for part in one["members"]] for one in page["items"]],
            [[-6, -4]],
        ),
        "SpendRecorded": Row(
            [paid, more],
            get("/actuals", payer=of.a),
            lambda page: [(one["payments"], one["amount_pence"]) for one in page["items"]],
            [(2, 70)],
        ),
    }
