"""Publishes contracts, and keeps what is published up to date; a release that was given out is never changed."""

import json
from datetime import date, datetime
from typing import Final

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from libs.common.process.clock import day_of, end_of
from services.contracts.agreements.commands import get_contract_to_change, lock_contracts
from services.contracts.contract_proposals.commands import propose_contracts
from services.contracts.core.codes import OdsCode
from services.contracts.core.models import Contract
from services.contracts.publication import queries
from services.contracts.publication.awards import read_awards
from services.contracts.publication.errors import NothingToPublish
from services.contracts.publication.models import ContractPublication, OcdsRelease
from services.contracts.publication.records import Document
from services.contracts.publication.rules import continued, dated, days_to_look_at, instant_of, release_of, tags_of
from services.contracts.publication.views import ImportedReleasesView, LeftOutView, PublicationView

# One writer at a time: whoever follows the feed by its numbers misses none that is committed late.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('ocds_release'))"

_AT_ONCE: Final = 100

_STALE = """
SELECT c.reference FROM contract_publication p JOIN contract c ON c.id = p.contract_id
 WHERE c.version <> p.seen_version OR p.look_on <= $1 ORDER BY c.id LIMIT $2
"""

_LOOK_AGAIN = """
UPDATE contract_publication SET look_on = least(look_on, $2)
 WHERE contract_id IN (SELECT contract_id FROM change_of_hands WHERE merger = $1)
"""


async def publish_contract(
    session: AsyncSession, reference: str, *, prefix: str, by: Caller, today: date, stated_at: datetime
) -> PublicationView:
    """Publish a contract with its history so far; again, what is new since. Its later history follows by itself.

    Raises RoleMissing, ContractNotFound, NotYoursToDecide, NothingToPublish.
    """
    contract = await get_contract_to_change(
        session, reference, by=by, on=today, today=today, expect=_any_version, coordinated=True
    )
    on = min(today, day_of(stated_at))
    publication = await session.get(ContractPublication, contract.id)
    if publication is None:
        root = await queries.root_of(await raw(session), contract.id)
        publication = ContractPublication(
            contract_id=contract.id,
            ocid=f"{prefix}-{root}",
            published_on=on,
            stated_at=stated_at,
            recorded_by=by.subject,
            seen_version=contract.version,
            look_on=None,
        )
        session.add(publication)
        await session.flush()
    count = await _release_news(session, contract, publication, on=on, stated_at=stated_at)
    if not count:
        raise NothingToPublish(f"{reference} is {contract.status} on {on}")
    return PublicationView(
        reference=reference, ocid=publication.ocid, published_on=publication.published_on, releases=count
    )


def _any_version(_: int) -> None:
    """Publishing changes nothing of the contract."""


