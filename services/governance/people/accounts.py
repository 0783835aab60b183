"""Says which person a caller is: the subject of a token belongs to one person, as a governance lead recorded."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.database.connection import Reads, raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from services.governance.core.codes import Command
from services.governance.core.models import Base, Person

_PERSON = """
SELECT a.person_id AS person FROM person_account a
 WHERE a.issuer = $1 AND a.subject = $2
   AND a.id = (SELECT max(b.id) FROM person_account b WHERE b.person_id = a.person_id)
"""


class PersonAccount(Base):
    """Whose account a token's subject is, as recorded; a person's last row counts, one without a subject ends it."""

    __tablename__ = "person_account"
    __table_args__ = (Index(None, "issuer", "subject"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False, repr=False
    )


class AccountTaken(Conflict):
    """The subject is the account of another person.

    A token stands for one person. End the other person's account first.
    """


class StateAccount(Command):
    """The subject of a person's tokens, from the caller's own issuer; null where the person has none any longer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"subject": "a.officer"}]})

    subject: Annotated[str | None, Field(min_length=1, max_length=200, examples=["a.officer"])]


async def person_of(db: Reads, caller: Caller) -> str | None:
    """Return the id of the person who the caller is, None where no account is recorded."""
    rows = await db.fetch(_PERSON, caller.issuer, caller.subject)
    return rows[0]["person"] if rows else None


async def state_account(session: AsyncSession, person: Person, command: StateAccount, *, by: Caller) -> Person:
    """Record the account of a locked person. Raises AccountTaken."""
    if command.subject is not None:
        # Two persons' leads may name one subject at the same moment.
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))"),
            {"subject": f"{by.issuer} {command.subject}"},
        )
        [*rows] = await (await raw(session)).fetch(_PERSON, by.issuer, command.subject)
        if rows and rows[0]["person"] != person.id:
            message = f"{command.subject} is the account of another person"
            raise AccountTaken(message, reasons=[Reason(message, "subject")])
    session.add(PersonAccount(person_id=person.id, issuer=by.issuer, subject=command.subject, recorded_by=by.subject))
    await session.flush()
    return person
