"""acts have documents, and an early end a reason of a rule pack"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("signature_document", "exit_note", "notice_document"):
        op.add_column("contract", sa.Column(name, sa.Text(), nullable=True))
    # What an earlier version recorded in its own words stays as the note; "replaced by ..." was the service's own.
    op.execute(
        "UPDATE contract SET exit_note = CASE status WHEN 'terminated' THEN exit_reason END,"
        "                    exit_reason = CASE status WHEN 'terminated' THEN 'other' ELSE 'shared_service' END"
        " WHERE exit_reason IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("UPDATE contract SET exit_reason = exit_note WHERE exit_note IS NOT NULL")
    for name in ("notice_document", "exit_note", "signature_document"):
        op.drop_column("contract", name)
