"""Imports every table of governance, for the migrations."""

from libs.common.database import tables
from services.governance.core.models import Base

tables.add_to(Base.metadata)
METADATA = Base.metadata
