"""Finds the answer that a figure belongs to, and the packs, inputs and events that it was computed from."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from libs.common.database.connection import Database, Reads
from libs.common.errors import DomainError
from libs.common.events import TYPE_PREFIX, Envelope, Event
from libs.common.identity import Caller
from libs.common.messaging.provenance import MOST_CAUSES, Cause, Origin
from libs.common.process.clock import end_of
from libs.common.rulepacks import RulePack
from services.finance.cases.presentation import appraisal_view
from services.finance.cases.queries import get_version
from services.finance.core.packs import PACKS
from services.finance.core.sight import Sight, sight_of
from services.finance.figures.errors import FigureNotFound
from services.finance.figures.projection import EXITS
from services.finance.figures.rules import figure_at, lens_at
from services.finance.figures.tracing import Asker, Causes, TracedAnswer, contracts_of, trace_path, trace_published
from services.finance.figures.views import CausingEventView, FigureView, OriginView, PackUsedView

_VERSIONED: Final = "v1/"
"""What the path of an answer begins with, in a reference without its first slash."""
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_ALL: Final = Sight(None)
_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
MOST_EVENTS: Final = 500
"""The most events of each publisher that an answer shows, the latest first."""

_FROZEN = """
SELECT c.reference, f.version, f.event, f.caused_by FROM frozen_version f JOIN business_case c ON c.id = f.case_id
 WHERE f.answer_digest = $1 AND f.stated_at <= $3
   AND ($2::text[] IS NULL OR c.organisation_code = ANY($2) OR f.organisations && $2)
 ORDER BY f.id LIMIT 1
"""

_HEARD = """
SELECT event_id, type, source, position, name, keys, stated_at, recorded_at FROM heard_event
 WHERE keys && $1 AND name = ANY($2) AND stated_at <= $3 AND ($4::text[] IS NULL OR readers IS NULL OR readers && $4)
 ORDER BY stated_at DESC, position DESC LIMIT $5
"""
_HEARD_BY_ID = """
SELECT event_id, type, source, position, name, keys, stated_at, recorded_at FROM heard_event
 WHERE event_id = ANY($1) AND ($2::text[] IS NULL OR readers IS NULL OR readers && $2)
