"""Decides at a merger which posts the new body has, and who continues in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PredecessorPost:
    """A post on a predecessor's last day: its title and its holder (None: vacant)."""

    slug: str
    title: str
    person: str | None


@dataclass(frozen=True, slots=True)
class CarriedPost:
    """A post of the new body: its holder, or why it is vacant."""

    slug: str
    title: str
    person: str | None
    vacant_because: str = ""


def carry_over(
    predecessors: Mapping[str, Sequence[PredecessorPost] | None], *, required: Mapping[str, str] | None = None
) -> list[CarriedPost]:
    """Return the posts that the predecessors' successor has, ordered by slug.

    `predecessors` maps each organisation to the posts of its body on its last day (None where no body is known);
    `required` are posts, slug to title, that the new body has in any case. Posts correspond if their slug is the same.
    A person who held a post in every one of the predecessors continues in it; in any other case no holder was appointed
    for the new body, and the post is vacant.
    """
    titles = dict(required or {})
    holders: dict[str, dict[str, str | None]] = {}
    for organisation in sorted(predecessors):
        for post in predecessors[organisation] or ():
            titles.setdefault(post.slug, post.title)
            holders.setdefault(post.slug, {})[organisation] = post.person
    return [_carried(slug, titles[slug], predecessors, holders.get(slug, {})) for slug in sorted(titles)]


def _carried(
    slug: str,
    title: str,
    predecessors: Mapping[str, Sequence[PredecessorPost] | None],
    holders: Mapping[str, str | None],
) -> CarriedPost:
    persons = {holders.get(organisation) for organisation in predecessors}
    if len(persons) == 1 and (person := persons.pop()) is not None:
        return CarriedPost(slug, title, person)
    found = "; ".join(_found_in(organisation, predecessors, holders) for organisation in sorted(predecessors))
    return CarriedPost(slug, title, None, f"no person held it in every predecessor ({found})")


def _found_in(
    organisation: str, predecessors: Mapping[str, Sequence[PredecessorPost] | None], holders: Mapping[str, str | None]
) -> str:
    if predecessors[organisation] is None:
        return f"{organisation}: no body known"
    if organisation not in holders:
        return f"{organisation}: no such post"
    return f"{organisation}: {holders[organisation] or 'vacant'}"
