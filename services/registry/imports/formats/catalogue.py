"""Lists every format that can be imported, in the order in which files of one day are: one line a module."""

from services.registry.imports.files.source_file import Form
from services.registry.imports.formats import (
    areas,
    lookups,
    nhsi_register,
    ods_bodies,
    ods_memberships,
    ods_successions,
    ord_json,
    partners,
    populations,
    workbook,
)

FORMS: tuple[Form, ...] = (
    *ods_bodies.FORMS,
    *ods_successions.FORMS,
    *ods_memberships.FORMS,
    *ord_json.FORMS,
    *areas.FORMS,
    *lookups.FORMS,
    *workbook.FORMS,
    *partners.FORMS,
    *nhsi_register.FORMS,
    *populations.FORMS,
)
