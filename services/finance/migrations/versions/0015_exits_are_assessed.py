"""What contracts says of leaving contracts, and assessments of it in versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# What was heard before the table was there is in the log alone: the row has the service read it again at its start.
BEHIND = """
INSERT INTO known_exit (contract, what, key, effective_on, stated_at, supplier, customers, content)
SELECT '(migration)', 'terms', '', current_date, clock_timestamp(), '', '{}', '{}' WHERE EXISTS (SELECT FROM known_contract)
"""


def upgrade() -> None:
    op.create_table(
        "exit_assessment",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_assessment")),
        sa.UniqueConstraint("contract", "organisation", name=op.f("uq_exit_assessment_contract_organisation")),
    )
    op.create_table(
        "known_exit",
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("customers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint("what IN ('terms', 'dates', 'noticed', 'withdrawn')", name=op.f("ck_known_exit_what")),
        sa.UniqueConstraint(
            "contract", "what", "key", "effective_on", "stated_at", "content", name="uq_known_exit_once"
        ),
    )
    op.create_index(op.f("ix_known_exit_customers"), "known_exit", ["customers"], unique=False, postgresql_using="gin")
    op.create_table(
        "exit_assessment_version",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["exit_assessment.id"], name=op.f("fk_exit_assessment_version_assessment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_assessment_version")),
        sa.UniqueConstraint("assessment_id", "version", name=op.f("uq_exit_assessment_version_assessment_id_version")),
    )
    op.create_table(
        "published_exit_assessment",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["exit_assessment_version.id"], name=op.f("fk_published_exit_assessment_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_exit_assessment")),
        sa.UniqueConstraint("version_id", name=op.f("uq_published_exit_assessment_version_id")),
    )
    op.execute(BEHIND)


def downgrade() -> None:
    op.drop_table("published_exit_assessment")
    op.drop_table("exit_assessment_version")
    op.drop_index(op.f("ix_known_exit_customers"), table_name="known_exit", postgresql_using="gin")
    op.drop_table("known_exit")
    op.drop_table("exit_assessment")
