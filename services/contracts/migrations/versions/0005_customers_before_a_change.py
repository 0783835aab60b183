"""a change of hands has the customers before it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("change_of_hands", sa.Column("customers_before", ARRAY(sa.Text()), nullable=True))
    op.create_index(
        op.f("ix_change_of_hands_from_customers"),
        "change_of_hands",
        ["from_customers"],
        unique=False,
        postgresql_using="gin",
    )
    # A draft's version counts its changes of hands and its revisions. Of one that was never revised, the customers
    # after a change are those before the next; nothing says whether the first drafted customers included the successor.
    op.execute(
        "UPDATE change_of_hands h SET customers_before = before.customers"
        "  FROM (SELECT one.id, count(*) OVER of_contract AS changes,"
        "               lag(one.customers) OVER (PARTITION BY one.contract_id ORDER BY one.id) AS customers"
        "          FROM change_of_hands one WINDOW of_contract AS (PARTITION BY one.contract_id)) before,"
        "       contract c"
        " WHERE before.id = h.id AND c.id = h.contract_id AND c.status = 'draft' AND c.version = 1 + before.changes"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_change_of_hands_from_customers"), table_name="change_of_hands", postgresql_using="gin")
    op.drop_column("change_of_hands", "customers_before")
