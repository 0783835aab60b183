"""What the registry keeps, by noun. A module that is not imported here has no tables."""

from libs.common.database import tables
from services.registry.models.applications import Application, ApplicationAct, ApplicationStatus, ApplicationStep
from services.registry.models.base import Base
from services.registry.models.care_models import CareModel, CareModelStatement, ModelSort, Stated
from services.registry.models.clusters import Cluster
from services.registry.models.mergers import Condition, Merger, MergerStatus, Plan, Scheme, SchemeSort, day_of
from services.registry.models.organisations import Area, Organisation, Tie, area_time, tie_time, timeline
from services.registry.models.populations import PopulationStatement
from services.registry.models.reorganisations import Reorganisation
from services.registry.models.successions import Succession, SuccessionStatement
from services.registry.models.watch_lists import WatchList

__all__ = [
    "Application",
    "ApplicationAct",
    "ApplicationStatus",
    "ApplicationStep",
    "Area",
    "Base",
    "CareModel",
    "CareModelStatement",
    "Cluster",
    "Condition",
    "Merger",
    "MergerStatus",
    "ModelSort",
    "Organisation",
    "Plan",
    "PopulationStatement",
    "Reorganisation",
    "Scheme",
    "SchemeSort",
    "Stated",
    "Succession",
    "SuccessionStatement",
    "Tie",
    "WatchList",
    "area_time",
    "day_of",
    "tie_time",
    "timeline",
]

tables.add_to(Base.metadata)
