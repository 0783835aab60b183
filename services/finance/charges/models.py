"""The copy of how customers agreed to divide the cost of a contract."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Index, Table, Text, func

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

known_share = Table(
    "known_share",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("contract", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("basis", Text, nullable=False),
    # Each customer's exact share, as `10H=1/3,10Y=2/3`.
    Column("division", Text, nullable=False),
)
"""How the cost of a contract is divided from a day on, and by which rule, one row an event."""
# A division among many is longer than an index takes.
Index(
    "uq_known_share_once",
    known_share.c.contract,
    known_share.c.effective_on,
    known_share.c.stated_at,
    known_share.c.basis,
    func.md5(known_share.c.division),
    unique=True,
)

known_shares = Projection(
    name="known_shares",
    tables=("known_share",),
    content="""
SELECT contract, effective_on::text, stated_at::text, basis, division FROM known_share ORDER BY 1, 2, 3, 4, 5
""",
)
"""SharesAgreed, as far as it is about the cost."""
