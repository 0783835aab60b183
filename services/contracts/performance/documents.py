"""Puts documents to a contract: bytes up to 25 MB, under their SHA-256."""

import hashlib
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller, Role
from services.contracts.agreements.commands import parties_on
from services.contracts.core.errors import NotSigned
from services.contracts.core.models import Contract, Status, known
from services.contracts.core.sight import sight_of
from services.contracts.performance.errors import DigestDiffers
from services.contracts.performance.models import ContractDocument

MOST_BYTES = 25_000_000
"""The body of a larger request is refused before it is read."""


async def add_document(
    session: AsyncSession,
    reference: str,
    content: bytes,
    *,
    sha256: str,
    name: str,
    media_type: str,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Put a document to a signed contract, for one of its parties; the same bytes again do nothing.

    Raises RoleMissing, ContractNotFound, NotYoursToDecide, NotSigned, DigestDiffers.
    """
    by.must_have(Role.CONTRACT_LEAD)
    connection = await raw(session)
    sight = await sight_of(connection, reference, by=by, as_at=today, as_known=None)
    contract = await session.get_one(Contract, sight.id)
    if contract.status == Status.DRAFT:
        raise NotSigned(f"{reference} is a draft")
    within = min(max(today, contract.starts_on), contract.ends_on)
    parties = (await parties_on(session, [contract], within))[contract.id]
    predecessors = await known.predecessors(connection, by.organisations)
    if not any(by.acts_for([code], predecessors=predecessors) for code in (parties.supplier, *parties.customers)):
        by.must_act_for(parties.customers, predecessors=predecessors)
    if (arrived := hashlib.sha256(content).hexdigest()) != sha256:
        message = f"the bytes that arrived have the SHA-256 {arrived}"
        raise DigestDiffers(message, reasons=[Reason(message, "sha256")])
    row = {
        "contract_id": sight.id,
        "sha256": sha256,
        "name": name,
        "media_type": media_type,
        "size": len(content),
        "content": content,
        "stated_at": stated_at,
        "recorded_by": by.subject,
    }
    await session.execute(insert(ContractDocument).values(row).on_conflict_do_nothing())
