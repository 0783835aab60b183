"""Gifts and hospitality, breaches, and publications of registers.

Revision ID: 0039
Revises: 0038
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _stated() -> sa.Column[object]:
    return sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False)


def _recorded() -> sa.Column[object]:
    return sa.Column(
        "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )


def upgrade() -> None:
    """Create the tables."""
    _gifts()
    _breaches()
    op.create_table(
        "register_publication",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("register_of", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        _stated(),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        _recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_publication")),
    )
    op.create_index(
        op.f("ix_register_publication_organisation_register_of_published_on"),
        "register_publication",
        ["organisation", "register_of", "published_on"],
        unique=False,
    )


def _gifts() -> None:
    op.create_table(
        "gift",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("giver_kind", sa.Text(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("promotional", sa.Boolean(), nullable=False),
        sa.Column("value_pence", sa.BigInteger(), nullable=False),
        sa.Column("offered_on", sa.Date(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.Column("replaces", sa.Text(), nullable=False),
        _stated(),
        sa.Column("purged_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _recorded(),
        sa.CheckConstraint("value_pence >= 0", name=op.f("ck_gift_value_of_something")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_gift_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift")),
        sa.UniqueConstraint("reference", name=op.f("uq_gift_reference")),
    )
    op.create_index(op.f("ix_gift_organisation_id"), "gift", ["organisation", "id"], unique=False)
    op.create_index(op.f("ix_gift_person_id_giver"), "gift", ["person_id", "giver"], unique=False)
    op.create_index("uq_gift_replaces", "gift", ["replaces"], unique=True, postgresql_where=sa.text("replaces <> ''"))
    op.create_table(
        "gift_words",
        sa.Column("gift_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gift_id"], ["gift.id"], name=op.f("fk_gift_words_gift_id")),
        sa.PrimaryKeyConstraint("gift_id", name=op.f("pk_gift_words")),
    )


def _breaches() -> None:
    op.create_table(
        "breach",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        _stated(),
        _recorded(),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_breach_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach")),
        sa.UniqueConstraint("reference", name=op.f("uq_breach_reference")),
    )
    op.create_index(op.f("ix_breach_organisation_id"), "breach", ["organisation", "id"], unique=False)
    op.create_index(op.f("ix_breach_person_id"), "breach", ["person_id"], unique=False)
    op.create_table(
        "breach_conclusion",
        sa.Column("breach_id", sa.Integer(), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("lesson", sa.Text(), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=False),
        _stated(),
        _recorded(),
        sa.ForeignKeyConstraint(["breach_id"], ["breach.id"], name=op.f("fk_breach_conclusion_breach_id")),
        sa.PrimaryKeyConstraint("breach_id", name=op.f("pk_breach_conclusion")),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("register_publication", "breach_conclusion", "breach", "gift_words", "gift"):
        op.drop_table(table)
