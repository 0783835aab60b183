"""What a release says of a contract on a day, and how it differs from the one before: pure functions.

What has not ended is published with its agreed term: an earlier end, the notice that leads to it and its price would
tell what the parties are about to do.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from libs.common.temporal.days import LATEST
from services.contracts.core.states import End, State
from services.contracts.publication.records import Document

SCHEME: Final = "GB-NHS"
"""The list of identifiers of bodies: ODS codes, in org-id.guide."""
_TERMINATED: Final = frozenset({State.ENDED, State.CLOSED})
BINDING: Final = frozenset({State.SIGNED, State.ACTIVE, State.NOTICE_SERVED, State.EXITING, *_TERMINATED})
"""The states of a contract that can be published."""
ACTIVE, PENDING, TERMINATED = "active", "pending", "terminated"
_FORMER: Final = {"buyer": "formerBuyer", "supplier": "formerSupplier"}
_INSTANT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
"""Always with microseconds: releases are ordered by this text."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body by its code and name; an empty name is not known."""

    code: str
    name: str = ""

    @property
    def id(self) -> str:
        """Its id in a release."""
        return f"{SCHEME}-{self.code}"

    @property
    def reference(self) -> Document:
        """How a release refers to it."""
        return {"id": self.id, "name": self.name} if self.name else {"id": self.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedChange:
    """One body took the place of others in the contract from a day on, and by what."""

    id: str
    role: Literal["buyer", "supplier"]
    kind: Literal["scheme", "succession", "novation"]
    leaving: tuple[Body, ...]
    entering: Body
    effective_on: date
    schemes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAmendment:
    """That the lines of the contract changed, on which grounds of the law of procurement where it names any."""

    id: str
    effective_on: date
    grounds: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedNotice:
    """A notice that had effect: of the whole where it names no functions."""

    id: str
    served_on: date
    served_by: Body
    last_day: date
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExitPrice:
    """What was agreed to be paid for the end; what is unpriced is named, and not in the amount."""

    pence: int
    unpriced: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedContract:
    """All of a contract that may be published, as at a day, as known at an instant."""

    reference: str
    title: str
    state: State
    end: End | None
    supplier: Body
    customers: tuple[Body, ...]
    buyer: Body
    lines: tuple[tuple[str, str, int], ...]
    """Function, its name, and the charge a year in pence."""
    has_stated_values: bool
    signed_on: date
    starts_on: date
    last_day: date
    """The agreed one; LATEST where it is open-ended."""
    ends_on: date
    ends_early: bool
    changes: tuple[PublishedChange, ...] = ()
    amendments: tuple[LineAmendment, ...] = ()
    notices: tuple[ServedNotice, ...] = ()
    price: ExitPrice | None = None
    continues: str | None = None
    """The contract that was novated into this one."""
    bodies: dict[str, Body] = field(default_factory=dict)


def release_of(contract: PublishedContract, before: Document | None) -> Document:
    """Return what a release says: all of the contract but its own id, date and tag. `before` is the last of it."""
    past: Document = {} if before is None else before
    document: Document = {
        "initiationType": "tender",
        "language": "en",
        "parties": _parties(contract, past.get("parties", ())),
        "buyer": contract.buyer.reference,
        "contracts": [_contract(contract, _of(past.get("contracts", ()), contract.reference))],
    }
    if before is None:
        document["awards"] = [_award(contract)]
    return document


def continued(document: Document, continuation: Document | None) -> Document:
    """Return a release of a contract with buyer and parties of the one that took its place, where that one is in force.

    They are those of the process, of which the latest release counts, of whatever contract it is.
    """
    if continuation is None or continuation["contracts"][0]["status"] == PENDING:
        return document
    now = {one["id"]: one for one in continuation["parties"]}
    former = {one["id"]: _as_former(one) for one in document["parties"]}
    shown = former | now
    return document | {"buyer": continuation["buyer"], "parties": [shown[id_] for id_ in sorted(shown)]}


def _as_former(party: Document) -> Document:
    return party | {"roles": sorted({_FORMER.get(role, role) for role in party["roles"]})}


def tags_of(document: Document, before: Document | None) -> list[str]:
    """Return what kind of change a release makes known; empty where it says nothing new."""
    if before is None:
        return ["award", "contract"]
    [new], [old] = document["contracts"], before["contracts"]
    tags = []
    if len(new.get("amendments", ())) > len(old.get("amendments", ())):
        tags.append("contractAmendment")
    if new["status"] == TERMINATED != old["status"]:
        tags.append("contractTermination")
    if not tags and any(document[name] != before.get(name) for name in ("parties", "buyer", "contracts")):
        tags.append("contractUpdate")
    return tags


def dated(document: Document, *, ocid: str, number: int, at: datetime, tags: Sequence[str]) -> Document:
    """Return the release with what tells it from the others of its process."""
    return {
        "ocid": ocid,
        "id": f"{ocid}-{number}",
        "date": at.astimezone(UTC).strftime(_INSTANT),
        "tag": list(tags),
    } | document


def _award(contract: PublishedContract) -> Document:
    return {
        "id": contract.reference,
        "title": contract.title,
        "status": "active",
        "suppliers": [contract.supplier.reference],
    }


def _parties(contract: PublishedContract, past: Iterable[Document]) -> list[Document]:
    """Return the parties of the day, with those that were one; they have the roles that they had, as former ones."""
    roles: dict[Body, list[str]] = {}
    for customer in contract.customers:
        roles.setdefault(customer, []).append("buyer")
    roles.setdefault(contract.supplier, []).append("supplier")
    now = {body.id: (body, had) for body, had in roles.items()}
    former = [(body, one.role) for one in contract.changes for body in one.leaving]
    shown = {id_: _party(body, had) for id_, (body, had) in now.items()}
    for body, role in former:
        shown.setdefault(body.id, _party(body, [_FORMER[role]]))
    for one in past:
        shown.setdefault(one["id"], _as_former(one))
    return [shown[id_] for id_ in sorted(shown)]


def _party(body: Body, roles: Sequence[str]) -> Document:
    return body.reference | {"identifier": {"scheme": SCHEME, "id": body.code}, "roles": list(roles)}


def _contract(contract: PublishedContract, before: Document) -> Document:
    has_ended = contract.state in _TERMINATED
    document: Document = {
        "id": contract.reference,
        "awardID": contract.reference,
        "title": contract.title,
        "status": TERMINATED if has_ended else PENDING if contract.state is State.SIGNED else ACTIVE,
        "period": _period(contract, before, has_ended=has_ended),
        "dateSigned": _start(contract.signed_on),
        "items": _items(contract, before.get("items", ())),
    }
    optional: Document = {
        "amendments": [_amendment(one) for one in contract.amendments],
        "partyChanges": [_change(one) for one in contract.changes],
        "continues": contract.continues,
    }
    if has_ended:
        optional |= {
            "endedAs": contract.end.value if contract.end else None,
            "noticesServed": [_notice(one) for one in contract.notices],
            "exitPrice": None if contract.price is None else _price(contract.price),
        }
    return document | {name: value for name, value in optional.items() if value}


def _period(contract: PublishedContract, before: Document, *, has_ended: bool) -> Document:
    """Return the agreed term, as long as the contract runs; then the real one."""
    end = contract.ends_on
    if contract.ends_early and not has_ended:
        known = before.get("period", {}).get("endDate")
        end = date.fromisoformat(known[:10]) if known else LATEST if before else contract.last_day
    period = {"startDate": _start(contract.starts_on)}
    return period if end >= LATEST else period | {"endDate": f"{end.isoformat()}T23:59:59Z"}


def _items(contract: PublishedContract, past: Iterable[Document]) -> list[Document]:
    """Return the lines, each with its charge a year; one that is gone has the quantity nought, for ever."""
    shown = {function: _item(contract, function, name, pence) for function, name, pence in contract.lines}
    for one in past:
        shown.setdefault(one["id"], {"id": one["id"], "description": one["description"], "quantity": 0})
    return [shown[id_] for id_ in sorted(shown)]


def _item(contract: PublishedContract, function: str, name: str, pence: int) -> Document:
    unit: Document = {"name": "year"}
    if contract.has_stated_values:
        unit["value"] = _value(pence)
    return {"id": function, "description": name, "quantity": 1, "unit": unit}


def _amendment(one: LineAmendment) -> Document:
    shown: Document = {"id": one.id, "date": _start(one.effective_on)}
    return shown | {"rationale": one.grounds} if one.grounds else shown


def _change(one: PublishedChange) -> Document:
    shown: Document = {
        "id": one.id,
        "role": one.role,
        "kind": one.kind,
        "from": [body.reference for body in one.leaving],
        "to": one.entering.reference,
        "effectiveDate": _start(one.effective_on),
    }
    return shown | {"schemes": list(one.schemes)} if one.schemes else shown


def _notice(one: ServedNotice) -> Document:
    shown: Document = {
        "id": one.id,
        "servedDate": _start(one.served_on),
        "servedBy": one.served_by.reference,
        "lastDate": _start(one.last_day),
    }
    return shown | {"functions": list(one.functions)} if one.functions else shown


def _price(price: ExitPrice) -> Document:
    shown: Document = {"value": _value(price.pence)}
    return shown | {"unpriced": list(price.unpriced)} if price.unpriced else shown


def _value(pence: int) -> Document:
    """Return an amount in pounds, as the number that JSON reads: written again it is the same text, to the penny."""
    return {"amount": json.loads(f"{Decimal(pence) / 100:f}"), "currency": "GBP"}


def _start(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _of(documents: Iterable[Any], reference: str) -> Document:
    found: Document = next((one for one in documents if one["id"] == reference), {})
    return found


def days_to_look_at(points: Iterable[date], *, after: date | None, today: date) -> list[date]:
    """Return the days of which a release is due: each on which something changed, and today."""
    return sorted({day for day in points if (after is None or day > after) and day < today} | {today})


def instant_of(day_end: datetime, *, now: datetime, last: datetime | None) -> datetime:
    """Return the date of a release: the end of its day, at most now, and always after the one before."""
    at = min(day_end, now)
    return at if last is None or at > last else max(now, last + timedelta(microseconds=1))
