"""Persons declare interests; who owns and hosts whom is copied; a token's subject is a person's account.

Revision ID: 0014
Revises: 0013
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables; where organisations are known already, the ties are copied by a rebuild at the start."""
    op.create_table(
        "declared_interest_belief",
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
            name="ex_declared_interest_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_interest_belief")),
    )
    op.create_index(
        op.f("ix_declared_interest_belief_subject_id_facet"),
        "declared_interest_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_table(
        "declared_interest_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_interest_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_declared_interest_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "known_ownership",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_ownership")),
        sa.UniqueConstraint("supplier", name=op.f("uq_known_ownership_supplier")),
    )
    op.create_table(
        "known_ownership_belief",
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
            name="ex_known_ownership_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_ownership_belief")),
    )
    op.create_index(
        op.f("ix_known_ownership_belief_subject_id_facet"),
        "known_ownership_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_index(op.f("ix_known_ownership_belief_value"), "known_ownership_belief", ["value"], unique=False)
    op.create_table(
        "known_ownership_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_ownership_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_known_ownership_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "known_relation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_relation")),
        sa.UniqueConstraint("code", "relation", "other", name=op.f("uq_known_relation_code_relation_other")),
    )
    op.create_index(op.f("ix_known_relation_other"), "known_relation", ["other"], unique=False)
    op.create_table(
        "known_relation_belief",
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
            name="ex_known_relation_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_relation_belief")),
    )
    op.create_index(
        op.f("ix_known_relation_belief_subject_id_facet"),
        "known_relation_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_table(
        "known_relation_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_relation_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_known_relation_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "declared_interest",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("aware_on", sa.Date(), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purged_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_declared_interest_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_interest")),
        sa.UniqueConstraint("reference", name=op.f("uq_declared_interest_reference")),
    )
    op.create_index(
        op.f("ix_declared_interest_organisation_id"), "declared_interest", ["organisation", "id"], unique=False
    )
    op.create_index(op.f("ix_declared_interest_person_id"), "declared_interest", ["person_id"], unique=False)
    op.create_table(
        "nil_return",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_nil_return_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nil_return")),
        sa.UniqueConstraint("reference", name=op.f("uq_nil_return_reference")),
    )
    op.create_index(op.f("ix_nil_return_person_id"), "nil_return", ["person_id"], unique=False)
    op.create_table(
        "person_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_account")),
    )
    op.create_index(op.f("ix_person_account_issuer_subject"), "person_account", ["issuer", "subject"], unique=False)
    op.create_index(op.f("ix_person_account_person_id"), "person_account", ["person_id"], unique=False)
    op.create_table(
        "interest_words",
        sa.Column("interest_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["interest_id"], ["declared_interest.id"], name=op.f("fk_interest_words_interest_id")),
        sa.PrimaryKeyConstraint("interest_id", name=op.f("pk_interest_words")),
    )
    op.execute(
        "INSERT INTO known_ownership (supplier) SELECT '(migration)' WHERE EXISTS (SELECT FROM known_organisation)"
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("interest_words")
    op.drop_index(op.f("ix_person_account_person_id"), table_name="person_account")
    op.drop_index(op.f("ix_person_account_issuer_subject"), table_name="person_account")
    op.drop_table("person_account")
    op.drop_index(op.f("ix_nil_return_person_id"), table_name="nil_return")
    op.drop_table("nil_return")
    op.drop_index(op.f("ix_declared_interest_person_id"), table_name="declared_interest")
    op.drop_index(op.f("ix_declared_interest_organisation_id"), table_name="declared_interest")
    op.drop_table("declared_interest")
    op.drop_table("known_relation_statement")
    op.drop_index(op.f("ix_known_relation_belief_subject_id_facet"), table_name="known_relation_belief")
    op.drop_table("known_relation_belief")
    op.drop_index(op.f("ix_known_relation_other"), table_name="known_relation")
    op.drop_table("known_relation")
    op.drop_table("known_ownership_statement")
    op.drop_index(op.f("ix_known_ownership_belief_value"), table_name="known_ownership_belief")
    op.drop_index(op.f("ix_known_ownership_belief_subject_id_facet"), table_name="known_ownership_belief")
    op.drop_table("known_ownership_belief")
    op.drop_table("known_ownership")
    op.drop_table("declared_interest_statement")
    op.drop_index(op.f("ix_declared_interest_belief_subject_id_facet"), table_name="declared_interest_belief")
    op.drop_table("declared_interest_belief")
