"""Brings contracts in line with successions: parties are replaced, and return where a succession was undone.

What is undone is put back by later statements: a signed contract's customers and supplier are worked out anew from its
signature and what is believed now, and what differs is stated. A draft goes back to whom it named before, as far as its
latest revision, and follows the mergers since that are still believed. The supplier that a draft names stays: nothing
says whom it named before.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ContractTransferred
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process import context
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from libs.organisations.mergers import Merger, mergers_following
from services.contracts.core.charges import KNOWN_NOW, pence_then
from services.contracts.core.models import FACET, Contract, customership, known
from services.contracts.core.parties import PartyChange, follow_parties
from services.contracts.transfers.commands import (
    AT_ONCE,
    ChangeRow,
    charged_on,
    follow_mergers,
    later_days,
    record_changes,
    shares_on,
    transfer_contracts,
)
from services.contracts.transfers.rules import (
    Act,
    Difference,
    Hands,
    cut,
    differences,
    had_by,
    parties_before,
    parties_by_day,
    parties_of,
)
from services.contracts.transfers.suppliers import settle_suppliers

_MOMENT = timedelta(microseconds=1)

_Correction: TypeAlias = tuple[asyncpg.Record, Difference, datetime]
"""A contract, the difference, and the instant from which it is known."""

# The last change of hands of each contract by a succession that is not among the believed ones.
_ACTED = """
SELECT DISTINCT ON (h.contract_id) h.contract_id, h.merger
  FROM change_of_hands h CROSS JOIN unnest(h.from_customers) AS gone (code)
 WHERE h.from_customers && $1::text[] AND h.effective_on = $2 AND gone.code = ANY($1)
   AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS believed (code, successor)
                    WHERE believed.code = gone.code AND believed.successor = h.to_customer)
 ORDER BY h.contract_id, h.id DESC
"""

_LOCKED = f"""
SELECT id, reference, status,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> $2::date AND upper_inf(b.known)), supplier_code) AS supplier,
       starts_on, coalesce(exit_day, term_end, last_day) AS ends_on,
       ARRAY(SELECT merger FROM change_of_hands h WHERE h.contract_id = c.id) AS acted,
       {pence_then("$2::date", KNOWN_NOW)} AS annual_pence
  FROM contract c WHERE id = ANY($1) ORDER BY id FOR UPDATE
"""  # noqa: S608  (what is put in is ours)

_CUSTOMERS = """
SELECT cc.contract_id, cc.id, cc.customer_code,
       EXISTS (SELECT FROM contract_customer_statement s
                WHERE s.subject_id = cc.id AND s.source = 'signature' AND s.value IS NOT NULL) AS signed,
       (SELECT max(s.stated_at) FROM contract_customer_statement s WHERE s.subject_id = cc.id) AS stated_at
  FROM contract_customer cc WHERE cc.contract_id = ANY($1) ORDER BY cc.contract_id, cc.customer_code
"""

_BELIEVED = """
SELECT cc.contract_id, cc.customer_code, lower(b.valid) AS first_day, upper(b.valid) AS end_day
  FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
 WHERE cc.contract_id = ANY($1) AND upper_inf(b.known) AND b.valid && daterange($2, NULL)
"""

# Who left otherwise than by a succession, and from when: by a table or an end of its part, which may name who was taken
# over since. In the last rows each change of hands, to tell whose part it was.
_LEFT = """
SELECT cc.contract_id, cc.customer_code AS code, lower(s.valid) AS day, s.stated_at
  FROM contract_customer cc JOIN contract_customer_statement s ON s.subject_id = cc.id
 WHERE cc.contract_id = ANY($1) AND s.value IS NULL AND s.source IN ('part ended', 'agreement')
 UNION
SELECT contract_id, unnest(leaving), exit_day + 1, stated_at FROM part_end
 WHERE contract_id = ANY($1) AND functions = '{}'
 ORDER BY contract_id, day, code
