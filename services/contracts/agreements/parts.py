"""A part of a contract that ends: some of its lines, what some customers have of it, or what these have of those lines.

Pure. A contract is a table of its lines by its customers: what a customer has of a line is its share of the charge. An
end of a part takes cells out of that table, and each of the others stays as it was, to the penny of a line.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import gcd, lcm
from typing import Final

from libs.common.errors import DomainError, Reason
from libs.common.money import apportion
from services.contracts.core.errors import PartUnknown
from services.contracts.core.shares import ShareTable

_ALL: Final = Fraction(1)
_NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class ContractPart:
    """What ends: `functions` (empty: every line) of `leaving` (empty: every customer).

    `leaving` says by code which part of what the body has ends: less than 1 where it took over one who leaves, and had
    a part of its own before.
    """

    functions: frozenset[str] = frozenset()
    leaving: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether it is the contract, no part of it."""
        return not self.functions and not self.leaving

    def of_customer(self, code: str) -> Fraction:
        """Return which part of what a customer has of the ended lines ends."""
        return self.leaving.get(code, _NOTHING) if self.leaving else _ALL

    def covers(self, other: "ContractPart") -> bool:
        """Whether all of another part is in this one."""
        lines = not self.functions or (bool(other.functions) and other.functions <= self.functions)
        theirs = not self.leaving or (bool(other.leaving) and set(other.leaving) <= set(self.leaving))
        return lines and theirs


WHOLE: Final = ContractPart()
"""The whole of a contract."""


def part_of(functions: Collection[str], leaving: Collection[str]) -> ContractPart:
    """Return these lines of these customers, each with all that it has."""
    return ContractPart(frozenset(functions), dict.fromkeys(leaving, _ALL))


def described(reference: str, part: ContractPart) -> str:
    """Return a part of a contract in words, as a refusal names it."""
    lines = f"{', '.join(sorted(part.functions))} of " if part.functions else ""
    customers = f" for {', '.join(sorted(part.leaving))}" if part.leaving else ""
    return f"{lines}{reference}{customers}"


def why_no_part(
    reference: str,
    part: ContractPart,
    lines: Collection[str],
    customers: Collection[str],
    *,
    fields: tuple[str, str] = ("functions", "leaving"),
) -> list[DomainError]:
    """Return the reasons why a contract of these lines and customers has no such part."""
    messages = [(f"{one} is no line of {reference}", fields[0]) for one in sorted(part.functions.difference(lines))]
    gone = sorted(set(part.leaving).difference(customers))
    messages += [(f"{one} is no customer of {reference} then", fields[1]) for one in gone]
    return [PartUnknown(message, reasons=[Reason(message, field)]) for message, field in messages]


@dataclass(frozen=True, slots=True)
class Division:
    """The charge a year of each line on a day, the customers, and the table by which they divide it; None: equally."""

    charges: Mapping[str, int]
    customers: tuple[str, ...]
    table: ShareTable | None = None

    @property
    def weights(self) -> dict[str, int]:
        """The weight of each customer."""
        if self.table is None:
            return dict.fromkeys(self.customers, 1)
        return {code: self.table.weights[code] for code in self.customers if code in self.table.weights}

    @property
    def shares(self) -> dict[str, Fraction]:
        """The exact share of each customer."""
        total = sum(self.weights.values())
        return {code: Fraction(weight, total) for code, weight in self.weights.items()}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of the contract."""
        return not self.charges or not self.weights

    def ended_share(self, part: ContractPart) -> Fraction:
        """Return which part of an ended line ends."""
        return sum((share * part.of_customer(code) for code, share in self.shares.items()), _NOTHING)

    def without(self, part: ContractPart) -> "Division":
        """Return what stays where a part ends: its lines, customers and table, with every other cell as it was."""
        if self.is_empty:
            return self
        staying = {code: weight * (1 - part.of_customer(code)) for code, weight in self.weights.items()}
        ended = sum(self.weights.values()) - sum(staying.values())
        charges: dict[str, int] = {}
        for function, pence in self.charges.items():
            if part.functions and function not in part.functions:
                charges[function] = pence
            elif any(staying.values()):
                charges[function] = apportion(pence, [sum(staying.values()), ended])[0]
        weights = self._weights_after(part, staying)
        customers = tuple(code for code in self.customers if code not in staying or weights.get(code))
        return Division(charges, customers, self._table_after(part, weights))

    def _weights_after(self, part: ContractPart, staying: Mapping[str, Fraction]) -> dict[str, Fraction]:
        if not part.leaving:
            return {code: Fraction(weight) for code, weight in self.weights.items()}
        if not part.functions:
            return {code: weight for code, weight in staying.items() if weight}
        kept = sum(pence for function, pence in self.charges.items() if function not in part.functions)
        shrunk = sum(pence for function, pence in self.charges.items() if function in part.functions)
        if not kept and not shrunk:
            return {code: Fraction(weight) for code, weight in self.weights.items()}
        values = {code: weight * kept + staying[code] * shrunk for code, weight in self.weights.items()}
        return {code: Fraction(value) for code, value in values.items() if value}

    def _table_after(self, part: ContractPart, weights: Mapping[str, Fraction]) -> ShareTable | None:
        if not part.leaving or not weights or (self.table is None and len(set(weights.values())) == 1):
            return self.table if weights else None
        is_plain = not part.functions and all(one in (0, 1) for one in part.leaving.values())
        return table_of_weights(weights, like=self.table if is_plain else None)


def table_of_weights(weights: Mapping[str, Fraction], *, like: ShareTable | None = None) -> ShareTable:
    """Return the table of exact weights, by the basis of another one; without it `stated`, in the lowest terms."""
    parts = lcm(*(weight.denominator for weight in weights.values()))
    whole = {code: int(weight * parts) for code, weight in sorted(weights.items())}
    if like is None:
        divisor = gcd(*whole.values())
        whole = {code: weight // divisor for code, weight in whole.items()}
        return ShareTable(sum(whole.values()), whole)
    return replace(like, total=sum(whole.values()), weights=whole)


def table_without(table: ShareTable, part: ContractPart) -> ShareTable | None:
    """Return a table of staff, duties or risk after customers left: the others have it in their old proportion.

    None where no customer is left in it. Who ends only some lines stays in it as before.
    """
    if part.functions or not part.leaving:
        return table
    weights = {code: weight * (1 - part.of_customer(code)) for code, weight in table.weights.items()}
    weights = {code: weight for code, weight in weights.items() if weight}
    return table_of_weights(weights, like=table) if weights else None


def dearer(charges: Mapping[str, int], more_pence: int) -> dict[str, int]:
    """Return charges with an overhead spread over them by charge, to the penny; as they were where all are free."""
    if not more_pence or not any(charges.values()):
        return dict(charges)
    more = apportion(more_pence, list(charges.values()))
    return {function: pence + part for (function, pence), part in zip(charges.items(), more, strict=True)}
