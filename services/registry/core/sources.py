"""Reads from dated packs which families of sources may be cited, and how they rank."""

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from libs.common.rulepacks import RulePack
from services.registry.core.rule_packs import PACKS
from services.registry.core.views import SourceView

SOURCE = r"^[a-z][a-z0-9-]{1,29}:[^\x00-\x1f\x7f]{1,200}$"
"""A family and a document of it."""


SourceName = Annotated[str, StringConstraints(pattern=SOURCE)]


def family_of(source: str) -> str:
    """Return the family of a source that is written `family:document`."""
    return source.partition(":")[0]


def families(on: date) -> dict[str, SourceView]:
    """Return every family that can be cited on a day, those of the highest rank first."""
    packs: dict[str, RulePack] = {}
    for pack in sorted(PACKS, key=lambda pack: pack.effective_from):
        if pack.subject == "source" and pack.rules_on(on):
            packs[pack.values["family"]] = pack
    found = [_source(pack) for pack in packs.values()]
    return {one.family: one for one in sorted(found, key=lambda one: (-one.rank, one.family))}


def source_of(source: str, on: date) -> SourceView | None:
    """Return the family that a source belongs to, None where no pack names it."""
    return families(on).get(family_of(source))


def rank_of(source: str, on: date) -> int | None:
    """Return the rank of a source by the packs of a day, None where none names its family."""
    found = source_of(source, on)
    return None if found is None else found.rank


def _source(pack: RulePack) -> SourceView:
    values = pack.values
    return SourceView(
        family=values["family"],
        rank=values["rank"],
        sort=values["sort"],
        title=pack.title,
        citation=pack.citation,
        pack=pack.id,
    )
