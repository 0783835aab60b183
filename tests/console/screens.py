"""Every screen of the console on the demo, and as whom it is looked at: what `test_screens.py` walks."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.console.apps import refusal


@dataclass(frozen=True)
class Screen:
    """An address of the console, and a person of the demo who may see it."""

    path: str
    person: str = "commissioner"


SCREENS = (
    Screen("/"),
    Screen("/search?text=cambridge"),
    Screen("/organisations/10G"),
    Screen("/organisations/QUA?as_at=2024-04-01&as_known=2024-05-01"),
    Screen("/organisations/QUA/members"),
    Screen("/organisations/QUA/money"),
    Screen("/organisations/QUA/bodies"),
    Screen("/organisations/QUA/findings"),
    Screen("/organisations/QUA/lineage"),
    Screen("/crosswalks"),
    Screen("/mergers"),
    Screen("/mergers/M-14Y"),
    Screen("/mergers/plan", "nhs-england"),
    Screen("/mergers/preview?predecessors=QT1+QUY&effective_on=2030-04-01&successor=QZR", "nhs-england"),
    Screen("/contracts"),
    Screen("/contracts/BC-PAYROLL-2026"),
    Screen("/contracts/BC-PAYROLL-2026/leaving"),
    Screen("/contracts/BC-PAYROLL-2026/leaving/2027-04-01"),
    Screen("/contracts/BC-PAYROLL-2026/notice", "black-country"),
    Screen("/contracts/BC-PAYROLL-2026/history"),
    Screen("/exits?code=QUA"),
    Screen("/consolidations"),
    Screen("/consolidations/WM-PAYROLL-PLAN", "black-country"),
    Screen("/consolidations/WM-PAYROLL-PLAN/members/QUA/acceptance", "black-country"),
    Screen("/consolidations/WM-PAYROLL-PLAN/members/QNC/withdrawal", "commissioner@QNC"),
    Screen("/spend"),
    Screen("/finance"),
    Screen("/finance/cases"),
    Screen("/finance/cases/BC-SHARED-06A/versions/1?option=shared", "commissioner@06A"),
    Screen("/finance/cases/BC-SHARED-06A/versions/1/books?option=shared", "commissioner@06A"),
    Screen("/finance/cases/BC-SHARED-06A/versions/1/switching-values?option=shared", "commissioner@06A"),
    Screen("/finance/cases/BC-SHARED-06A/versions/1/simulations?option=shared"),
    Screen("/finance/portfolios"),
    Screen("/finance/savings"),
    Screen("/finance/allowances"),
    Screen("/finance/allowances/14Y/2018-19"),
    Screen("/finance/series?organisation=14Y&measure=population&year=2014-15&as_at=2019-04-01"),
    Screen("/decisions"),
    Screen("/decisions/may"),
    Screen("/decisions/may?organisation=05T&action=contract.award&pounds=2.3m&as_at=2016-06-01&holder=05T/gp-member"),
    Screen("/decisions/meetings"),
    Screen("/decisions/meetings/05T-governing-body-2016-11-21"),
    Screen("/decisions/meetings/05T-governing-body-2016-11-21/attendance"),
    Screen("/decisions/proposals"),
    Screen("/decisions/proposals/new"),
    Screen("/decisions/taken"),
    Screen("/decisions/radar"),
    Screen("/reasons/M-14Y"),
    Screen("/compare"),
    Screen("/operations", "operator"),
    Screen("/operations/registry", "operator"),
    Screen("/operations/clock", "operator"),
    Screen("/operations/imports", "registrar"),
)


@dataclass(frozen=True)
class Unanswered:
    """A page where something is not as it should be: its address, its status, and what the registry answers then."""

    path: str
    status: int
    answer: Any = None


UNANSWERED = (
    Unanswered("/sign-in", 200),
    Unanswered("/nowhere", 404),
    Unanswered("/mergers/M-ZQ9/redating", 403, refusal("forbidden", "You act for none of its bodies", status=403)),
    Unanswered("/mergers/M-ZQ9/redating", 503),
    Unanswered(
        "/mergers/M-ZQ9",
        500,
        httpx.Response(200, content=b'["not a merger"]', headers={"Content-Type": "application/json"}),
    ),
)
"""What `test_screens.py` walks over recorded answers, signing in among it."""
