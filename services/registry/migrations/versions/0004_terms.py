"""Terms beside words: conditions of approvals, their evidence, services of care models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


# A step is read as strictly as a request, so what is invisible in its words goes: it was never seen.
VISIBLE = r"""
UPDATE merger_application_step SET content = regexp_replace(content::text, :invisible, '', 'g')::jsonb
 WHERE content::text ~ :invisible
"""
INVISIBLE = (
    r"[\u0080-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff"
    r"\ufff9-\ufffb]"
)


def upgrade() -> None:
    """Add the terms. What was recorded before has words alone, which only its parties read."""
    op.add_column("merger_condition", sa.Column("condition", sa.Text(), server_default="other", nullable=False))
    op.add_column("merger_condition", sa.Column("evidence_type", sa.Text(), nullable=True))
    op.execute("UPDATE merger_condition SET evidence_type = 'other' WHERE evidence IS NOT NULL")
    op.add_column(
        "care_model_statement",
        sa.Column("offers", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.execute(sa.text(VISIBLE).bindparams(invisible=INVISIBLE))


def downgrade() -> None:
    """Remove the terms."""
    op.drop_column("care_model_statement", "offers")
    op.drop_column("merger_condition", "evidence_type")
    op.drop_column("merger_condition", "condition")
