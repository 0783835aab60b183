"""Every form of published list beside the files of ODS's own formats, the more telling ones first."""

from services.registry.imports import areas, lookups, memberships, partners, populations, register, workbook
from services.registry.imports.files import Form

FORMS: tuple[Form, ...] = (
    *memberships.FORMS,
    *areas.FORMS,
    *lookups.FORMS,
    *workbook.FORMS,
    *partners.FORMS,
    *register.FORMS,
    *populations.FORMS,
)
