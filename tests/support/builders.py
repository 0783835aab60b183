"""Build valid requests and values for tests: sensible defaults, and whatever a test cares about by name."""

from datetime import date
from typing import Any

from libs.common.temporal.history import LAST_DAY, Days
from libs.organisations.statements import Status
from services.registry.core.kinds import Kind
from services.registry.core.standing import Standing
from tests.support.platform import NIL_RETURNS

CCGS_OPENED, ICBS_OPENED = date(2013, 4, 1), date(2022, 7, 1)


def an_organisation(code: str, kind: str, *, on: date | str = CCGS_OPENED, **others: Any) -> dict[str, Any]:
    """Return the body of a request that opens an organisation."""
    return {"code": code, "name": f"NHS {code}", "kind": kind, "effective_on": str(on)} | others


def a_ccg(code: str = "10Y", **others: Any) -> dict[str, Any]:
    """Return the body of a request that opens a CCG."""
    return an_organisation(code, "ccg", **({"name": f"NHS {code} CCG"} | others))


def an_icb(code: str = "QU9", *, on: date | str = ICBS_OPENED, **others: Any) -> dict[str, Any]:
    """Return the body of a request that opens an ICB."""
    return an_organisation(code, "icb", on=on, **({"name": f"NHS {code} ICB"} | others))


def a_practice(code: str = "K82001", **others: Any) -> dict[str, Any]:
    """Return the body of a request that opens a GP practice."""
    return an_organisation(code, "gp_practice", **({"name": f"Practice {code}"} | others))


def a_merger_command(
    successor: str = "14Y", *predecessors: str, on: date | str = date(2018, 4, 1), **others: Any
) -> dict[str, Any]:
    """Return the body of a request that agrees a merger, with nil returns of both schemes: 10H and 10Y into 14Y."""
    return {
        "successor": successor,
        "successor_name": f"NHS {successor} CCG",
        "predecessors": list(predecessors or ("10H", "10Y")),
        "effective_on": str(on),
        "schemes": NIL_RETURNS,
    } | others


def a_contract(**others: Any) -> dict[str, Any]:
    """Return the body of a request that drafts a contract: support for two CCGs from April 2017."""
    return {
        "reference": "CSU-BUCKS-2017",
        "title": "Commissioning support for Buckinghamshire",
        "supplier": "0CX",
        "customers": ["10H", "10Y"],
        "lines": [{"function": "payroll", "annual_pence": 100_000_00}, {"function": "bi", "annual_pence": 50_000_01}],
        "starts_on": "2017-04-01",
        "last_day": "2020-03-31",
        "notice_months": 6,
        "value_basis": "illustrative",
    } | others


def a_standing(code: str, *, kind: Kind = Kind.CCG, closes: date = LAST_DAY) -> Standing:
    """Return how a body stands that opened with the CCGs and is open until a day, as the registry's rules see it."""
    life: list[tuple[Days, Status]] = [(Days(CCGS_OPENED, closes), "open")]
    if closes < LAST_DAY:
        life.append((Days(closes), "closed"))
    return Standing(code, kind, tuple(life))
