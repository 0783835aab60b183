"""Imports every table of contracts, for the migrations."""

from libs.common.database import tables
from services.contracts.core.models import Base

tables.add_to(Base.metadata)
METADATA = Base.metadata
