"""The evidence of a condition is a statement of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("met_on", sa.Date()),
    ("evidence", sa.Text()),
    ("evidence_type", sa.Text()),
    ("evidenced_at", sa.DateTime(timezone=True)),
    ("evidenced_by", sa.Text()),
)
_STATED = """
INSERT INTO merger_evidence (merger_id, number, met_on, evidence_type, evidence, stated_at, stated_by, recorded_at)
SELECT merger_id, number, met_on, coalesce(evidence_type, 'other'), coalesce(evidence, ''), evidenced_at,
       coalesce(evidenced_by, ''), evidenced_at
  FROM merger_condition WHERE met_on IS NOT NULL AND evidenced_at IS NOT NULL
"""
_BEFORE = """
UPDATE merger_condition c
   SET met_on = e.met_on, evidence = e.evidence, evidence_type = e.evidence_type, evidenced_at = e.stated_at,
       evidenced_by = e.stated_by
  FROM merger_evidence e WHERE e.merger_id = c.merger_id AND e.number = c.number
"""


def upgrade() -> None:
    """Carry the evidence over."""
    op.create_table(
        "merger_evidence",
        sa.Column("merger_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=False),
        sa.Column("evidence_type", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["merger_id", "number"],
            ["merger_condition.merger_id", "merger_condition.number"],
            name=op.f("fk_merger_evidence_merger_id_number"),
        ),
        sa.PrimaryKeyConstraint("merger_id", "number", name=op.f("pk_merger_evidence")),
    )
    op.execute(_STATED)
    for name, _ in _COLUMNS:
        op.drop_column("merger_condition", name)


def downgrade() -> None:
    """Give each condition its evidence back."""
    for name, kind in _COLUMNS:
        op.add_column("merger_condition", sa.Column(name, kind, nullable=True))
    op.execute(_BEFORE)
    op.drop_table("merger_evidence")
