"""Recorded answers about an organisation of another world: other codes, other figures."""

from typing import Any

LATER = "2031-04-05T09:30:00Z"
VIEWED = {
    "code": "Q4D",
    "kind": "ccg",
    "status": "closed",
    "since": "2021-04-01",
    "last_day": None,
    "name": "Fourth Commissioners",
    "parent": "QRR",
    "version": 7,
}
SIGHTING = {
    "about": "name",
    "value": "Fourth Commissioners",
    "source": "ods:eccg",
    "rank": 3,
    "seen_on": "2020-11-30",
    "known_since": LATER,
    "next_seen_on": "2021-06-30",
    "next_value": "Fifth Commissioners",
}
MERGER = {
    "reference": "M-Q6F",
    "predecessors": ["Q4D", "Q5E"],
    "successor": "Q6F",
    "status": "carried_out",
    "effective_on": "2021-04-01",
    "slipped_from": ["2020-10-01"],
    "stated_at": LATER,
}
ORGANISATION = {
    **VIEWED,
    "as_at": "2031-01-01",
    "as_known": None,
    "address": {"lines": ["1 High Street", "Eastham"], "postcode": "EA1 1AA"},
    "legal": {"status": "abolished", "since": "2021-04-01", "last_day": None},
    "legal_form": None,
    "remit": None,
    "levels": {"region": "Y99", "icb": "QII"},
    "roles": [{"role": "commissioning_hub", "since": "2019-04-01", "last_day": None}],
    "identifiers": [{"system": "ons", "identifier": "E38999999", "since": "2018-04-01", "last_day": None}],
    "mergers": [MERGER],
    "conflicts": [{"about": "status", "rules": "closed", "why": "rank", "because": "the press still calls it open"}],
    "sightings": [SIGHTING],
}


def step(
    code: str, successor: str, on: str, share: str = "1", shape: str = "merger", distance: int = 1
) -> dict[str, Any]:
    """Return a succession as the registry answers it."""
    return {
        "code": code,
        "successor": successor,
        "effective_on": on,
        "shape": shape,
        "share": share,
        "merger": None,
        "source": "ods:succ",
        "known_from": LATER,
        "distance": distance,
    }


BEFORE = [step("Q1A", "Q4D", "2018-04-01"), step("Q2B", "Q4D", "2018-04-01"), step("Q3C", "Q4D", "2018-04-01")]
AFTER = [step("Q4D", "Q6F", "2021-04-01")]


def lineage(code: str, before: list[Any], after: list[Any], **more: Any) -> dict[str, Any]:
    """Return a lineage as the registry answers it."""
    return {
        "code": code,
        "as_at": "2031-01-01",
        "as_known": None,
        "before": before,
        "after": after,
        "resolves_to": [code],
        "living": [{"code": code, "name": None, "share": "1", "status": "open"}],
        "origins": ["Q1A", "Q2B", "Q3C"],
        "boundaries": [],
        "findings": [],
        "because": [f"{one['code']} was followed by {one['successor']}" for one in (*before, *after)],
    } | more


LINEAGE = lineage(
    "Q4D",
    BEFORE,
    AFTER,
    resolves_to=["Q6F"],
    living=[{"code": "Q6F", "name": "Sixth Commissioners", "share": "1", "status": "open"}],
    boundaries=[{"day": "2019-04-01", "from_code": "Q4D", "to_code": "Q9J", "practices": 36, "people": None}],
    findings=[{"finding": "sources-disagree", "message": "Q4D: two days are stated"}],
)
OF_SIXTH = lineage("Q6F", [*BEFORE, *AFTER, step("Q5E", "Q6F", "2021-04-01")], [], origins=["Q1A", "Q2B", "Q3C", "Q5E"])


def page(*items: Any, following: str | None = None) -> dict[str, Any]:
    """Return a page of a list."""
    return {"items": [*items], "next": following}


def named(*pairs: tuple[str, str]) -> dict[str, Any]:
    """Return what a look-up of codes answers."""
    listed = [{**VIEWED, "code": code, "name": name, "status": "open"} for code, name in pairs]
    return {"organisations": listed, "unknown": []}


RELATED = {"since": "2018-04-01", "last_day": None, "share": None}
RELATIONS = page(
    {"relation": "hosts", "code": "Q4D", "other": "Q8H", **RELATED},
    {"relation": "owns", "code": "Q1A", "other": "Q4D", **RELATED, "share": "1/32"},
)
POPULATIONS = {
    "code": "Q4D",
    "as_at": "2031-01-01",
    "as_known": None,
    "by_authority": [],
    "populations": [
        {
            "basis": "registered",
            "people": 1_234_567,
            "carried": False,
            "effective_on": "2020-01-01",
            "source": "lists-2020",
            "parts": [],
            "sources": [
                {
                    "people": 1_234_567,
                    "effective_on": "2020-01-01",
                    "rank": 3,
                    "rules": True,
                    "source": "lists-2020",
                    "stated_at": LATER,
                }
            ],
        },
        {
            "basis": "weighted",
            "people": None,
            "carried": True,
            "effective_on": None,
            "source": None,
            "sources": [],
            "parts": [{"code": "Q1A", "people": None, "effective_on": None, "source": None}],
        },
    ],
}
MEMBER = {
    "code": "Y12345",
    "name": "The Surgery",
    "kind": "gp_practice",
    "status": "open",
    "parent": "Q4D",
    "stated_parent": "Q1A",
    "carried": True,
    "relation": "parent",
}
ANSWERS: dict[str, Any] = {
    "registry GET /organisations/Q4D": ORGANISATION,
    "registry GET /organisations/Q4D/relations": RELATIONS,
    "registry GET /organisations/Q4D/lineage": LINEAGE,
    "registry GET /organisations/Q6F/lineage": OF_SIXTH,
    "registry GET /organisations/Q4D/populations": POPULATIONS,
    "registry GET /organisations/Q4D/members": page(MEMBER),
    "registry POST /lookups": named(
        ("QII", "Board of the East"), ("Q8H", "Hosted Unit"), ("Q6F", "Sixth Commissioners")
    ),
}
