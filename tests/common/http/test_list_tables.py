"""A list as a table: columns by the fields of its items, cells as its JSON has them, the rest behind a link."""

import csv
import io
from datetime import date
from typing import Annotated, Any

import pytest
from fastapi import Request
from pydantic import BaseModel, Field

from libs.common.http import csv_text
from libs.common.http.list_tables import asks_for_csv, columns_of, items_of, row_of
from libs.common.http.paging import Page


class Keeper(BaseModel):
    """Who keeps a beacon."""

    name: str
    since: date | None = None


class Signal(BaseModel):
    """What a beacon says."""

    smoke: bool


class BeaconView(BaseModel):
    """A beacon with what may stand in a view."""

    code: str
    keeper: Keeper | None = None
    height: Annotated[int, Field(serialization_alias="height_m")] = 0
    names: list[str] = []
    signals: Annotated[list[Signal], Field(description="The latest first.")] = []
    by_hill: dict[str, int] = {}


class RuinView(BaseModel):
    """What is left of one."""

    code: str
    fell_on: date


COLUMNS = ["code", "keeper.name", "keeper.since", "height_m", "names", "signals", "by_hill"]


def written(*items: BaseModel) -> list[list[str]]:
    """The cells of items, as a table has them."""
    ways = columns_of([BeaconView])
    text = csv_text.rows(row_of(item.model_dump(mode="json", by_alias=True), ways) for item in items)
    return list(csv.reader(io.StringIO(text, newline="")))


def test_an_object_within_has_its_columns_and_a_list_has_one() -> None:
    assert [".".join(way) for way in columns_of([BeaconView])] == COLUMNS
    assert [".".join(way) for way in columns_of([BeaconView, RuinView])] == [*COLUMNS, "fell_on"]


def test_cells_are_as_the_json_has_them() -> None:
    first = BeaconView(code="007", keeper=Keeper(name="-5", since=date(2018, 4, 1)), height=-3, names=["A", "B"])
    second = BeaconView(code="=1+1", signals=[Signal(smoke=True)], by_hill={"Ú": 1})
    assert written(first, second) == [
        ["007", "-5", "2018-04-01", "-3", "A; B", "", "{}"],
        ["'=1+1", "", "", "0", "", '[{"smoke":true}]', '{"Ú":1}'],
    ]


async def list_beacons() -> Page[BeaconView]:
    """A list by its annotation."""
    return Page(items=[])


async def list_either() -> Any:
    """A list by its model."""
    return {"items": []}


def test_a_list_is_known_by_its_model_or_its_annotation() -> None:
    assert items_of(list_beacons, None) == [BeaconView]
    assert items_of(list_either, Page[BeaconView | RuinView]) == [BeaconView, RuinView]
    assert items_of(list_either, None) == []
    assert items_of(list_either, BeaconView) == []


@pytest.mark.parametrize(
    ("query", "accept", "asked"),
    [
        (b"", b"*/*", False),
        (b"", b"text/csv", True),
        (b"", b"text/csv;q=0.5, application/json", False),
        (b"format=csv", b"application/json", True),
        (b"format=json", b"text/csv", False),
    ],
)
def test_the_parameter_decides_before_the_header(query: bytes, accept: bytes, asked: bool) -> None:
    scope = {"type": "http", "query_string": query, "headers": [(b"accept", accept)]}
    assert asks_for_csv(Request(scope)) == asked
