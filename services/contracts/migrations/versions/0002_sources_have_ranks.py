"""sources have ranks"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A kind has become a fact with two times: it was said with each opening and each proposal, and never changed until now.
KINDS = """
INSERT INTO known_organisation_statement
       (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_at, recorded_by)
SELECT s.subject_id, 4, o.kind, s.valid, s.stated_at, true, s.source, s.recorded_at, s.recorded_by
  FROM known_organisation_statement s JOIN known_organisation o ON o.id = s.subject_id
 WHERE o.kind <> 'unknown' AND ((s.facet = 2 AND s.fills_before) OR (s.facet = 1 AND s.value = 'proposed'))
    ON CONFLICT DO NOTHING
"""
KINDS_BELIEVED = """
INSERT INTO known_organisation_belief (subject_id, facet, value, valid, known)
SELECT subject_id, 4, value, daterange(NULL, NULL), tstzrange(min(stated_at), NULL)
  FROM known_organisation_statement WHERE facet = 4 GROUP BY subject_id, value
"""
KINDS_KEPT = """
UPDATE known_organisation o SET kind = b.value
  FROM known_organisation_belief b WHERE b.subject_id = o.id AND b.facet = 4 AND upper_inf(b.known)
"""


def upgrade() -> None:
    op.add_column(
        "contract_customer_statement", sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.drop_constraint(
        op.f("uq_contract_customer_statement_subject_id_facet_valid_s_df20"),
        "contract_customer_statement",
        type_="unique",
    )
    op.create_unique_constraint(
        "uq_contract_customer_statement_said",
        "contract_customer_statement",
        ["subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source"],
        postgresql_nulls_not_distinct=True,
    )
    op.add_column(
        "contract_life_statement", sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.drop_constraint(
        op.f("uq_contract_life_statement_subject_id_facet_valid_state_0a7e"), "contract_life_statement", type_="unique"
    )
    op.create_unique_constraint(
        "uq_contract_life_statement_said",
        "contract_life_statement",
        ["subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source"],
        postgresql_nulls_not_distinct=True,
    )
    op.add_column(
        "known_organisation_statement",
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.drop_constraint(
        op.f("uq_known_organisation_statement_subject_id_facet_valid__cdeb"),
        "known_organisation_statement",
        type_="unique",
    )
    op.create_unique_constraint(
        "uq_known_organisation_statement_said",
        "known_organisation_statement",
        ["subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source"],
        postgresql_nulls_not_distinct=True,
    )
    op.add_column("known_succession", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(KINDS)
    op.execute(KINDS_BELIEVED)
    op.drop_column("known_organisation", "kind")


def downgrade() -> None:
    op.drop_column("known_succession", "undone_at")
    op.drop_constraint("uq_known_organisation_statement_said", "known_organisation_statement", type_="unique")
    op.create_unique_constraint(
        op.f("uq_known_organisation_statement_subject_id_facet_valid__cdeb"),
        "known_organisation_statement",
        ["subject_id", "facet", "valid", "stated_at", "value", "fills_before"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_column("known_organisation_statement", "rank")
    op.add_column("known_organisation", sa.Column("kind", sa.TEXT(), server_default="unknown", nullable=False))
    op.execute(KINDS_KEPT)
    op.execute("DELETE FROM known_organisation_belief WHERE facet = 4")
    op.execute("DELETE FROM known_organisation_statement WHERE facet = 4")
    op.alter_column("known_organisation", "kind", server_default=None)
    op.drop_constraint("uq_contract_life_statement_said", "contract_life_statement", type_="unique")
    op.create_unique_constraint(
        op.f("uq_contract_life_statement_subject_id_facet_valid_state_0a7e"),
        "contract_life_statement",
        ["subject_id", "facet", "valid", "stated_at", "value", "fills_before"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_column("contract_life_statement", "rank")
    op.drop_constraint("uq_contract_customer_statement_said", "contract_customer_statement", type_="unique")
    op.create_unique_constraint(
        op.f("uq_contract_customer_statement_subject_id_facet_valid_s_df20"),
        "contract_customer_statement",
        ["subject_id", "facet", "valid", "stated_at", "value", "fills_before"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_column("contract_customer_statement", "rank")
