"""Stores the transfer schemes of mergers, and reads which scheme moved what a body had: the SQL that others put in."""

from typing import Final

from sqlalchemy import Boolean, CheckConstraint, Column, Date, DateTime, Identity, Index, Integer, Table, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import ARRAY

from services.contracts.core.models import Base

known_scheme_statement = Table(
    "known_scheme_statement",
    Base.metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("merger", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("sort", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("predecessors", ARRAY(Text), nullable=False),
    Column("nil_return", Boolean, nullable=False, server_default=text("false")),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("what IN ('made', 'named', 'suspended', 'resumed')", name="what"),
    Unique(
        *("merger", "scheme", "sort", "what", "predecessors", "effective_on", "stated_at"),
        name="uq_known_scheme_statement_published",
    ),
)
"""What the registry published of transfer schemes. `named`: a merger named the scheme, which may not be known yet."""
Index(None, known_scheme_statement.c.predecessors, postgresql_using="gin")


def property_schemes(merger: str, predecessors: str, known: str) -> str:
    """Return SQL for the property schemes of these bodies in a merger, in their order, as known at an instant.

    The arguments are SQL expressions. A body without a scheme, or with a nil return, has an empty one.
    """
    return f"""ARRAY(
        SELECT coalesce((
               SELECT s.scheme FROM known_scheme_statement s
                WHERE s.merger = {merger} AND s.sort = 'property' AND s.what IN ('made', 'named')
                  AND s.predecessors @> ARRAY[body.code] AND s.stated_at <= {known}
                  AND NOT EXISTS (SELECT FROM known_scheme_statement nil
                                   WHERE nil.merger = s.merger AND nil.scheme = s.scheme AND nil.nil_return
                                     AND nil.stated_at <= {known})
                ORDER BY s.stated_at DESC, s.scheme LIMIT 1), '')
          FROM unnest({predecessors}) WITH ORDINALITY AS body (code, n) ORDER BY body.n)"""  # noqa: S608  (SQL is put together)


ALWAYS: Final = "'infinity'::timestamptz"
"""The instant at which all that is known is known."""
