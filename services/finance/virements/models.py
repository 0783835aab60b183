"""What is known of decision rights about budgets."""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Table, Text, UniqueConstraint

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

known_right = Table(
    "known_right",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("right_id", Text, nullable=False, index=True),
    Column("organisation", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("limit_pence", BigInteger),
    Column("limit_basis", Text, nullable=False),
    Column("recurrent", Boolean, nullable=False),
    Column("effective_on", Date, nullable=False),
    # Of an end: the last day.
    Column("until", Date),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("right_id", "effective_on", "until", "stated_at", postgresql_nulls_not_distinct=True),
)
"""What governance published of decision rights about budgets, one row an event."""

known_rights = Projection(
    name="known_rights",
    tables=("known_right",),
    content="""
SELECT right_id, organisation, holder, action, limit_pence::text, limit_basis, recurrent::text, effective_on::text,
       until::text, stated_at::text
  FROM known_right ORDER BY right_id, effective_on, until, stated_at
""",
)
