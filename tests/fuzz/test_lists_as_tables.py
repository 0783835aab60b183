"""Every list of every service is a table too: the same rows as its JSON, or the same refusal."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from libs.common.identity import Role
from tests.fuzz.test_cursors import fitting
from tests.support.platform import SERVICES, Platform

_DOCUMENTS = Path(__file__).parents[2] / "docs" / "openapi"
_SEEDED = {"code": "10H", "organisation": "10H", "reference": "SUPPORT-1", "contract": "SUPPORT-1", "body": "10H"}
"""What stands in an address, of what the services are filled with."""

_NO_TABLES = {"/v1/ocds/releases", "/v1/provenance/{reference}"}
"""What has pages and is no list: a package by OCDS, and a part of a graph."""

_OWN_TABLES = {"/crosswalks", "/changes", "/estates/backlog", "/imports/{reference}/preview", "/estates/rows"}
"""Lists whose tables have columns of their own: as many rows, under other names."""


def addresses(service: str) -> dict[str, dict[str, str]]:
    """The path of each list, with its parameters; by the document in the repository, which is made of the service."""
    document = json.loads((_DOCUMENTS / f"{service}.json").read_text(encoding="utf-8"))
    found = {}
    for path, operations in document["paths"].items():
        read = operations.get("get", {})
        taken = {one["name"]: one["schema"] for one in read.get("parameters", ())}
        # The feed follows positions of the log, and flips numbers of versions: they are no lists of ours.
        if not {"after", "limit"} <= taken.keys() or taken["after"].get("type") == "integer":
            continue
        if path not in _NO_TABLES:
            assert "text/csv" in read["responses"]["200"]["content"], path
            needed = [one for one in read["parameters"] if one["required"] or one["name"] == "on"]
            found[path] = {one["name"]: _SEEDED.get(one["name"]) or fitting(one["schema"], document) for one in needed}
            found[path]["limit"] = "500"
    return found


async def test_every_list_is_a_table_with_the_rows_of_its_json(platform: Platform) -> None:
    headers = platform.tokens.header(*Role)
    wrong: dict[str, list[str]] = {}
    alike = 0
    for service in SERVICES:
        for path, parameters in addresses(service).items():
            address = path.format_map(parameters)
            asked = {name: value for name, value in parameters.items() if f"{{{name}}}" not in path}
            client = platform.clients[service]
            shown = await client.get(address, params=asked, headers=headers)
            table = await client.get(address, params=asked, headers=headers | {"Accept": "text/csv"})
            if table.status_code != shown.status_code:
                wrong[path] = [f"{address}: {table.status_code} {table.text}, not {shown.status_code}"]
            elif shown.status_code == 200:
                alike += 1
                wrong[path] = differing(path, shown.json()["items"], table.text)
    assert {path: found for path, found in wrong.items() if found} == {}
    assert alike > 40


def differing(path: str, items: list[dict[str, Any]], table: str) -> list[str]:
    """What a table has otherwise than the items of the same list."""
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    if len(rows) != len(items):
        return [f"{len(rows)} rows, {len(items)} items"]
    if path.removeprefix("/v1") in _OWN_TABLES:
        return []
    return [
        f"{name} is {row.get(name)!r}, not {value!r}"
        for row, item in zip(rows, items, strict=True)
        for name, value in item.items()
        if not isinstance(value, dict | list) and row.get(name, "?").removeprefix("'") != as_written(value)
        if not (value is None and any(column.startswith(f"{name}.") for column in row))
    ]


def as_written(value: str | float | bool | None) -> str:
    """How a table has a value of JSON."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value).removeprefix("'")
