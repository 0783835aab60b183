"""Imports every table of the registry: a module of models not imported here has no tables and migrations."""

from libs.common.database import tables
from services.registry.applications import models as applications
from services.registry.care_models import models as care_models
from services.registry.clusters import models as clusters
from services.registry.core import models as organisations
from services.registry.core.base import Base
from services.registry.evidence import models as evidence
from services.registry.findings import models as findings
from services.registry.imports.preview import models as previews
from services.registry.mergers import models as mergers
from services.registry.reorganisations import models as reorganisations
from services.registry.watch_lists import models as watch_lists

MODELS = (
    organisations,
    mergers,
    applications,
    clusters,
    care_models,
    evidence,
    findings,
    previews,
    reorganisations,
    watch_lists,
)

tables.add_to(Base.metadata)
METADATA = Base.metadata
