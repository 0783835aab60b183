"""The database marks the dossiers about which something was recorded; all of them are looked at once."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_FUNCTION = """
CREATE FUNCTION mark_dossiers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'INSERT INTO dossier_mark (reference) SELECT DISTINCT r FROM (' || TG_ARGV[0] || ') AS found (r)';
    RETURN NULL;
END $$
"""
_AT_ITEM = (
    "SELECT coalesce(u.proposal, i.proposal) FROM changed c JOIN meeting_item i ON {}"
    " LEFT JOIN urgent_action u ON u.id = i.urgent_action_id"
)
_OF_ITEM, _OF_MEETING = _AT_ITEM.format("i.id = c.item_id"), _AT_ITEM.format("i.meeting_id = c.meeting_id")
_PROPOSAL = "SELECT proposal FROM changed"
_TRIGGERS = (
    ("decision", "INSERT", _PROPOSAL),
    ("decision_reversal", "INSERT", "SELECT decision FROM changed"),
    ("proposal_act", "INSERT", _PROPOSAL),
    ("paper", "INSERT", _PROPOSAL),
    ("paper_recall", "INSERT", "SELECT p.proposal FROM changed c JOIN paper p ON p.reference = c.paper"),
    ("recusal", "INSERT", _OF_ITEM),
    ("vote", "INSERT", _OF_ITEM),
    ("item_result", "INSERT", _OF_ITEM),
    ("meeting_step", "INSERT", _OF_MEETING),
    ("minutes", "INSERT", _OF_MEETING),
    ("urgent_action", "INSERT", _PROPOSAL),
    ("person", "UPDATE", "SELECT id FROM changed"),
    ("declared_interest", "UPDATE", "SELECT person_id FROM changed"),
)


def upgrade() -> None:
    """Add the marks and what makes them; the events of before are read again at the start, with what is new in them."""
    op.create_table(
        "dossier_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_mark")),
    )
    op.create_index(op.f("ix_dossier_reference_reference"), "dossier_reference", ["reference"], unique=False)
    op.execute(_FUNCTION)
    for table, statement, references in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER mark_dossiers AFTER {statement} ON {table} REFERENCING NEW TABLE AS changed"
            f" FOR EACH STATEMENT EXECUTE FUNCTION mark_dossiers('{references}')"
        )
    op.execute("INSERT INTO dossier_mark (reference) SELECT reference FROM proposal UNION SELECT id FROM person")
    op.execute("DELETE FROM dossier_event")


def downgrade() -> None:
    """Remove them."""
    for table, _, _ in _TRIGGERS:
        op.execute(f"DROP TRIGGER mark_dossiers ON {table}")
    op.execute("DROP FUNCTION mark_dossiers()")
    op.drop_index(op.f("ix_dossier_reference_reference"), table_name="dossier_reference")
    op.drop_table("dossier_mark")
