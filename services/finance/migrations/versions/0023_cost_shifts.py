"""What suppliers cost and charge, triggers of exits, and shifts of cost that were published."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# What was heard before the table was there is in the log alone: the row has the service read it again at its start.
BEHIND = """
INSERT INTO known_supplier_price (supplier, effective_on, stated_at, customers, fixed_pence, per_head_pence, heads,
                                  price_per_head_pence, basis)
SELECT '(migration)', current_date, clock_timestamp(), '{}', 0, 0, 0, 0, '' WHERE EXISTS (SELECT FROM known_contract)
"""


def upgrade() -> None:
    op.create_table(
        "exit_trigger",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_trigger")),
        sa.UniqueConstraint("organisation", "supplier", name=op.f("uq_exit_trigger_organisation_supplier")),
    )
    op.create_table(
        "exit_trigger_belief",
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
            name="ex_exit_trigger_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_trigger_belief")),
    )
    op.create_index(
        op.f("ix_exit_trigger_belief_subject_id_facet"), "exit_trigger_belief", ["subject_id", "facet"], unique=False
    )
    op.create_table(
        "exit_trigger_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_trigger_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_exit_trigger_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "known_supplier_price",
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("fixed_pence", sa.BigInteger(), nullable=False),
        sa.Column("per_head_pence", sa.BigInteger(), nullable=False),
        sa.Column("heads", sa.BigInteger(), nullable=False),
        sa.Column("price_per_head_pence", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.UniqueConstraint(
            "supplier",
            "effective_on",
            "stated_at",
            "customers",
            "fixed_pence",
            "per_head_pence",
            "heads",
            "price_per_head_pence",
            "basis",
            name="uq_known_supplier_price_once",
        ),
    )
    op.create_index(
        op.f("ix_known_supplier_price_customers"),
        "known_supplier_price",
        ["customers"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "published_cost_shift",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_cost_shift")),
        sa.UniqueConstraint("supplier", "version", name=op.f("uq_published_cost_shift_supplier_version")),
    )
    op.execute(BEHIND)


def downgrade() -> None:
    op.drop_table("published_cost_shift")
    op.drop_index(op.f("ix_known_supplier_price_customers"), table_name="known_supplier_price", postgresql_using="gin")
    op.drop_table("known_supplier_price")
    op.drop_table("exit_trigger_statement")
    op.drop_index(op.f("ix_exit_trigger_belief_subject_id_facet"), table_name="exit_trigger_belief")
    op.drop_table("exit_trigger_belief")
    op.drop_table("exit_trigger")
