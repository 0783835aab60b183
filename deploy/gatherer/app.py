"""Answers `GET /provenance/{reference}` with the whole chain, as JSON or as a page."""

from collections.abc import Callable
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.gatherer.chain import SERVICES, Ask, Chain, Refused, gather, link_to, linked
from deploy.pages import document
from libs.common.http.pages import page

AskAs = Callable[[Request], Ask]
"""Returns how a request's caller asks the services."""


def provenance_route(ask_as: AskAs) -> Route:
    """Return the route of the gatherer. A browser gets a page, a program JSON; `format` says otherwise."""

    async def read(request: Request) -> Response:
        reference = request.path_params["reference"]
        try:
            found = await gather(reference, ask_as(request))
        except Refused as refused:
            return JSONResponse(refused.problem, refused.status, media_type="application/problem+json")
        chain, status = found.as_json(), _status(found)
        form = request.query_params.get("format", "html" if _is_browser(request) else "json")
        if form != "html":
            return JSONResponse(chain, status)
        shown = page(document(f"Provenance of {reference}", render(chain)))
        shown.status_code = status
        return shown

    return Route("/provenance/{reference:path}", read)


def passing_on(ask_as: AskAs) -> Route:
    """Return the route that passes a service's own part on, where no common front stands before the services."""

    async def read(request: Request) -> Response:
        service, query = request.path_params["service"], request.url.query
        path = f"{request.url.path.removeprefix(f'/{service}')}{f'?{query}' if query else ''}"
        if service not in SERVICES:
            return Response(status_code=404)
        status, answer = await ask_as(request)(service, path)
        if status == 200:
            return JSONResponse(linked(answer, service))
        return JSONResponse(answer, status, media_type="application/problem+json")

    return Route("/{service}/v1/provenance/{reference:path}", read)


def _status(chain: Chain) -> int:
    """Not found is what every service has answered to know nothing of."""
    return 200 if chain.parts else 502 if chain.is_unanswered else 404


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def render(chain: dict[str, Any]) -> str:
    """Return a chain as the content of a page: what was asked first, then what it follows from, with links."""
    parts = "".join(_part(part) for part in chain["parts"])
    if not parts:
        parts = "<p>No service that answered knows this, or none of it is yours to read.</p>"
    rest = "" if chain["complete"] else "<p>This is not all: a part is hidden from you, not known, or further away.</p>"
    lacking = [one for one in chain["missing"] if one["source"] or one["id"] != chain["reference"]]
    missing = "".join(f"<li>{_link(one['id'])} {escape(one['source'])}</li>" for one in lacking)
    unknown = f"<h2>Not answered</h2><ul>{missing}</ul>" if missing else ""
    asked = f'<p><a href="/">Footprint</a></p><h1>Because of what?</h1><p>{escape(chain["reference"])}</p>'
    return f"{asked}{parts}{unknown}{rest}"


def _part(part: dict[str, Any]) -> str:
    told = part["provenance"]
    name = told["told"] or ("what followed here" if told["kind"] == "event" else told["kind"])
    about = ", ".join(escape(one) for one in told["about"])
    lines = [f"<li>Concerns {about}</li>"] if about else []
    if told["days"]:
        days = told["days"]
        lines.append(f"<li>Holds from {escape(days['effective_on'])}, stated {escape(days['stated_at'])}</li>")
    if told["text"]:
        lines.append(f"<li>{escape(told['text'])}</li>")
    if told["by"]:
        lines.append(f"<li>By {escape(told['by'])}</li>")
    lines += [
        f"<li>Because of {escape(one['kind'])} {_link(one['id'])}{_of(one['source'])}</li>" for one in told["because"]
    ]
    lines += [f"<li>Rule pack {escape(one)}</li>" for one in told["rule_packs"]]
    lines += [
        f"<li>{one['kind'].capitalize()} {escape(one['reference'])}, digest {escape(one['digest'])}</li>"
        for one in told["documents"]
    ]
    lines += [
        f"<li>Led to {_link(one['id'], one['told'])} ({', '.join(escape(key) for key in one['about'])})</li>"
        for one in told["effects"]["items"]
    ]
    left = told["effects"]["count"] - len(told["effects"]["items"])
    lines += [f"<li>and {left} more</li>"] if left > 0 else []
    return f"<h2>{escape(name)} <small>{escape(part['service'])}</small></h2><ul>{''.join(lines)}</ul>"


def _of(source: str | None) -> str:
    return f" of {escape(source)}" if source else ""


def _link(reference: str, shown: str = "") -> str:
    return f'<a href="{escape(link_to(reference))}">{escape(shown or reference)}</a>'
