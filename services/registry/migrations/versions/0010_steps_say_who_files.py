"""The status, the applicants and the filer of an application follow from its steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_STATUSES = ("filed", "deferred", "approved", "approved_with_conditions", "rejected", "withdrawn")
# Who filed it before somebody left was not recorded: each step gets the present filer.
_FILERS = """
UPDATE merger_application_step s SET filed_by = a.filed_by FROM merger_application a WHERE a.id = s.application_id
"""
_CURRENT = """
UPDATE merger_application a
   SET status = step.status, filed_by = step.filed_by,
       applicants = ARRAY(SELECT jsonb_array_elements_text(step.content -> 'applicants'))
  FROM (SELECT DISTINCT ON (application_id) * FROM merger_application_step
         ORDER BY application_id, stated_at DESC, number DESC) AS step
 WHERE step.application_id = a.id
"""


def upgrade() -> None:
    """Give each step its filer, and drop what follows from the steps."""
    op.add_column("merger_application_step", sa.Column("filed_by", sa.Text(), nullable=True))
    op.execute(_FILERS)
    op.alter_column("merger_application_step", "filed_by", nullable=False)
    op.drop_index(op.f("ix_merger_application_applicants"), table_name="merger_application")
    for name in ("status", "filed_by", "applicants"):
        op.drop_column("merger_application", name)


def downgrade() -> None:
    """Give each application its present status, applicants and filer back."""
    status = sa.Enum(
        *_STATUSES,
        name=op.f("ck_merger_application_status"),
        native_enum=False,
        create_constraint=True,
        length=40,
    )
    op.add_column("merger_application", sa.Column("applicants", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("merger_application", sa.Column("filed_by", sa.Text(), nullable=True))
    op.add_column("merger_application", sa.Column("status", status, nullable=True))
    op.execute(_CURRENT)
    for name in ("status", "filed_by", "applicants"):
        op.alter_column("merger_application", name, nullable=False)
    op.create_index(
        op.f("ix_merger_application_applicants"), "merger_application", ["applicants"], postgresql_using="gin"
    )
    op.drop_column("merger_application_step", "filed_by")
