"""A fact of each package of finance: what is heard from the others, and what a finance lead states."""

from datetime import date
from typing import Any

from libs.common.events.contracts import (
    ContractSigned,
    NoticeDatesStated,
    PaymentScheduled,
    SupplierPriced,
)
from libs.common.events.governance import DecisionAwaited
from libs.common.events.registry import OrganisationOpened, OrganisationRelated, PopulationPublished
from tests.support.cases import a_case
from tests.support.contract_terms import buy_out_terms, exit_terms
from tests.support.finance_harness import at

STATED = at(date(2017, 1, 10))
OF_CONTRACT: dict[str, Any] = {
    "effective_on": date(2017, 4, 1),
    "stated_at": STATED,
    "contract": "PAYROLL-2017",
    "supplier": "0CX",
    "customers": ("06H",),
}
HEARD = (
    OrganisationOpened(effective_on=date(2013, 4, 1), stated_at=STATED, code="0CX", name="A unit", kind="support_unit"),
    OrganisationRelated(
        effective_on=date(2017, 4, 1), stated_at=STATED, code="06H", relation="part of footprint", other="QUE"
    ),
    ContractSigned(
        **OF_CONTRACT, title="Payroll", functions=("payroll",), last_day=date(2020, 3, 31), annual_pence=100_001
    ),
    exit_terms(
        **OF_CONTRACT,
        term_ends_on=date(2020, 3, 31),
        stranded_pence=(10_001,),
    ),
    NoticeDatesStated(**OF_CONTRACT, exit_on=(date(2019, 4, 1),), last_notice_on=(date(2018, 9, 30),)),
    buy_out_terms(
        **(OF_CONTRACT | {"contract": "PFI-1999"}),
    ),
    PaymentScheduled(
        effective_on=date(2017, 4, 1),
        stated_at=STATED,
        contract="PAYROLL-2017",
        item="PAYROLL-2017/charge/1",
        payer="06H",
        payee="0CX",
        kind="charge",
        amount_pence=100,
        due_on=date(2017, 5, 1),
        condition="",
    ),
    SupplierPriced(
        effective_on=date(2017, 4, 1),
        stated_at=STATED,
        supplier="0CX",
        customers=("06H", "10Y"),
        fixed_pence=1_000,
        per_head_pence=1,
        heads=400,
        price_per_head_pence=4,
        basis="stated",
    ),
    *(
        PopulationPublished(
            effective_on=date(2017, 4, 1), stated_at=STATED, code=code, people=people, basis="registered"
        )
        for code, people in (("06H", 300), ("10Y", 100))
    ),
    DecisionAwaited(
        effective_on=date(2017, 4, 1),
        stated_at=STATED,
        proposal="P-1",
        body="06H-GB",
        organisation="06H",
        due_on=date(2017, 6, 1),
    ),
)
LINE = {"account": "5210", "function": "payroll", "pay": True, "recurrent": True, "admin": False}
ASSESSED = {"organisation": "06H", "base_year": "2017-18", "years": 5, "replacement_pence": 5}
LINES = [LINE | {"amount_pence": 1_000_000_000}, LINE | {"amount_pence": 5, "service": "second"}]
SAVING = {"organisation": "06H", "function": "payroll", "financial_year": "2018-19", "recurrent": True}
OF_FUND = {"line": "SET-UP", "organisation": "06H", "financial_year": "2018-19", "purpose": "transformation"}
FUND_LINES = [OF_FUND | {"recurrent": False, "amount_pence": 9}]
FUND = {"reference": "STF-2018", "organisation": "06H", "title": "Fund", "lines": FUND_LINES}
MAPPING = {"local_code": "A-1", "account": "N1", "effective_on": "2018-04-01"}
POSTING = {"local_code": "A-1", "posted_on": "2018-04-30", "amount_pence": 7}
DRAW = {"line": "SET-UP", "case": "SHARED-1", "amount_pence": 1, "drawn_on": "2018-10-01"}
MOVE = {"from_line": "BL-1", "to_line": "BL-2", "amount_pence": 1}
OPENING = {"kind": "opening", "name": "payroll", "starts": [{"year": "2027-28", "value_pence": 1}]}
PORTFOLIO = {
    "reference": "CAM-2027",
    "title": "Cambridgeshire",
    "organisations": ["06H"],
    "first_year": "2027-28",
    "years": 1,
    "lens": "public_sector",
    "items": [OPENING],
}
ESTATE_KEY = {
    "effective_on": "2017-04-01",
    "source": "catchments",
    "weights": [{"organisation": "RX6", "footprint": "QHM", "weight": 1}],
}
COMMANDS: tuple[tuple[str, str, Any], ...] = (
    ("PUT", "/organisations/06H/populations/2018-19", {"population": 1_000, "source": "lists"}),
    ("POST", "/organisations/06H/budgets/2018-19/lines", {"lines": LINES}),
    ("PUT", "/buy-outs/PFI-1999/saving", {"saving_pence": 400_000, "basis": "gross", "last_year": 9}),
    ("POST", "/exit-assessments/PAYROLL-2017", ASSESSED),
    ("PUT", "/lenses/06H/neighbours", {"effective_on": "2017-04-01", "members": ["06H", "10Y"]}),
    ("PUT", "/estates/keys/06H/catchment", ESTATE_KEY),
    ("POST", "/cases", {"case": "SHARED-1", "organisation": "06H", "content": a_case()}),
    ("POST", "/funds", FUND),
    ("POST", "/funds/STF-2018/draws", DRAW),
    ("POST", "/initiatives/HR-2018/savings", SAVING | {"amount_pence": 10}),
    ("POST", "/account-mappings", {"organisation": "06H", "mappings": [MAPPING]}),
    ("POST", "/postings", {"organisation": "06H", "reference": "GL-1", "postings": [POSTING]}),
    ("POST", "/virements", {"moves": [MOVE], "authority": ""}),
    ("PUT", "/exit-triggers/06H/0CX", {"effective_on": "2017-04-01", "price_per_head_pence": 9}),
    ("POST", "/portfolios", PORTFOLIO),
)
