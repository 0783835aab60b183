"""The OpenAPI page of a service: its document with sign-in, and Swagger UI from a package, so that it works offline."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from libs.common.identity import Role
from libs.common.middleware import PUBLIC_PATHS
from libs.common.problems import Problem

_STATIC = Path(str(files("fastapi_standalone_docs"))) / "static"
_SCHEME = "signed-in"
_ASSETS = "/docs/assets"

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs_page(request: Request) -> HTMLResponse:
    """Show the operations, to be tried out; every address lies below the prefix that the service is served under."""
    prefix = request.scope.get("root_path", "").rstrip("/")
    return get_swagger_ui_html(
        openapi_url=f"{prefix}/openapi.json",
        title=request.app.title,
        swagger_js_url=f"{prefix}{_ASSETS}/swagger/swagger-ui-bundle.js",
        swagger_css_url=f"{prefix}{_ASSETS}/swagger/swagger-ui.css",
        swagger_favicon_url=f"{prefix}{_ASSETS}/fastapi/favicon.png",
        oauth2_redirect_url=f"{prefix}/docs/oauth2-redirect",
        swagger_ui_parameters={"persistAuthorization": True, "displayRequestDuration": True, "docExpansion": "list"},
    )


@router.get("/docs/oauth2-redirect")
async def oauth2_redirect() -> HTMLResponse:
    """End a sign-in at an issuer that redirects."""
    return get_swagger_ui_oauth2_redirect_html()


@router.get("/")
async def index(request: Request) -> Response:
    """Say what this service is and where to look."""
    prefix = request.scope.get("root_path", "").rstrip("/")
    links = "".join(
        f'<li><a href="{prefix}{path}">{words}</a></li>'
        for path, words in (
            ("/docs", "Operations, to be tried out"),
            ("/openapi.json", "The same, for programs"),
            ("/health/ready", "Whether it is well"),
        )
    )
    title = request.app.title
    return HTMLResponse(
        f'<!doctype html><html lang="en-GB"><title>{title}</title><h1>{title}</h1><ul>{links}</ul></html>'
    )


def document(app: FastAPI, *, token_url: str) -> None:
    """Serve the documentation of this app."""
    app.include_router(router)
    app.mount(_ASSETS, StaticFiles(directory=_STATIC))

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _openapi(app, token_url)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _openapi(app: FastAPI, token_url: str) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {}).update(_problem_schemas())
    components["securitySchemes"] = {_SCHEME: _scheme(token_url)}
    schema["security"] = [{_SCHEME: []}]
    for path in PUBLIC_PATHS.intersection(schema["paths"]):
        for operation in schema["paths"][path].values():
            operation["security"] = []
    return schema


def _problem_schemas() -> dict[str, Any]:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**problem.pop("$defs"), "Problem": problem}


def _scheme(token_url: str) -> dict[str, Any]:
    roles = "; ".join(f"`{role}`" for role in Role)
    words = f"A token (JWT) of the issuer, with `roles` ({roles}) and `organisations` (ODS codes, or `*`)."
    if not token_url:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": words}
    return {"type": "oauth2", "description": words, "flows": {"password": {"tokenUrl": token_url, "scopes": {}}}}
