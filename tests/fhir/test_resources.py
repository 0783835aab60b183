"""Whatever the facts of a body are, the resource made of them is one that the reference implementation accepts."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from libs.organisations.successions import Shape
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.fhir import bundles, codes
from services.registry.fhir.model import FhirAffiliation, FhirIdentifier, FhirOrganisation, FhirTimes, FollowedBy, Role
from services.registry.fhir.resources import affiliation, organization
from tests.fhir.hapi import Validator

TODAY = date(2021, 4, 1)

days_of_calendar = st.dates(date(1900, 1, 1), date(2199, 12, 31))
some_days = st.one_of(
    st.just(Days()),
    st.builds(lambda day: Days(day, LAST_DAY), days_of_calendar),
    st.builds(lambda day: Days(FIRST_DAY, day), days_of_calendar),
    st.lists(days_of_calendar, min_size=2, max_size=2, unique=True).map(lambda two: Days(min(two), max(two))),
)
instants = st.datetimes(datetime(2013, 4, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
organisation_codes = st.from_regex(r"[A-Z0-9]{1,12}", fullmatch=True)
# What the API takes as a name: no control characters, no space around it.
printed = (
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60)
    .map(str.strip)
    .filter(bool)
)
shares = st.sampled_from(["", "1", "1/3", "2/7"])

roles = st.builds(
    Role,
    code=st.sampled_from(["RO98", "RO177", "RO76", "RO197", "RO57", "RO999", "data-controller"]),
    primary=st.booleans(),
    days=st.none() | some_days,
    active=st.booleans(),
    legal=st.none() | some_days,
)
identifiers = st.builds(
    FhirIdentifier, system=st.sampled_from(["ons", "finance", "payroll-2"]), value=printed, days=some_days
)


@st.composite
def bodies(draw: st.DrawFn) -> FhirOrganisation:
    """A body with any facts that the registry could hold of it."""
    code, other = draw(organisation_codes), draw(organisation_codes)
    steps = st.builds(
        FollowedBy,
        code=st.sampled_from([code, other]),
        successor=st.just(code),
        effective_on=days_of_calendar,
        shape=st.sampled_from([str(shape) for shape in Shape]),
        share=shares,
    )
    return FhirOrganisation(
        code=code,
        status=draw(st.sampled_from(["unknown", "proposed", "open", "closed"])),
        version=draw(st.integers(1, 10**6)),
        last_stated_at=draw(st.none() | instants),
        last_recorded_at=draw(st.none() | instants),
        name=draw(st.none() | printed),
        kind=draw(st.sampled_from([str(kind) for kind in Kind])),
        operational=draw(st.none() | some_days),
        legal=draw(st.none() | some_days),
        roles=tuple(draw(st.lists(roles, max_size=3))),
        identifiers=tuple(draw(st.lists(identifiers, max_size=2))),
        address=tuple(draw(st.lists(printed, max_size=4))),
        postcode=draw(st.none() | st.sampled_from(["NE8 4YN", "SW1A 2AA"])),
        parent=draw(st.none() | organisation_codes),
        successions=tuple(draw(st.lists(steps, max_size=3))),
    )


affiliations = st.builds(
    FhirAffiliation,
    id=st.just("A81001.member-of.00K.2013-04-01"),
    relation=st.sampled_from(["parent", *[str(relation) for relation in Relation]]),
    organisation=organisation_codes,
    participating=organisation_codes,
    days=some_days,
    active=st.booleans(),
    last_recorded_at=instants,
    ods_relationship=st.sampled_from([None, "RE4", "RE5", "RE8", "RE99"]),
    share=st.sampled_from([None, "1/3", "1"]),
)
questions = st.builds(FhirTimes, as_at=st.none() | days_of_calendar, as_known=st.none() | instants)

# One validator answers all examples, each in some 20 ms.
bounded = settings(max_examples=60, deadline=None)


@bounded
@given(body=bodies(), asked=questions)
def test_every_body_becomes_an_organization_that_the_reference_implementation_accepts(
    validator: Validator, body: FhirOrganisation, asked: FhirTimes
) -> None:
    assert validator.faults(organization(body, day=TODAY, asked=asked)) == []


@bounded
@given(tie=affiliations, asked=questions)
def test_every_tie_becomes_an_affiliation_that_the_reference_implementation_accepts(
    validator: Validator, tie: FhirAffiliation, asked: FhirTimes
) -> None:
    assert validator.faults(affiliation(tie, day=TODAY, asked=asked)) == []


def a_trust(**others: object) -> FhirOrganisation:
    given = {
        "code": "RR8",
        "status": "open",
        "version": 4,
        "last_stated_at": datetime(2023, 11, 14, 9, tzinfo=UTC),
        "last_recorded_at": datetime(2024, 1, 23, 13, 37, 16, tzinfo=UTC),
        "name": "LEEDS TEACHING HOSPITALS NHS TRUST",
        "kind": "nhs_trust",
        "roles": (Role("RO197", True, Days(date(1998, 4, 1)), True),),
        "address": ("ST. JAMES'S UNIVERSITY HOSPITAL", "BECKETT STREET", "LEEDS"),
        "postcode": "LS9 7TF",
    }
    return FhirOrganisation(**{**given, **others})  # type: ignore[arg-type]


def test_a_page_is_accepted_with_its_links_and_what_it_includes(validator: Validator) -> None:
    base = "http://service.test/v1/fhir/R4"
    page = bundles.searchset(
        base,
        [organization(a_trust(), day=TODAY)],
        included=[organization(a_trust(code="RR9"), day=TODAY)],
        self_url=f"{base}/Organization",
        next_url=f"{base}/Organization?_after=RR8",
        total=2,
    )
    assert validator.faults(page) == []
    assert [entry["search"]["mode"] for entry in page["entry"]] == ["match", "include"]
    empty = bundles.searchset(base, [], self_url=f"{base}/Organization?_id=X", total=0)
    assert validator.faults(empty) == []
    assert "entry" not in empty


def test_an_outcome_with_several_issues_is_accepted(validator: Validator) -> None:
    told = bundles.outcome([("not-found", "no organisation has the code X", None), ("invalid", "no day", "as-at")])
    assert validator.faults(told) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ccg", ("RO98",)),
        ("sub_icb_location", ("RO98", "RO319")),
        ("foundation_trust", ("RO197", "RO57")),
        ("gp_practice", ("RO177", "RO76")),
        ("icb", ("RO261", "RO318")),
        ("unknown", ()),
        ("joint_venture", ()),
    ],
)
def test_a_kind_has_the_roles_that_ods_gives_it(kind: str, expected: tuple[str, ...]) -> None:
    assert codes.roles_of(kind, TODAY) == expected


def test_every_kind_of_the_pack_is_one_of_ours_and_every_role_has_its_name() -> None:
    kinds = codes.kinds_in_ods(TODAY)
    assert kinds <= {str(kind) for kind in Kind}
    assert all(codes.role_name(role, TODAY) for kind in kinds for role in codes.roles_of(kind, TODAY))


@pytest.mark.parametrize(
    ("relation", "of", "to", "expected"),
    [
        ("parent", "gp_practice", "ccg", "RE4"),
        ("parent", "ccg", "stp", "RE5"),
        ("parent", "local_office", "nhs_england_region", "RE2"),
        ("member of", "gp_practice", "pcn", "RE8"),
        ("owns", "gp_practice", "gp_federation", None),
        ("parent", "unknown", "unknown", None),
    ],
)
def test_a_relation_has_the_code_that_ods_gives_it_between_these_kinds(
    relation: str, of: str, to: str, expected: str | None
) -> None:
    assert codes.relationship_of(relation, of=of, to=to, day=TODAY) == expected


def test_legal_and_operational_days_are_told_apart_and_the_last_day_is_inside() -> None:
    told = organization(
        a_trust(legal=Days(date(2014, 11, 26)), operational=Days(date(2015, 4, 1), date(2021, 4, 1))), day=TODAY
    )
    periods = {
        part["extension"][0]["valueCoding"]["code"]: part["extension"][1]["valuePeriod"]
        for part in told["extension"]
        if part["url"] == codes.TYPED_PERIOD
    }
    assert periods == {
        "Legal": {"start": "2014-11-26"},
        "Operational": {"start": "2015-04-01", "end": "2021-03-31"},
    }


def test_a_body_that_a_source_names_as_its_own_successor_is_both() -> None:
    step = FollowedBy("RR8", "RR8", date(2015, 4, 1))
    [told] = [
        part
        for part in organization(a_trust(successions=(step,)), day=TODAY)["extension"]
        if part["url"] == codes.SUCCESSION_EXTENSION
    ]
    assert [part["url"] for part in told["extension"]] == ["predecessor", "successor", "date"]
