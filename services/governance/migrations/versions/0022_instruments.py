"""Instruments with their agreements, constitutions and days; what is known of agreements to make again.

Revision ID: 0022
Revises: 0021
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "instrument",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parties", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("functions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("safeguards", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("power", sa.Text(), nullable=False),
        sa.Column("binding", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("shares", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
        sa.UniqueConstraint("reference", name=op.f("uq_instrument_reference")),
    )
    op.create_index(op.f("ix_instrument_agreement"), "instrument", ["agreement"], unique=False)
    op.create_index(op.f("ix_instrument_body"), "instrument", ["body"], unique=False)
    op.create_table(
        "instrument_time_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name="ex_instrument_time_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_time_belief")),
    )
    op.create_index(
        op.f("ix_instrument_time_belief_subject_id_facet"),
        "instrument_time_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_table(
        "instrument_time_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_time_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_instrument_time_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "known_agreement",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "agreement",
            "successor",
            "outcome",
            "effective_on",
            "stated_at",
            name=op.f("uq_known_agreement_agreement_successor_outcome_effective_on_stated_at"),
        ),
    )
    op.create_table(
        "constitution",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("instrument_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_constitution_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_constitution")),
        sa.UniqueConstraint("instrument_id", "number", name=op.f("uq_constitution_instrument_id_number")),
    )
    op.create_table(
        "instrument_agreement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("instrument_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_agreement_instrument_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_agreement")),
        sa.UniqueConstraint(
            "instrument_id",
            "number",
            "organisation",
            name=op.f("uq_instrument_agreement_instrument_id_number_organisation"),
        ),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("instrument_agreement")
    op.drop_table("constitution")
    op.drop_table("known_agreement")
    op.drop_table("instrument_time_statement")
    op.drop_index(op.f("ix_instrument_time_belief_subject_id_facet"), table_name="instrument_time_belief")
    op.drop_table("instrument_time_belief")
    op.drop_index(op.f("ix_instrument_body"), table_name="instrument")
    op.drop_index(op.f("ix_instrument_agreement"), table_name="instrument")
    op.drop_table("instrument")
