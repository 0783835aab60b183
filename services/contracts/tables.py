"""Imports every table of contracts, for the migrations."""

from libs.common.database import tables
from services.contracts.authorities import models as authorities
from services.contracts.core.models import Base
from services.contracts.findings import models as findings

tables.add_to(Base.metadata)
MODELS = (authorities, findings)
METADATA = Base.metadata
