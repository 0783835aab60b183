"""Copies of long events are told apart by digests: their lists are longer than an index takes."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ONCE = {
    "known_contract": (
        "contract, what, effective_on, stated_at, hash_array_extended(customers, 0), annual_pence, last_day,"
        " hash_array_extended(shares, 0)",
        "contract, what, effective_on, stated_at, customers, annual_pence, last_day, shares",
        " NULLS NOT DISTINCT",
    ),
    "known_termination": (
        "contract, termination, stated_at, md5(content)",
        "contract, termination, stated_at, content",
        "",
    ),
    "known_exit": (
        "contract, what, key, effective_on, stated_at, md5(content)",
        "contract, what, key, effective_on, stated_at, content",
        "",
    ),
    "known_supplier_price": (
        "supplier, effective_on, stated_at, hash_array_extended(customers, 0), fixed_pence, per_head_pence, heads,"
        " price_per_head_pence, basis",
        "supplier, effective_on, stated_at, customers, fixed_pence, per_head_pence, heads, price_per_head_pence, basis",
        "",
    ),
}


def upgrade() -> None:
    for table, (by_digest, _, nulls) in ONCE.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT uq_{table}_once")
        op.execute(f"CREATE UNIQUE INDEX uq_{table}_once ON {table} ({by_digest}){nulls}")


def downgrade() -> None:
    for table, (_, whole, nulls) in ONCE.items():
        op.execute(f"DROP INDEX uq_{table}_once")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT uq_{table}_once UNIQUE{nulls} ({whole})")
