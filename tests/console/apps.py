"""The console in a test: over the laptop's issuer, and over recorded answers of services that were never ours."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from starlette.applications import Starlette

from console.app import create_console
from console.settings import SERVICES, Settings
from deploy.laptop.issuer import DemoUser, Issuer
from libs.common.identity import Role

ADDRESS = "http://127.0.0.1:8005"
ISSUER = "http://127.0.0.1:8000/issuer"
CLIENT = ("127.0.0.1", 4711)
PERSON = DemoUser("ada", frozenset(Role), frozenset({"*"}), "does everything in tests", may_be_one_body=True)
_DOCUMENTS = Path(__file__).parents[2] / "docs" / "openapi"


class Recorded(httpx.AsyncBaseTransport):
    """Answers as recorded, by `registry GET /organisations/Q9X` with or without its query; the issuer is the laptop's.

    A recorded answer is JSON for 200, a pair of status and JSON, or None for a service that does not answer; `issuer`
    stands in the place of all answers of the issuer. What was
    not recorded is answered 404, as a service answers what it does not know. JSON for 200 is held against the service's
    OpenAPI document: a page that is tested against answers that no service gives would be tested in vain.
    """

    def __init__(self, answers: Mapping[str, Any], issuer: Issuer) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.sent: list[httpx.Request] = []
        """The requests that were no reads."""
        self._issuer = httpx.ASGITransport(app=issuer.app(), client=CLIENT)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(ISSUER):
            if "issuer" in self.answers:
                return _response(self.answers["issuer"], "issuer", request.method, request.url.path)
            below = request.url.copy_with(raw_path=request.url.raw_path.removeprefix(b"/issuer"))
            return await self._issuer.handle_async_request(
                httpx.Request(request.method, below, headers=request.headers, stream=request.stream)
            )
        await request.aread()
        service = request.url.host
        path = request.url.path.removeprefix("/v1")
        query = f"?{request.url.query.decode()}" if request.url.query else ""
        self.asked.append(f"{service} {request.method} {path}{query}")
        if request.method != "GET":
            self.sent.append(request)
        for key in (f"{service} {request.method} {path}{query}", f"{service} {request.method} {path}"):
            if key in self.answers:
                return _response(self.answers[key], service, request.method, path)
        return _response((404, _problem("not-found", f"there is no {path}")), service, request.method, path)


def _response(recorded: Any, service: str, method: str, path: str) -> httpx.Response:
    if recorded is None:
        raise httpx.ConnectError("recorded as silent")
    if isinstance(recorded, httpx.Response):
        return recorded
    status, body = recorded if isinstance(recorded, tuple) else (200, recorded)
    if status < 300 and service in SERVICES:
        must_fit(body, service, method, path, status)
    media = "application/problem+json" if status >= 400 else "application/json"
    return httpx.Response(status, content=json.dumps(body), headers={"Content-Type": media, "ETag": '"1"'})


def _problem(kind: str, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": f"https://footprint.example/problems/{kind}",
        "title": kind,
        "detail": detail,
        "reasons": [],
        **more,
    }


def refusal(kind: str, title: str, *reasons: tuple[str, str | None], status: int = 409) -> tuple[int, dict[str, Any]]:
    """Return a recorded refusal: its type, title, and reasons as (message, field)."""
    listed = [{"message": message, "field": name} for message, name in reasons]
    return status, _problem(kind, title, title=title, reasons=listed)


@cache
def _document(service: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_DOCUMENTS / f"{service}.json").read_text("utf-8"))
    return document


def must_fit(body: Any, service: str, method: str, path: str, status: int) -> None:
    """Fail unless an answer is one that the service's OpenAPI document has for this operation."""
    document = _document(service)
    for pattern, operations in document["paths"].items():
        expression = re.sub(r"\{[^}]+\}", "[^/]+", pattern.removeprefix("/v1"))
        operation = operations.get(method.lower())
        if operation is None or not re.fullmatch(expression, path):
            continue
        content = operation["responses"].get(str(status), {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            continue
        whole = {**schema, "components": document["components"]}
        errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(body)]
        assert not errors, f"{service} {method} {path} does not answer so: {errors[:5]}"
        return
    raise AssertionError(f"{service} has no {method} {path} that answers {status} with JSON")


@dataclass
class Browser:
    """A browser without scripts: it keeps cookies, follows redirects, and sends the forms of pages."""

    app: Starlette
    transport: Recorded
    client: httpx.AsyncClient
    issuer: Issuer
    last: httpx.Response | None = field(default=None)

    async def get(self, path: str) -> httpx.Response:
        """Open a page of the console, and follow where it leads within the console."""
        self.last = await self.client.get(path, follow_redirects=True)
        return self.last

    async def submit(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> httpx.Response:
        """Send a form of the last page to a path: its hidden tokens, and these fields."""
        assert self.last is not None
        tokens = {name: hidden(self.last.text, name) for name in ("csrf", "form_key")}
        self.last = await self.client.post(path, data={**tokens, **(fields or {})}, follow_redirects=True, **more)
        return self.last

    async def sign_in(self, user: str = PERSON.name, *, wanted: str = "/sign-in") -> httpx.Response:
        """Sign in at the laptop's issuer, as a person does on its page."""
        begun = await self.client.get(f"/sign-in/begin?next={wanted}")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
        form = {**asked, "user": user.partition("@")[0], "code_of_body": user.partition("@")[2]}
        issuer = httpx.ASGITransport(app=self.issuer.app(), client=CLIENT)
        async with httpx.AsyncClient(transport=issuer, base_url="http://127.0.0.1:8000") as client:
            chosen = await client.post("/authorize", data=form)
        assert chosen.status_code == 303, chosen.text
        return await self.client.get(chosen.headers["location"].removeprefix(ADDRESS))


def hidden(html: str, name: str) -> str:
    """Return the value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"the page has no field {name}"
    return found[1]


def issuer_in(folder: Path) -> Issuer:
    """Return the laptop's issuer with the one person of these tests."""
    return Issuer(url=ISSUER, folder=folder, audiences=SERVICES, users=[PERSON])


def settings_in(folder: Path) -> Settings:
    """Return the settings of a console whose services are named by host alone, for a transport that knows them."""
    return Settings(
        registry_url="http://registry",
        contracts_url="http://contracts",
        finance_url="http://finance",
        governance_url="http://governance",
        provenance_url="http://provenance",
        branches_url="http://branches",
        issuer=ISSUER,
        public_url=ADDRESS,
        session_file=folder / "sessions.db",
    )


@asynccontextmanager
async def console_over(answers: Mapping[str, Any], folder: Path, *, signed_in: bool = True) -> AsyncIterator[Browser]:
    """Run the console over recorded answers; the one person of these tests is signed in."""
    issuer = issuer_in(folder)
    transport = Recorded(answers, issuer)
    app = create_console(settings_in(folder), transport=transport)
    served = httpx.ASGITransport(app=app, client=CLIENT)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=served, base_url=ADDRESS) as client,
    ):
        browser = Browser(app, transport, client, issuer)
        if signed_in:
            await browser.sign_in()
            transport.asked.clear()
        yield browser
