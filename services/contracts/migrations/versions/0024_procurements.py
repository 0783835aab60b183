"""Procurements, their stages and bidders in two times."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "procurement",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("buyers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("run_by", sa.Text(), nullable=False),
        sa.Column("functions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("value_pence", sa.BigInteger(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value_pence >= 0", name=op.f("ck_procurement_no_negative_value")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement")),
        sa.UniqueConstraint("reference", name=op.f("uq_procurement_reference")),
    )
    op.create_index(op.f("ix_procurement_buyers"), "procurement", ["buyers"], unique=False, postgresql_using="gin")
    op.create_index(op.f("ix_procurement_run_by"), "procurement", ["run_by"], unique=False)
    op.create_table(
        "procurement_belief",
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
            name="ex_procurement_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement_belief")),
    )
    op.create_index(
        op.f("ix_procurement_belief_subject_id_facet"), "procurement_belief", ["subject_id", "facet"], unique=False
    )
    op.create_table(
        "procurement_bidder_belief",
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
            name="ex_procurement_bidder_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement_bidder_belief")),
    )
    op.create_index(
        op.f("ix_procurement_bidder_belief_subject_id_facet"),
        "procurement_bidder_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_table(
        "procurement_bidder_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement_bidder_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_procurement_bidder_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "procurement_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_procurement_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "procurement_bidder",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("procurement_id", sa.Integer(), nullable=False),
        sa.Column("bidder", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["procurement_id"], ["procurement.id"], name=op.f("fk_procurement_bidder_procurement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement_bidder")),
        sa.UniqueConstraint("procurement_id", "bidder", name=op.f("uq_procurement_bidder_procurement_id_bidder")),
    )


def downgrade() -> None:
    op.drop_table("procurement_bidder")
    op.drop_table("procurement_statement")
    op.drop_table("procurement_bidder_statement")
    op.drop_index(op.f("ix_procurement_bidder_belief_subject_id_facet"), table_name="procurement_bidder_belief")
    op.drop_table("procurement_bidder_belief")
    op.drop_index(op.f("ix_procurement_belief_subject_id_facet"), table_name="procurement_belief")
    op.drop_table("procurement_belief")
    op.drop_index(op.f("ix_procurement_run_by"), table_name="procurement")
    op.drop_index(op.f("ix_procurement_buyers"), table_name="procurement", postgresql_using="gin")
    op.drop_table("procurement")
