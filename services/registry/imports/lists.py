"""Every form beside ODS's files of bodies and successions: memberships, ORD documents and published lists."""

from services.registry.imports import areas, lookups, memberships, ord_json, partners, populations, register, workbook
from services.registry.imports.files import Form

FORMS: tuple[Form, ...] = (
    *memberships.FORMS,
    *ord_json.FORMS,
    *areas.FORMS,
    *lookups.FORMS,
    *workbook.FORMS,
    *partners.FORMS,
    *register.FORMS,
    *populations.FORMS,
)