async def publish_news(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Release what is new of the next published contracts that have changed; return how many were looked at."""
    del by  # A release names no author.
    rows = await (await raw(session)).fetch(_STALE, up_to, _AT_ONCE)
    contracts = await lock_contracts(session, [row["reference"] for row in rows]) if rows else []
    for contract in contracts:
        publication = await session.get_one(ContractPublication, contract.id, populate_existing=True)
        await _release_news(session, contract, publication, on=up_to, stated_at=stated_at)
    return len(contracts)


async def look_again(session: AsyncSession, merger: str, *, on: date) -> None:
    """Have the published contracts that a merger moved looked at again, where its schemes become known later."""
    await (await raw(session)).execute(_LOOK_AGAIN, merger, on)


async def _release_news(
    session: AsyncSession, contract: Contract, publication: ContractPublication, *, on: date, stated_at: datetime
) -> int:
    """Add the releases of the days since the last one, of a locked contract; return how many there are then.

    Of an earlier day than that of the last one nothing is released: it would take back what is known since.
    """
    connection = await raw(session)
    await connection.execute(_ONE_AT_A_TIME)
    last = await _last_release(session, contract)
    publication.seen_version = contract.version
    if last is not None and on < last.day:
        publication.look_on = last.day
        await session.flush()
        return await _count(connection, contract)
    stated_at = stated_at if last is None else max(stated_at, last.stated_at)
    before = None if last is None else json.loads(last.document)
    number, latest = await _in_process(session, publication.ocid)
    points = await queries.points_of(connection, contract.id)
    continuation = await queries.find_continuation(connection, contract.id)
    for day in days_to_look_at(points, after=None if last is None else last.day, today=on):
        found = await queries.published_contract(
            connection, contract.reference, as_at=day, as_known=min(end_of(day), stated_at)
        )
        document = None if found is None else continued(release_of(found, before), continuation)
        tags = [] if document is None else tags_of(document, before)
        if found is None or document is None or not tags:
            continue
        number, latest = number + 1, instant_of(end_of(day), now=stated_at, last=latest)
        before = dated(document, ocid=publication.ocid, number=number, at=latest, tags=tags)
        customers = sorted(one.code for one in found.customers)
        session.add(_release(publication, before, customers, day=day, released_at=latest, stated_at=stated_at))
        await session.flush()
    publication.look_on = min((day for day in points if day > on), default=None)
    await session.flush()
    return await _count(connection, contract)


def _release(
    publication: ContractPublication,
    document: Document,
    customers: list[str],
    *,
    day: date,
    released_at: datetime,
    stated_at: datetime,
) -> OcdsRelease:
    return OcdsRelease(
        release=document["id"],
        contract_id=publication.contract_id,
        ocid=publication.ocid,
        day=day,
        released_at=released_at,
        customers=customers,
        document=json.dumps(document, ensure_ascii=False),
        stated_at=stated_at,
    )


async def _last_release(session: AsyncSession, contract: Contract) -> OcdsRelease | None:
    query = select(OcdsRelease).where(OcdsRelease.contract_id == contract.id).order_by(OcdsRelease.id.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def _in_process(session: AsyncSession, ocid: str) -> tuple[int, datetime | None]:
    """Return how many releases a process has, of all its contracts, and the date of the last one."""
    query = select(func.count(), func.max(OcdsRelease.released_at)).where(OcdsRelease.ocid == ocid)
    count, latest = (await session.execute(query)).one()
    return count, latest


async def _count(connection: asyncpg.Connection, contract: Contract) -> int:
    count: int = await connection.fetchval("SELECT count(*) FROM ocds_release WHERE contract_id = $1", contract.id)
    return count


class PublishedReleases(BaseModel):
    """A release package as it was published; of its own fields only the releases are read."""

    releases: list[JsonValue] = Field(max_length=5_000, description="Releases of OCDS 1.1.")


class ImportReleases(BaseModel):
    """A package of releases, and which bodies are meant where the source has ids of its own."""

    model_config = ConfigDict(extra="forbid")

    package: PublishedReleases
    organisations: dict[str, OdsCode] = Field(
        default_factory=dict,
        max_length=5_000,
        description="Published id of a party to its ODS code. An identifier of the list GB-NHS needs none.",
        examples=[{"GB-CFS-18525": "05C"}],
    )


async def import_releases(
    session: AsyncSession, command: ImportReleases, *, by: Caller, stated_at: datetime
) -> ImportedReleasesView:
    """Propose a contract for each award that is not proposed yet, and report each release that cannot be read."""
    found = read_awards(command.package.releases, command.organisations)
    proposals = list(found.proposals.values())
    new = await propose_contracts(session, proposals, stated_at=stated_at, by=by)
    references = {one.reference for one in proposals}
    return ImportedReleasesView(
        releases=found.releases,
        awards=found.awards,
        not_awarded=found.not_awarded,
        proposed=sorted(new),
        known=sorted(references - new),
        left_out=[
            LeftOutView(index=one.index, release=one.release, reasons=list(one.reasons)) for one in found.left_out
        ],
    )
