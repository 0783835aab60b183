"""Which terms of a buy-out make sense together (SoPC4 and PF2, clause 23.1.3)."""

from collections.abc import Mapping, Sequence

from libs.common.errors import DomainError, Reason
from services.contracts.buy_outs.errors import BuyOutTermMissing, EquityMethodAmbiguous, NoVoluntaryRight

BASE_CASE_IRR, MARKET_VALUE, DISCOUNTED = "base_case_irr", "market_value", "discounted_distributions"
HIGHER_OF = "higher_of"
NEEDS: Mapping[str, tuple[str, ...]] = {
    BASE_CASE_IRR: ("distributions_pence", "irr"),
    MARKET_VALUE: ("equity_value_pence",),
    DISCOUNTED: ("distributions_pence", "irr"),
}
"""The terms that each method needs, and that belong to no other."""


def why_not_bought_out(
    *,
    voluntary_right: bool,
    methods: Sequence[str],
    amounts: Sequence[str],
    equity: Sequence[str],
    blank: Sequence[str],
) -> list[DomainError]:
    """Return the reasons against terms: `amounts` and `equity` are the fields that were stated, `blank` those left out.

    With the right each amount is stated, 0 too: what is left out is not known, and no price follows from it.
    """
    if not voluntary_right:
        named = [*(["equity_methods"] if methods else []), *amounts, *equity]
        return [_refused(NoVoluntaryRight, f"{name} is stated without a voluntary right", name) for name in named]
    unstated = [_refused(BuyOutTermMissing, f"{name} is left out: state 0 where there is none", name) for name in blank]
    if len(methods) != 1 or methods[0] == HIGHER_OF:
        message = f"{' and '.join(methods) or 'no method'} is named, and the contract fixes one"
        return [_refused(EquityMethodAmbiguous, message, "equity_methods"), *unstated]
    [method] = methods
    missing = [name for name in NEEDS[method] if name not in equity]
    others = [name for name in equity if name not in NEEDS[method]]
    return [
        *(_refused(EquityMethodAmbiguous, f"{one} is a term of another method than {method}", one) for one in others),
        *(_refused(BuyOutTermMissing, f"{method} needs {name}", name) for name in missing),
        *unstated,
    ]


def _refused(kind: type[DomainError], message: str, field: str) -> DomainError:
    return kind(message, reasons=[Reason(message, field)])