"""
_OWN = "SELECT body FROM event_log WHERE keys && $1 AND name = ANY($2) ORDER BY position DESC LIMIT $3"
_OWN_BY_ID = "SELECT body FROM event_log WHERE event_id = ANY($1)"


async def get_figure(db: Reads, figure: str, *, address: str | None, view: Asker) -> FigureView:
    """Return a figure with its packs, inputs and events. Raises FigureNotFound."""
    digest, _, path = figure.partition("~")
    pointer = "/" + path.replace(".", "/")
    if address is not None:
        several = await trace_path(db, address, view)
    else:
        case = await _of_case(db, figure, digest, pointer, view)
        if case is not None:
            return case
        several = await trace_published(db, digest, view)
    answer = next((one for one in several if one.digest == digest), None)
    if answer is None:
        why = (
            "nothing published that you read has this digest: name the answer's path"
            if address is None
            else ("the answer has another digest: ask as at the day, and as known when, that you read it")
        )
        raise FigureNotFound(f"{figure}: {why}")
    shown = await provenance_of(db, answer, sight=view.sight)
    value = _value(answer.document, pointer)
    return FigureView(
        **shown.model_copy(update={"lens": lens_at(answer.document, pointer) or answer.lens}).model_dump(),
        figure=figure,
        pointer=pointer,
        value=value,
        case=None,
        version=answer.version,
        inputs_digest=answer.digest if answer.kind == "run" else None,
        case_appraised=None,
        frozen_by=None,
        proposal=None,
    )


async def find_origin(db: Database, reference: str, by: Caller, today: date) -> Origin | None:
    """Return what figures follow from, for the provenance; None where none is read.

    They are found by the digest under which they were published, or by the path of their answer, which is computed
    again. What follows the digest, as in a figure's id, says which figure: all of them follow from the same.
    """
    sight = await sight_of(db, by)
    if reference.startswith(_VERSIONED):
        return await _of_answer(db, reference, sight, today)
    digest, _, _ = reference.partition("~")
    if _DIGEST.fullmatch(digest) is None:
        return None
    view = Asker(sight, _ALWAYS.date(), None)
    rows = await db.fetch(_FROZEN, digest, view.sight.among(None), _ALWAYS)
    answers = await trace_published(db, digest, view)
    if not rows and not answers:
        return None
    return await _origin_of(db, answers, view, [Cause("event", "finance", row["event"]) for row in rows])


async def _of_answer(db: Database, address: str, sight: Sight, today: date) -> Origin | None:
    """Return what the answer at a path follows from; without `as_at` and `as_known`, as it is today."""
    asked = parse_qs(urlsplit(address).query)
    try:
        as_at = date.fromisoformat(asked["as_at"][0]) if "as_at" in asked else today
        as_known = _known_by(asked["as_known"][0]) if "as_known" in asked else None
        view = Asker(sight, as_at, as_known)
        answers = await trace_path(db, f"/{address}", view)
    except (FigureNotFound, DomainError, ValueError):
        return None
    text = ", ".join(f"{one.kind} {one.digest}" for one in answers)
    return replace(await _origin_of(db, answers, view, []), text=text)


def _known_by(stated: str) -> datetime:
    """Return the instant of an `as_known`: of a day its end. Raises ValueError."""
    if len(stated) == len("2018-04-01"):
        return end_of(date.fromisoformat(stated))
    return datetime.fromisoformat(stated.replace(" ", "+")).astimezone(UTC)


async def _origin_of(db: Database, answers: Sequence[TracedAnswer], view: Asker, published: Sequence[Cause]) -> Origin:
    causes, packs, hidden = list(published), list[str](), 0
    for answer in answers:
        if answer.published_as:
            causes.append(Cause("event", "finance", answer.published_as))
        events = await list_events(db, answer.causes, sight=view.sight, as_known=answer.as_known)
        causes += [Cause("event", event.source.removeprefix("/"), event.id) for event in events]
        hidden += len(await list_events(db, answer.causes, sight=_ALL, as_known=answer.as_known)) - len(events)
        packs += answer.packs
    because = list(dict.fromkeys(causes))
    return Origin(
        kind="fact",
        source="finance",
        because=because[:MOST_CAUSES],
        packs=list(dict.fromkeys(packs)),
        is_whole=not hidden and len(because) <= MOST_CAUSES,
    )


def _value(document: Any, pointer: str) -> Any:
    try:
        return figure_at(document, pointer)
    except (LookupError, TypeError) as error:
        raise FigureNotFound(f"{pointer}: the answer has no such figure") from error


async def provenance_of(db: Reads, answer: TracedAnswer, *, sight: Sight) -> OriginView:
    """Return what an answer was computed from, with the events that the caller may read."""
    events = await list_events(db, answer.causes, sight=sight, as_known=answer.as_known)
    return OriginView(
        answer=answer.kind,
        digest=answer.digest,
        lens=answer.lens,
        packs=[_pack_view(pack) for pack in PACKS if pack.id in answer.packs],
        conventions=[],
        inputs=dict(answer.inputs),
        as_at=answer.as_at,
        as_known=answer.as_known,
        published_as=answer.published_as,
        stated_at=answer.stated_at,
        causes=[_named(event) for event in events],
        events=events,
    )


def _pack_view(pack: RulePack, subject: str | None = None) -> PackUsedView:
    return PackUsedView(subject=subject or pack.subject, pack=pack.id, title=pack.title, citation=pack.citation)


def _named(event: CausingEventView) -> str:
    name = event.type.removeprefix(TYPE_PREFIX).rpartition(".v")[0]
    return f"{name} {' '.join(event.keys)} {event.stated_at.isoformat()}"


async def list_events(db: Reads, causes: Causes, *, sight: Sight, as_known: datetime | None) -> list[CausingEventView]:
    """Return the events that an answer follows from, of those that the caller may read, in order of statement."""
    codes = sight.among(None)
    found: dict[str, CausingEventView] = {}
    for kinds, keys in causes.about:
        names = [kind.event_name for kind in kinds]
        for row in await db.fetch(_HEARD, list(keys), names, as_known or _ALWAYS, codes, MOST_EVENTS):
            found[row["event_id"]] = _heard(row)
        for row in await db.fetch(_OWN, list(keys), names, MOST_EVENTS):
            found |= _own(row["body"], sight, as_known)
    if causes.ids:
        for row in await db.fetch(_HEARD_BY_ID, list(causes.ids), codes):
            found[row["event_id"]] = _heard(row)
        for row in await db.fetch(_OWN_BY_ID, [UUID(one) for one in causes.ids if _is_uuid(one)]):
            found |= _own(row["body"], sight, as_known)
    return sorted(found.values(), key=lambda one: (one.stated_at, one.source, one.position))


def _is_uuid(text: str) -> bool:
    """Whether an id can be one of finance's own events."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _heard(row: Any) -> CausingEventView:
    return CausingEventView(
        id=row["event_id"],
        type=row["type"],
        source=f"/{row['source']}",
        time=row["recorded_at"],
        stated_at=row["stated_at"],
        keys=row["keys"],
        position=row["position"],
        feed=_feed(row["position"]),
    )


