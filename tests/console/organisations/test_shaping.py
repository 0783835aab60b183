"""What an organisation was: each value with where it comes from, relations under their own headings."""

from typing import Any

from console.organisations.shaping import (
    Value,
    became_words,
    codes_of,
    findings_of,
    kind_words,
    relation_groups,
    status_words,
    values_of,
)


def body(**changed: Any) -> dict[str, Any]:
    return {
        "code": "Q4D",
        "kind": "ccg",
        "status": "open",
        "since": "2018-04-01",
        "last_day": None,
        "name": "Fourth",
        "parent": "QRR",
        "legal": None,
        "legal_form": None,
        "remit": None,
        "address": {"lines": ["1 High Street", "Eastham"], "postcode": "EA1 1AA"},
        "levels": {"icb": "QII", "region": "Y99", "stp": None},
        "identifiers": [],
        "roles": [],
        "mergers": [{"successor": "Q4D", "predecessors": ["Q1A", "Q2B"]}],
        "conflicts": [],
        "sightings": [],
    } | changed


def by_label(given: dict[str, Any]) -> dict[str, Value]:
    return {fact.label: fact for fact in values_of(given)}


def test_every_value_has_its_label_and_the_body_that_it_names() -> None:
    facts = by_label(body())
    assert {label: (fact.text, fact.code) for label, fact in facts.items()} == {
        "Kind": ("Clinical commissioning group (CCG)", ""),
        "Status": ("Open since 1 April 2018", ""),
        "Name": ("Fourth", ""),
        "In law": ("", ""),
        "Integrated care board": ("QII", "QII"),
        "Region": ("Y99", "Y99"),
        "Parent": ("QRR", "QRR"),
        "Address": ("1 High Street, Eastham, EA1 1AA", ""),
    }
    assert not facts["In law"].is_known


def test_why_says_source_days_what_was_seen_next_and_the_conflict() -> None:
    seen = {
        "about": "name",
        "value": "Fourth",
        "source": "ods:eccg",
        "seen_on": "2018-11-30",
        "known_since": "2018-12-05T00:00:00Z",
        "next_seen_on": "2021-06-30",
        "next_value": "Fifth",
        "rank": 3,
    }
    conflict = {"about": "name", "because": "the press says Sixth", "rules": "Fourth", "why": "rank"}
    why = by_label(body(sightings=[seen], conflicts=[conflict]))["Name"].why
    assert why is not None
    assert (why.source, why.seen_on, why.next_seen_on, why.next_value) == (
        "ods:eccg",
        "2018-11-30",
        "2021-06-30",
        "Fifth",
    )
    assert (why.conflict, why.ruling, why.is_seen) == ("the press says Sixth", "rank", True)


def test_a_status_that_no_source_states_is_not_known() -> None:
    assert status_words({"status": "unknown"}) == "Not known: nothing was stated about this day"
    assert status_words({"status": "closed", "since": None, "last_day": None}) == "Closed, since when is not known"
    assert kind_words("of_another_world") == "Of another world"


def test_relations_stand_under_their_own_headings_whichever_way_they_lead() -> None:
    related = {"share": None, "since": "2018-04-01", "last_day": None}
    groups = relation_groups(
        [
            {"relation": "owns", "code": "Q1A", "other": "Q4D", **related, "share": "1/32"},
            {"relation": "hosts", "code": "Q4D", "other": "Q8H", **related},
            {"relation": "commissions", "code": "Q9J", "other": "Q4D", **related},
            {"relation": "envies", "code": "Q4D", "other": "Q7G", **related},
        ],
        "Q4D",
    )
    assert [(group.heading, [one.code for one in group.bodies]) for group in groups] == [
        ("Commissioner", ["Q9J"]),
        ("Hosts", ["Q8H"]),
        ("Owned by", ["Q1A"]),
        ("Envies (from)", ["Q7G"]),
    ]
    assert groups[2].bodies[0].share == "1/32"


def test_what_became_of_it_names_the_way_and_the_share() -> None:
    steps = [{"code": "Q1A", "successor": "Q4D"}, {"code": "Q4D", "successor": "Q6F"}]
    end = {"code": "Q6F", "name": "Sixth", "share": "1", "status": "open"}
    lineage = {"code": "Q1A", "before": [], "after": steps, "resolves_to": ["Q6F"], "living": [end]}
    assert became_words(lineage) == "Q1A continues in Q6F Sixth (all of it), by way of Q4D."
    parts = [end | {"share": "1/3"}, end | {"code": "Q7G", "name": None, "share": None}]
    split = lineage | {"after": steps[:1], "resolves_to": ["Q6F", "Q7G", "Q4D"], "living": parts}
    assert became_words(split) == "Q1A continues in Q6F Sixth (1/3 of it) and Q7G (share not stated)."
    assert became_words(lineage | {"after": []}) == ""


def test_the_bodies_to_name_are_each_asked_once() -> None:
    relations = [{"code": "Q4D", "other": "Q8H"}]
    lineage = {"before": [{"code": "Q1A", "successor": "Q4D"}], "after": []}
    assert codes_of(body(), relations, lineage) == ["Q1A", "Q2B", "Q8H", "QII", "QRR", "Y99"]


def test_findings_of_all_services_stand_by_their_day() -> None:
    late = {"due_on": None, "finding": "F-1"}
    found = findings_of({"contracts": [late], "governance": [{"due_on": "2031-01-01", "finding": "F-2"}]})
    assert [(one["service"], one["finding"]) for one in found] == [("governance", "F-2"), ("contracts", "F-1")]
