"""Terms of dated packs: what stands in events and public answers in place of a person's words."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from libs.common.errors import Reason
from libs.common.rulepacks import in_force
from services.registry.core.errors import TermUnknown
from services.registry.core.rule_packs import PACKS

Term = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
Subject = Literal[
    "merger-condition",
    "merger-evidence",
    "care-model-service",
    "federation-remit",
    "scheme-suspension",
    "scheme-resumption",
]


def terms_on(subject: Subject, day: date) -> Mapping[str, str]:
    """Return the titles of the terms in force on a day, by term."""
    titles: dict[str, str] = {}
    for pack in in_force(PACKS, day, subject=subject):
        titles = {**pack.values["terms"], **titles}
    return titles


def titles_of(subject: Subject, terms: Sequence[str], day: date, *, field: str) -> tuple[str, ...]:
    """Return the titles of these terms on a day. Raises TermUnknown with every one that no pack in force has."""
    titles = terms_on(subject, day)
    known = ", ".join(sorted(titles)) or "none"
    reasons = [
        Reason(f"{term} is no term on {day}: there are {known}", field.format(number))
        for number, term in enumerate(terms)
        if term not in titles
    ]
    if reasons:
        raise TermUnknown("; ".join(reason.message for reason in reasons), reasons=reasons)
    return tuple(titles[term] for term in terms)


def title_of(subject: Subject, term: str) -> str:
    """Return the latest title of a term that was recorded."""
    titles = [pack.values["terms"].get(term) for pack in PACKS if pack.subject == subject]
    return next((title for title in reversed(titles) if title), term)
