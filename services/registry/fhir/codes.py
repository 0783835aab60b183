"""The code systems and extensions in FHIR: NHS England's where they exist, Footprint's own otherwise."""

from collections.abc import Collection
from datetime import date
from typing import Any

from libs.common.rulepacks import in_force
from libs.organisations.statements import RELATIONS, Facet
from services.registry.core.rule_packs import PACKS

ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"
ODS_ROLE = "https://digital.nhs.uk/services/organisation-data-service/CodeSystem/ODSOrganisationRole"
ODS_RELATIONSHIP = "https://digital.nhs.uk/services/organisation-data-service/CodeSystem/ODSRelationship"
ODS_RECORD_CLASS = "https://digital.nhs.uk/services/organisation-data-service/CodeSystem/ODSRecordClass"
RECORD_USE = "https://fhir.nhs.uk/England/CodeSystem/England-ODSRecordUseType"
PERIOD_TYPE = "https://fhir.nhs.uk/England/CodeSystem/England-PeriodType"
DATE_TIME_TYPE = "https://fhir.nhs.uk/England/CodeSystem/England-ODSDateTime"

_ENGLAND = "https://fhir.nhs.uk/England/StructureDefinition"
ROLE_EXTENSION = f"{_ENGLAND}/Extension-England-OrganisationRole"
TYPED_PERIOD = f"{_ENGLAND}/Extension-England-TypedPeriod"
TYPED_DATE_TIME = f"{_ENGLAND}/Extension-England-TypedDateTime"

OURS = "https://footprint.example/fhir"
KIND = f"{OURS}/CodeSystem/organisation-kind"
ROLE = f"{OURS}/CodeSystem/organisation-role"
RELATION = f"{OURS}/CodeSystem/organisation-relation"
STATUS_EXTENSION = f"{OURS}/StructureDefinition/organisation-status"
SUCCESSION_EXTENSION = f"{OURS}/StructureDefinition/organisation-succession"
SHARE_EXTENSION = f"{OURS}/StructureDefinition/affiliation-share"
PROVENANCE_EXTENSION = f"{OURS}/StructureDefinition/value-provenance"
AS_AT_EXTENSION = f"{OURS}/StructureDefinition/as-at"
AS_KNOWN_EXTENSION = f"{OURS}/StructureDefinition/as-known"

ONS = "http://statistics.data.gov.uk/id/statistical-geography"
"""The nine-character codes of the Office for National Statistics, which publishes each under this address."""

_SYSTEMS = {"ons": ONS}


def identifier_system(system: str) -> str:
    """Return FHIR's name of a system of codes: `ons` has one, others have one of our own."""
    return _SYSTEMS.get(system, f"{OURS}/Id/{system}")


def system_of_identifier(name: str) -> str | None:
    """Return our name for a FHIR system of codes, None for an unknown one."""
    ours = f"{OURS}/Id/"
    if name.startswith(ours):
        return name.removeprefix(ours) or None
    return next((system for system, known in _SYSTEMS.items() if known == name), None)


def is_ods_role(code: str) -> bool:
    """Whether a role's code is one that ODS gives: `RO` and a number."""
    return code.startswith("RO") and code[2:].isdigit()


ABOVE_BY_RELATION = {
    "parent": Facet.PARENT,
    **{relation: facet for relation, facet in RELATIONS.items() if facet is not Facet.PARENT},
}
"""The relations to a body above, by their names: the register's own column, and the levels beside it."""
_DISPLAYS = {relation.lower(): relation for relation in ABOVE_BY_RELATION}


def name_of_relation(relation: str) -> str:
    """Return a relation as it is written: `in icb` -> `in ICB`."""
    return _DISPLAYS.get(relation, relation)


def code_of_relation(relation: str) -> str:
    """Return the code of a relation in our own list: `member of` -> `member-of`."""
    return relation.lower().replace(" ", "-")


def roles_of(kind: str, day: date) -> tuple[str, ...]:
    """Return the ODS roles of a kind of body by the pack of that day, the primary first."""
    return tuple(_values("ods-roles", day).get("kinds", {}).get(kind, ()))


def kinds_with(role: str, day: date) -> frozenset[str]:
    """Return the kinds of body that have an ODS role."""
    kinds = _values("ods-roles", day).get("kinds", {})
    return frozenset(kind for kind, roles in kinds.items() if role.upper() in roles)


def kinds_in_ods(day: date) -> frozenset[str]:
    """Return the kinds of body that ODS has a primary role for."""
    return frozenset(_values("ods-roles", day).get("kinds", {}))


def role_name(role: str, day: date) -> str | None:
    """Return the ODS name of a role."""
    name: str | None = _values("ods-roles", day).get("names", {}).get(role)
    return name


def relationships(day: date) -> list[tuple[str, Collection[str] | None, Collection[str] | None, str]]:
    """Return the rows of the pack: relation, kinds of body, kinds of the other (None: any), ODS code."""
    rows = _values("ods-relationships", day).get("rows", ())
    return [(row["relation"], row.get("of"), row.get("to"), row["code"]) for row in rows]


def relationship_of(relation: str, *, of: str, to: str, day: date) -> str | None:
    """Return the ODS relationship for our relation between a body of one kind and one of another."""
    for named, kinds, other_kinds, code in relationships(day):
        if named == relation and _fits(of, kinds) and _fits(to, other_kinds):
            return code
    return None


def relationship_name(code: str, day: date) -> str | None:
    """Return the ODS name of a relationship."""
    name: str | None = _values("ods-relationships", day).get("names", {}).get(code)
    return name


def _fits(kind: str, kinds: Collection[str] | None) -> bool:
    return kinds is None or kind in kinds


def _values(subject: str, day: date) -> dict[str, Any]:
    found = in_force(PACKS, day, subject=subject)
    return found[0].values if found else {}
