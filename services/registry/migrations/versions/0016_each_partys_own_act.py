"""Applicants and ICBs act for themselves: drafts of applications, and acts for clusters."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_PROPOSED_FROM = """
UPDATE cluster c SET proposed_from = (
    SELECT min(lower(s.valid)) FROM cluster_time_statement s WHERE s.subject_id = c.id AND s.value IS NOT NULL)
"""
# The name of a constraint does not follow its column's.
_RENAMED = """
ALTER TABLE merger_application
RENAME CONSTRAINT merger_application_{}_not_null TO merger_application_{}_not_null
"""
_BEFORE = {
    "act": ("filed", "edited", "joined", "left", "judged", "determined", "withdrawn"),
    "status": ("filed", "deferred", "approved", "approved_with_conditions", "rejected", "withdrawn"),
}
_ADDED = {"act": ("drafted", "agreed"), "status": ("drafted",)}


def upgrade() -> None:
    """Add the steps of a draft, and the acts of ICBs; the clusters that stand were agreed to by all of theirs."""
    op.alter_column("merger_application", "filed_on", new_column_name="drafted_on")
    op.execute(_RENAMED.format("filed_on", "drafted_on"))
    for column, values in _BEFORE.items():
        _allow(column, (*_ADDED[column], *values))
    op.add_column("cluster", sa.Column("proposed_from", sa.Date(), nullable=True))
    op.execute(_PROPOSED_FROM)
    op.alter_column("cluster", "proposed_from", nullable=False)
    op.create_table(
        "cluster_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("cluster_id", sa.Integer(), nullable=False),
        sa.Column("icb", sa.Text(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["cluster_id"], ["cluster.id"], name=op.f("fk_cluster_act_cluster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_act")),
    )
    op.create_index(op.f("ix_cluster_act_cluster_id"), "cluster_act", ["cluster_id"])
    op.create_index(
        op.f("ix_cluster_act_cluster_id_icb"),
        "cluster_act",
        ["cluster_id", "icb"],
        unique=True,
        postgresql_where=sa.text("agrees"),
    )


def downgrade() -> None:
    """Drop them, and with them what not all had agreed to."""
    op.drop_table("cluster_act")
    op.execute(
        "DELETE FROM cluster c WHERE NOT EXISTS (SELECT FROM cluster_time_statement s WHERE s.subject_id = c.id)"
    )
    op.drop_column("cluster", "proposed_from")
    op.execute("DELETE FROM merger_application_step WHERE status = 'drafted' OR act IN ('drafted', 'agreed')")
    op.execute(
        "DELETE FROM merger_application a"
        " WHERE NOT EXISTS (SELECT FROM merger_application_step s WHERE s.application_id = a.id)"
    )
    for column, values in _BEFORE.items():
        _allow(column, values)
    op.alter_column("merger_application", "drafted_on", new_column_name="filed_on")
    op.execute(_RENAMED.format("drafted_on", "filed_on"))


def _allow(column: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_merger_application_step_{column}")
    op.drop_constraint(name, "merger_application_step", type_="check")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(name, "merger_application_step", f"{column} IN ({listed})")
