"""The OpenAPI document of a service, with sign-in, and a Swagger UI that works offline: its assets are packaged."""

from collections.abc import Callable, Collection, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.docs import get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from libs.common.events import asyncapi
from libs.common.http import idempotency
from libs.common.http.conditional import FORM
from libs.common.http.declarations import binding_of
from libs.common.http.dependencies import Allowed
from libs.common.http.examples import Examples, give_example, refusal_examples
from libs.common.http.generators import suit_generators
from libs.common.http.middleware import PUBLIC_PATHS, is_public
from libs.common.http.pages import page
from libs.common.http.problems import (
    LINE,
    PreconditionMissing,
    Problem,
    RequestEntityTooLarge,
    Unavailable,
    Unreadable,
    UnreadableBody,
    problems,
    refusals_of,
)
from libs.common.http.transactions import READING, CommandRoute
from libs.common.identity import Role

_STATIC = Path(str(files("fastapi_standalone_docs"))) / "static"
_SCHEME = "signed-in"
_ASSETS = "/docs/assets"

_IDEMPOTENCY_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": idempotency.LONGEST_KEY, "pattern": "^[ -~]*[!-~][ -~]*$"},
    "description": "A key of your choice, one for each change. A request that is repeated with its key is not carried "
    "out again, and gets the first response.",
}

_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": FORM},
    "description": "The ETag of what you have of this address; several, or `*`. Where it is the present one, the "
    "answer is 304 without a body.",
    "example": '"3.0a1b2c3d4e5f60718293a4b5"',
}
_NOT_MODIFIED = {"description": "You have what `If-None-Match` names: it has not changed."}

# FastAPI's own schemas of a 422, replaced by ours.
_UNUSED_SCHEMAS = ("HTTPValidationError", "ValidationError")

# Swagger UI leaves the list of servers without a name, so that a screen reader cannot say what it is.
_NAME_OF_SERVERS = (
    "new MutationObserver(() => document.getElementById('servers')?.setAttribute('aria-label', 'Server'))"
    ".observe(document, {childList: true, subtree: true});"
)

# On a phone a long word in the name of a tag breaks, so that the page does not become wider.
_NARROW = ".swagger-ui .opblock-tag { overflow-wrap: anywhere; }"

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs_page(request: Request) -> HTMLResponse:
    """Show the operations, to be tried out; every address lies below the prefix of the service."""
    prefix = request.scope.get("root_path", "").rstrip("/")
    shown = get_swagger_ui_html(
        openapi_url=f"{prefix}/openapi.json",
        title=request.app.title,
        swagger_js_url=f"{prefix}{_ASSETS}/swagger/swagger-ui-bundle.js",
        swagger_css_url=f"{prefix}{_ASSETS}/swagger/swagger-ui.css",
        swagger_favicon_url=f"{prefix}{_ASSETS}/fastapi/favicon.png",
        oauth2_redirect_url=f"{prefix}/docs/oauth2-redirect",
        swagger_ui_parameters={
            "persistAuthorization": False,  # a token in the browser's storage outlives whoever signed in
            "displayRequestDuration": True,
            "docExpansion": "none",  # the tags alone, as a table of contents
            "filter": True,
            "validatorUrl": None,  # otherwise the page sends the document to its vendor's validator
        },
    )
    html = bytes(shown.body).decode().replace("<html>", '<html lang="en-GB">', 1)
    return page(html.replace("<body>", f"<body>\n{_way_back(request.app.title, prefix)}", 1))


def _way_back(title: str, prefix: str) -> str:
    """Return links to the service's index, and to the page of all services where there is one in front of it."""
    above = f'<a href="{prefix.rpartition("/")[0]}/">All services</a> · ' if prefix else ""
    return (
        '<nav aria-label="Way back" '
        f'style="font: 1rem/1.5 sans-serif; padding: .5rem 1rem">{above}<a href="{prefix}/">{title}</a></nav>'
        f"<style>{_NARROW}</style><script>{_NAME_OF_SERVERS}</script>"
    )


@router.get("/asyncapi.json")
async def asyncapi_document() -> Response:
    """Return the events of the whole platform; every service answers with the same document."""
    return Response(asyncapi.text(), media_type="application/json")


@router.get("/docs/oauth2-redirect")
async def oauth2_redirect() -> HTMLResponse:
    """Complete a sign-in at an issuer that redirects."""
    return page(bytes(get_swagger_ui_oauth2_redirect_html().body))


@router.get("/")
async def index(request: Request) -> Response:
    """Return an index page: what this service is, with links to its documentation."""
    prefix = request.scope.get("root_path", "").rstrip("/")
    links = "".join(
        f'<li><a href="{prefix}{path}">{words}</a></li>'
        for path, words in (
            ("/docs", "API documentation, to try out"),
            ("/openapi.json", "The OpenAPI document, for programs"),
            ("/asyncapi.json", "The events it publishes, for programs"),
            ("/health/ready", "Health of the service"),
        )
    )
    title = request.app.title
    above = f'<p><a href="{prefix.rpartition("/")[0]}/">All services</a></p>' if prefix else ""
    return page(
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main>{above}<h1>{title}</h1><ul>{links}</ul></main></body></html>"
    )


