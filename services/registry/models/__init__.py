"""What the registry keeps, by noun. A module that is not imported here has no tables."""

from libs.common import tables
from services.registry.models.base import Base
from services.registry.models.mergers import Merger, MergerStatus, Plan
from services.registry.models.organisations import Area, Organisation, Tie, area_time, tie_time, timeline
from services.registry.models.successions import Succession, SuccessionStatement

__all__ = [
    "Area",
    "Base",
    "Merger",
    "MergerStatus",
    "Organisation",
    "Plan",
    "Succession",
    "SuccessionStatement",
    "Tie",
    "area_time",
    "tie_time",
    "timeline",
]

tables.add_to(Base.metadata)
