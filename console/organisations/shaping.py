"""Puts the registry's answers about an organisation into the rows that its pages show."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from console.core.words import day, words

KINDS = {
    "ccg": "Clinical commissioning group (CCG)",
    "icb": "Integrated care board (ICB)",
    "stp": "Sustainability and transformation partnership (STP)",
    "sub_icb_location": "Sub-ICB location",
    "sub_icb_reporting_entity": "Sub-ICB reporting entity",
    "nhs_trust": "NHS trust",
    "foundation_trust": "NHS foundation trust",
    "gp_practice": "GP practice",
    "gp_federation": "GP federation",
    "pcn": "Primary care network (PCN)",
    "pct": "Primary care trust (PCT)",
    "pct_cluster": "Cluster of primary care trusts",
    "sha": "Strategic health authority (SHA)",
    "csu": "Commissioning support unit (CSU)",
    "nhs_england": "NHS England",
    "nhs_england_region": "Region of NHS England",
    "local_office": "Local office of NHS England",
    "cqc": "Care Quality Commission",
    "lmc": "Local medical committee (LMC)",
}

LEVELS = (
    ("commissioner", "Commissioner"),
    ("icb", "Integrated care board"),
    ("stp", "STP"),
    ("local_office", "Local office"),
    ("region", "Region"),
)

_HEADINGS = {
    ("commissions", "to"): "Commissioner",
    ("commissions", "from"): "Commissions",
    ("hosts", "from"): "Hosts",
    ("hosts", "to"): "Hosted by",
    ("owns", "from"): "Owns",
    ("owns", "to"): "Owned by",
    ("partner in", "from"): "Partner in",
    ("partner in", "to"): "Partners",
    ("clustered with", "from"): "Clustered with",
    ("clustered with", "to"): "Clustered with",
    ("part of footprint", "from"): "Part of the footprint",
    ("part of footprint", "to"): "Bodies of its footprint",
    ("in area of", "from"): "In the area of",
    ("in area of", "to"): "Bodies in its area",
    ("member of", "from"): "Member of",
    ("member of", "to"): "Members by agreement",
}


@dataclass(frozen=True, slots=True)
class Why:
    """Where a value comes from: its source and days, what was seen next, and which sources disagree."""

    source: str = ""
    seen_on: str | None = None
    known_since: str | None = None
    next_seen_on: str | None = None
    next_value: str | None = None
    conflict: str = ""
    ruling: str = ""

    @property
    def is_seen(self) -> bool:
        """Whether a source saw or stated it; else it follows from a succession or was seen later."""
        return bool(self.source)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an organisation, the body that it names, and why it is believed."""

    label: str
    text: str
    code: str = ""
    why: Why | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Related:
    """A body that an organisation is related to."""

    code: str
    share: str
    since: str | None
    last_day: str | None


@dataclass(frozen=True, slots=True)
class RelationGroup:
    """Relations of one kind and direction, under their own heading."""

    heading: str
    bodies: tuple[Related, ...] = field(default_factory=tuple)


def kind_words(kind: str) -> str:
    """Return a kind of body as people call it."""
    return KINDS.get(kind) or words(kind)


def status_words(body: Mapping[str, Any]) -> str:
    """Return the status with its days."""
    since, last = body.get("since"), body.get("last_day")
    text = words(body["status"])
    if body["status"] == "unknown":
        return "Not known: nothing was stated about this day"
    text += f" since {day(since)}" if since else ", since when is not known"
    return f"{text}, until {day(last)}" if last else text


def values_of(body: Mapping[str, Any]) -> list[Value]:
    """Return what an organisation was on the day, value by value, in the order of the page."""
    whys = _whys(body)
    legal = body["legal"] or {}
    address = body["address"] or {}
    levels = body.get("levels") or {}
    rows = [
        Value("Kind", kind_words(body["kind"]), why=whys.get("kind")),
        Value("Status", status_words(body), why=whys.get("status") or whys.get("life")),
        Value("Name", body["name"] or "", why=whys.get("name")),
        Value("In law", _legal(legal), why=whys.get("legal")),
        *(_level(name, label, levels, whys) for name, label in LEVELS if levels.get(name)),
        Value("Parent", body["parent"] or "", body["parent"] or "", whys.get("parent")),
        Value(
            "Address",
            ", ".join([*address.get("lines", ()), address.get("postcode", "")]).strip(", "),
            why=whys.get("address"),
        ),
    ]
    if body["legal_form"]:
        rows.append(Value("Legal form", words(body["legal_form"]), why=whys.get("legal_form")))
    if body["remit"]:
        rows.append(Value("Remit", body["remit"], why=whys.get("remit")))
    return rows


