"""Every command of finance is refused to who does not act for all that it binds."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.finance.simulations.questions import golden_24
from tests.scenarios.test_s05_to_s07_notice_dates import signed
from tests.security.walk import Case, walk, without_a_case
from tests.support.builders import a_ccg, a_contract
from tests.support.cases import a_case
from tests.support.estates import a_workbook
from tests.support.platform import Platform

BODY = {"population": 856_000, "source": "GP registered lists"}
ASSESSMENT = {"organisation": "10H", "base_year": "2013-14", "years": 10, "replacement_pence": 100_00}
PATH = "/organisations/{code}/populations/{year}"
MAPPED = {
    "organisation": "06H",
    "mappings": [{"local_code": "A-5001", "account": "N1", "effective_on": "2013-04-01"}],
}
POSTED = {
    "organisation": "06H",
    "reference": "GL-2013-04",
    "postings": [{"local_code": "A-5001", "posted_on": "2013-04-01", "amount_pence": 1}],
}

KIND = {"account": "5210", "function": "payroll", "pay": True, "recurrent": True, "admin": False}
BUDGET = "/organisations/{code}/budgets/{year}"
OF_LINE = {"code": "06H", "year": "2014-15", "line": "BL-1"}

BUDGETS = [
    Case(
        operation="set_budget_lines",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path=f"{BUDGET}/lines",
        values=OF_LINE,
        json={"lines": [KIND | {"function": "bi", "amount_pence": 1}]},
    ),
    Case(
        operation="correct_budget_line",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path=f"{BUDGET}/lines/{{line}}",
        values=OF_LINE,
        json={"amount_pence": 2_000},
        version=2,
    ),
    Case(
        operation="reduce_budget_line",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path=f"{BUDGET}/lines/{{line}}/reductions",
        values=OF_LINE,
        json={"amount_pence": 1},
    ),
    Case(
        operation="restore_budget_line",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path=f"{BUDGET}/lines/{{line}}/restorations",
        values=OF_LINE,
        json={"reduction": "R-3", "amount_pence": 1},
    ),
    Case(
        operation="state_budget_ceiling",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path=f"{BUDGET}/ceiling",
        values=OF_LINE,
        json={"required_saving": "1/5"},
    ),
    Case(
        operation="make_virement",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path="/virements",
        json={"moves": [{"from_line": "BL-1", "to_line": "BL-2", "amount_pence": 1}]},
        hidden=True,
    ),
]

LINE = {
    "line": "A",
    "organisation": "06H",
    "financial_year": "2013-14",
    "purpose": "transition",
    "recurrent": False,
    "amount_pence": 10,
}
SAVING = {"organisation": "06H", "function": "payroll", "financial_year": "2014-15"}

SAVINGS = [
    Case(
        operation="state_saving",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path="/initiatives/HR-2/savings",
        json=SAVING | {"amount_pence": 500, "recurrent": True},
    ),
    Case(
        operation="forecast_from_case",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path="/initiatives/HR-2/savings/case",
        json={"organisation": "06H", "function": "payroll", "case": "SHARED-3", "case_version": 1},
    ),
    Case(
        operation="claim_saving",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path="/initiatives/HR-1/savings/claims",
        json=SAVING | {"line": "BL-1", "amount_pence": 500},
    ),
]

PORTFOLIO_TERMS = {
    "title": "Shared services",
    "first_year": "2013-14",
    "years": 1,
    "lens": "public_sector",
    "items": [{"kind": "opening", "name": "payroll", "starts": [{"year": "2013-14", "value_pence": 1}]}],
}
PORTFOLIO = PORTFOLIO_TERMS | {"organisations": ["06H", "10H"]}

CASES = [
    Case(
        operation="take_estates_workbook",
        role=Role.FINANCE_LEAD,
        binds=("06H", "10H"),
        path="/estates/workbooks",
        params={"year": "2013-14", "file": "eric.xlsx"},
        content=a_workbook([("06H", "06H01", 1, 2, 3, 4), ("10H", "10H01", 5, 6, 7, 8)], year="2013-14"),
    ),
    Case(
        operation="state_estate_key",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path="/estates/keys/{code}/{name}",
        values={"code": "06H", "name": "catchment"},
        json={
            "effective_on": "2013-04-01",
            "source": "catchments",
            "weights": [{"organisation": "RX6", "footprint": "QHM", "weight": 1}],
        },
    ),
    Case(
        operation="state_exit_trigger",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path="/exit-triggers/{code}/{supplier}",
        values={"code": "06H", "supplier": "0CX"},
        json={"effective_on": "2013-04-01", "price_per_head_pence": 1_500},
    ),
    Case(
        operation="publish_cost_shift",
        role=Role.FINANCE_LEAD,
        binds=("10H",),
        path="/suppliers/{code}/cost-shifts",
        values={"code": "0CX"},
        json={"exits": [{"organisation": "10H", "replacement_per_head_pence": 1}]},
    ),
    *BUDGETS,
    *SAVINGS,
    Case(
        operation="state_exit_assessment",
        role=Role.FINANCE_LEAD,
        binds=("10H",),
        path="/exit-assessments/{contract}",
        values={"contract": "CSU-BUCKS-2013"},
        json=ASSESSMENT | {"years": 9},
        version=1,
    ),
    Case(
        operation="publish_exit_assessment",
        role=Role.FINANCE_LEAD,
        binds=("10H",),
        path="/exit-assessments/{contract}/versions/{number}/publication",
        values={"contract": "CSU-BUCKS-2013", "number": "1"},
        json={"organisation": "10H"},
    ),
    Case(
        operation="state_population",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path=PATH,
        values={"code": "06H", "year": "2013-14"},
        json=BODY | {"population": 857_000},
        version=1,
    ),
    Case(
        operation="state_population",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path=PATH,
        values={"code": "06H", "year": "2014-15"},
        json=BODY,
    ),
    Case(
        operation="name_lens",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path="/lenses/{code}/{name}",
        values={"code": "06H", "name": "acute"},
        json={"effective_on": "2013-04-01", "members": ["06H"]},
    ),
    Case(
        operation="open_fund",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path="/funds",
        json={"reference": "FUND-CAMBS-2", "organisation": "06H", "title": "Transition", "lines": [LINE]},
    ),
    Case(
        operation="allocate_more",
        role=Role.FINANCE_LEAD,
        binds=("10H",),
        hidden=True,
        path="/funds/{reference}/allocations",
        values={"reference": "FUND-CAMBS"},
        json={"lines": [LINE]},
    ),
    Case(
        operation="draw_fund",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        hidden=True,
        path="/funds/{reference}/draws",
        values={"reference": "FUND-CAMBS"},
        json={"line": "A", "case": "SHARED-1", "amount_pence": 1},
    ),
    Case(
        operation="take_draw_back",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        hidden=True,
        path="/funds/{reference}/draws/{draw}/reversal",
        values={"reference": "FUND-CAMBS", "draw": "FUND-CAMBS-D1"},
    ),
    Case(
        operation="state_buy_out_saving",
        role=Role.FINANCE_LEAD,
        binds=("06H", "10H"),
        hidden=True,
        method="PUT",
        path="/buy-outs/{contract}/saving",
        values={"contract": "PFI-CAMBS-2013"},
        json={"saving_pence": 1, "basis": "gross", "last_year": 1},
    ),
    Case(operation="map_accounts", role=Role.FINANCE_LEAD, binds=("06H",), path="/account-mappings", json=MAPPED),
    Case(
        operation="post_ledger",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path="/postings",
        json=POSTED | {"reference": "ANOTHER"},
    ),
    Case(
        operation="close_ledger",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        path="/closes",
        json={"organisation": "06H", "period": "2013-04"},
    ),
    Case(
        operation="state_case",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="POST",
        path="/cases",
        json={"case": "SHARED-2", "organisation": "06H", "content": a_case()},
    ),
    *(
        Case(
            operation=operation,
            role=Role.FINANCE_LEAD,
            binds=("06H",),
            hidden=True,
            method=method,
            path=f"/cases/{{case}}/versions{more}",
            values={"case": "SHARED-1"},
            json=None if operation == "publish_version" else a_case(one_off=1),
            version=version,
        )
        for operation, method, more, version in (
            ("state_version", "POST", "", None),
            ("edit_version", "PUT", "/1", 1),
            ("publish_version", "POST", "/1/publication", 1),
        )
    ),
    Case(
        operation="request_simulation",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        hidden=True,
        path="/cases/{case}/versions/1/simulations",
        values={"case": "SHARED-3"},
        json=golden_24(one_off="set-up") | {"runs": 1_000},
    ),
    Case(
        operation="state_portfolio",
        role=Role.FINANCE_LEAD,
        binds=("06H", "10H"),
        path="/portfolios",
        json=PORTFOLIO | {"reference": "CAMBS-2014"},
    ),
    Case(
        operation="restate_portfolio",
        role=Role.FINANCE_LEAD,
        binds=("06H", "10H"),
        hidden=True,
        method="PUT",
        path="/portfolios/{reference}",
        values={"reference": "CAMBS-2013"},
        json=PORTFOLIO_TERMS,
        version=1,
    ),
    Case(
        operation="request_run",
        role=Role.FINANCE_LEAD,
        binds=("06H", "10H"),
        hidden=True,
        path="/portfolios/{reference}/runs",
        values={"reference": "CAMBS-2013"},
        json={},
    ),
]


async def contracts(platform: Platform, method: str, path: str, **request: Any) -> None:
    """A contract of both CCGs that may be bought out, as contracts is called for it."""
    codes = ("06H", "10H")
    await platform.call(method, "contracts", path, Role.CONTRACT_LEAD, organisations=codes, **request)


async def with_a_fund(platform: Platform) -> None:
    """A fund that 10H holds, of which 06H has a line and has drawn a penny."""
    fund = {"reference": "FUND-CAMBS", "organisation": "10H", "title": "Transition", "lines": [LINE]}
    await platform.call("POST", "finance", "/funds", Role.FINANCE_LEAD, organisations=("10H",), json=fund)
    draw = {"line": "A", "case": "SHARED-1", "amount_pence": 1}
    await platform.call(
        "POST", "finance", "/funds/FUND-CAMBS/draws", Role.FINANCE_LEAD, organisations=("06H",), json=draw
    )


async def with_a_buy_out(platform: Platform) -> None:
    """A PFI contract of both CCGs, with the terms of a buy-out."""
    terms = {"reference": "PFI-CAMBS-2013", "customers": ["06H", "10H"], "starts_on": "2013-05-01"}
    await contracts(platform, "POST", "/contracts", json=a_contract(**terms))
    path = "/contracts/PFI-CAMBS-2013"
    await contracts(platform, "POST", f"{path}/signature", json={}, headers={"If-Match": '"1"'})
    said: dict[str, Any] = {
        "kind": "pfi",
        "voluntary_right": True,
        "equity_methods": ["market_value"],
        "equity_value_pence": 1,
    }
    amounts = ("debt", "swap_break", "redundancy", "subcontract", "balances", "other", "tax_gross_up")
    said |= {f"{name}_pence": 0 for name in amounts} | {"unitary_charge_pence": 1}
    await contracts(platform, "PUT", f"{path}/buy-out-terms", json=said)


def cancellation(run: str) -> Case:
    """The cancellation of this run."""
    return Case(
        operation="cancel_run",
        role=Role.FINANCE_LEAD,
        binds=("06H", "10H"),
        hidden=True,
        path="/runs/{run}/cancellation",
        values={"run": run},
        json=None,
    )


async def with_a_simulation(platform: Platform) -> Case:
    """The cancellation of a simulation of 06H's case, which is cancelled already: it changes no longer."""
    path, asked = "/cases/SHARED-3/versions/1/simulations", golden_24(one_off="set-up") | {"runs": 2_000}
    found = await platform.call("POST", "finance", path, Role.FINANCE_LEAD, json=asked, expect=202)
    path = f"{path}/{found['simulation']}/cancellation"
    await platform.call("POST", "finance", path, Role.FINANCE_LEAD, expect=200)
    return Case(
        operation="cancel_simulation",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        hidden=True,
        path="/cases/{case}/versions/1/simulations/{simulation}/cancellation",
        values={"case": "SHARED-3", "simulation": found["simulation"]},
        json=None,
    )


