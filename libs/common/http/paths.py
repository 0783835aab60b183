"""Request paths without the service's prefix, and the methods that its routes accept there."""

from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import Scope


def path_below(scope: Scope) -> str:
    """Return the request path as the service's own routes see it, without the prefix it is served under."""
    path: str = scope["path"]
    prefix: str = scope.get("root_path", "").rstrip("/")
    return path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else path


def methods_at(path: str, routes: Sequence[BaseRoute]) -> frozenset[str]:
    """Return every method that any route at this path accepts; a route without parameters takes precedence."""
    at = [found for found in iter_route_contexts(routes) if found.methods and found.path_regex.match(path)]
    exact = [found for found in at if found.path_format == path]
    methods = frozenset(method for found in exact or at for method in found.methods or ())
    return methods | {"HEAD"} if "GET" in methods else methods  # HEAD is answered wherever GET is
