"""Enters gifts and hospitality in a register, corrects an entry by a new one, and purges what need not be kept."""

import uuid
from datetime import UTC, date, datetime
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.temporal.days import WrittenDay
from services.governance.core.acts import must_decide_for
from services.governance.core.believed import believed
from services.governance.core.codes import Command, OrganisationCode, PersonId, PrivateWords, Reference
from services.governance.core.errors import PostNotFound, RetentionNotOver, refuse
from services.governance.core.models import Act, Facet, post_time
from services.governance.gifts.errors import GiftApprovedByItsReceiver, GiftCorrected, GiftNotFound, GiftToCome
from services.governance.gifts.models import Gift, GiftKind, GiftWords, GiverKind, Response
from services.governance.interests.commands import Other, lock_person
from services.governance.interests.rules import retention

_NOW: Final = datetime.max.replace(tzinfo=UTC)

# The entry that one corrected, the one that this corrected, and so on.
_CORRECTED = """
WITH RECURSIVE earlier AS (
    SELECT id, replaces FROM gift WHERE reference = $1 AND purged_on IS NULL
     UNION
    SELECT g.id, g.replaces FROM earlier e JOIN gift g ON g.reference = e.replaces WHERE g.purged_on IS NULL
)
SELECT id FROM earlier
"""


_APPROVER = f"""
SELECT a.person_id FROM post p
  LEFT JOIN {believed(post_time, "h", Facet.HOLDER, "p.id")}
  LEFT JOIN appointment a ON a.id = h.value
 WHERE p.reference = $3
"""  # noqa: S608  (only names of ours are put in)


