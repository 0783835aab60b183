"""CSV of every list: the rows of its JSON as one table, by the same query with the same sight and filters."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from decimal import Decimal
from inspect import signature
from typing import Annotated, Any, Final, get_args, get_origin

from fastapi import Request, Response
from fastapi.datastructures import DefaultPlaceholder
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.responses import StreamingResponse

from libs.common.http import csv_text
from libs.common.http.accept import preferred
from libs.common.http.paging import AS_TABLE, Page

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Way = tuple[str, ...]
"""The names of the fields that lead from an item to a cell."""

_JSON: Final = "application/json"
_CSV: Final = "text/csv"
_DEEPEST: Final = 4
_ROWS_AT_ONCE: Final = 500
# Any other text stays as it is: a code such as `007` is no number, and a minus is no formula.
_BELOW_NOUGHT = re.compile(r"-(0|[1-9]\d*)(\.\d+)?")


def items_of(endpoint: Callable[..., Any], model: Any) -> list[type[BaseModel]]:
    """Return the classes of the items of a list; none where the endpoint answers with anything else.

    `model` is the response model that the route names, if any: else the endpoint's annotation is.
    """
    if isinstance(model, DefaultPlaceholder) or model is None:
        model = signature(endpoint).return_annotation
    if not (isinstance(model, type) and issubclass(model, Page)):
        return []
    return _classes_in(model.model_fields["items"].annotation)


def with_table(handler: Handler, items: Sequence[type[BaseModel]], *, name: str) -> Handler:
    """Wrap the handler of a list: where CSV is asked for, its rows are a table, which is written while it is sent."""
    ways = columns_of(items)

    async def answered(request: Request) -> Response:
        if not asks_for_csv(request):
            return await handler(request)
        request.scope[AS_TABLE] = True
        response = await handler(request)
        if isinstance(response, StreamingResponse) or not response.headers["content-type"].startswith(_JSON):
            return response  # a table of its own, or a calendar
        found = json.loads(bytes(response.body))
        named = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
        if found["next"] is not None:
            named["Link"] = f'<{found["next"]}>; rel="next"'
        written = csv_text.stream([".".join(way) for way in ways], _parts(found["items"], ways))
        return StreamingResponse(written, media_type=csv_text.MEDIA_TYPE, headers=named)

    return answered


def asks_for_csv(request: Request) -> bool:
    """Whether a request asks for a table: by `format`, else by `Accept`, where JSON is preferred if both are equal."""
    form = request.query_params.get("format")
    if form is not None:
        return form == "csv"
    return preferred(request.headers.get("Accept", ""), (_JSON, _CSV)) == _CSV


def columns_of(items: Sequence[type[BaseModel]]) -> list[Way]:
    """Return the way to each column of items, in the order of their fields; an object within has its own columns."""
    ways = (way for item in items for way in _ways_into(item, ()))
    return list(dict.fromkeys(ways))


def _ways_into(item: type[BaseModel], before: Way) -> Iterator[Way]:
    for name, field in item.model_fields.items():
        way = (*before, _written_as(name, field))
        inner = _classes_in(field.annotation) if len(way) < _DEEPEST else []
        if len(inner) == 1 and not _is_many(field.annotation):
            yield from _ways_into(inner[0], way)
        else:
            yield way
    for name, computed in item.model_computed_fields.items():
        yield (*before, computed.alias or name)


def _written_as(name: str, field: FieldInfo) -> str:
    return field.serialization_alias or field.alias or name


def _classes_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models of which values of a type are, or of which a list is."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [one for inner in get_args(annotation) for one in _classes_in(inner)]


def _is_many(annotation: Any) -> bool:
    """Whether a value has several parts beside one another: a list, or an object with any names."""
    if get_origin(annotation) is Annotated:
        return _is_many(get_args(annotation)[0])
    return get_origin(annotation) in {list, tuple, set, frozenset, dict, Mapping, Sequence} or any(
        _is_many(one) for one in get_args(annotation) if get_origin(one) is not None
    )


async def _parts(items: Sequence[Mapping[str, Any]], ways: Sequence[Way]) -> AsyncIterator[list[list[csv_text.Cell]]]:
    for first in range(0, len(items), _ROWS_AT_ONCE):
        yield [row_of(item, ways) for item in items[first : first + _ROWS_AT_ONCE]]
        await asyncio.sleep(0)  # others have their turn


def row_of(item: Mapping[str, Any], ways: Sequence[Way]) -> list[csv_text.Cell]:
    """Return the cells of an item as its JSON has it: what is not there is empty."""
    return [_cell_at(item, way) for way in ways]


def _cell_at(item: Any, way: Way) -> csv_text.Cell:
    for name in way:
        item = item.get(name) if isinstance(item, Mapping) else None
    if isinstance(item, list) and not any(isinstance(one, list | dict) for one in item):
        return "; ".join("" if one is None else str(one) for one in item)
    if isinstance(item, list | dict):
        return json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    if isinstance(item, float):
        return str(item)
    if isinstance(item, str) and _BELOW_NOUGHT.fullmatch(item):
        return Decimal(item)
    left: str | int | bool | None = item  # as JSON has them
    return left
