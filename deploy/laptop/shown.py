"""Shows an answer of a service as a page, to whoever reads the first page on this machine and has no token."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.demo.services import SERVICES, Services
from deploy.demo.stories.story import Story, StoryRecord, tell_stories
from deploy.gatherer.chain import Answer, Ask, answer_of
from deploy.laptop.issuer import LoopbackOnly, is_local
from deploy.laptop.state import BY, SHOWN_AT, as_user, shown_at
from deploy.laptop.users import USERS
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
    """Return an app that asks below its path, as the page's user or another that the path names, and shows answers."""

    def showing(by: str, at: str) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            query = f"?{request.url.query}" if request.url.query else ""
            path = f"{request.url.path.removeprefix(at)}{query}"
            return _page_of(await services.ask("GET", path, by=by), path, by=by, at=at)

        return show

    # Of the services alone: a page that shows itself would ask again for each time that its path names it.
    places = [(BY, SHOWN_AT), *((user.name, f"{SHOWN_AT}{as_user(user.name)}") for user in USERS)]
    routes = [
        Route(f"{at.removeprefix(SHOWN_AT)}/{name}/{{path:path}}", showing(by, at))
        for by, at in places
        for name in SERVICES
    ]
    return Starlette(routes=routes, middleware=[Middleware(LoopbackOnly)])


def _page_of(answer: httpx.Response, path: str, *, by: str, at: str) -> Response:
    text = answer.text
    if answer.headers.get("content-type", "").partition(";")[0].endswith("json"):
        text = json.dumps(answer.json(), indent=2, ensure_ascii=False)
    more = "" if len(text) <= _LONGEST else "<p>Shown to this point; a program reads all of it.</p>"
    body = _LINK.sub(rf'"<a href="{at}\1">\1</a>"', escape(text[:_LONGEST]))
    content = (
        f'<p><a href="/demo">Back to the demo</a></p><h1>What {escape(path.split("/")[1])} answers</h1>'
        f"<p><code>GET {escape(path)}</code>, asked as <code>{by}</code>: {answer.status_code}.</p>"
        f"<pre>{body}</pre>{more}"
    )
    return page(document(f"GET {path}", content))


def stories_route(services: Services, stories: Sequence[StoryRecord]) -> Route:
    """Return the route of the demo's stories as JSON: their sentences, and where each figure is read and shown."""

    async def tell(_: Request) -> Response:
        told = await tell_stories(services, stories, by=BY)
        return JSONResponse({"stories": [_story(one) for one in told]})

    return Route("/stories", tell, middleware=[Middleware(LoopbackOnly)])


def _story(story: Story) -> dict[str, Any]:
    figures = [{**asdict(figure), "shown": shown_at(figure)} for figure in story.figures]
    return {
        "title": story.title,
        "text": story.text,
        "fact": story.fact,
        "illustrative": story.illustrative,
        "figures": figures,
    }
