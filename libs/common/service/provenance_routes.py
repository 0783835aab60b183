"""Provenance: what an event, a request or a fact of this service follows from, and what followed from it here."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from pydantic import AwareDatetime, BaseModel, Field

from libs.common.errors import NotFound
from libs.common.events import Envelope
from libs.common.http.dependencies import By, Rows, Today, problems
from libs.common.http.paging import Page, Paging, page
from libs.common.http.query_parameters import StrictRoute
from libs.common.http.transactions import VERSION
from libs.common.messaging.provenance import Cause, Kind, Origin, Reader
from libs.common.service.feed_routes import with_predecessors

router = APIRouter(tags=["Events"], route_class=StrictRoute)


class ProvenanceNotFound(NotFound):
    """This service knows no such event, request or fact.

    The id is that of another service's event from which nothing followed here, or what it names is not yours to read.
    Ask the service whose log has the event, or who answers for the fact.
    """


class CauseView(BaseModel):
    """What something follows from: an event, a request, or a fact by its reference."""

    kind: Kind
    source: str | None = Field(description="The service that answers for it; null where an old event does not say it.")
    id: str = Field(description="The id of the event or request, or the reference of the fact.")
    href: str | None = Field(description="The path of its own provenance; null where the service is not known.")


class EffectView(BaseModel):
    """An event that followed."""

    id: str
    told: str = Field(description="The name of the event.", examples=["ContractTransferred"])
    about: list[str] = Field(description="What it concerns: codes and references.")
    effective_on: date
    href: str


class EffectsView(Page[EffectView]):
    """What followed in this service, in the order of its log; only what you may read."""

    count: int = Field(description="How many events followed here, of those that you may read.")


class DaysView(BaseModel):
    """When it holds, when its source stated it, and when the service recorded it."""

    effective_on: date
    stated_at: AwareDatetime
    recorded_at: AwareDatetime


class DocumentDigestView(BaseModel):
    """A document, by its digest."""

    kind: Literal["paper", "minutes"]
    reference: str = Field(description="The paper; or the meeting and the version of its minutes.")
    digest: str = Field(
        description="Of minutes their SHA-256; of a paper the SHA-256 of its reference and its own SHA-256, which "
        "its readers can check."
    )


class ProvenancePartView(BaseModel):
    """What this service knows of where something comes from and what it led to."""

    id: str
    kind: Kind
    source: str | None = Field(description="The service whose log it is in; null where an old event does not say it.")
    about: list[str] = Field(description="What it concerns: codes and references.")
    told: str | None = Field(
        description="The event's name; of a fact the latest event about it; of a request its operation. Null where "
        "only what followed from another service's event is here."
    )
    text: str | None = Field(description="What it comes to in a line, such as the count of a vote; null: see `told`.")
    days: DaysView | None
    by: str | None = Field(description="Who caused it: a token's subject, or `service:` and a service's name.")
    because: list[CauseView] = Field(description="What it follows from; of a fact the events about it, latest first.")
    effects: EffectsView
    rule_packs: list[str] = Field(description="The rule packs by which it was decided or computed, by id.")
    documents: list[DocumentDigestView] = Field(description="The papers and minutes that a decision rests on.")
    complete: bool = Field(description="False where a part is hidden from you, or there is more than is listed.")


@router.get(
    "/provenance/{reference:path}",
    summary="Read what something follows from, and what followed from it",
    responses=problems(ProvenanceNotFound),
)
async def read_provenance(
    request: Request,
    rows: Rows,
    by: By,
    paging: Paging,
    today: Today,
    reference: Annotated[
        str,
        Path(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:~+/?=&>,-]{0,1999}$",
            description="The id of an event or of a request, or the reference of a fact: a contract, plan, decision, "
            "right, budget line, case, merger, scheme, item of an agenda or finding, the digest of a published figure, "
            "the path of an answer of finance with figures (`v1/initiatives/HR-2018/savings?as_at=2018-04-01`), or an "
            "organisation's code.",
        ),
    ],
) -> ProvenancePartView:
    """Return this service's part of a chain; `because` and `effects` lead to the parts of the others.

    What you may not read is left out, and `complete` is then false.
    """
    service = request.app.state.service
    viewer = await with_predecessors(by, request)
    reader = Reader(rows, service.name, viewer, aliases=service.aliases)
    origin = await _origin(request, reader, reference, today)
    [after] = paging.key(int) or (0,)
    effects = await reader.effects(origin.named(reference), after=after, limit=paging.fetch)
    shown = page(effects.items, key=lambda one: one.position, request=request)
    links = _Links(request, service.name)
    return ProvenancePartView(
        id=reference,
        kind=origin.kind,
        source=origin.source or None,
        about=list(origin.event.keys if origin.event else origin.about),
        told=_told(origin),
        text=origin.text or None,
        days=_days(origin.event) if origin.event else None,
        by=origin.event.actor if origin.event else origin.request.by if origin.request else None,
        because=[links.cause(one) for one in origin.because],
        effects=EffectsView(items=[links.effect(one) for one in shown.items], next=shown.next, count=effects.count),
        rule_packs=list(origin.packs),
        documents=[DocumentDigestView.model_validate(asdict(one)) for one in origin.documents],
        complete=origin.is_whole and effects.is_whole,
    )


async def _origin(request: Request, reader: Reader, reference: str, today: date) -> Origin:
    """Return what is known here of a reference: by the log, and by the service's own tables."""
    service = request.app.state.service
    origin: Origin | None = await reader.find(reference)
    if origin is None and service.find_fact is not None:
        origin = await service.find_fact(reader.db, reference, reader.by, today)
    if origin is None:
        raise ProvenanceNotFound(f"{service.name} knows nothing of {reference} that you may read")
    if service.add_to_origin is None:
        return origin
    added: Origin = await service.add_to_origin(reader.db, reference, origin, reader.by, today)
    return added


def _told(origin: Origin) -> str | None:
    if origin.event is not None:
        return origin.event.name
    return origin.request.operation or None if origin.request else None


def _days(event: Envelope) -> DaysView:
    return DaysView.model_validate(
        {
            "effective_on": event.fields["effective_on"],
            "stated_at": event.fields["stated_at"],
            "recorded_at": event.recorded_at,
        }
    )


class _Links:
    """The paths of provenances: below this service's prefix, those of the others beside it."""

    def __init__(self, request: Request, service: str) -> None:
        self._service = service
        self._own = request.scope.get("root_path", "").rstrip("/")

    def _path(self, source: str, reference: str) -> str:
        before = self._own if source == self._service else f"{self._own.removesuffix(f'/{self._service}')}/{source}"
        return f"{before}{VERSION}/provenance/{quote(reference, safe='')}"

    def cause(self, cause: Cause) -> CauseView:
        href = self._path(cause.source, cause.id) if cause.source else None
        return CauseView(kind=cause.kind, source=cause.source or None, id=cause.id, href=href)

    def effect(self, event: Envelope) -> EffectView:
        return EffectView.model_validate(
            {
                "id": event.id,
                "told": event.name,
                "about": list(event.keys),
                "effective_on": event.fields["effective_on"],
                "href": self._path(self._service, event.id),
            }
        )