"""

_HANDS = """
SELECT contract_id, from_customers, to_customer, customers, effective_on, stated_at FROM change_of_hands
 WHERE contract_id = ANY($1) ORDER BY contract_id, id
"""

_NAME = """
INSERT INTO contract_customer (contract_id, customer_code)
SELECT c, x FROM unnest($1::int[], $2::text[]) AS new (c, x) ORDER BY c, x ON CONFLICT DO NOTHING
"""


_UNNAME = """
DELETE FROM contract_customer cc WHERE contract_id = ANY($1)
   AND (contract_id, customer_code) NOT IN (SELECT c, x FROM unnest($2::int[], $3::text[]) AS new (c, x))
"""

# Latest first.
_ACTS = """
SELECT contract_id, merger, customers_before, customers, stated_at FROM change_of_hands
 WHERE contract_id = ANY($1) ORDER BY contract_id, id DESC
"""


async def settle_successions(
    session: AsyncSession, codes: Collection[str], *, on: date, stated_at: datetime, by: Caller
) -> bool:
    """Apply the successions of these bodies on a day, as believed now; return whether any contract changed."""
    connection = await raw(session)
    following = await mergers_following(connection, known.successions, codes)
    mergers = [one for one in following if one.effective_on == on and set(codes).intersection(one.predecessors)]
    changed = await _take_back(session, codes, mergers, on=on, stated_at=stated_at, by=by)
    for merger in mergers:
        changed += await transfer_contracts(session, merger, by=by)
    changed += await settle_suppliers(session, codes, on=on, stated_at=stated_at, by=by)
    return changed > 0


async def follow_since_start(
    session: AsyncSession, contract: Contract, customers: Sequence[str], *, stated_at: datetime, by: Caller
) -> None:
    """Apply the successions of customers and supplier since its start to a contract just signed."""
    since, only = contract.starts_on, [contract.id]
    await follow_mergers(session, customers, since=since, by=by, only=only)
    await settle_suppliers(session, [contract.supplier_code], on=since, stated_at=stated_at, by=by, only=only)


async def _take_back(
    session: AsyncSession,
    codes: Collection[str],
    mergers: Sequence[Merger],
    *,
    on: date,
    stated_at: datetime,
    by: Caller,
) -> int:
    """Reverse transfers of a day by a succession that is no longer believed; return the number reversed."""
    believed = sorted({(code, merger.successor) for merger in mergers for code in merger.predecessors})
    pairs = [code for code, _ in believed], [successor for _, successor in believed]
    acted = await (await raw(session)).cursor(_ACTED, list(codes), on, *pairs)
    changed = 0
    while rows := await acted.fetch(AT_ONCE):
        changed += await _put_back(session, dict(rows), on, stated_at, by)
    return changed


async def _put_back(session: AsyncSession, acted: Mapping[int, str], on: date, stated_at: datetime, by: Caller) -> int:
    """Lock these contracts and put back what the succession named for each did on the day; return how many changed."""
    contracts = await (await raw(session)).fetch(_LOCKED, list(acted), on)
    drafts = {row["id"]: row for row in contracts if row["status"] == "draft"}
    put_back = await _put_back_drafts(session, drafts, acted, on=on, stated_at=stated_at)
    signed = {row["id"]: row for row in contracts if row["status"] != "draft" and row["ends_on"] >= on}
    return put_back + await _restate(session, signed, acted, on=on, stated_at=stated_at, by=by)


async def _put_back_drafts(
    session: AsyncSession,
    drafts: Mapping[int, asyncpg.Record],
    acted: Mapping[int, str],
    *,
    on: date,
    stated_at: datetime,
) -> int:
    """Put back the customers of drafts that changed through a succession believed no longer; return how many."""
    connection = await raw(session)
    changes = await _changes_of_drafts(connection, drafts, acted, on=on, stated_at=stated_at)
    changed = [contract["id"] for contract, *_ in changes]
    pairs = [(contract["id"], code) for contract, one, _ in changes for code in sorted(one.after)]
    parties = [key for key, _ in pairs], [code for _, code in pairs]
    await connection.execute(_NAME, *parties)
    await connection.execute(_UNNAME, changed, *parties)
    await connection.execute("UPDATE contract SET version = version + 1 WHERE id = ANY($1)", changed)
    await record_changes(connection, [_record(*one, acted[one[0]["id"]], None) for one in changes])
    return len(changed)


async def _changes_of_drafts(
    connection: asyncpg.Connection,
    drafts: Mapping[int, asyncpg.Record],
    acted: Mapping[int, str],
    *,
    on: date,
    stated_at: datetime,
) -> list[_Correction]:
    """Return what changes in drafts that go back to their latest revision and follow what is believed since."""
    named: dict[int, set[str]] = defaultdict(set)
    for row in await connection.fetch(_CUSTOMERS, list(drafts)):
        named[row["contract_id"]].add(row["customer_code"])
    acts: dict[int, list[Act]] = defaultdict(list)
    at = dict.fromkeys(drafts, stated_at)
    for row in await connection.fetch(_ACTS, list(drafts)):
        key, before = row["contract_id"], row["customers_before"]
        acts[key].append(Act(row["merger"], None if before is None else frozenset(before), frozenset(row["customers"])))
        at[key] = max(at[key], row["stated_at"] + _MOMENT)
    revised = {key: parties_before(frozenset(named[key]), acts[key]) for key in drafts}
    everybody = {code for codes, _ in revised.values() for code in codes}
    mergers = await mergers_following(connection, known.successions, everybody)
    changes: list[_Correction] = []
    for key, (codes, since) in revised.items():
        if acted[key] in since:
            own = [one for one in mergers if one.effective_on > on or one.key in since]
            _, now = parties_by_day(codes, own, until=drafts[key]["ends_on"])[-1]
            if now != named[key]:
                changes.append((drafts[key], Difference(Days(on), frozenset(named[key]), now), at[key]))
    return changes


async def _restate(
    session: AsyncSession,
    contracts: Mapping[int, asyncpg.Record],
    acted: Mapping[int, str],
    *,
    on: date,
    stated_at: datetime,
    by: Caller,
) -> int:
    """State the customers of signed contracts from a day, as believed now; return the number that changed."""
    connection = await raw(session)
    corrections = await _corrections(connection, contracts, on=on, stated_at=stated_at)
    await _state(connection, corrections, by=by)
    changed = {contract["id"] for contract, *_ in corrections}
    await connection.execute("UPDATE contract SET version = version + 1 WHERE id = ANY($1)", list(changed))
    events = await outbox.add_all(session, await _events(connection, corrections))
    await record_changes(
        connection,
        [_record(*one, acted[one[0]["id"]], event) for one, event in zip(corrections, events, strict=True)],
    )
    return len(changed)


async def _corrections(
    connection: asyncpg.Connection, contracts: Mapping[int, asyncpg.Record], *, on: date, stated_at: datetime
) -> list[_Correction]:
    """Return where the customers of signed contracts from a day on are others than those that follow now."""
    signed: dict[int, set[str]] = defaultdict(set)
    latest: dict[int, datetime] = {}
    for row in await connection.fetch(_CUSTOMERS, list(contracts)):
        if row["signed"]:
            signed[row["contract_id"]].add(row["customer_code"])
        if row["stated_at"] is not None:
            latest[row["contract_id"]] = max(row["stated_at"], latest.get(row["contract_id"], row["stated_at"]))
    everybody = {code for codes in signed.values() for code in codes}
    mergers = await mergers_following(connection, known.successions, everybody)
    pieces: dict[int, list[tuple[str, date | None, date | None]]] = defaultdict(list)
    for row in await connection.fetch(_BELIEVED, list(contracts), on):
        pieces[row["contract_id"]].append((row["customer_code"], row["first_day"], row["end_day"]))
    left = await _who_left(connection, signed)
    later = await later_days(connection, list(contracts), on)
    corrections: list[_Correction] = []
    for key, contract in contracts.items():
        at = max(stated_at, latest[key] + _MOMENT)
        own = [one for one in mergers if one.effective_on > contract["starts_on"] or one.key in contract["acted"]]
        wanted = parties_by_day(signed[key], own, until=contract["ends_on"], left=left[key])
        found = cut(differences(parties_of(pieces[key]), wanted, on), later[key])
        corrections += [(contract, one, at) for one in found]
    return corrections


async def _who_left(
    connection: asyncpg.Connection, signed: Mapping[int, Collection[str]]
) -> dict[int, list[tuple[date, frozenset[str]]]]:
    """Return by contract which of those who signed it have left otherwise than by a succession, and the day."""
    left: dict[int, list[tuple[date, frozenset[str]]]] = defaultdict(list)
    rows = await connection.fetch(_LEFT, list(signed))
    hands: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for one in await connection.fetch(_HANDS, sorted({row["contract_id"] for row in rows})) if rows else []:
        hands[one["contract_id"]].append(one)
    for row in rows:
        key = row["contract_id"]
        before = [
            Hands(frozenset(one["from_customers"]), one["to_customer"], frozenset(one["customers"]))
            for one in hands[key]
            if one["effective_on"] <= row["day"] and one["stated_at"] <= row["stated_at"]
        ]
        left[key].append((row["day"], had_by(signed[key], row["code"], before)))
    return left


async def _state(connection: asyncpg.Connection, corrections: Sequence[_Correction], *, by: Caller) -> None:
    """State the customers of the corrections, and with them their shares and who coordinates."""
    named = sorted({(contract["id"], code) for contract, one, _ in corrections for code in one.after})
    await connection.execute(_NAME, [key for key, _ in named], [code for _, code in named])
    rows = await connection.fetch(_CUSTOMERS, sorted({contract["id"] for contract, *_ in corrections}))
    ids = {(row["contract_id"], row["customer_code"]): row["id"] for row in rows}
    statements = [
        NewStatement(ids[contract["id"], code], FACET, "customer" if code in one.after else None, one.days, at)
        for contract, one, at in corrections
        for code in sorted(one.before ^ one.after)
    ]
    await customership.state(connection, statements, source="succession undone", by=by.subject)
    changes = [PartyChange(contract["id"], one.days, one.before, one.after, at) for contract, one, at in corrections]
    await follow_parties(connection, changes, source="succession undone", by=by)


async def _events(connection: asyncpg.Connection, corrections: Sequence[_Correction]) -> list[ContractTransferred]:
    """Return what is published of corrections: each with the charge and the shares of its first day."""
    contracts, days = [contract["id"] for contract, *_ in corrections], [one.days.start for _, one, _ in corrections]
    shares = await shares_on(connection, contracts, days, [sorted(one.after) for _, one, _ in corrections])
    charged = await charged_on(connection, contracts, days)
    return [
        ContractTransferred(
            effective_on=one.days.start,
            stated_at=at,
            contract=contract["reference"],
            supplier=now["supplier"],
            from_customers=tuple(sorted(one.before - one.after)),
            customers=tuple(sorted(one.after)),
            merger="",
            annual_pence=now["annual_pence"],
            customer_shares=parts,
            route="succession",
        )
        for (contract, one, at), parts, now in zip(corrections, shares, charged, strict=True)
    ]


def _record(contract: asyncpg.Record, one: Difference, at: datetime, merger: str, event: str | None) -> ChangeRow:
    return (
        contract["id"],
        merger,
        sorted(one.before - one.after),
        min(one.after - one.before or one.after),
        sorted(one.before),
        sorted(one.after),
        one.days.start,
        at,
        event,
        context.origin().causation,
        [],
    )
