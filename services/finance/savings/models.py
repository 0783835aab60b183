"""Tables of savings: statements, claims on reductions and what they realised; plans as contracts published them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
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

saving_statement = Table(
    "saving_statement",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("initiative", Text, nullable=False),
    Column("organisation_code", Text, nullable=False),
    Column("function", Text, nullable=False),
    Column("financial_year", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    # What the body no longer pays, and what of it counts once the cost elsewhere is borne.
    Column("gross_pence", BigInteger, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("recurrent", Boolean, nullable=False),
    Column("line_id", Integer, ForeignKey("budget_line.id")),
    Column("owner", Text, nullable=False),
    Column("baseline_pence", BigInteger),
    # By month from April on, in parts of their sum; empty: by days.
    Column("phasing", ARRAY(Integer), nullable=False),
    Column("elsewhere", ARRAY(Text), nullable=False),
    Column("elsewhere_pence", ARRAY(BigInteger), nullable=False),
    Column("plan", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("recorded_by", Text, nullable=False),
    CheckConstraint("stage IN ('forecast', 'contracted')", name="stage"),
    CheckConstraint("amount_pence BETWEEN 0 AND gross_pence", name="amount"),
)
"""What an initiative is to save: of the statements of one stage the latest holds."""
Index(None, saving_statement.c.initiative)
Index(None, saving_statement.c.organisation_code)
Index(None, saving_statement.c.plan, postgresql_where=text("plan <> ''"))

saving_claim = Table(
    "saving_claim",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("initiative", Text, nullable=False, index=True),
    Column("organisation_code", Text, nullable=False),
    Column("function", Text, nullable=False),
    Column("financial_year", Integer, nullable=False),
    Column("line_id", Integer, ForeignKey("budget_line.id"), nullable=False, index=True),
    Column("asked_pence", BigInteger, nullable=False),
    Column("refused_pence", BigInteger, nullable=False),
    Column("recurrent", Boolean, nullable=False),
    # Reductions posted after this instant count: when the saving was first stated.
    Column("since", DateTime(timezone=True), nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("recorded_by", Text, nullable=False),
    CheckConstraint("refused_pence BETWEEN 0 AND asked_pence", name="refused"),
)
"""A claim of a saving on what a line falls by; claims are served in the order of their statements."""

saving_entry = Table(
    "saving_entry",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("claim_id", BigInteger, ForeignKey("saving_claim.id"), nullable=False, index=True),
    Column("amount_pence", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)
"""What a claim realised, or what of it was reversed; what is realised is their sum."""

known_plan = Table(
    "known_plan",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("plan", Text, nullable=False, index=True),
    Column("what", Text, nullable=False),
    Column("initiative", Text, nullable=False),
    Column("customers", ARRAY(Text), nullable=False),
    Column("shares", ARRAY(Text), nullable=False),
    Column("functions", ARRAY(Text), nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("annual_pence", BigInteger, nullable=False),
    Column("previous_annual_pence", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("what IN ('planned', 'withdrawn', 'agreed', 'consolidated')", name="what"),
    UniqueConstraint("plan", "what", "revision", "effective_on", "stated_at", name="uq_known_plan_once"),
)
"""What contracts published of plans for shared services, one row an event."""

known_plans = Projection(
    name="known_plans",
    tables=("known_plan",),
    content="""
SELECT plan, what, initiative, customers::text, shares::text, functions::text, effective_on::text, annual_pence::text,
       previous_annual_pence::text, revision::text, stated_at::text
  FROM known_plan ORDER BY plan, stated_at, what, revision, effective_on
""",
)
