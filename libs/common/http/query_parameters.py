"""Refuses query parameters that an operation does not have: a misspelt `as_at` must never answer about today."""

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from fastapi import Depends, Request, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.responses import Response

from libs.common.errors import Reason
from libs.common.http.csv_text import CSV_TOO, as_csv
from libs.common.http.list_tables import items_of, with_table
from libs.common.http.problems import InvalidRequest

_LONGEST_NAME, _MOST_NAMES = 60, 20


class StrictRoute(APIRoute):
    """A route that refuses a query parameter it does not have, and one that is given twice but taken once.

    One that answers with a list answers with its table too, see `libs/common/http/list_tables.py`.
    """

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, dependencies: Sequence[Any] | None = None, **others: Any
    ) -> None:
        """Add the choice of a table, where this is a list."""
        is_read = set(others.get("methods") or {"GET"}) <= {"GET", "HEAD"}
        self._items = items_of(endpoint, others.get("response_model")) if is_read else []
        asked = [*(dependencies or [])]
        if self._items:
            asked.append(Depends(as_csv))
            others["responses"] = {200: CSV_TOO, **(others.get("responses") or {})}
        super().__init__(path, endpoint, dependencies=asked, **others)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler, which ignores unknown parameters and takes the last of several."""
        handler, takes = super().get_route_handler(), _parameters(self.dependant)
        if self._items:
            handler = with_table(handler, self._items, name=self.name.removeprefix("list_").replace("_", "-"))

        async def strictly(request: Request) -> Response:
            if request.url.query and (reasons := _reasons_against(request, takes)):
                raise InvalidRequest("; ".join(reason.message for reason in reasons), reasons=reasons)
            return await handler(request)

        return strictly


def _parameters(dependant: Dependant) -> Mapping[str, bool]:
    """Return the names of an operation's query parameters, and whether each may be given several times."""
    return {
        field.alias: is_list(field.field_info.annotation)
        for field in get_flat_params(dependant)
        if isinstance(field.field_info, params.Query)
    }


def is_list(annotation: Any) -> bool:
    """Whether a parameter of this type may be given several times."""
    return get_origin(annotation) in (list, tuple, set) or any(is_list(one) for one in get_args(annotation))


def _reasons_against(request: Request, takes: Mapping[str, bool]) -> list[Reason]:
    given = Counter(name for name, _ in request.query_params.multi_items())
    reasons = []
    for name, times in list(given.items())[:_MOST_NAMES]:
        shown = name[:_LONGEST_NAME].encode(errors="replace").decode()
        if name not in takes:
            near = get_close_matches(name[:_LONGEST_NAME], takes, n=1, cutoff=0.5)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            reasons.append(Reason(f"there is no parameter `{shown}` here{hint}", shown))
        elif times > 1 and not takes[name]:
            reasons.append(Reason(f"`{shown}` is given {times} times; send it once", shown))
    return reasons
