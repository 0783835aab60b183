"""Each party signs by its own act; a draft has an author, an award and a coordinating commissioner."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NOW = sa.text("clock_timestamp()")
_COLUMNS = ("form", "indexation", "price_year", "procurement", "coordinator_code")


def upgrade() -> None:
    """Add the tables; contracts signed before keep their signature, as a loader would state it."""
    for name in _COLUMNS:
        op.add_column("contract", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("contract", sa.Column("awarded_on", sa.Date(), nullable=True))
    op.add_column("contract", sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=True))
    for name, kind, before in (
        ("drafted_for", sa.ARRAY(sa.Text()), "{}"),
        ("supplier_signs", sa.Boolean(), "false"),
        ("text_version", sa.Integer(), "1"),
    ):
        op.add_column("contract", sa.Column(name, kind, nullable=False, server_default=before))
    op.create_check_constraint(
        op.f("ck_contract_awarded_has_day"), "contract", "(awarded_on IS NULL) = (awarded_at IS NULL)"
    )
    _signatures()
    _timeline("contract_coordinator")
    op.execute(
        "UPDATE contract c SET drafted_for = named.codes"
        "  FROM (SELECT contract_id, array_agg(customer_code ORDER BY customer_code) AS codes"
        "          FROM contract_customer GROUP BY contract_id) named WHERE named.contract_id = c.id"
    )
    op.execute(
        "INSERT INTO signature (contract_id, party_code, role, text_version, signed_on, stated_at, source,"
        "                       recorded_by, document)"
        " SELECT DISTINCT ON (c.id, cc.customer_code) c.id, cc.customer_code, 'customer', 1, c.signed_on, c.signed_at,"
        "        'loader', s.recorded_by, c.signature_document"
        "   FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id"
        "   JOIN contract_customer_statement s ON s.subject_id = cc.id AND s.source = 'signature'"
        "  WHERE c.status <> 'draft' AND s.value IS NOT NULL ORDER BY c.id, cc.customer_code, s.id"
    )


def _signatures() -> None:
    op.create_table(
        "signature",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("party_code", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.CheckConstraint("role IN ('customer', 'supplier')", name=op.f("ck_signature_known_role")),
        sa.CheckConstraint("source IN ('party', 'loader', 'customer')", name=op.f("ck_signature_known_source")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_signature_contract_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint(
            *("contract_id", "party_code", "role", "text_version"),
            name=op.f("uq_signature_contract_id_party_code_role_text_version"),
        ),
    )


def _timeline(prefix: str) -> None:
    op.create_table(
        f"{prefix}_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{prefix}_statement")),
        sa.UniqueConstraint(
            *("subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source"),
            name=f"uq_{prefix}_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        f"{prefix}_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name=f"ex_{prefix}_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{prefix}_belief")),
    )
    op.create_index(op.f(f"ix_{prefix}_belief_subject_id_facet"), f"{prefix}_belief", ["subject_id", "facet"])


def downgrade() -> None:
    """Take them away."""
    for name in ("contract_coordinator_belief", "contract_coordinator_statement", "signature"):
        op.drop_table(name)
    op.drop_constraint(op.f("ck_contract_awarded_has_day"), "contract")
    for name in (*_COLUMNS, "awarded_on", "awarded_at", "drafted_for", "supplier_signs", "text_version"):
        op.drop_column("contract", name)
