"""Dossiers of decisions: parts, entries, personal values apart, and the events that may belong.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the events of before are read again at the start."""
    op.create_table(
        "dossier",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(sealed_at IS NULL) = (head IS NULL)", name=op.f("ck_dossier_sealed_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("decision", "part", name=op.f("uq_dossier_decision_part")),
    )
    op.create_index(
        "uq_dossier_open", "dossier", ["decision"], unique=True, postgresql_where=sa.text("sealed_at IS NULL")
    )
    op.create_table(
        "dossier_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("attached_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("attaches", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_dossier_event")),
    )
    op.create_index(
        op.f("ix_dossier_event_attached_by"), "dossier_event", ["attached_by"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "dossier_reference",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decision", "reference", name=op.f("pk_dossier_reference")),
    )
    op.create_table(
        "dossier_entry",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_entry_dossier_id")),
        sa.PrimaryKeyConstraint("decision", "number", name=op.f("pk_dossier_entry")),
        sa.UniqueConstraint("decision", "key", name=op.f("uq_dossier_entry_decision_key")),
    )
    op.create_index(op.f("ix_dossier_entry_dossier_id"), "dossier_entry", ["dossier_id"], unique=False)
    op.create_table(
        "dossier_value",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision", "number"],
            ["dossier_entry.decision", "dossier_entry.number"],
            name=op.f("fk_dossier_value_decision_number"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dossier_value_person_id")),
        sa.PrimaryKeyConstraint("decision", "number", "field", name=op.f("pk_dossier_value")),
    )
    op.create_index(op.f("ix_dossier_value_person_id"), "dossier_value", ["person_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_dossier_value_person_id"), table_name="dossier_value")
    op.drop_table("dossier_value")
    op.drop_index(op.f("ix_dossier_entry_dossier_id"), table_name="dossier_entry")
    op.drop_table("dossier_entry")
    op.drop_table("dossier_reference")
    op.drop_index(op.f("ix_dossier_event_attached_by"), table_name="dossier_event", postgresql_using="gin")
    op.drop_table("dossier_event")
    op.drop_index("uq_dossier_open", table_name="dossier", postgresql_where=sa.text("sealed_at IS NULL"))
    op.drop_table("dossier")
