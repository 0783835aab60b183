"""Tables of payments: what contracts said is planned and due, and the entries by which it was paid; no row changes."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

_NOW = text("clock_timestamp()")

known_payment = Table(
    "known_payment",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("what", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("contract", Text, nullable=False),
    Column("payer", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("condition", Text, nullable=False),
    Column("achievement", Text, nullable=False),
    Column("corrects", Text, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("what IN ('planned', 'due')", name="what"),
    UniqueConstraint(
        *("what", "item", "stated_at", "payer", "payee", "amount_pence", "due_on"), name="uq_known_payment_once"
    ),
)
"""What contracts said of each item, one row an event; of one item the row stated last counts."""
Index(None, known_payment.c.payer)
Index(None, known_payment.c.payee)
Index(None, known_payment.c.contract)
Index("ix_known_payment_corrections", known_payment.c.item, postgresql_where=text("what = 'due' AND corrects <> ''"))

known_payments = Projection(
    name="known_payments",
    tables=("known_payment",),
    content="""
SELECT what, item, contract, payer, payee, kind, amount_pence::text, due_on::text, condition, achievement, corrects,
       stated_at::text
  FROM known_payment ORDER BY what, item, stated_at, payer, payee, amount_pence, due_on
""",
)

known_reckoning = Table(
    "known_reckoning",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("contract", Text, nullable=False),
    Column("period_from", Date, nullable=False),
    Column("period_to", Date, nullable=False),
    Column("members", ARRAY(Text), nullable=False),
    Column("amounts_pence", ARRAY(BigInteger), nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint(
        *("contract", "period_from", "period_to", "stated_at", "members", "amounts_pence"),
        name="uq_known_reckoning_once",
    ),
)
"""What periods of alliances came to, one row an event; of one period the row stated last counts."""
Index(None, known_reckoning.c.members, postgresql_using="gin")

known_reckonings = Projection(
    name="known_reckonings",
    tables=("known_reckoning",),
    content="""
SELECT contract, period_from::text, period_to::text, members::text, amounts_pence::text, stated_at::text
  FROM known_reckoning ORDER BY contract, period_from, period_to, stated_at, members, amounts_pence
""",
)

known_actual = Table(
    "known_actual",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("payer", Text, nullable=False),
    Column("supplier", Text, nullable=False),
    Column("contract", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("duplicate_pence", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint(
        *("payer", "supplier", "contract", "month", "stated_at", "rows", "amount_pence", "duplicate_pence"),
        name="uq_known_actual_once",
    ),
)
"""What a payer paid a supplier in a month, one row an event; of one month the row stated last counts."""
Index(None, known_actual.c.supplier)

known_actuals = Projection(
    name="known_actuals",
    tables=("known_actual",),
    content="""
SELECT payer, supplier, contract, month::text, rows::text, amount_pence::text, duplicate_pence::text, source,
       stated_at::text
  FROM known_actual ORDER BY payer, supplier, contract, month, stated_at, rows, amount_pence, duplicate_pence
""",
)

payment_entry = Table(
    "payment_entry",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("item", Text, nullable=False),
    # Two payments of one item at once would have one number.
    Column("number", Integer, nullable=False),
    Column("sort", Text, nullable=False),
    # Who paid in fact: of a reversal, who gave back.
    Column("payer", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("event", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    CheckConstraint("sort IN ('made', 'reversed')", name="sort"),
    CheckConstraint("amount_pence > 0", name="amount"),
    UniqueConstraint("item", "number"),
)
"""What was paid and given back of each item, entry by entry."""
