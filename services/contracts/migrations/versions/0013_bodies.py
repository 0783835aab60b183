"""bodies"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_body",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_body")),
        sa.UniqueConstraint("code", name=op.f("uq_known_body_code")),
    )
    op.create_table(
        "known_legal_form_belief",
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
            name="ex_known_legal_form_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_legal_form_belief")),
    )
    op.create_index(
        op.f("ix_known_legal_form_belief_subject_id_facet"),
        "known_legal_form_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_table(
        "known_legal_form_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_legal_form_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_known_legal_form_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "known_population",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_population")),
        sa.UniqueConstraint(
            "code", "basis", "effective_on", "stated_at", "source", "people", name="uq_known_population_stated"
        ),
    )
    # What was consumed before is read again: the service rebuilds the copy when it starts, which removes this row.
    op.execute("INSERT INTO known_body (code) SELECT '(migration)' WHERE EXISTS (SELECT FROM known_organisation)")


def downgrade() -> None:
    op.drop_table("known_population")
    op.drop_table("known_legal_form_statement")
    op.drop_index(op.f("ix_known_legal_form_belief_subject_id_facet"), table_name="known_legal_form_belief")
    op.drop_table("known_legal_form_belief")
    op.drop_table("known_body")
