"""What a subject is on a day, from all that was published of it: a pure function, whatever the order."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.governance.subjects.models import SubjectKind

_COMES_LAST = frozenset({"ContractTerminated", "ConsolidationWithdrawn", "CCGMergerWithdrawn", "ICBMergerWithdrawn"})


@dataclass(frozen=True, slots=True)
class Stated:
    """What one event states of a subject."""

    reference: str
    kind: str
    what: str
    content: str
    effective_on: date
    stated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What may be decided on, as at a day.

    `organisations` are whose it is: customers, buyers, merging bodies. `parties` are who else gains or pays: suppliers,
    bidders, hosts, payees. Money is in pence, None where it was not stated; `price_pence` is what its end costs.
    `revision` is a plan's, and the version of a case; 0 elsewhere. `digest` is finance's, of the version.
    """

    reference: str
    kind: SubjectKind
    organisations: tuple[str, ...]
    suppliers: tuple[str, ...] = ()
    bidders: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    payees: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    stage: str = ""
    value_pence: int | None = None
    annual_pence: int | None = None
    price_pence: int | None = None
    revision: int = 0
    digest: str = ""
    ended: bool = False

    @property
    def parties(self) -> tuple[str, ...]:
        """Who else than the organisations gains or pays by it."""
        named = {*self.suppliers, *self.bidders, *self.hosts, *self.payees}
        return tuple(sorted(named - {""} - set(self.organisations)))

    @property
    def names(self) -> frozenset[str]:
        """What a right's scope may name of it: itself, its suppliers and its functions."""
        return frozenset({self.reference, *self.contracts, *self.suppliers, *self.functions} - {""})


_ABOUT_IT = frozenset({"CostShiftFound", "SharesAgreed"})
"""Events that say nothing of a subject itself, and are read for what they state."""


def fold(reference: str, stated: Iterable[Stated], *, as_at: date) -> Subject | None:
    """Return what is believed of a subject on a day; None where nothing was stated of it.

    Of what holds by the day the statement that was made last counts, field by field, as its publisher reckons. A
    subject of a later day only is shown as it will begin. A plan goes by its revisions, whenever they were stated.
    """
    found = sorted((one for one in stated if one.what not in _ABOUT_IT), key=_order)
    if not found:
        return None
    first = min(one.effective_on for one in found)
    holding = [one for one in found if one.effective_on <= max(as_at, first)]
    content: dict[str, Any] = {}
    for one in holding:
        content |= {"what": one.what} | json.loads(one.content)
    kind = SubjectKind(holding[-1].kind)
    return _subject(reference, kind, content, [one.what for one in holding], holding)


def _order(stated: Stated) -> tuple[int, datetime, bool, date, str, str]:
    content = json.loads(stated.content)
    number = content.get("version", content.get("revision", 0)) if stated.what != "ConsolidationWithdrawn" else 0
    if stated.what == "ConsolidationAgreed":
        number = 2**31  # the plan as it was agreed
    return number, stated.stated_at, stated.what in _COMES_LAST, stated.effective_on, stated.what, stated.content


def _subject(
    reference: str, kind: SubjectKind, content: dict[str, Any], events: Sequence[str], holding: Sequence[Stated]
) -> Subject:
    due = [tuple(one) for one in content.get("due", ())]
    return Subject(
        reference=reference,
        kind=kind,
        organisations=_codes(content, "organisations"),
        suppliers=_codes(content, "suppliers"),
        bidders=_codes(content, "bidders"),
        hosts=_codes(content, "hosts"),
        payees=tuple(sorted({code for payer, payee, _ in due for code in (payer, payee)} - {""})),
        functions=_codes(content, "functions"),
        contracts=tuple(sorted({*content.get("contracts", ()), content.get("contract", "")} - {""})),
        stage=_stage(kind, content, events),
        value_pence=content.get("value_pence"),
        annual_pence=content.get("annual_pence"),
        price_pence=sum(pence for _, _, pence in due) if "due" in content else content.get("price_pence"),
        revision=max((_number(one) for one in holding), default=0),
        digest=content.get("digest", ""),
        ended=_has_ended(kind, holding),
    )


def _number(stated: Stated) -> int:
    content = json.loads(stated.content)
    return int(content.get("version", content.get("revision", 0)))


def _codes(content: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(sorted({str(code) for code in content.get(name, ())} - {""}))


def _stage(kind: SubjectKind, content: dict[str, Any], events: Sequence[str]) -> str:
    if kind is SubjectKind.CONTRACT:
        signed = {"ContractSigned", "ContractVaried", "ContractTransferred", "ServiceConsolidated"} & set(events)
        return "signed" if signed else "committed"
    if kind is SubjectKind.PLAN:
        return "agreed" if "ConsolidationAgreed" in events else "planned"
    return str(content.get("stage", ""))


def _has_ended(kind: SubjectKind, holding: Sequence[Stated]) -> bool:
    """Whether it ended: a procurement with its last statement, any other for good, whatever was stated later."""
    if kind is SubjectKind.PROCUREMENT:
        return bool(json.loads(holding[-1].content).get("stage") == "abandoned")
    if kind is SubjectKind.PLAN:
        return any(one.what == "ConsolidationWithdrawn" and _number(one) == 0 for one in holding)
    if kind is SubjectKind.MERGER:
        return any(one.what in _COMES_LAST for one in holding)
    return any(one.what == "ContractTerminated" for one in holding)
