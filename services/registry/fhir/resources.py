"""Builds FHIR R4 resources: Organization and OrganizationAffiliation, as in the NHS ODS FHIR API.

No resource names a profile of UK Core or NHS England in `meta.profile`: naming one claims that the resource was checked
against it, and our tests do not have these packages. ODS's profile also asks for numbers that only ODS gives (the
`instanceID` of a role). Where ODS has no element, there are extensions of our own, below `codes.OURS`.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from libs.common.process.clock import day_of
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from services.registry.fhir import codes
from services.registry.fhir.model import (
    NOW,
    FhirAffiliation,
    FhirOrganisation,
    FhirTimes,
    FollowedBy,
    Provenance,
    Role,
    Shape,
)

Resource: TypeAlias = dict[str, Any]

_ALWAYS = frozenset({"resourceType", "id", "meta", "identifier", "active"})
"""Elements that no subset leaves out: `active` changes what the rest means, and without a name there is a code."""
_TIMES = frozenset({codes.AS_AT_EXTENSION, codes.AS_KNOWN_EXTENSION})
_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}


def organization(body: FhirOrganisation, *, day: date, asked: FhirTimes = NOW) -> Resource:
    """Return a body as an Organization; `day` picks the pack of codes, `asked` is repeated where the caller gave it.

    `active` is whether it operates on the day. A predecessor or successor, with the day, its shape and its share, is an
    extension here and no OrganizationAffiliation: a succession holds from its day for ever, and is no relation between
    two bodies that work side by side.
    """
    resource: Resource = {
        "resourceType": "Organization",
        "id": body.code,
        "meta": {"versionId": str(body.version)},
        "extension": [*_roles(body, day), *_periods(body.legal, body.operational), *_about(body), *_asked(asked)],
        "identifier": _identifiers(body),
        "active": body.status == "open",
        "type": _types(body, day),
    }
    if body.last_recorded_at:
        resource["meta"]["lastUpdated"] = body.last_recorded_at.isoformat()
    if body.name:
        resource["name"] = body.name
    if body.address or body.postcode:
        resource["address"] = [_address(body)]
    if body.parent:
        resource["partOf"] = reference(body.parent)
    return resource


def affiliation(tie: FhirAffiliation, *, day: date, asked: FhirTimes = NOW) -> Resource:
    """Return the relation of one body to another as an OrganizationAffiliation.

    `organization` is the one that has the relation (the practice), `participatingOrganization` the other (its
    commissioner).
    """
    codings = [{"system": codes.RELATION, "code": codes.code_of_relation(tie.relation)}]
    codings[0]["display"] = codes.name_of_relation(tie.relation)
    if tie.ods_relationship:
        codings.insert(0, _ods_coding(tie.ods_relationship, day))
    resource: Resource = {
        "resourceType": "OrganizationAffiliation",
        "id": tie.id,
        "meta": {"lastUpdated": tie.last_recorded_at.isoformat()},
        "identifier": [{"system": f"{codes.OURS}/Id/affiliation", "value": tie.id}],
        "active": tie.active,
        "organization": reference(tie.organisation),
        "participatingOrganization": reference(tie.participating),
        "code": [{"coding": codings}],
    }
    extensions = [*_periods(None, tie.days), *_asked(asked)]
    if tie.provenance:
        extensions.append(_provenance(tie.provenance))
    if tie.share:
        extensions.append({"url": codes.SHARE_EXTENSION, "valueString": tie.share})
    if extensions:
        resource["extension"] = extensions
    if period := _period(tie.days):
        resource["period"] = period
    return resource


def subset(resource: Resource, shape: Shape) -> Resource:
    """Return a resource with the elements that were asked for, marked where some may be left out.

    The day and the instant that it is shown for stay, since they change what the rest means.
    """
    if not shape.subsetted:
        return resource
    shown, elements = dict(resource), shape.elements
    if elements is not None:
        shown = {name: value for name, value in resource.items() if name in _ALWAYS | elements}
        asked = [one for one in resource.get("extension", ()) if one["url"] in _TIMES]
        if asked and "extension" not in elements:
            shown["extension"] = asked
    return {**shown, "meta": {**resource["meta"], "tag": [_SUBSETTED]}}


def reference(code: str) -> Resource:
    """Return a reference to a body."""
    return {"reference": f"Organization/{code}", "identifier": {"system": codes.ODS_CODE, "value": code}}


def _ods_coding(code: str, day: date) -> Resource:
    coding = {"system": codes.ODS_RELATIONSHIP, "code": code}
    name = codes.relationship_name(code, day)
    return {**coding, "display": name} if name else coding


def _roles(body: FhirOrganisation, day: date) -> Iterator[Resource]:
    for role in sorted(body.roles, key=_order_of_role):
        yield {
            "url": codes.ROLE_EXTENSION,
            "extension": [
                {"url": "roleCode", "valueCodeableConcept": {"coding": [_role_coding(role, day)]}},
                *_periods(role.legal, role.days),
                {"url": "active", "valueBoolean": role.active},
            ],
        }


def _order_of_role(role: Role) -> tuple[bool, date, str]:
    days = role.days or role.legal or Days()
    return not role.primary, days.start, role.code


def _role_coding(role: Role, day: date) -> Resource:
    if not codes.is_ods_role(role.code):
        return {"system": codes.ROLE, "code": role.code}
    name = codes.role_name(role.code, day)
    return {"system": codes.ODS_ROLE, "code": role.code} | ({"display": name} if name else {})


def _periods(legal: Days | None, operational: Days | None) -> Iterator[Resource]:
    for word, days in (("Legal", legal), ("Operational", operational)):
        if days is not None and (period := _period(days)):
            kind = {"system": codes.PERIOD_TYPE, "code": word, "display": word}
            yield {
                "url": codes.TYPED_PERIOD,
                "extension": [
                    {"url": "dateType", "valueCoding": kind},
                    {"url": "period", "valuePeriod": period},
                ],
            }


def _period(days: Days) -> dict[str, str]:
    """Return days as a Period, whose end is the last day; unknown bounds are left out."""
    bounds = {}
    if days.start != FIRST_DAY:
        bounds["start"] = days.start.isoformat()
    if days.end != LAST_DAY:
        bounds["end"] = (days.end - timedelta(days=1)).isoformat()
    return bounds


def _about(body: FhirOrganisation) -> Iterator[Resource]:
    if body.last_stated_at:
        changed = {"system": codes.DATE_TIME_TYPE, "code": "LastChangeDate", "display": "Last Change Date"}
        last = day_of(body.last_stated_at).isoformat()
        yield {
            "url": codes.TYPED_DATE_TIME,
            "extension": [
                {"url": "type", "valueCoding": changed},
                {"url": "dateTime", "valueDateTime": last},
            ],
        }
    yield {"url": codes.STATUS_EXTENSION, "valueCode": body.status}
    for succession in body.successions:
        yield _succession(body.code, succession)
    for one in body.provenance:
        yield _provenance(one)


def _provenance(value: Provenance) -> Resource:
    parts: list[Resource] = [
        {"url": "element", "valueCode": value.element},
        {"url": "knownSince", "valueInstant": _instant(value.known_since)},
    ]
    if value.seen_on:
        parts.append({"url": "seenOn", "valueDate": value.seen_on.isoformat()})
    if value.source:
        parts.append({"url": "source", "valueString": value.source})
    return {"url": codes.PROVENANCE_EXTENSION, "extension": parts}


def _succession(code: str, step: FollowedBy) -> Resource:
    parts: list[Resource] = []
    # A source may name a body as its own successor: then it is both.
    if step.successor == code:
        parts.append({"url": "predecessor", "valueReference": reference(step.code)})
    if step.code == code:
        parts.append({"url": "successor", "valueReference": reference(step.successor)})
    parts.append({"url": "date", "valueDate": step.effective_on.isoformat()})
    if step.shape:
        parts.append({"url": "shape", "valueCode": step.shape})
    if step.share:
        parts.append({"url": "share", "valueString": step.share})
    return {"url": codes.SUCCESSION_EXTENSION, "extension": parts}


def _asked(asked: FhirTimes) -> Iterator[Resource]:
    if asked.as_at is not None:
        yield {"url": codes.AS_AT_EXTENSION, "valueDate": asked.as_at.isoformat()}
    if asked.as_known is not None:
        yield {"url": codes.AS_KNOWN_EXTENSION, "valueInstant": _instant(asked.as_known)}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _identifiers(body: FhirOrganisation) -> list[Resource]:
    found: list[Resource] = [{"use": "official", "system": codes.ODS_CODE, "value": body.code}]
    for one in body.identifiers:
        other: Resource = {"use": "secondary", "system": codes.identifier_system(one.system), "value": one.value}
        if period := _period(one.days):
            other["period"] = period
        found.append(other)
    return found


def _types(body: FhirOrganisation, day: date) -> list[Resource]:
    types: list[Resource] = []
    if codes.roles_of(body.kind, day):
        types += [
            _concept(codes.RECORD_USE, "Full", "Full"),
            _concept(codes.ODS_RECORD_CLASS, "RC1", "HSCOrg"),
        ]
    return [*types, _concept(codes.KIND, body.kind, body.kind.replace("_", " "))]


def _concept(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _address(body: FhirOrganisation) -> Resource:
    address: Resource = {}
    if body.address:
        address["line"] = list(body.address)
    if body.postcode:
        address["postalCode"] = body.postcode
    return address
