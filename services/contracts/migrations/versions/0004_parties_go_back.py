"""parties go back, suppliers are followed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_supplier_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", DATERANGE(), nullable=False),
        sa.Column("known", TSTZRANGE(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_supplier_belief")),
    )
    op.execute(
        "ALTER TABLE contract_supplier_belief ADD CONSTRAINT ex_contract_supplier_belief_one_value EXCLUDE USING gist ("
        "int4range(subject_id, subject_id, '[]') WITH &&, int4range(facet, facet, '[]') WITH &&, valid WITH &&,"
        " known WITH &&)"
    )
    op.create_index(
        op.f("ix_contract_supplier_belief_subject_id_facet"),
        "contract_supplier_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_table(
        "contract_supplier_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_supplier_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_contract_supplier_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.drop_constraint(op.f("uq_change_of_hands_contract_id_merger"), "change_of_hands", type_="unique")
    op.create_unique_constraint(
        "uq_change_of_hands_stated",
        "change_of_hands",
        ["contract_id", "merger", "effective_on", "to_customer", "stated_at"],
    )


def downgrade() -> None:
    op.drop_constraint("uq_change_of_hands_stated", "change_of_hands", type_="unique")
    # Of a merger that was undone, the first change of hands alone has room in the older table.
    op.execute(
        "DELETE FROM change_of_hands h USING change_of_hands first"
        " WHERE first.contract_id = h.contract_id AND first.merger = h.merger AND first.id < h.id"
    )
    op.create_unique_constraint(
        op.f("uq_change_of_hands_contract_id_merger"), "change_of_hands", ["contract_id", "merger"]
    )
    op.drop_table("contract_supplier_statement")
    op.drop_table("contract_supplier_belief")
