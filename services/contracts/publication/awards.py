"""Reads published releases: an award lets one infer a contract, which a person has to confirm. Pure functions.

A source is read as it is: what cannot be read of a release is a reason to leave that one out, and no other.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from services.contracts.contract_proposals.models import Evidence, ProposalSource
from services.contracts.contract_proposals.rules import NewProposal
from services.contracts.publication.rules import SCHEME

_LONGEST: Final = 500
_LONGEST_KEY: Final = 300
"""Two of them make the key of a proposal, which an index has to hold."""
_MOST_PENCE: Final = 10**15
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_AWARDED: Final = frozenset({"pending", "cancelled", "unsuccessful"})
_NO_KEY: Final = f"{{}} is missing, no text, or longer than {_LONGEST_KEY} characters"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A release that cannot be read, with every reason."""

    index: int
    release: str | None
    reasons: tuple[str, ...]


@dataclass(slots=True)
class ReadAwards:
    """What a package of releases says of awards, by key; of one that several releases name, the latest counts."""

    releases: int = 0
    awards: int = 0
    not_awarded: int = 0
    proposals: dict[str, NewProposal] = field(default_factory=dict)
    dates: dict[str, datetime] = field(default_factory=dict)
    """Of the release that counts."""
    left_out: list[LeftOut] = field(default_factory=list)


def read_awards(releases: Sequence[Any], organisations: Mapping[str, str]) -> ReadAwards:
    """Return the awards of these releases as proposals. `organisations` says which body a published id is."""
    found = ReadAwards(releases=len(releases))
    for index, release in enumerate(releases):
        reasons = _why_unreadable(release)
        if reasons:
            name = release.get("id") if isinstance(release, dict) else None
            found.left_out.append(LeftOut(index, name if isinstance(name, str) else None, tuple(reasons)))
            continue
        for award in release.get("awards") or ():
            _take(found, release, award, organisations)
    return found


def _take(found: ReadAwards, release: dict[str, Any], award: dict[str, Any], organisations: Mapping[str, str]) -> None:
    """Count an award, and propose it where it is in force by the latest release that names it."""
    found.awards += 1
    is_awarded = award.get("status") not in _NOT_AWARDED
    found.not_awarded += not is_awarded
    key, at = f"{release['ocid']} {award['id']}", _instant(release["date"]) or _EPOCH
    if at < found.dates.get(key, at):
        return
    found.dates[key] = at
    found.proposals.pop(key, None)
    if is_awarded:
        found.proposals[key] = _proposal(key, release, award, organisations)


def _why_unreadable(release: Any) -> list[str]:
    if not isinstance(release, dict):
        return ["a release is an object"]
    reasons = [_NO_KEY.format(name) for name in ("ocid", "id", "date") if not _is_key(release.get(name))]
    if not reasons and _instant(release["date"]) is None:
        reasons.append("date is no instant")
    buyer = release.get("buyer")
    if not isinstance(buyer, dict):
        reasons.append("buyer is missing or no object")
    if not isinstance(release.get("tender") or {}, dict):
        reasons.append("tender is no object")
    if not all(isinstance(one, dict) for one in _list(release.get("parties"))):
        reasons.append("a party is no object")
    awards = release.get("awards")
    if awards is not None and not isinstance(awards, list):
        return [*reasons, "awards is no list"]
    return [*reasons, *(reason for award in awards or () for reason in _why_no_award(award))]


def _why_no_award(award: Any) -> list[str]:
    if not isinstance(award, dict):
        return ["an award is an object"]
    if not _is_key(str(award.get("id") or "")):
        return [f"an award has no id, or one longer than {_LONGEST_KEY} characters"]
    suppliers = award.get("suppliers")
    is_named = isinstance(suppliers, list) and suppliers and all(isinstance(one, dict) for one in suppliers)
    reasons = [] if is_named else [f"award {award['id']} names no supplier"]
    if not isinstance(award.get("status"), str | None):
        reasons.append(f"status of award {award['id']} is no text")
    return reasons + [
        f"{name} of award {award['id']} is no object"
        for name in ("value", "contractPeriod")
        if not isinstance(award.get(name) or {}, dict)
    ]


def _proposal(
    key: str, release: dict[str, Any], award: dict[str, Any], organisations: Mapping[str, str]
) -> NewProposal:
    suppliers, buyer = award["suppliers"], release["buyer"]
    starts_on, last_day = _term(award.get("contractPeriod") or {})
    pence = _pence(award.get("value") or {})
    parties = {one["id"]: one for one in _list(release.get("parties")) if isinstance(one.get("id"), str)}
    names = "; ".join(_named(one) for one in suppliers)
    title: Any = award.get("title") or (release.get("tender") or {}).get("title")
    return NewProposal(
        source=ProposalSource.OCDS_AWARD,
        key=key,
        customer_as_published=_named(buyer),
        customer=_code(buyer, parties, organisations),
        supplier_as_published=_shown(names),
        supplier=_code(suppliers[0], parties, organisations) if len(suppliers) == 1 else None,
        title=_shown(title) if _is_text(title) else None,
        starts_on=starts_on,
        last_day=last_day,
        value_pence=pence,
        evidence=(
            Evidence(
                what="award",
                reference=_shown(f"{release['ocid']} {release['id']} {award['id']}"),
                on=_day(award.get("date")),
                pence=pence,
                text=_shown(f"{len(suppliers)} suppliers") if len(suppliers) > 1 else "",
            ),
        ),
    )


def _code(party: dict[str, Any], parties: Mapping[str, dict[str, Any]], organisations: Mapping[str, str]) -> str | None:
    """Return which body a published party is, where the caller or the party's own identifier says so."""
    id_ = party.get("id")
    if not isinstance(id_, str):
        return None
    if id_ in organisations:
        return organisations[id_]
    identifier = parties.get(id_, {}).get("identifier")
    if isinstance(identifier, dict) and identifier.get("scheme") == SCHEME and _is_code(identifier.get("id")):
        return str(identifier["id"]).upper()
    own = id_.removeprefix(f"{SCHEME}-")
    return own.upper() if own != id_ and _is_code(own) else None


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isalnum() and 2 <= len(value) <= 12


def _named(party: dict[str, Any]) -> str:
    name = party.get("name")
    return _shown(str(name if _is_text(name) else party.get("id") or "not named"))


def _term(period: dict[str, Any]) -> tuple[date | None, date | None]:
    """Return the days of a period; neither where it ends before it begins, which says nothing of a term."""
    start, end = _day(period.get("startDate")), _day(period.get("endDate"))
    return (None, None) if start and end and end < start else (start, end)


def _pence(value: dict[str, Any]) -> int | None:
    amount = value.get("amount")
    if value.get("currency") != "GBP" or isinstance(amount, bool) or not isinstance(amount, int | float):
        return None
    exact = Decimal(str(amount)) * 100
    return int(exact) if exact.is_finite() and 0 <= exact < _MOST_PENCE and exact == int(exact) else None


def _day(value: Any) -> date | None:
    """Return the day of an instant as it is written, in its own zone."""
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: Any) -> datetime | None:
    """Return an instant; one without a zone is taken as of UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _is_key(value: Any) -> bool:
    """Whether it is a text that can be stored as it is, and looked up."""
    if not _is_text(value) or len(value) > _LONGEST_KEY:
        return False
    return all(unicodedata.category(one)[0] != "C" for one in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _shown(text: str) -> str:
    """Return a text as it can be stored: what is not visible as a space, cut to its length."""
    visible = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    return " ".join(visible.split())[:_LONGEST] or "not named"
