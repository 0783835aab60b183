"""Frozen JSON Schemas: one file for each event and version, as first published.

`python -m libs.common.events.schemas` writes the missing files and changes none. An optional field that a version
gained later has a file too: `Name.v1.field.json`. A test fails if the classes and the files differ.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from libs.common.events import CATALOGUE, Event, contracts, finance, governance, registry

FOLDER = Path(__file__).with_name("schemas")

PUBLISHERS = (registry, contracts, finance, governance)
"""The modules that define the events of the catalogue."""

Schema = dict[str, Any]


def schema(kind: type[Event]) -> Schema:
    """Return the JSON Schema of an event's fields and keys, without descriptions, which may change freely."""
    fields = kind.model_json_schema()
    fields.pop("description", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **fields,
        "title": kind.event_name,
        "x-topic": kind.topic,
        "x-version": kind.event_version,
        "x-keys": list(kind.key_fields),
        "x-parties-only": kind.parties_only,
    }


def files_of(kind: type[Event], existing: Iterable[str] = ()) -> dict[str, Schema]:
    """Return the contents of this class's files by name; the `existing` ones show which fields came later."""
    whole, stem = schema(kind), f"{kind.event_name}.v{kind.event_version}"
    later = {name for name in _optional(whole) if f"{stem}.{name}.json" in existing}
    properties = {name: value for name, value in whole["properties"].items() if name not in later}
    return {
        f"{stem}.json": {**whole, "properties": properties},
        **{f"{stem}.{name}.json": whole["properties"][name] for name in sorted(later)},
    }


def differences(kinds: Iterable[type[Event]], files: Mapping[str, Schema]) -> list[str]:
    """Return every difference between the classes and the frozen files, as a sentence each."""
    expected: dict[str, Schema] = {}
    for kind in kinds:
        expected |= files_of(kind, files)
    return [
        *(f"{name} is missing: python -m libs.common.events.schemas" for name in sorted(expected.keys() - files)),
        *(f"{name} no longer has a class" for name in sorted(files.keys() - expected.keys())),
        *(
            f"{name} differs from its class: make the change a new version, and leave the old class unchanged"
            for name in sorted(expected.keys() & files.keys())
            if expected[name] != files[name]
        ),
    ]


def frozen(folder: Path = FOLDER) -> dict[str, Schema]:
    """Return every frozen file's content by name."""
    return {path.name: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def write_missing(kinds: Iterable[type[Event]], folder: Path = FOLDER) -> list[str]:
    """Write the schemas of events and later optional fields that have no file yet; return the files' names."""
    folder.mkdir(exist_ok=True)
    files, written = frozen(folder), []
    for kind in kinds:
        stem = f"{kind.event_name}.v{kind.event_version}"
        born = files.get(f"{stem}.json")
        added = [] if born is None else [name for name in _optional(schema(kind)) if name not in born["properties"]]
        for name, content in files_of(kind, [f"{stem}.{field}.json" for field in added]).items():
            if name not in files:
                (folder / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
                written.append(name)
    return written


def _optional(whole: Schema) -> list[str]:
    return [name for name in whole["properties"] if name not in whole.get("required", [])]


if __name__ == "__main__":
    for new in write_missing(CATALOGUE.values()):
        sys.stdout.write(f"{new}\n")
