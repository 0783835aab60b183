"""A dossier: its entries, and whether each hash follows from the one before and from its line."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.core.words import event, words


@dataclass(frozen=True)
class Link:
    """An entry with whether its hash was found again from what stands before it; None where that is on another page."""

    entry: Mapping[str, Any]
    follows: bool | None

    @property
    def title(self) -> str:
        """What happened, in words: of an event `MeetingHeld` is "Meeting held"."""
        return words(event(str(self.entry["kind"])))


def chain_of(entries: Sequence[Mapping[str, Any]]) -> list[Link]:
    """Return entries in the order of the chain, each checked as anyone can: SHA-256 of the hash before and its line."""
    links: list[Link] = []
    previous: str | None = None
    for entry in entries:
        before = "" if int(entry["number"]) == 1 else previous
        follows = None if before is None else _hash(before, entry["line"]) == entry["hash"]
        links.append(Link(entry, follows))
        previous = str(entry["hash"])
    return links


def _hash(previous: str, line: str) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + line.encode()).hexdigest()


@dataclass(frozen=True)
class Verification:
    """What the check of a page of entries came to."""

    checked: int
    broken: tuple[int, ...]
    """The numbers of the entries whose hash does not follow."""
    heads: Mapping[int, bool]
    """By part, whether its published head is the hash of its last entry; a part that ends on another page is absent."""


def verify(links: Sequence[Link], parts: Sequence[Mapping[str, Any]]) -> Verification:
    """Return how many hashes were found again, which were not, and which heads are those of their entries."""
    hashes = {int(link.entry["number"]): str(link.entry["hash"]) for link in links}
    return Verification(
        checked=sum(1 for link in links if link.follows),
        broken=tuple(int(link.entry["number"]) for link in links if link.follows is False),
        heads={
            int(part["part"]): hashes[int(part["entries"])] == part["head"]
            for part in parts
            if part["head"] and int(part["entries"]) in hashes
        },
    )
