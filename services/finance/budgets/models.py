"""Tables of budgets: ceilings, and what is known of care models."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

_NOW = text("clock_timestamp()")

budget_ceiling = Table(
    "budget_ceiling",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("organisation_code", Text, nullable=False),
    Column("financial_year", Integer, nullable=False),
    Column("required_saving", Text, nullable=False),
    Column("baseline_per_head_pence", BigInteger),
    Column("baseline_people", BigInteger),
    Column("basis", Text, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("recorded_by", Text, nullable=False),
    UniqueConstraint("organisation_code", "financial_year", "stated_at"),
)
"""What a body has to save of its allowance, as stated: the latest statement holds."""

known_care_model = Table(
    "known_care_model",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("reference", Text, nullable=False),
    Column("stated", Text, nullable=False),
    Column("excludes", ARRAY(Text), nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("reference", "stated", "effective_on", "stated_at"),
)
"""What the registry published of care models, one row an event."""

known_care_models = Projection(
    name="known_care_models",
    tables=("known_care_model",),
    content="""
SELECT reference, stated, excludes::text, effective_on::text, stated_at::text
  FROM known_care_model ORDER BY reference, stated_at, effective_on, stated
""",
)
