"""Reads the rule packs about governing bodies: the known posts, and those that are mandatory."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from libs.common.rulepacks import in_force, load_packs

PACKS = load_packs(Path(__file__).parents[1] / "rules")


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

    @property
    def mandatory(self) -> dict[str, str]:
        """The posts that every governing body has, slug to title."""
        return {slug: post.title for slug, post in self.posts.items() if post.mandatory}


def catalogue_on(day: date, *, kind: str) -> Catalogue:
    """Return the catalogue that is in force on a day for organisations of a kind (`ccg`)."""
    for pack in in_force(PACKS, day, subject="governing-body-posts"):
        if kind in pack.values["kinds"]:
            posts = (CataloguePost(**post) for post in pack.values["posts"])
            return Catalogue(pack.id, {post_slug(post.title): post for post in posts})
    return Catalogue(None, {})


def delegation_pack_on(day: date) -> str | None:
    """Return the id of the rule pack on decision rights that is in force on a day."""
    packs = in_force(PACKS, day, subject="decision-rights")
    return packs[0].id if packs else None


def post_slug(title: str) -> str:
    """Return a title as the last part of a post's reference: `Lay member, audit` -> `lay-member-audit`.

    Empty where the title has neither letter nor digit.
    """
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