def document(app: FastAPI, *, token_url: str, examples: Examples) -> None:
    """Add the documentation routes to this app."""
    app.include_router(router)
    app.mount(_ASSETS, StaticFiles(directory=_STATIC))

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _openapi(app, token_url, examples)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it


def _openapi(app: FastAPI, token_url: str, examples: Examples) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {}).update(_problem_schemas())
    components["securitySchemes"] = {_SCHEME: _scheme(token_url)}
    schema["security"] = [{_SCHEME: []}]
    for found in iter_route_contexts(app.routes):
        for method in found.methods or () if found.path_format not in PUBLIC_PATHS else ():
            operation = schema["paths"].get(found.path_format, {}).get(method.lower())
            if operation is not None:
                roles = _complete(operation, found.original_route, found.dependant)
                suit_generators(operation)
                give_example(operation, examples, components["schemas"], roles)
    for path in filter(is_public, schema["paths"]):
        for operation in schema["paths"][path].values():
            operation["security"] = []
            operation["responses"].pop("401", None)
    for name in _UNUSED_SCHEMAS:
        components["schemas"].pop(name, None)
    components["examples"] = refusal_examples(schema["paths"], examples)
    return schema


def _complete(operation: dict[str, Any], route: BaseRoute, dependant: Dependant) -> Collection[Role]:
    """Add to an operation what FastAPI cannot see: the roles it needs, its refusals, a command's Idempotency-Key.

    Returns the roles.
    """
    needed = [call for call in _needed(dependant) if call is not None]
    roles = dict.fromkeys(role for call in needed if isinstance(call, Allowed) for role in call.roles)
    binding = binding_of(dependant.call) if dependant.call is not None else None
    sentences = [f"Needs the role {' or '.join(f'`{role}`' for role in roles)}."] if roles else []
    sentences += [binding.sentence()] if binding is not None else []
    if sentences:
        operation["description"] = f"{operation.get('description', '')}\n\n{' '.join(sentences)}".strip()
    refusals = [refusal for call in needed for refusal in refusals_of(call)]
    if PreconditionMissing in refusals:
        _require(next(one for one in operation["parameters"] if one["name"] == "If-Match"))
    if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
        operation["responses"]["304"] = _NOT_MODIFIED
    if isinstance(route, CommandRoute) and not (route.methods or set()) <= READING:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
        refusals += [Unreadable, idempotency.IdempotencyKeyReused]
    if "requestBody" in operation:
        refusals += [Unreadable, UnreadableBody, RequestEntityTooLarge]
    _refuse(operation["responses"], problems(*refusals, Unavailable))
    return roles


def _needed(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    for need in dependant.dependencies:
        yield need.call
        yield from _needed(need)


def _require(parameter: dict[str, Any]) -> None:
    """Mark a parameter as required; a request without it is refused with a status of its own."""
    parameter["required"] = True
    parameter["schema"] = {"type": "string"} | {k: v for k, v in parameter["schema"].items() if k != "anyOf"}


def _refuse(responses: dict[str, Any], refusals: Mapping[int | str, dict[str, Any]]) -> None:
    """Add refusals to those that the route names itself, in whatever form; FastAPI's own 422 gives way to ours."""
    for status, refusal in refusals.items():
        own = responses.get(str(status), {})
        content = {media: shown for media, shown in own.get("content", {}).items() if media != "application/json"}
        lines = own["description"].split(LINE) if content else []
        lines += [line for line in refusal["description"].split(LINE) if line not in lines]
        responses[str(status)] = refusal | {"description": LINE.join(lines), "content": content | refusal["content"]}


def _problem_schemas() -> dict[str, Any]:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**problem.pop("$defs"), "Problem": problem}


def _scheme(token_url: str) -> dict[str, Any]:
    roles = "; ".join(f"`{role}`" for role in Role)
    words = (
        "A token (JWT) of the issuer that this service trusts, with this service in `aud`, `roles` "
        f"({roles}) and `organisations` (ODS codes, or `*`). It is sent as `Authorization: Bearer ...`. "
    )
    if not token_url:
        words += (
            "The issuer is the deployment's: its `/.well-known/openid-configuration` names the `token_endpoint`, at "
            "which a program gets a token with `grant_type=client_credentials`, and where people sign in."
        )
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": words}
    words += (
        f"To get one, send a form to `POST {token_url}`: `grant_type=password` with `username` and `password`, or "
        "`grant_type=client_credentials` with `client_id` and `client_secret`. The answer has it as `access_token`."
    )
    flow = {"tokenUrl": token_url, "scopes": {}}
    return {"type": "oauth2", "description": words, "flows": {"password": flow, "clientCredentials": flow}}
