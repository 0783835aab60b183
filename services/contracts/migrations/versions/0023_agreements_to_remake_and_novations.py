"""agreements that no merger moves are flagged, and novations are consented to"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False)


def _stated_at() -> sa.Column[object]:
    return sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False)


def _contract(table: str, ondelete: str | None = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["contract_id"], ["contract.id"], name=op.f(f"fk_{table}_contract_id"), ondelete=ondelete
    )


def _novation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["novation_id"], ["novation.id"], name=op.f(f"fk_{table}_novation_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "agreement_flag",
        _id(),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("predecessors", ARRAY(sa.Text()), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        _stated_at(),
        sa.Column("event", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('expected', 'due', 'dropped')", name=op.f("ck_agreement_flag_known_state")),
        _contract("agreement_flag"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_flag")),
    )
    op.create_index("ix_agreement_flag_of_contract", "agreement_flag", ["contract_id", "merger", "id"])
    op.create_table(
        "agreement_settlement",
        _id(),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("into", sa.Text(), nullable=True),
        sa.Column("scheme", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        _stated_at(),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('remade', 'saved', 'ended')", name=op.f("ck_agreement_settlement_known_outcome")
        ),
        _contract("agreement_settlement"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_settlement")),
    )
    op.create_index("ix_agreement_settlement_of_contract", "agreement_settlement", ["contract_id", "merger", "id"])
    op.create_table(
        "novation",
        _id(),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("into", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("leaving", sa.Text(), nullable=False),
        sa.Column("entering", sa.Text(), nullable=False),
        sa.Column("takes_effect_on", sa.Date(), nullable=False),
        _stated_at(),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('customer', 'supplier')", name=op.f("ck_novation_known_role")),
        _contract("novation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_novation")),
    )
    op.create_index(op.f("ix_novation_contract_id"), "novation", ["contract_id"])
    op.create_table(
        "novation_consent",
        _id(),
        sa.Column("novation_id", sa.Integer(), nullable=False),
        sa.Column("party_code", sa.Text(), nullable=False),
        sa.Column("consented_on", sa.Date(), nullable=False),
        _stated_at(),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=True),
        _novation("novation_consent"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_novation_consent")),
        sa.UniqueConstraint("novation_id", "party_code", name=op.f("uq_novation_consent_novation_id_party_code")),
    )
    op.create_table(
        "novation_completion",
        sa.Column("novation_id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        _stated_at(),
        _contract("novation_completion", None),
        _novation("novation_completion"),
        sa.PrimaryKeyConstraint("novation_id", name=op.f("pk_novation_completion")),
    )
    op.create_index(op.f("ix_novation_completion_contract_id"), "novation_completion", ["contract_id"])


def downgrade() -> None:
    for table in ("novation_completion", "novation_consent", "novation", "agreement_settlement", "agreement_flag"):
        op.drop_table(table)
