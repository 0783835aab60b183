"""Decides at a merger which posts the new body has, and who continues in them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.governance.core.catalogue import title_slug


@dataclass(frozen=True, slots=True)
class PredecessorPost:
    """A post on a predecessor's last day: its title, its holder (None: vacant) and its seat, where it was stated."""

    slug: str
    title: str
    person: str | None
    seat: str | None = None


@dataclass(frozen=True, slots=True)
class CarriedPost:
    """A post of the new body: its holder, or why it is vacant; its seat, where every predecessor's was the same."""

    slug: str
    title: str
    person: str | None
    vacant_because: str = ""
    seat: str | None = None


def carry_over(
    predecessors: Mapping[str, Sequence[PredecessorPost] | None], *, required: Mapping[str, str] | None = None
) -> list[CarriedPost]:
    """Return the posts that the predecessors' successor has, ordered by slug.

    `predecessors` maps each organisation to the posts of its body on its last day (None where no body is known);
    `required` are posts, slug to title, that the new body has in any case. Seats correspond if their titles do,
    whatever their number. A person who held one in every one of the predecessors continues in it; in any other case no
    holder was appointed for the new body, and the post is vacant. A seat is carried over where it is one and the same
    in all predecessors that have it.
    """
    titles = dict(required or {})
    holders: dict[str, dict[str, str | None]] = {}
    seats: dict[str, set[str | None]] = defaultdict(set)
    for organisation in sorted(predecessors):
        for post in predecessors[organisation] or ():
            titles.setdefault(post.slug, post.title)
            holders.setdefault(post.slug, {})[organisation] = post.person
            seats[post.slug].add(post.seat)
    persons = _continuing(predecessors, titles.keys())
    return [
        CarriedPost(
            slug,
            titles[slug],
            persons.get(slug),
            "" if slug in persons else _unshared(predecessors, holders.get(slug, {})),
            next(iter(seats[slug])) if len(seats[slug]) == 1 else None,
        )
        for slug in sorted(titles)
    ]


def _continuing(predecessors: Mapping[str, Sequence[PredecessorPost] | None], slugs: Iterable[str]) -> dict[str, str]:
    """Return the seats that are filled: who held one of a title in every predecessor, if possible the same one."""
    seats: dict[str, list[str]] = defaultdict(list)
    for slug in sorted(slugs, key=lambda slug: (len(slug), slug)):
        seats[title_slug(slug)].append(slug)
    filled: dict[str, str] = {}
    for title, numbered in seats.items():
        held = [
            {post.person: post.slug for post in posts or () if post.person and title_slug(post.slug) == title}
            for posts in predecessors.values()
        ]
        shared = sorted(set[str]().union(*held).intersection(*held))
        same = {slugs_of.pop(): person for person in shared if len(slugs_of := {one[person] for one in held}) == 1}
        others = (person for person in shared if person not in same.values())
        filled |= same | dict(zip((slug for slug in numbered if slug not in same), others, strict=False))
    return filled


def _unshared(predecessors: Mapping[str, Sequence[PredecessorPost] | None], holders: Mapping[str, str | None]) -> str:
    seen = "; ".join(_found_in(organisation, predecessors, holders) for organisation in sorted(predecessors))
    return f"no person held it in every predecessor ({seen})"


def _found_in(
    organisation: str, predecessors: Mapping[str, Sequence[PredecessorPost] | None], holders: Mapping[str, str | None]
) -> str:
    if predecessors[organisation] is None:
        return f"{organisation}: no body known"
    if organisation not in holders:
        return f"{organisation}: no such post"
    return f"{organisation}: {'held' if holders[organisation] else 'vacant'}"