def _level(name: str, label: str, levels: Mapping[str, Any], whys: Mapping[str, Why]) -> Value:
    return Value(label, levels[name], levels[name], whys.get(name))


def _legal(legal: Mapping[str, Any]) -> str:
    if not legal:
        return ""
    since = f" since {day(legal['since'])}" if legal.get("since") else ""
    last = f", until {day(legal['last_day'])}" if legal.get("last_day") else ""
    return f"{words(legal['status'])}{since}{last}"


def _whys(body: Mapping[str, Any]) -> dict[str, Why]:
    """Return by value where it comes from, with the conflicts about it."""
    conflicts = {one["about"]: one for one in body.get("conflicts") or ()}
    sightings = {one["about"]: one for one in body.get("sightings") or ()}
    found = {}
    for about in {*conflicts, *sightings}:
        seen, conflict = sightings.get(about, {}), conflicts.get(about, {})
        found[about] = Why(
            seen.get("source") or "",
            seen.get("seen_on"),
            seen.get("known_since"),
            seen.get("next_seen_on"),
            seen.get("next_value"),
            conflict.get("because", ""),
            conflict.get("why", ""),
        )
    return found


def relation_groups(items: Iterable[Mapping[str, Any]], code: str) -> list[RelationGroup]:
    """Group relations by kind and direction, in the order of their headings."""
    groups: dict[tuple[str, str], list[Related]] = defaultdict(list)
    for one in items:
        direction = "from" if one["code"] == code else "to"
        other = one["other"] if direction == "from" else one["code"]
        share = one["share"] or ""
        groups[one["relation"], direction].append(Related(other, share, one["since"], one["last_day"]))
    order = [*_HEADINGS, *sorted(groups.keys() - _HEADINGS.keys())]
    return [
        RelationGroup(_HEADINGS.get(key, f"{words(key[0])} ({key[1]})"), tuple(groups[key]))
        for key in order
        if key in groups
    ]


def became_words(lineage: Mapping[str, Any]) -> str:
    """Return in one sentence what became of an organisation by the day."""
    code, after, living = lineage["code"], lineage["after"], lineage["living"]
    if not after:
        return ""
    ends = " and ".join(_end(one) for one in living)
    between = dict.fromkeys(
        step["successor"] for step in after if step["successor"] not in {code, *lineage["resolves_to"]}
    )
    way = f", by way of {', '.join(between)}" if between else ""
    return f"{code} continues in {ends}{way}."


def _end(one: Mapping[str, Any]) -> str:
    share = {"1": "all of it", None: "share not stated"}.get(one["share"], f"{one['share']} of it")
    name = f" {one['name']}" if one["name"] else ""
    return f"{one['code']}{name} ({share})"


def codes_of(
    body: Mapping[str, Any], relations: Sequence[Mapping[str, Any]], lineage: Mapping[str, Any] | None
) -> list[str]:
    """Return the other bodies that the pages name, to look their names up at once."""
    levels = body.get("levels") or {}
    codes = {*(levels.get(name) for name, _ in LEVELS), body["parent"]}
    codes |= {one[side] for one in relations for side in ("code", "other")}
    codes |= {code for merger in body["mergers"] for code in (merger["successor"], *merger["predecessors"])}
    if lineage:
        codes |= {step[side] for step in (*lineage["before"], *lineage["after"]) for side in ("code", "successor")}
    return sorted(code for code in codes - {None, body["code"]} if code)


def names_of(organisations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of looked-up organisations by code."""
    return {one["code"]: one["name"] for one in organisations if one["name"]}


def findings_of(answers: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return the findings of several services, those due first in front, those without a day last."""
    found = [{**one, "service": service} for service, items in answers.items() for one in items]
    return sorted(found, key=lambda one: (one["due_on"] or date.max.isoformat(), one["service"], one["finding"]))
