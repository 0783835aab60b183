"""Imports every table of finance, for the migrations."""

from libs.common.database import tables
from services.finance.core.models import Base

tables.add_to(Base.metadata)
METADATA = Base.metadata
