"""Events published by finance: running-cost allowances, and how a merger restates them."""

from datetime import date

from libs.common.events import Event, OdsCode


class AllowanceSet(Event, topic="finance", keys=("organisation",), parties_only=True):
    """A body's running-cost allowance for a financial year, to `last_day`: rate per head times population."""

    organisation: OdsCode
    financial_year: str
    last_day: date
    population: int
    rate_pence: int
    amount_pence: int
    pack: str


class AllowanceRestated(
    Event,
    topic="finance",
    keys=("organisation", "predecessors", "merger"),
    parties_only=True,
    readers=("organisation",),
):
    """From `effective_on` to `last_day` the successor has the rest of its predecessors' allowances for those days.

    `amount_pence` is the successor's part; `released_pence` is what each of `predecessors` gave up, in their order:
    their sum is `amount_pence`, to the penny. The successor alone reads it: a predecessor's own part is in its history.
    """

    organisation: OdsCode
    financial_year: str
    last_day: date
    population: int
    amount_pence: int
    predecessors: tuple[OdsCode, ...]
    released_pence: tuple[int, ...]
    merger: str
    pack: str
