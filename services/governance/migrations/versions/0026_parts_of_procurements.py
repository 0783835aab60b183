"""A part of a series names its procurement, whose winner counts; the end of a part can be taken back.

Revision ID: 0026
Revises: 0025
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns; a part of a procurement names it, and no longer all its bidders."""
    op.add_column("series_part", sa.Column("procurement", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.execute(
        """
        UPDATE series_part p SET procurement = d.subject, suppliers = '{}'
          FROM decision d
         WHERE d.id = p.decision
           AND EXISTS (SELECT FROM known_subject k WHERE k.reference = d.subject AND k.kind = 'procurement')
        """
    )
    op.add_column("series_part_ended", sa.Column("ended", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.drop_constraint("pk_series_part_ended", "series_part_ended")
    op.create_primary_key(
        "pk_series_part_ended", "series_part_ended", ["decision", "effective_on", "stated_at", "ended"]
    )


def downgrade() -> None:
    """Drop the columns; of several ends of a part the first one is left."""
    op.execute(
        """
        DELETE FROM series_part_ended e
         WHERE NOT e.ended OR EXISTS (
               SELECT FROM series_part_ended o WHERE o.decision = e.decision AND o.ended
                  AND (o.effective_on, o.stated_at) < (e.effective_on, e.stated_at))
        """
    )
    op.drop_constraint("pk_series_part_ended", "series_part_ended")
    op.create_primary_key("pk_series_part_ended", "series_part_ended", ["decision"])
    op.drop_column("series_part_ended", "ended")
    op.drop_column("series_part", "procurement")
