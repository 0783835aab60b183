"""Reads the rule packs about governing bodies: known, mandatory and single posts, and why a term or a right ends."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from libs.common.rulepacks import RulePack, in_force, load_packs

PACKS = load_packs(Path(__file__).parents[1] / "rules")


@cache
def packs_about(subject: str) -> tuple[RulePack, ...]:
    """Return every pack on a subject, for reads that are asked often: going through all 60 took 10 us each time."""
    return tuple(pack for pack in PACKS if pack.subject == subject)


ReasonsFor: TypeAlias = Literal[
    "appointment-endings", "decision-right-endings", "body-endings", "recommendation-replies", "restrictions"
]
"""Subjects of the packs that list reasons."""
TERM_ENDED = "term-ended"
"""The code of an end that was set with the appointment or the right."""
BODY_DISSOLVED = "body-dissolved"
"""The code of an end with the body."""
INSTRUMENT_ENDED = "instrument-ended"
"""The code of the end of a right with the instrument by which it was granted, or when its party leaves."""


@dataclass(frozen=True, slots=True)
class CataloguePost:
    """A post known in law or usage, under its usual title."""

    title: str
    mandatory: bool
    basis: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The posts known for one kind of organisation on one day, by slug, and the rule pack that lists them.

    Empty, without a pack, where none is in force.
    """

    pack: str | None
    posts: Mapping[str, CataloguePost]
    single: frozenset[str] = frozenset()
    """Slugs of the titles of which a body of any kind has one post only."""

    @property
    def mandatory(self) -> dict[str, str]:
        """The posts that every governing body has, slug to title."""
        return {slug: post.title for slug, post in self.posts.items() if post.mandatory}


def catalogue_on(day: date, *, kind: str) -> Catalogue:
    """Return the catalogue that is in force on a day for organisations of a kind (`ccg`)."""
    for pack in in_force(PACKS, day, subject="governing-body-posts"):
        if kind in pack.values["kinds"]:
            posts = (CataloguePost(**post) for post in pack.values["posts"])
            return Catalogue(pack.id, {post_slug(post.title): post for post in posts}, _single_on(day))
    return Catalogue(None, {}, _single_on(day))


def mandatory_slugs(day: date) -> frozenset[str]:
    """Return the posts that a governing body of some kind of organisation has to have on a day."""
    packs = in_force(PACKS, day, subject="governing-body-posts")
    return frozenset(post_slug(post["title"]) for pack in packs for post in pack.values["posts"] if post["mandatory"])


def _single_on(day: date) -> frozenset[str]:
    packs = in_force(PACKS, day, subject="single-posts")
    return frozenset(post_slug(title) for pack in packs for title in pack.values["titles"])


def reasons_on(day: date, *, subject: ReasonsFor) -> Mapping[str, str]:
    """Return the reasons that an act of a day may give, code to title; empty where no pack is in force."""
    return {
        reason["code"]: reason["title"]
        for pack in in_force(PACKS, day, subject=subject)
        for reason in pack.values["reasons"]
    }


def reason_codes(subject: ReasonsFor) -> str:
    """Return the codes of every pack on a subject, for a field's description."""
    codes = {reason["code"] for pack in PACKS if pack.subject == subject for reason in pack.values["reasons"]}
    return ", ".join(f"`{code}`" for code in sorted(codes))


@lru_cache(maxsize=1_000)
def delegation_pack_on(day: date, *, as_known: datetime | None = None) -> str | None:
    """Return the id of the rule pack on decision rights that is in force on a day, as known at an instant."""
    packs = in_force(packs_about("decision-rights"), day, subject="decision-rights", as_known=as_known)
    return packs[0].id if packs else None


def post_slug(title: str) -> str:
    """Return a title as the last part of a post's reference: `Lay member, audit` -> `lay-member-audit`.

    Empty where the title has neither letter nor digit.
    """
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")


def title_slug(slug: str) -> str:
    """Return the slug of a post without the number of its seat: `gp-member-2` -> `gp-member`."""
    return re.sub(r"-[0-9]+$", "", slug)
