"""A named lens may have five hundred members: its statements are told apart by a digest. Draws are found by case."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_ONCE = ("subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source")
_NAME = "uq_lens_statement_said"


def upgrade() -> None:
    op.drop_constraint(_NAME, "lens_statement", type_="unique")
    columns = [sa.text("md5(value)") if name == "value" else name for name in _ONCE]
    op.create_index(_NAME, "lens_statement", columns, unique=True, postgresql_nulls_not_distinct=True)
    op.create_index(op.f("ix_fund_draw_case_reference"), "fund_draw", ["case_reference"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_fund_draw_case_reference"), table_name="fund_draw")
    op.drop_index(_NAME, table_name="lens_statement")
    op.create_unique_constraint(_NAME, "lens_statement", list(_ONCE), postgresql_nulls_not_distinct=True)
