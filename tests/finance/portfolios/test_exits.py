"""Exits in a portfolio take value and cash from what contracts published: S03 and S04 as portfolios of one item."""

from datetime import date
from fractions import Fraction
from typing import Any

import httpx
import pytest

from libs.common.events import Event
from libs.common.events.contracts import ContractSigned, NoticeDatesStated, NoticeServed
from libs.common.events.registry import OrganisationOpened
from libs.common.identity import Role
from services.finance.exits.presentation import calendar_of
from services.finance.exits.queries import subjects_of
from services.finance.portfolios.terms import PortfolioTerms
from services.finance.portfolios.valuation import Viewpoint, valued
from tests.finance.exits.cases import SECOND, Case
from tests.finance.portfolios.test_api import ended
from tests.support.contract_terms import exit_terms
from tests.support.counted import Counted
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import EVERYTHING, FinanceHarness, at

CONTRACT, SUPPLIER, BODY = "CSU-PAYROLL", "0CX", "06H"
PARTIES: dict[str, Any] = {"contract": CONTRACT, "supplier": SUPPLIER, "customers": (BODY,)}
STATED = at(date(2027, 4, 1))
EXITS = tuple(date(year, 4, 1) for year in range(2028, 2033))
POUND = 100


def of_contract(
    share: str, *, stranded: tuple[int, ...] = (), charge: int = 1_000_000 * POUND, term: int = 5, **more: Any
) -> list[Event]:
    """The contract of S03: £1.0m a year to the end of year 4, left at the start of years 1 to 5."""
    exits, last_day = EXITS[:term], date(2027 + term, 3, 31)
    when: dict[str, Any] = {"effective_on": date(2027, 4, 1), "stated_at": STATED}
    parties = PARTIES | more
    return [
        ContractSigned(
            **when,
            **parties,
            title="Payroll",
            functions=("payroll",),
            last_day=last_day,
            annual_pence=charge,
        ),
        exit_terms(
            **when,
            **parties,
            term_ends_on=last_day,
            payment_share=share,
            stranded_pence=stranded,
            redundancy_payer="",
        ),
        NoticeDatesStated(
            **when, **parties, exit_on=exits, last_notice_on=tuple(date(day.year - 1, 9, 30) for day in exits)
        ),
    ]


ASSESSMENT = {
    "organisation": BODY,
    "base_year": "2027-28",
    "years": 10,
    "replacement_pence": 600_000 * POUND,
    "transition_pence": 250_000 * POUND,
}


def a_portfolio(**more: Any) -> dict[str, Any]:
    return {
        "reference": "S03-2027",
        "title": "One contract",
        "organisations": [BODY],
        "first_year": "2027-28",
        "years": 10,
        "lens": f"organisation:{BODY}",
        "items": [{"kind": "exit", "name": "payroll", "contract": CONTRACT, "function": "payroll"}],
    } | more


AS_AT = {"as_at": "2027-04-01"}


async def solved(client: httpx.AsyncClient, *, lens: str, **more: Any) -> dict[str, Any]:
    reference = f"S03-{lens.split(':')[0].replace('_', '-')}"
    stated = await client.post("/v1/portfolios", json=a_portfolio(reference=reference, lens=lens, **more))
    assert stated.status_code == 201, stated.text
    answer = await client.post(f"/v1/portfolios/{stated.json()['portfolio']}/runs", json={"curve": False}, params=AS_AT)
    assert answer.status_code == 202, answer.text
    done = await ended(client, answer.json()["run"])
    assert done["state"] == "done", done
    plan = done["plan"]
    assert isinstance(plan, dict)
    return plan


@pytest.fixture
async def heard(harness: FinanceHarness) -> FinanceHarness:
    """A supplier that NHS England hosts, in the public sector."""
    await harness.hear(
        OrganisationOpened(
            effective_on=date(2013, 4, 1), stated_at=at(date(2013, 4, 1), 0), code=SUPPLIER, name="CSU", kind="csu"
        )
    )
    return harness


