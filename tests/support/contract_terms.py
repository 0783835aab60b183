"""What contracts states of ends and buy-outs, with nothing in it that a test does not name."""

from datetime import date
from typing import Any

from libs.common.events.contracts import BuyOutTermsStated, ExitTermsStated

_EXIT: dict[str, Any] = {
    "payment_share": "1/2",
    "payment_schedule_from": None,
    "payment_schedule_pence": (),
    "stranded_pence": (),
    "stranded_ends_with_term": True,
    "breakage_pence": 0,
    "dual_running_pence": 0,
    "redundancy_pence": 0,
    "redundancy_payer": "customers",
    "reprocurement_pence": 0,
    "pack": "",
}
_BUY_OUT: dict[str, Any] = {
    "kind": "pfi",
    "voluntary_right": True,
    "equity_method": "market_value",
    "debt_pence": 4_000_000,
    "swap_break_pence": 0,
    "redundancy_pence": 0,
    "subcontract_pence": 0,
    "distributions_pence": (1_000_000,),
    "irr": "0.12",
    "balances_pence": 0,
    "other_pence": 0,
    "tax_gross_up_pence": 0,
    "unitary_charge_pence": 800_000,
    "term_ends_on": date(2029, 3, 31),
}


def exit_terms(**given: Any) -> ExitTermsStated:
    """Terms of exit by which half of what remains is paid, and nothing else, where not said otherwise."""
    return ExitTermsStated(**(_EXIT | given))


def buy_out_terms(**given: Any) -> BuyOutTermsStated:
    """Terms of a buy-out by market value, of £40,000 of debt and £10,000 of shares, where not said otherwise."""
    return BuyOutTermsStated(**(_BUY_OUT | given))
