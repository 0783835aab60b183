"""Shows an answer of a service as a page, to whoever reads the first page on this machine and has no token."""

import json
import re
from collections.abc import Callable
from html import escape

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.demo.services import SERVICES, Services
from deploy.gatherer.chain import Answer, Ask, answer_of
from deploy.laptop.issuer import LoopbackOnly, is_local
from deploy.laptop.page import SHOWN_AT
from deploy.laptop.state import BY
from deploy.pages import document
from libs.common.http.pages import page

_LONGEST = 200_000
"""The most characters of an answer that are shown."""
_LINK = re.compile(r"&quot;(/(?:registry|contracts|finance|governance)/v1/[^&\s]*(?:&amp;[^&\s]*)*)&quot;")


def ask_as_page_user(services: Services) -> Callable[[Request], Ask]:
    """Return how the gatherer asks: with the caller's token, without one as the page's user, on this machine alone."""

    def ask_as(request: Request) -> Ask:
        token = request.headers.get("authorization")
        by = None if token or not is_local(request.scope) else BY

        async def ask(service: str, path: str) -> Answer:
            # The caller's own header stands in the place of a user's.
            headers = {} if by else {"Authorization": token or ""}
            return await answer_of(services.ask("GET", f"/{service}{path}", by=by or BY, headers=headers))

        return ask

    return ask_as


def shown(services: Services) -> Starlette:
    """Return an app that asks below its path as the page's user, and shows what is answered."""

    async def show(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        path = f"{request.url.path.removeprefix(SHOWN_AT)}{query}"
        answer = await services.ask("GET", path, by=BY)
        text = answer.text
        if answer.headers.get("content-type", "").partition(";")[0].endswith("json"):
            text = json.dumps(answer.json(), indent=2, ensure_ascii=False)
        more = "" if len(text) <= _LONGEST else "<p>Shown to this point; a program reads all of it.</p>"
        body = _LINK.sub(rf'"<a href="{SHOWN_AT}\1">\1</a>"', escape(text[:_LONGEST]))
        content = (
            f'<p><a href="/">Back to Footprint</a></p><h1>What {escape(path.split("/")[1])} answers</h1>'
            f"<p><code>GET {escape(path)}</code>, asked as <code>{BY}</code>: {answer.status_code}.</p>"
            f"<pre>{body}</pre>{more}"
        )
        return page(document(f"GET {path}", content))

    # Of the services alone: a page that shows itself would ask again for each time that its path names it.
    routes = [Route(f"/{name}/{{path:path}}", show) for name in SERVICES]
    return Starlette(routes=routes, middleware=[Middleware(LoopbackOnly)])
