"""A joint body that is asked, or stands in the way, is there for each of its organisations.

Revision ID: 0030
Revises: 0029
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("recommendation_addressee", "obstruction")
# One of a joint body's members stood for all of them: each has to act for the body, and reads what it is asked.
_MEMBERS = """
SELECT b.reference, m.valid, array_agg(code ORDER BY code) AS codes
  FROM body b
  JOIN body_time_belief m ON m.subject_id = b.id AND m.facet = 7 AND upper_inf(m.known)
 CROSS JOIN LATERAL jsonb_array_elements_text(m.value::jsonb) AS code
 WHERE b.organisation = ''
 GROUP BY b.reference, m.id, m.valid
"""
_JOINT = f"""
UPDATE recommendation_addressee a SET organisations = m.codes
  FROM recommendation r, ({_MEMBERS}) m
 WHERE r.id = a.recommendation AND m.reference = a.body AND m.valid @> r.made_on;
UPDATE recommendation r SET parties = ARRAY(
       SELECT unnest(r.parties) UNION SELECT unnest(a.organisations) FROM recommendation_addressee a
        WHERE a.recommendation = r.id ORDER BY 1)
 WHERE EXISTS (SELECT FROM recommendation_addressee a
                WHERE a.recommendation = r.id AND NOT a.organisations <@ r.parties);
UPDATE obstruction o SET organisations = m.codes, parties = ARRAY(
       SELECT unnest(o.parties) UNION SELECT unnest(m.codes) ORDER BY 1)
  FROM ({_MEMBERS}) m
 WHERE m.reference = o.body AND m.valid @> o.since
"""  # noqa: S608  (what is put in stands above)


def upgrade() -> None:
    """Replace the one organisation by several."""
    for table in _TABLES:
        op.add_column(table, sa.Column("organisations", postgresql.ARRAY(sa.Text()), nullable=True))
        op.execute(f"UPDATE {table} SET organisations = array_remove(ARRAY[organisation], '')")  # noqa: S608
        op.alter_column(table, "organisations", nullable=False)
        op.drop_column(table, "organisation")
    for statement in _JOINT.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Keep the first of them."""
    for table in _TABLES:
        op.add_column(table, sa.Column("organisation", sa.Text(), nullable=True))
        op.execute(f"UPDATE {table} SET organisation = coalesce(organisations[1], '')")  # noqa: S608
        op.alter_column(table, "organisation", nullable=False)
        op.drop_column(table, "organisations")
