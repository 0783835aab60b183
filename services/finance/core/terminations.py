"""Finance's copy of what ends of contracts cost, as contracts priced them: one row a statement, the latest counts."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import asyncpg
from sqlalchemy import ARRAY, Column, Date, DateTime, Index, Table, Text, func

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.contracts import ContractTerminated, TerminationPriced
from libs.common.messaging.subscriptions import Projection
from services.finance.core.flows import HOUSEHOLDS, Nature
from services.finance.core.models import Base

_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
_STAFF = "staff"
"""Who is paid redundancy pay, in the words of contracts."""

known_termination = Table(
    "known_termination",
    Base.metadata,
    Column("contract", Text, nullable=False),
    Column("termination", Text, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    Column("exit_on", Date, nullable=False),
    # Who the event was addressed to: of an estimate the supplier is none of them.
    Column("parties", ARRAY(Text), nullable=False),
    Column("pack", Text, nullable=False),
    Column("content", Text, nullable=False),
)
Index(None, known_termination.c.parties, postgresql_using="gin")
# The lines of all customers of a national contract are longer than an index takes.
Index(
    "uq_known_termination_once",
    *(known_termination.c[name] for name in ("contract", "termination", "stated_at")),
    func.md5(known_termination.c.content),
    unique=True,
)

known_terminations = Projection(
    name="known_terminations",
    tables=("known_termination",),
    content="SELECT contract, termination, stated_at::text, status, exit_on::text, parties::text, pack, content"
    " FROM known_termination ORDER BY 1, 2, 3, 8",
)
"""The price of each end of a contract, replaced whole by what is stated later of the same termination."""

_KNOW = """
INSERT INTO known_termination (contract, termination, stated_at, status, exit_on, parties, pack, content)
SELECT contract, termination, stated_at, status, exit_on, string_to_array(parties, ','), pack, content
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[])
       AS new (contract, termination, stated_at, status, exit_on, parties, pack, content)
    ON CONFLICT DO NOTHING
"""

# Of two statements of one instant the one whose content sorts later counts, so that their order changes nothing.
_OF_CONTRACTS = """
SELECT DISTINCT ON (contract, termination) contract, termination, stated_at, status, exit_on, parties, pack, content
  FROM known_termination WHERE contract = ANY($1) AND stated_at <= $2
 ORDER BY contract, termination, stated_at DESC, content DESC
"""

_CONTRACTS = """
SELECT DISTINCT contract FROM known_contract
 WHERE contract = ANY($1) AND stated_at <= $2
   AND ($3::text[] IS NULL OR customers && $3 OR supplier = ANY($3))
"""


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """One line of the price of an end: an exact sum that is due on a day, once."""

    component: str
    nature: Nature
    payer: str
    payee: str
    pence: int
    due_on: date


@dataclass(frozen=True, slots=True)
class PricedTermination:
    """What an end of a contract costs, as contracts stated it at an instant.

    `functions` and `leaving` are what ends and whose part ends; empty: all. `unpriced` names the components that are
    not in the sum because the contract's terms are missing.
    """

    contract: str
    termination: str
    stated_at: datetime
    status: str
    exit_on: date
    parties: tuple[str, ...]
    functions: tuple[str, ...]
    leaving: tuple[str, ...]
    components: tuple[PriceComponent, ...]
    unpriced: tuple[str, ...]
    pack: str

    @property
    def is_firm(self) -> bool:
        """Whether it is agreed or settled, not an estimate."""
        return self.status != "estimate"


async def know_terminations(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert the prices of ends that these events state, by one statement; a repeated event changes nothing."""
    rows = [row for event in events for row in _rows(event)]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _rows(event: Event) -> list[tuple[object, ...]]:
    match event:
        case TerminationPriced():
            exit_on, status, pack = event.exit_on, event.status, event.pack
            more = {"functions": event.functions, "leaving": event.leaving, "unpriced": event.unpriced}
        case ContractTerminated() if event.termination:
            exit_on, status, pack = event.effective_on, "settled", ""
            more = {"functions": (), "leaving": (), "unpriced": ()}
        case _:
            return []
    columns = (event.components, event.natures, event.payers, event.payees, event.component_pence, event.due_on)
    components = [(*row[:5], row[5].isoformat()) for row in zip(*columns, strict=True)]
    content = json.dumps({"components": components, **more}, sort_keys=True)
    parties = ",".join(sorted({event.supplier, *event.customers} - {""}))
    return [(event.contract, event.termination, event.stated_at, status, exit_on, parties, pack, content)]


async def list_terminations(db: Reads, contract: str, *, as_known: datetime | None = None) -> list[PricedTermination]:
    """Return the priced ends of a contract as known at an instant (None: now), the one stated last first."""
    return (await terminations_of(db, [contract], as_known=as_known))[contract]


async def terminations_of(
    db: Reads, contracts: Collection[str], *, as_known: datetime | None = None
) -> dict[str, list[PricedTermination]]:
    """Return the priced ends of each of these contracts, by one query, the one stated last first."""
    found: dict[str, list[PricedTermination]] = {contract: [] for contract in contracts}
    for row in await db.fetch(_OF_CONTRACTS, sorted(found), as_known or _ALWAYS):
        found[row["contract"]].append(_priced(row))
    for several in found.values():
        several.sort(key=lambda each: (each.stated_at, each.termination), reverse=True)
    return found


async def known_to(
    db: Reads, contracts: Sequence[str], *, codes: Sequence[str] | None, as_known: datetime | None = None
) -> set[str]:
    """Return those contracts that finance knows and to which one of the codes is a party (None: any)."""
    rows = await db.fetch(_CONTRACTS, list(contracts), as_known or _ALWAYS, None if codes is None else list(codes))
    return {row["contract"] for row in rows}


def _priced(row: asyncpg.Record) -> PricedTermination:
    content = json.loads(row["content"])
    return PricedTermination(
        contract=row["contract"],
        termination=row["termination"],
        stated_at=row["stated_at"],
        status=row["status"],
        exit_on=row["exit_on"],
        parties=tuple(row["parties"]),
        functions=tuple(content["functions"]),
        leaving=tuple(content["leaving"]),
        components=tuple(
            PriceComponent(
                component,
                Nature(nature),
                payer,
                HOUSEHOLDS if payee == _STAFF else payee,
                amount,
                date.fromisoformat(due_on),
            )
            for component, nature, payer, payee, amount, due_on in content["components"]
        ),
        unpriced=tuple(content["unpriced"]),
        pack=row["pack"],
    )
