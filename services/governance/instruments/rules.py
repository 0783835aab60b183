"""Which instruments the law allows to whom on a day, who has still to agree to one, and why one ends.

Rules: NHS Act 2006 ss.13Z, 14Z3, 14Z9, 65Z5, 65Z6 and 75, as packs of the service's `rules/`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.rulepacks import RulePack, in_force
from services.governance.bodies.votes import may_vote
from services.governance.core.catalogue import PACKS
from services.governance.core.models import BodyKind

SUBJECT = "instrument"
ENDINGS = "instrument-endings"


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of instrument as a rule pack allows it. `elsewhere` is the service that records it, empty for this one."""

    pack: str
    kind: str
    title: str
    citation: str
    note: str
    binding: str
    power: str
    body: BodyKind | None
    safeguards: tuple[str, ...]
    elsewhere: str

    def votes(self, kind: str, functions: Collection[str]) -> bool:
        """Whether an organisation of a kind has a vote, in an instrument for these functions."""
        return may_vote(self.pack, kind, functions)


def _form(pack: RulePack) -> Form:
    values = pack.values
    return Form(
        pack.id,
        values["kind"],
        pack.title,
        pack.citation,
        pack.note,
        values["binding"],
        values.get("power", pack.id),
        BodyKind(values["body"]) if "body" in values else None,
        tuple(values.get("safeguards", ())),
        values.get("elsewhere", ""),
    )


def form_of(pack_id: str) -> Form:
    """Return the kind of instrument that a rule pack allows, by its id. Raises StopIteration where there is none."""
    return _form(next(pack for pack in PACKS if pack.id == pack_id))


def kinds_of_instrument() -> list[str]:
    """Return every kind that a rule pack knows, those too that another service records."""
    return sorted({pack.values["kind"] for pack in PACKS if pack.subject == SUBJECT})


def forms_on(day: date, kinds: Mapping[str, str], *, as_known: datetime | None = None) -> list[Form]:
    """Return the instruments that the law of a day allows to these organisations, code to kind."""
    packs = in_force(PACKS, day, subject=SUBJECT, as_known=as_known)
    return [_form(pack) for pack in packs if _allows(pack, set(kinds.values()))]


def form_on(kind: str, day: date, kinds: Mapping[str, str], *, as_known: datetime | None = None) -> Form | None:
    """Return how the law of a day allows a kind of instrument to these organisations; None where it does not."""
    return next((form for form in forms_on(day, kinds, as_known=as_known) if form.kind == kind), None)


def why_not(kind: str, day: date, kinds: Mapping[str, str]) -> str:
    """Return why the law of a day allows a kind of instrument not to these organisations."""
    packs = [pack for pack in PACKS if pack.subject == SUBJECT and pack.values["kind"] == kind]
    fitting = [pack for pack in packs if _allows(pack, set(kinds.values()))]
    later = sorted(pack.effective_from for pack in fitting if pack.effective_from > day)
    if later:
        return f"no power before {later[0].isoformat()}"
    if fitting:
        return f"no power on {day.isoformat()}"
    outside = sorted(
        f"{code} ({what})" for code, what in kinds.items() if all(what not in pack.values["kinds"] for pack in packs)
    )
    return f"no power: {', '.join(outside) or 'a party that it needs'} " + ("is no party" if outside else "is missing")


def _allows(pack: RulePack, kinds: Collection[str]) -> bool:
    allowed, needed = pack.values["kinds"], pack.values.get("needs", ())
    return (not allowed or set(kinds) <= set(allowed)) and all(set(group) & set(kinds) for group in needed)


def awaited(parties: Iterable[str], agreed: Collection[str], lives_on: Mapping[str, str]) -> list[str]:
    """Return who has still to agree, sorted: of a party that was taken over whole, the one that it lives on in."""
    return sorted({lives_on[party] for party in parties if not {party, lives_on[party]} & set(agreed)})


def endings_on(day: date) -> dict[str, str]:
    """Return the reasons for which an instrument may end on a day, code to title."""
    packs = in_force(PACKS, day, subject=ENDINGS)
    return {one["code"]: one["title"] for pack in packs for one in pack.values["reasons"]}
