"""The search parameters of the FHIR routes: one table for OpenAPI and the capability statement."""

from dataclasses import dataclass

from services.registry.fhir import codes

_HL7 = "http://hl7.org/fhir/SearchParameter"
_OURS = f"{codes.OURS}/SearchParameter"

MOST = 1_000
"""How many resources a page has at most."""
USUAL = 50


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter: its FHIR type, where it is defined, and what it does here."""

    name: str
    type: str
    """`token`, `string`, `date` or `reference`; `control` for what shapes the answer and filters nothing."""
    definition: str
    documentation: str
    example: str
    modifiers: tuple[str, ...] = ()


ORGANIZATION = (
    Parameter("_id", "token", f"{_HL7}/Resource-id", "The organisation's code.", "13T"),
    Parameter(
        "identifier",
        "token",
        f"{_HL7}/Organization-identifier",
        "A code in any system, as `system|code` or `code`: the ODS code, the ONS code, a code of your own. A code "
        "of any day finds its organisation.",
        f"{codes.ODS_CODE}|13T",
    ),
    Parameter(
        "name",
        "string",
        f"{_HL7}/Organization-name",
        "The beginning of the name on the day; capitals do not count. `:contains`: anywhere in it; `:exact`.",
        "NHS NEWCASTLE",
        ("contains", "exact"),
    ),
    Parameter(
        "address-postalcode",
        "string",
        f"{_HL7}/Organization-address-postalcode",
        "The beginning of the postcode on the day; spaces and capitals do not count.",
        "NE8",
        ("contains", "exact"),
    ),
    Parameter("active", "token", f"{_HL7}/Organization-active", "Whether it operates on the day.", "true"),
    Parameter(
        "type",
        "token",
        f"{_HL7}/Organization-type",
        "What it is on the day: a kind of Footprint's list, an ODS role code, `RC1` or `Full`.",
        "ccg",
    ),
    Parameter(
        "roleCode",
        "token",
        f"{_OURS}/role-code",
        "An ODS role that it has or had on any day, as in the NHS ODS FHIR API.",
        "RO98",
    ),
    Parameter(
        "activeRoleCode",
        "token",
        f"{_OURS}/active-role-code",
        "An ODS role that it has on the day, while it operates.",
        "RO98",
    ),
    Parameter("partof", "reference", f"{_HL7}/Organization-partof", "Its parent on the day.", "Q74"),
    Parameter(
        "lastChangeDate",
        "date",
        f"{_OURS}/last-change-date",
        "The day in London of the latest statement about it; twice for a range.",
        "ge2015-04-01",
    ),
    Parameter(
        "_lastUpdated",
        "date",
        f"{_HL7}/Resource-lastUpdated",
        "When the registry last recorded something about it; twice for a range.",
        "ge2015-04-01",
    ),
)

AFFILIATION = (
    Parameter("_id", "token", f"{_HL7}/Resource-id", "The affiliation's id.", "A81001.parent.00K.2013-04-01"),
    Parameter(
        "primary-organization",
        "reference",
        f"{_HL7}/OrganizationAffiliation-primary-organization",
        "The organisation that has the relation (the practice).",
        "Organization/A81001",
    ),
    Parameter(
        "participating-organization",
        "reference",
        f"{_HL7}/OrganizationAffiliation-participating-organization",
        "The other organisation (the commissioner).",
        "Organization/00K",
    ),
    Parameter("organization", "reference", f"{_OURS}/organization", "Either of the two organisations.", "00K"),
    Parameter(
        "role",
        "token",
        f"{_HL7}/OrganizationAffiliation-role",
        "The relation: a code of Footprint's list, or an ODS relationship between the kinds of the day.",
        "RE4",
    ),
    Parameter("active", "token", f"{_HL7}/OrganizationAffiliation-active", "Whether it holds on the day.", "true"),
    Parameter(
        "date",
        "date",
        f"{_HL7}/OrganizationAffiliation-date",
        "Its period: `ge` and `le` of one day together find what held on that day.",
        "ge2015-04-01",
    ),
)

QUESTION = (
    Parameter(
        "as-at",
        "date",
        f"{_OURS}/as-at",
        "The day that organisations are shown on; today if left out. It filters nothing: names, kinds, parents and "
        "`active` are those of this day.",
        "2015-04-01",
    ),
    Parameter(
        "as-known",
        "date",
        f"{_OURS}/as-known",
        "The instant, or the end of the day, as known at which the answer is; now if left out.",
        "2014-12-31",
    ),
)

FORMAT = Parameter("_format", "control", "", "`json` in any spelling; there is no other format.", "json")

ELEMENTS = Parameter(
    "_elements",
    "control",
    "",
    "Only these elements of each match, separated by commas, beside `id`, `meta`, `identifier` and `active`. What is "
    "shown is marked as SUBSETTED.",
    "name,partOf",
)
SUMMARY = Parameter(
    "_summary",
    "control",
    "",
    "`true`: the elements that FHIR has in a summary; `text`; `data`; `false`. In a search also `count`: the number of "
    "matches alone.",
    "true",
)

READ = (ELEMENTS, SUMMARY, FORMAT)
"""What shapes the answer of a read."""

PAGE = (
    Parameter("_count", "control", "", f"How many on a page, up to {MOST}; 0 for the number of matches alone.", "50"),
    Parameter("_after", "control", "", "The cursor of the next page: only from a `next` link.", "13T"),
    Parameter(
        "_sort",
        "control",
        "",
        "Order: names separated by commas, each with `-` before it for the other way round. Organization: `_id`, "
        "`name`, `_lastUpdated`. OrganizationAffiliation: `_id`, `date`, `participating-organization`, `_lastUpdated`.",
        "_id",
    ),
    Parameter(
        "_total",
        "control",
        "",
        "`accurate`: also how many match on all pages; `estimate` gives the same number; `none`.",
        "accurate",
    ),
    Parameter("_include", "control", "", "Also the organisations that this refers to.", "Organization:partof"),
    *READ,
)

SORTS = {
    "Organization": ("_id", "name", "_lastUpdated"),
    "OrganizationAffiliation": ("_id", "date", "participating-organization", "_lastUpdated"),
}
"""What each kind of resource can be ordered by."""

SHOWN = {
    "Organization": frozenset(
        {"identifier", "active", "type", "name", "alias", "telecom", "address", "partOf", "contact", "endpoint"}
    ),
    "OrganizationAffiliation": frozenset(
        {
            "identifier",
            "active",
            "period",
            "organization",
            "participatingOrganization",
            "network",
            "code",
            "specialty",
            "location",
            "healthcareService",
            "telecom",
            "endpoint",
        }
    ),
}
"""The elements of each kind of resource in FHIR R4, beside those that every resource has."""
OF_ANY = frozenset({"id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"})
"""The elements that every resource has."""

IN_SUMMARY = {
    "Organization": frozenset({"identifier", "active", "type", "name"}),
    "OrganizationAffiliation": frozenset(
        {
            "identifier",
            "active",
            "period",
            "organization",
            "participatingOrganization",
            "network",
            "code",
            "specialty",
            "location",
        }
    ),
}
"""The elements that FHIR R4 has in a summary of each kind of resource."""

INCLUDES = {
    "Organization": ("Organization:partof",),
    "OrganizationAffiliation": (
        "OrganizationAffiliation:primary-organization",
        "OrganizationAffiliation:participating-organization",
    ),
}

FILTERS = {"Organization": ORGANIZATION, "OrganizationAffiliation": AFFILIATION}
"""What each kind of resource can be searched by."""