async def with_a_portfolio(platform: Platform) -> str:
    """A portfolio of both CCGs with a run, which is cancelled: it changes no longer."""

    async def call(path: str, **request: Any) -> Any:
        codes = ("06H", "10H")
        return await platform.call(
            "POST", "finance", path, Role.FINANCE_LEAD, organisations=codes, expect=(200, 201, 202), **request
        )

    await call("/portfolios", json=PORTFOLIO | {"reference": "CAMBS-2013"})
    run = str((await call("/portfolios/CAMBS-2013/runs", json={}))["run"])
    await call(f"/runs/{run}/cancellation")
    return run


async def test_every_command_needs_its_role_and_every_organisation_that_it_binds(platform: Platform) -> None:
    await platform.move_clocks(date(2013, 4, 1))
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=a_ccg("06H"))
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=a_ccg("10H"))
    await platform.caught_up()
    await with_a_buy_out(platform)
    days = {"starts_on": "2013-04-01", "last_day": "2016-03-31"}
    contract = await signed(platform, date(2013, 4, 1), reference="CSU-BUCKS-2013", **days)
    await platform.caught_up()
    await platform.call("POST", "finance", f"/exit-assessments/{contract}", Role.FINANCE_LEAD, json=ASSESSMENT)
    people = {"basis": "registered", "people": 1_000, "effective_on": "2013-04-01"}
    await platform.call("POST", "registry", "/organisations/10H/populations", Role.REGISTRAR, json=people)
    costs = {"effective_on": "2013-04-01", "fixed_pence": 1, "per_head_pence": 1, "heads": 9, "basis": "stated"}
    await platform.call(
        "POST",
        "contracts",
        "/suppliers/0CX/costs",
        Role.CONTRACT_LEAD,
        organisations=("0CX",),
        json=costs | {"price_per_head_pence": 1},
    )
    await platform.caught_up()
    path = PATH.format(code="06H", year="2013-14")
    await platform.call("PUT", "finance", path, Role.FINANCE_LEAD, json=BODY)
    await platform.call("POST", "finance", "/account-mappings", Role.FINANCE_LEAD, json=MAPPED)
    await platform.call("POST", "finance", "/postings", Role.FINANCE_LEAD, json=POSTED)
    path = "/organisations/06H/budgets/2014-15/lines"
    lines = {"lines": [KIND | {"amount_pence": 1_000}, KIND | {"account": "5220", "amount_pence": 1_000}]}
    await platform.call("POST", "finance", path, Role.FINANCE_LEAD, json=lines)
    path = "/organisations/06H/budgets/2014-15/lines/BL-1/reductions"
    await platform.call("POST", "finance", path, Role.FINANCE_LEAD, json={"amount_pence": 10})
    case = {"case": "SHARED-1", "organisation": "06H", "content": a_case()}
    await platform.call("POST", "finance", "/cases", Role.FINANCE_LEAD, json=case)
    await platform.call("POST", "finance", "/cases", Role.FINANCE_LEAD, json=case | {"case": "SHARED-3"})
    path, read = "/cases/SHARED-3/versions/1/publication", {"If-Match": '"1"'}
    await platform.call("POST", "finance", path, Role.FINANCE_LEAD, json={}, headers=read)
    await with_a_fund(platform)
    saving = SAVING | {"amount_pence": 500, "recurrent": True}
    await platform.call("POST", "finance", "/initiatives/HR-1/savings", Role.FINANCE_LEAD, json=saving)
    cases = [*CASES, cancellation(await with_a_portfolio(platform)), await with_a_simulation(platform)]
    await walk(platform, "finance", cases)
    others = without_a_case(platform.apps["finance"], cases)
    assert [name for name, binding in others.items() if binding is None or not binding.none_because] == []