async def assessed(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/v1/exit-assessments/{CONTRACT}", json=ASSESSMENT)
    assert answer.status_code in (200, 201), answer.text


async def test_s03_is_a_portfolio_of_one_item_and_no_limit(client: httpx.AsyncClient, heard: FinanceHarness) -> None:
    await heard.hear(*of_contract("3/10"))
    await assessed(client)
    plan = await solved(client, lens=f"organisation:{BODY}")
    assert (plan["verdict"], plan["items"][0]["year"]) == ("optimal", "2028-29")
    # At 30 %: £6,965,578 by leaving at once, £7,244,337 by running to the end.
    assert plan["value_pence"] == plan["bound_pence"] == pytest.approx((7_244_337 - 6_965_578) * POUND, abs=POUND)
    # £250,000 of transition and 30 % of £4.0m; the transition is then not needed in 2032-33.
    spent = {year["year"]: year["spent_pence"] for year in plan["years"] if year["spent_pence"]}
    assert spent == {"2028-29": 1_450_000 * POUND, "2032-33": -250_000 * POUND}


async def test_at_half_of_the_charges_it_runs_to_the_end_and_the_public_sector_leaves_at_once(
    client: httpx.AsyncClient, heard: FinanceHarness
) -> None:
    await heard.hear(*of_contract("1/2", stranded=(300_000 * POUND, 150_000 * POUND)))
    await assessed(client)
    own = await solved(client, lens=f"organisation:{BODY}")
    assert (own["value_pence"], own["bound_pence"], own["items"][0]["year"] in (None, "2032-33")) == (0, 0, True)
    public = await solved(client, lens="public_sector")
    assert public["items"][0]["year"] == "2028-29"
    assert public["value_pence"] == pytest.approx(1_008_297 * POUND, abs=POUND)
    # A lens makes no exit affordable: the payment is no cost to the public sector, and the payer's budget all the same.
    assert [year["spent_pence"] for year in public["years"]][:2] == [0, 2_250_000 * POUND]


def starts_by_hand(case: Case, *, own: bool) -> dict[int, tuple[int, dict[int, int]]]:
    """Value and cash of each exit of a case, by fractions alone: against running to the end of the term."""
    found = {}
    for year in range(1, case.term + 1):
        costs = [case.present_cost(one, own=own, public_until=0 if own else 99) for one in (case.term, year)]
        payment = int(case.share * case.charge * (case.term - year) + Fraction(1, 2))
        cash = {year: case.transition + payment, case.term: -case.transition}
        found[year] = round(costs[0] - costs[1]), {} if year == case.term else cash
    return found


NOTICES = (("2027-04-01", 1), ("2028-09-30", 2), ("2028-10-01", 3))
"""Notice for 1 April 2029 can be given until 30 September 2028, and no longer on the day after."""


@pytest.mark.parametrize(("lens", "days"), [(f"organisation:{BODY}", NOTICES), ("public_sector", NOTICES[:1])])
async def test_s03_on_a_second_set_of_figures_and_s06_which_notices_have_passed(
    client: httpx.AsyncClient, heard: FinanceHarness, lens: str, days: tuple[tuple[str, int], ...]
) -> None:
    case = SECOND
    share = f"{case.share.numerator}/{case.share.denominator}"
    await heard.hear(*of_contract(share, stranded=case.stranded, charge=case.charge, term=case.term))
    inputs = {"replacement_pence": case.replacement, "transition_pence": case.transition, "years": case.years}
    answer = await client.post(f"/v1/exit-assessments/{CONTRACT}", json=ASSESSMENT | inputs)
    assert answer.status_code == 201, answer.text
    stated = await client.post("/v1/portfolios", json=a_portfolio(lens=lens, years=case.years))
    assert stated.status_code == 201, stated.text
    by_hand = starts_by_hand(case, own=lens != "public_sector")
    for day, first in days:
        asked = await client.post("/v1/portfolios/S03-2027/runs", json={"curve": False}, params={"as_at": day})
        assert asked.status_code == 202, asked.text
        run = asked.json()["run"]
        done = await ended(client, run)
        [item] = (await client.get(f"/v1/runs/{run}/proof")).json()["problem"]["items"]
        starts = {one["year"]: (one["value_pence"], dict(map(tuple, one["cash_pence"]))) for one in item["starts"]}
        assert starts == {year: one for year, one in by_hand.items() if year >= first}
        best = max(0, *(value for value, _ in starts.values()))
        assert (done["plan"]["verdict"], done["plan"]["value_pence"]) == ("optimal", best)


async def test_a_notice_that_was_served_fixes_its_exit(client: httpx.AsyncClient, heard: FinanceHarness) -> None:
    await heard.hear(*of_contract("1/2"))
    await assessed(client)
    await heard.hear(
        NoticeServed(
            **PARTIES,
            effective_on=date(2016, 9, 1),
            stated_at=at(date(2016, 9, 1)),
            notice="N-1",
            served_by=BODY,
            served_on=date(2016, 9, 1),
            deemed_on=date(2016, 9, 1),
            exit_on=EXITS[1],
            functions=(),
            leaving=(),
        )
    )
    plan = await solved(client, lens=f"organisation:{BODY}")
    [item] = plan["items"]
    assert (item["committed"], item["year"]) == (True, "2029-30")
    assert item["value_pence"] == pytest.approx((7_244_337 - 7_584_729) * POUND, abs=POUND)
    # The notice is for a day after these two years: in them there is nothing to choose, however much it would be worth.
    short = await solved(client, lens="public_sector", years=2)
    assert [(item["year"], item["committed"]) for item in short["items"]] == [(None, False)]


async def test_an_item_without_terms_or_assessment_is_refused_by_its_name(
    client: httpx.AsyncClient, heard: FinanceHarness, tokens: Tokens
) -> None:
    signed, *_ = of_contract("1/2")
    await heard.hear(signed)
    items = [
        {"kind": "exit", "name": "payroll", "contract": CONTRACT},
        {"kind": "exit", "name": "IT", "contract": "NO-SUCH-CONTRACT"},
    ]
    refused = await client.post("/v1/portfolios", json=a_portfolio(items=items))
    assert (refused.status_code, kind(refused)) == (409, "item-without-terms")
    assert [reason["message"].split(":")[0] for reason in refused.json()["reasons"]] == ["payroll", "IT"]
    # A contract that others are party to is as unknown as one that does not exist.
    other = tokens.header(Role.FINANCE_LEAD, organisations=("11C",))
    hidden = await client.post("/v1/portfolios", json=a_portfolio(organisations=["11C"]), headers=other)
    assert "no contract of this reference is known" in hidden.text


async def test_a_portfolio_and_a_calendar_read_many_contracts_by_as_many_queries_as_two(
    client: httpx.AsyncClient, heard: FinanceHarness
) -> None:
    names = [f"CSU-2027-{number:02}" for number in range(12)]
    for name in names:
        await heard.hear(*of_contract("3/10", contract=name))
    for name in names:
        assert (await client.post(f"/v1/exit-assessments/{name}", json=ASSESSMENT)).status_code == 201
    queries = set()
    for several in (names[:2], names):
        items = [{"kind": "exit", "name": name, "contract": name} for name in several]
        left_out = {"reference", "organisations"}
        terms = PortfolioTerms.model_validate({k: v for k, v in a_portfolio(items=items).items() if k not in left_out})
        db = Counted(heard.database)
        problem = await valued(db, terms, Viewpoint((BODY,), EVERYTHING, EXITS[0].replace(year=2027), None))
        assert [item.name for item in problem.items] == several
        assert all(item.starts for item in problem.items)
        portfolio, db = db.queries, Counted(heard.database)
        subjects = await subjects_of(db, several, as_at=EXITS[0], as_known=None)
        shown = await calendar_of(db, list(subjects.values()), sight=EVERYTHING, as_at=EXITS[0], as_known=None)
        assert {one.basis for one in shown} == {"assessment"}
        queries.add((portfolio, db.queries))
    assert len(queries) == 1
