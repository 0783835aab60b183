"""How customers divide a cost: by the shares that they agreed, or by population where that is what they agreed.

With the basis `population:registered` or `population:weighted` the registry's counts have the last word: where a list
is corrected, the shares are restated by the same rule. The lists are those of the day from which the shares hold.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.contracts import SharesAgreed
from services.finance.charges.rules import ContractStatement

_ALWAYS = datetime.max.replace(tzinfo=UTC)
_BY_POPULATION = "population:"

_KNOW = """
INSERT INTO known_share (contract, effective_on, stated_at, basis, division) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
"""

_AGREED = """
SELECT contract, effective_on, stated_at, basis, division FROM known_share
 WHERE contract = ANY($1) AND stated_at <= $2
"""

People = Mapping[tuple[str, date], Mapping[str, int]]
"""The people of each body, by basis and day."""


@dataclass(frozen=True, slots=True)
class AgreedShares:
    """How a contract's cost is divided from a day on; `shares` are in the order of `customers`."""

    contract: str
    effective_on: date
    stated_at: datetime
    customers: tuple[str, ...]
    shares: tuple[str, ...]
    basis: str

    @property
    def counted(self) -> tuple[str, date] | None:
        """The basis of counts and the day that the rule names; None where the shares are as stated."""
        if not self.basis.startswith(_BY_POPULATION):
            return None
        return self.basis.removeprefix(_BY_POPULATION), self.effective_on

    def by_population(self, people: People) -> tuple[str, ...] | None:
        """Return the shares by population; None where one of the customers was not counted."""
        counts = people.get(self.counted, {}) if self.counted else {}
        own = [counts.get(code, 0) for code in self.customers]
        return tuple(str(Fraction(count, sum(own))) for count in own) if own and all(own) else None


async def know_shares(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert the shares of cost that these events agree; those of other things are left out."""
    rows = [
        (one.contract, one.effective_on, one.stated_at, one.cost_basis, _division(one))
        for one in events
        if isinstance(one, SharesAgreed) and one.cost_shares
    ]
    await connection.executemany(_KNOW, rows)


def _division(event: SharesAgreed) -> str:
    pairs = sorted(zip(event.customers, event.cost_shares, strict=True))
    return ",".join(f"{code}={share}" for code, share in pairs)


async def list_agreed(db: Reads, contracts: Collection[str], *, as_known: datetime | None = None) -> list[AgreedShares]:
    """Return how the costs of these contracts are divided, as known at an instant."""
    rows = await db.fetch(_AGREED, sorted(set(contracts)), as_known or _ALWAYS)
    pairs = [[part.split("=") for part in row["division"].split(",")] for row in rows]
    return [
        AgreedShares(
            row["contract"],
            row["effective_on"],
            row["stated_at"],
            tuple(code for code, _ in pair),
            tuple(share for _, share in pair),
            row["basis"],
        )
        for row, pair in zip(rows, pairs, strict=True)
    ]


def in_force(agreed: Iterable[AgreedShares], contract: str, day: date) -> AgreedShares | None:
    """Return the agreement that holds on a day: the one from the latest day, and of those the one stated last."""
    own = [one for one in agreed if one.contract == contract and one.effective_on <= day]
    return max(own, key=lambda one: (one.effective_on, one.stated_at, one.shares), default=None)


def restated(
    statements: Iterable[ContractStatement], agreed: Sequence[AgreedShares], people: People
) -> list[ContractStatement]:
    """Return what contracts said, with the shares by population where these very customers agreed on that rule."""
    return [_restated(one, in_force(agreed, one.contract, one.effective_on), people) for one in statements]


def _restated(statement: ContractStatement, agreed: AgreedShares | None, people: People) -> ContractStatement:
    if agreed is None or set(agreed.customers) != set(statement.customers):
        return statement
    shares = agreed.by_population(people)
    if shares is None:
        return statement
    by_code = dict(zip(agreed.customers, shares, strict=True))
    return replace(statement, shares=tuple(by_code[code] for code in statement.customers))
