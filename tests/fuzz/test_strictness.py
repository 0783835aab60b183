"""What OpenAPI calls a whole number, a truth value or a day is taken for one in no other form."""

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from fastapi import FastAPI, Query
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from libs.common.http.dependencies import commands_router
from libs.common.messaging.bus.direct import DirectBus
from tests.support.edge import Tokens
from tests.support.platform import SERVICES

_NOT_MEANT: dict[str, tuple[Any, ...]] = {
    "integer": ("1", True, 1.5, b"1"),
    "boolean": (0, 1, "true", "yes", 1.0),
    "date": (0, 20180401, 0.5, "0", "20180401"),
    "date-time": (0, 20180401, 0.5, "0", "20180401"),
}


def kinds_of(schema: dict[str, Any]) -> set[str]:
    """The kinds of plain values that a JSON Schema admits; a text's format counts as its kind."""
    parts = schema.get("anyOf") or schema.get("oneOf") or [schema]
    if parts != [schema]:
        return {kind for part in parts for kind in kinds_of(part)}
    return {schema.get("format") or schema.get("type") or "anything"} - {"null"}


def with_its_rules(field: FieldInfo) -> Any:
    """The type of a field with what narrows it."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def leaves(annotation: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every plain value in a type, with where it is: fields of models, members of lists and of unions with models."""
    bare = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        for name, field in bare.model_fields.items():
            yield from leaves(with_its_rules(field), name)
    elif get_origin(bare) in {list, tuple, dict, set, frozenset}:
        for inner in get_args(bare):
            if inner is not ...:
                yield from leaves(inner, where)
    elif get_origin(bare) in {Union, UnionType} and any(
        get_origin(part) is not None or (isinstance(part, type) and issubclass(part, BaseModel))
        for part in get_args(bare)
    ):
        for part in get_args(bare):
            yield from leaves(part, where)
    elif bare is not type(None):
        yield where, annotation


def asked(dependant: Dependant) -> Iterator[tuple[str, Any, bool]]:
    """Every parameter and body of a route: its name, its type, and whether it is JSON."""
    for field in dependant.body_params:
        yield field.alias, with_its_rules(field.field_info), True
    for field in (*dependant.query_params, *dependant.header_params):
        yield field.alias, with_its_rules(field.field_info), False
    for need in dependant.dependencies:
        yield from asked(need)


def taken(app: FastAPI) -> Iterator[str]:
    """What the routes of this app take in another form than their document says."""
    for found in iter_route_contexts(app.routes):
        for name, annotation, is_json in asked(found.dependant) if hasattr(found, "dependant") else ():
            for where, leaf in leaves(annotation, name):
                adapter = TypeAdapter[Any](leaf)
                kinds = kinds_of(adapter.json_schema())
                if not kinds <= set(_NOT_MEANT) or (not is_json and not kinds <= {"date", "date-time"}):
                    continue
                for value in set.intersection(*(set(_NOT_MEANT[kind]) for kind in kinds)):
                    try:
                        adapter.validate_python(value)
                    except ValidationError:
                        continue
                    yield f"{found.path_format}: {name} {where} takes {value!r} for {' or '.join(sorted(kinds))}"


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_is_taken_in_another_form_than_the_document_says(service: str, tokens: Tokens) -> None:
    settings = tokens.settings("postgresql+asyncpg://nobody@nowhere/none")
    app: FastAPI = import_module(f"services.{service}.app").create_app(settings, DirectBus({}))
    found = sorted(set(taken(app)))
    assert not found, "\n".join(found)


class Lamp(BaseModel):
    """A request that is lax in three ways, one of them deep inside."""

    class Wick(BaseModel):
        """A part of it."""

        length: int

    on: date
    lit: bool = False
    wicks: list[Wick] | None = None


def test_laxity_is_found_wherever_it_is() -> None:
    lax = commands_router()

    @lax.post("/lamps")
    async def put_up(lamp: Lamp, since: Annotated[date | None, Query()] = None) -> str:
        return f"{lamp} {since}"

    app = FastAPI()
    app.include_router(lax)
    found = set(taken(app))
    for told in (
        "lamp on takes 0 for date",
        "lamp lit takes 'yes' for boolean",
        "lamp length takes '1' for integer",
        "since since takes 0 for date",
    ):
        assert f"/v1/lamps: {told}" in found, found
