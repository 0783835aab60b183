"""Every form of file that can be imported, in the order in which one of a day is taken: one line for each module."""

from services.registry.imports import bodies, lists, successions
from services.registry.imports.files import Form

FORMS: tuple[Form, ...] = (
    *bodies.FORMS,
    *successions.FORMS,
    *lists.FORMS,
)
