"""Estates have workbooks, returns and keys; partners in footprints are known, from the log at the next start."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "estate_key",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_key")),
        sa.UniqueConstraint("organisation", "name", name=op.f("uq_estate_key_organisation_name")),
    )
    op.create_table(
        "estate_key_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name="ex_estate_key_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_key_belief")),
    )
    op.create_index(
        op.f("ix_estate_key_belief_subject_id_facet"), "estate_key_belief", ["subject_id", "facet"], unique=False
    )
    op.create_table(
        "estate_key_content",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("weights", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_estate_key_content")),
    )
    op.create_table(
        "estate_key_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_key_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_estate_key_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "estate_workbook",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("financial_year", sa.Integer(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("findings", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_workbook")),
        sa.UniqueConstraint("digest", name=op.f("uq_estate_workbook_digest")),
    )
    op.create_table(
        "estate_return",
        sa.Column("workbook_id", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("financial_year", sa.Integer(), nullable=False),
        sa.Column("sites", sa.Integer(), nullable=False),
        sa.Column("sites_without_figure", sa.Integer(), nullable=False),
        sa.Column("schemes", sa.Integer(), nullable=False),
        sa.Column("high_pence", sa.BigInteger(), nullable=False),
        sa.Column("significant_pence", sa.BigInteger(), nullable=False),
        sa.Column("moderate_pence", sa.BigInteger(), nullable=False),
        sa.Column("low_pence", sa.BigInteger(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "sites >= sites_without_figure AND sites_without_figure >= 0", name=op.f("ck_estate_return_sites")
        ),
        sa.ForeignKeyConstraint(["workbook_id"], ["estate_workbook.id"], name=op.f("fk_estate_return_workbook_id")),
        sa.PrimaryKeyConstraint("workbook_id", "organisation", name=op.f("pk_estate_return")),
    )
    op.create_index(
        "ix_estate_return_latest", "estate_return", ["financial_year", "organisation", "stated_at", "workbook_id"]
    )
    op.create_table(
        "estate_row",
        sa.Column("workbook_id", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("site_name", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("pence", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.CheckConstraint("sheet IN ('sites', 'schemes')", name=op.f("ck_estate_row_sheet")),
        sa.ForeignKeyConstraint(["workbook_id"], ["estate_workbook.id"], name=op.f("fk_estate_row_workbook_id")),
        sa.PrimaryKeyConstraint("workbook_id", "sheet", "line", name=op.f("pk_estate_row")),
    )
    op.create_index(
        op.f("ix_estate_row_organisation_workbook_id"), "estate_row", ["organisation", "workbook_id"], unique=False
    )
    op.execute(
        "INSERT INTO unfilled_projection (name) SELECT 'known_parties'"
        " WHERE EXISTS (SELECT FROM consumer_offset WHERE source_position > 0) ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_estate_row_organisation_workbook_id"), table_name="estate_row")
    op.drop_table("estate_row")
    op.drop_index("ix_estate_return_latest", table_name="estate_return")
    op.drop_table("estate_return")
    op.drop_table("estate_workbook")
    op.drop_table("estate_key_statement")
    op.drop_table("estate_key_content")
    op.drop_index(op.f("ix_estate_key_belief_subject_id_facet"), table_name="estate_key_belief")
    op.drop_table("estate_key_belief")
    op.drop_table("estate_key")
