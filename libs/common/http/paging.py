"""Keyset paging: a page starts after the last key of the page before, so rows inserted meanwhile shift nothing."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from libs.common.http.problems import Unreadable, may_raise

Item = TypeVar("Item")
_PAGING = "footprint.paging"
AS_TABLE = "footprint.as-table"
"""Key in the ASGI scope of a list that is asked for as a table."""
_USE_THE_LINK = "after: use the link `next` of the page before"
_LARGEST = 2**63
MOST_ITEMS = 500
MOST_ROWS = 10_000
"""The most rows of a list in one table; the rest is behind a link."""


class UnreadableCursor(Unreadable):
    """`after` is not a cursor of this list.

    Follow the `next` link of the page before, or leave `after` out to start again.
    """


class Page(BaseModel, Generic[Item]):
    """A page of a list, in the order of its key."""

    items: list[Item]
    next: str | None = Field(default=None, description="Link to the next page; null on the last one.")


@dataclass(frozen=True, slots=True)
class _Paging:
    limit: int
    after: tuple[Any, ...] | None

    @property
    def fetch(self) -> int:
        """Number of rows to select: one more than the page has, to tell whether there is a next page."""
        return self.limit + 1

    def key(self, *kinds: type[str] | type[int]) -> tuple[Any, ...] | None:
        """Return the key after which the page starts; None for the first page.

        Raises UnreadableCursor unless the parts have these types: otherwise it is a cursor of another list.
        """
        if self.after is not None and [type(part) for part in self.after] != list(kinds):
            raise UnreadableCursor(_USE_THE_LINK)
        return self.after


@may_raise(UnreadableCursor)
async def _paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Maximum number of items on a page.")] = 50,
    after: Annotated[
        str | None, Query(description="Cursor: the page starts after it. Use the one in `next` of the page before.")
    ] = None,
) -> _Paging:
    most = MOST_ROWS if request.scope.get(AS_TABLE) else limit
    paging = _Paging(most, None if after is None else _decoded(after))
    request.scope[_PAGING] = paging
    return paging


Paging = Annotated[_Paging, Depends(_paging)]
"""The requested page. Select `fetch` rows with a key greater than `after` (None: from the start), in its order."""


def page(items: Sequence[Item], *, key: Callable[[Item], Any], request: Request) -> Page[Item]:
    """Return the page of these rows (`paging.fetch` of them); `key` returns a row's key, or a tuple of its parts."""
    paging: _Paging = request.scope[_PAGING]
    shown = list(items[: paging.limit])
    if len(items) <= paging.limit:
        return Page[Any](items=shown)
    return Page[Any](items=shown, next=_link(request, _encoded(key(shown[-1]))))


def cursor_after(*key: Any) -> str:
    """Return the cursor of the page after a key, for a link from another answer."""
    return _encoded(key)


def _link(request: Request, cursor: str) -> str:
    """Return the link to the next page, with the same filters and below the service's path prefix."""
    path, prefix = request.scope["path"], request.scope.get("root_path", "").rstrip("/")
    if prefix and not path.startswith(f"{prefix}/"):
        path = prefix + path
    filters = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    return f"{path}?{urlencode([*filters, ('after', cursor)])}"


def _encoded(key: Any) -> str:
    parts = list(key) if isinstance(key, tuple) else [key]
    packed = json.dumps(parts, default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[Any, ...]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise UnreadableCursor(_USE_THE_LINK) from error
    if not isinstance(parts, list) or not parts or not all(map(_can_be_kept, parts)):
        raise UnreadableCursor(_USE_THE_LINK)
    return tuple(parts)


def _can_be_kept(part: Any) -> bool:
    """Whether a database can store it: text without NUL or lone surrogates, a number of 64 bits."""
    if isinstance(part, str):
        return "\x00" not in part and part == part.encode(errors="ignore").decode()
    return isinstance(part, int) and -_LARGEST <= part < _LARGEST