def _feed(position: int) -> str:
    return f"/v1/events?after={position - 1}&limit=1"


def _own(body: bytes, sight: Sight, as_known: datetime | None) -> dict[str, CausingEventView]:
    """Return finance's own event, unless the caller may not read it or it was stated later."""
    envelope = Envelope.decode(body)
    event: Event = envelope.event()
    if event.stated_at > (as_known or _ALWAYS) or not any(sight.sees(code) for code in envelope.organisations):
        return {}
    shown = CausingEventView(
        id=envelope.id,
        type=f"{TYPE_PREFIX}{envelope.name}.v{envelope.version}",
        source=f"/{envelope.source}",
        time=envelope.recorded_at,
        stated_at=event.stated_at,
        keys=sorted(envelope.keys),
        position=envelope.position,
        feed=_feed(envelope.position),
    )
    return {envelope.id: shown}


async def _of_case(db: Reads, figure: str, digest: str, pointer: str, view: Asker) -> FigureView | None:
    """Return a figure of the appraisal of a frozen version; None where none that the caller reads has the digest."""
    rows = await db.fetch(_FROZEN, digest, view.sight.among(None), view.as_known or _ALWAYS)
    if not rows:
        return None
    row = rows[0]
    version = await get_version(db, row["reference"], row["version"], sight=view.sight)
    shown = appraisal_view(version)
    document = shown.model_dump(mode="json")
    value = _value(document, pointer)
    known = {pack.id: pack for pack in PACKS}
    causes = Causes(((EXITS, contracts_of(shown.provenance.causes)),), _ids(row["event"], row["caused_by"]))
    events = await list_events(db, causes, sight=view.sight, as_known=version.stated_at)
    return FigureView(
        answer="appraisal",
        digest=digest,
        lens=lens_at(document, pointer) or version.inputs.lens,
        packs=[
            _pack_view(known[pack], subject) for subject, pack in sorted(version.inputs.packs.items()) if pack in known
        ],
        conventions=shown.provenance.conventions,
        inputs={"case": version.case, "version": version.version, "revision": version.revision},
        as_at=None,
        as_known=version.as_known or version.stated_at,
        published_as=row["event"],
        stated_at=version.stated_at,
        causes=shown.provenance.causes,
        events=events,
        figure=figure,
        pointer=pointer,
        value=value,
        case=version.case,
        version=version.version,
        inputs_digest=shown.provenance.inputs_digest,
        case_appraised=row["event"],
        frozen_by=row["caused_by"],
        proposal=version.proposal,
    )


def _ids(*several: str) -> tuple[str, ...]:
    return tuple(one for one in several if one)
