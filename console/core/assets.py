"""The styles and scripts: found in their packages, joined, compressed once, and served under a name with their hash."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

CONSOLE = Path(__file__).parents[1]
_FRONTEND = "wagtailnhsukfrontend"
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    content: bytes
    compressed: bytes
    media_type: str


class Assets:
    """All files by the name that pages use, such as `console.css`."""

    def __init__(self) -> None:
        self._by_path: dict[str, Asset] = {}
        self._paths: dict[str, str] = {}
        frontend = _frontend()
        # Its fonts are licensed to NHS organisations alone and come from another host: pages must ask none.
        nhs = _FONT_FACE.sub("", next((frontend / "css").glob("nhsuk-frontend-*.min.css")).read_text("utf-8"))
        own = "\n".join(file.read_text("utf-8") for file in sorted(CONSOLE.glob("*/static/*.css")))
        self._add("console.css", f"{nhs}\n{own}", "text/css; charset=utf-8")
        script = next((frontend / "js").glob("nhsuk-frontend-*.min.js")).read_text("utf-8")
        self._add("nhsuk.js", script, "text/javascript; charset=utf-8")
        for file in sorted(CONSOLE.glob("*/static/*.js")):
            text = file.read_text("utf-8").replace("./nhsuk.js", self._paths["nhsuk.js"])
            self._add(file.name, text, "text/javascript; charset=utf-8")

    def _add(self, name: str, text: str, media_type: str) -> None:
        content = text.encode()
        stem, _, suffix = name.rpartition(".")
        path = f"/assets/{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        self._by_path[path] = Asset(content, gzip.compress(content, 9, mtime=0), media_type)
        self._paths[name] = path

    def path(self, name: str) -> str:
        """Return the address of a file. Raises KeyError if there is none of this name."""
        return self._paths[name]

    async def serve(self, request: Request) -> Response:
        """Answer a request for a file."""
        asset = self._by_path.get(request.url.path)
        if asset is None:
            return Response("Not found", 404, media_type="text/plain")
        headers = {"Cache-Control": _FOR_EVER, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                asset.compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=asset.media_type
            )
        return Response(asset.content, headers=headers, media_type=asset.media_type)


def _frontend() -> Path:
    spec = find_spec(_FRONTEND)  # found, never imported: it is an app of another framework
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"{_FRONTEND} is not installed")
    return Path(spec.submodule_search_locations[0]) / "static" / _FRONTEND