class DeclareGift(Command):
    """What a person was offered, for the register of an organisation, and what was done."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "14Y",
                    "person": "P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11",
                    "kind": "hospitality",
                    "giver_kind": "supplier",
                    "giver": "0CX",
                    "value_pence": 5000,
                    "offered_on": "2018-05-03",
                    "response": "accepted",
                }
            ]
        }
    )

    organisation: OrganisationCode
    person: PersonId
    kind: GiftKind
    giver_kind: GiverKind
    giver: Annotated[
        Other | None, Field(description="A code, or a person's id; left out: not named, and nothing is added up.")
    ] = None
    promotional: Annotated[StrictBool, Field(description="A supplier's low-cost promotional aid.")] = False
    value_pence: Annotated[StrictInt, Field(ge=0, le=10**12, description="Actual or estimated, in pence.")]
    offered_on: WrittenDay
    response: Response
    approved_by: Annotated[Reference | None, Field(description="The senior post that approved it.")] = None
    replaces: Annotated[
        str | None, Field(pattern=r"^GF-[A-Za-z0-9-]{1,40}$", description="The entry that this one corrects.")
    ] = None
    words: Annotated[PrivateWords | None, Field(description="What it was. Private, and gone when it is purged.")] = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.promotional and (self.kind is not GiftKind.GIFT or self.giver_kind is not GiverKind.SUPPLIER):
            raise ValueError("promotional: only a supplier's gift is a promotional aid")
        if self.giver == self.person:
            raise ValueError("giver: another one than the person")
        return self


async def declare_gift(
    session: AsyncSession, command: DeclareGift, *, by: Caller, today: date, stated_at: datetime
) -> Gift:
    """Enter what a person was offered in an organisation's register.

    Raises NotYoursToDecide, PersonNotFound, GiftToCome, PostNotFound, GiftApprovedByItsReceiver, GiftCorrected.
    """
    declared_on = min(today, day_of(stated_at))
    await lock_person(session, command.organisation, command.person, by=by, today=today)
    refuse(
        [
            *_to_come(command.offered_on, declared_on),
            *await _not_approved(session, command),
            *await _not_to_correct(session, command),
        ]
    )
    gift = Gift(
        reference=f"GF-{uuid.uuid4()}",
        person_id=command.person,
        **command.model_dump(include={"organisation", "kind", "giver_kind", "promotional", "value_pence", "response"}),
        giver=command.giver or "",
        offered_on=command.offered_on,
        approved_by=command.approved_by or "",
        declared_on=declared_on,
        replaces=command.replaces or "",
        stated_at=stated_at,
    )
    session.add(gift)
    await session.flush()
    if command.words is not None:
        session.add(GiftWords(gift_id=gift.id, words=command.words))
    session.add(_act(gift, "gift declared", command.offered_on, by, stated_at))
    await session.flush()
    return gift


async def purge_gift(session: AsyncSession, gift: Gift, *, by: Caller, today: date, stated_at: datetime) -> None:
    """Take a locked gift out of its register with the entries that it corrected, and erase the words of all.

    Raises RetentionNotOver.
    """
    kept = retention(gift.offered_on)
    if kept is None:
        raise RetentionNotOver(f"no rule pack says how long {gift.reference}, of {gift.offered_on}, is kept")
    if not kept.may_be_purged_on(today):
        raise RetentionNotOver(
            f"{gift.reference} was offered on {gift.offered_on} and is kept up to and including {kept.kept_until} "
            f"by {kept.pack}; it is {today}"
        )
    corrected = [row["id"] for row in await (await raw(session)).fetch(_CORRECTED, gift.replaces)]
    await session.execute(delete(GiftWords).where(GiftWords.gift_id.in_([gift.id, *corrected])))
    await session.execute(update(Gift).where(Gift.id.in_(corrected)).values(purged_on=today, version=Gift.version + 1))
    gift.purged_on = today
    gift.version += 1
    session.add(_act(gift, "gift purged", today, by, stated_at))
    await session.flush()


async def get_gift_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> Gift:
    """Lock a gift of a register that the caller keeps. Raises GiftNotFound, NotYoursToDecide."""
    found = await session.scalar(
        select(Gift).where(Gift.reference == reference, Gift.purged_on.is_(None)).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if found is None:
        raise GiftNotFound(f"there is no gift {reference}")
    await must_decide_for(await raw(session), found.organisation, by=by, today=today)
    return found


def _to_come(offered_on: date, declared_on: date) -> list[DomainError]:
    if offered_on <= declared_on:
        return []
    message = f"{offered_on.isoformat()} lies after {declared_on.isoformat()}, the day of the declaration"
    return [GiftToCome(message, reasons=[Reason(message, "offered_on")])]


async def _not_approved(session: AsyncSession, command: DeclareGift) -> list[DomainError]:
    """Return why a post approves nothing: there is none, or the person has it on the day of the offer."""
    reference = command.approved_by
    if reference is None:
        return []
    row = await (await raw(session)).fetchrow(_APPROVER, command.offered_on, _NOW, reference)
    if row is None:
        message = f"there is no post {reference}"
        return [PostNotFound(message, reasons=[Reason(message, "approved_by")])]
    if row["person_id"] != command.person:
        return []
    message = f"{reference} is held by {command.person} on {command.offered_on.isoformat()}"
    return [GiftApprovedByItsReceiver(message, reasons=[Reason(message, "approved_by")])]


async def _not_to_correct(session: AsyncSession, command: DeclareGift) -> list[DomainError]:
    """Return why an entry is not corrected by this one. The person's lock keeps two corrections apart."""
    if command.replaces is None:
        return []
    found = await session.scalar(select(Gift).where(Gift.reference == command.replaces, Gift.purged_on.is_(None)))
    if found is None or (found.person_id, found.organisation) != (command.person, command.organisation):
        message = f"{command.replaces} is no gift of {command.person} in the register of {command.organisation}"
        return [GiftCorrected(message, reasons=[Reason(message, "replaces")])]
    later = await session.scalar(select(Gift.reference).where(Gift.replaces == command.replaces))
    if later is None:
        return []
    message = f"{command.replaces} was corrected by {later}"
    return [GiftCorrected(message, reasons=[Reason(message, "replaces")])]


def _act(gift: Gift, operation: str, day: date, by: Caller, stated_at: datetime) -> Act:
    return Act(
        organisation=gift.organisation,
        operation=operation,
        subject=gift.reference,
        effective_on=day,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
