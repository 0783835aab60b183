"""contracts vary, and their customers have shares"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BEFORE = ["contract", "what", "effective_on", "stated_at", "customers", "annual_pence"]
_BEFORE_NAME = "uq_known_contract_contract_what_effective_on_stated_at__e46f"


def upgrade() -> None:
    shares = sa.Column("shares", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    op.add_column("known_contract", shares)
    op.drop_constraint(op.f(_BEFORE_NAME), "known_contract", type_="unique")
    op.create_unique_constraint(
        "uq_known_contract_once",
        "known_contract",
        [*_BEFORE, "last_day", "shares"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_constraint(op.f("ck_known_contract_what"), "known_contract", type_="check")
    op.create_check_constraint(
        op.f("ck_known_contract_what"), "known_contract", "what IN ('signed', 'varied', 'transferred', 'ended')"
    )
    op.create_check_constraint(
        op.f("ck_known_contract_a_share_a_customer"),
        "known_contract",
        "cardinality(shares) IN (0, cardinality(customers))",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_known_contract_a_share_a_customer"), "known_contract", type_="check")
    op.execute("DELETE FROM known_contract WHERE what = 'varied'")
    op.drop_constraint(op.f("ck_known_contract_what"), "known_contract", type_="check")
    op.create_check_constraint(
        op.f("ck_known_contract_what"), "known_contract", "what IN ('signed', 'transferred', 'ended')"
    )
    op.drop_constraint("uq_known_contract_once", "known_contract", type_="unique")
    op.create_unique_constraint(op.f(_BEFORE_NAME), "known_contract", _BEFORE)
    op.drop_column("known_contract", "shares")
