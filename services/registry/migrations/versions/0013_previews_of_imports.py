"""Previews of imports wait, and their results are read in pages."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the previews, their uploads and their results."""
    op.create_table(
        "import_preview",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'waiting', 'running', 'done', 'refused', 'failed')",
            name=op.f("ck_import_preview_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_preview")),
        sa.UniqueConstraint("reference", name=op.f("uq_import_preview_reference")),
    )
    op.create_table(
        "import_upload",
        sa.Column("preview_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["preview_id"],
            ["import_preview.id"],
            name=op.f("fk_import_upload_preview_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("preview_id", "number", name=op.f("pk_import_upload")),
    )
    op.create_table(
        "import_preview_row",
        sa.Column("preview_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["preview_id"],
            ["import_preview.id"],
            name=op.f("fk_import_preview_row_preview_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("part IN ('bodies', 'refused', 'odd')", name=op.f("ck_import_preview_row_part")),
        sa.PrimaryKeyConstraint("preview_id", "part", "number", name=op.f("pk_import_preview_row")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("import_preview_row")
    op.drop_table("import_upload")
    op.drop_table("import_preview")
