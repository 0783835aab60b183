"""A seat votes again where its vote became void: which votes counted is recorded with the result.

Revision ID: 0036
Revises: 0035
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ONE_VOTE = {"seat": "uq_vote_item_id_seat", "voter": "uq_vote_item_id_voter", "principal": "uq_vote_item_id_principal"}


def upgrade() -> None:
    """Drop the constraints, which a void vote kept, and add the column; of older results it is not known."""
    for name in _ONE_VOTE.values():
        op.drop_constraint(name, "vote", type_="unique")
    op.create_index("ix_vote_item_id", "vote", ["item_id"], unique=False)
    op.add_column("item_result", sa.Column("void", sa.ARRAY(sa.BigInteger()), nullable=True))


def downgrade() -> None:
    """Put the constraints back, and drop the column; fails where a seat voted again."""
    op.drop_column("item_result", "void")
    op.drop_index("ix_vote_item_id", table_name="vote")
    for column, name in _ONE_VOTE.items():
        op.create_unique_constraint(name, "vote", ["item_id", column])
