"""Builds, without I/O, the entries of a dossier and their chain of hashes."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import rfc8785

SALT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What happened, before it is an entry.

    `key` names it once in its decision's dossier. `fields` are codes, references, days and figures; `personal` are
    values that may be erased, each of the person named for it (empty: of no recorded person).
    """

    decision: str
    key: str
    kind: str
    effective_on: date
    stated_at: datetime
    fields: Mapping[str, Any]
    personal: Mapping[str, tuple[str, str]]
    """A field's value, and whose it is."""


@dataclass(frozen=True, slots=True)
class Value:
    """A personal value of an entry with its salt."""

    field: str
    salt: bytes
    value: str
    person: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is stored: its place, its line of canonical JSON, and the hash of the chain up to it."""

    number: int
    material: Material
    line: bytes
    digest: bytes
    values: tuple[Value, ...]


def digest_of(salt: bytes, value: str) -> str:
    """Return the hash that stands for a personal value: without its salt the value cannot be guessed."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def chained(previous: bytes, line: bytes) -> bytes:
    """Return an entry's hash: of the hash before it (empty for the first) and its own line."""
    return hashlib.sha256(previous + line).digest()


def entries_of(materials: Sequence[Material], *, after: int, previous: bytes) -> list[Entry]:
    """Return materials as the entries that follow a number and a hash, in their order."""
    entries: list[Entry] = []
    for number, material in enumerate(materials, after + 1):
        values = tuple(
            Value(field, secrets.token_bytes(SALT_BYTES), value, person)
            for field, (value, person) in sorted(material.personal.items())
        )
        line = _line(number, material, values)
        previous = chained(previous, line)
        entries.append(Entry(number, material, line, previous, values))
    return entries


def _line(number: int, material: Material, values: Sequence[Value]) -> bytes:
    hidden = {one.field: {"sha256": digest_of(one.salt, one.value)} for one in values}
    line: bytes = rfc8785.dumps(
        {
            "number": number,
            "kind": material.kind,
            "key": material.key,
            "decision": material.decision,
            "effective_on": material.effective_on.isoformat(),
            "stated_at": material.stated_at.isoformat(),
            "fields": {**material.fields, **hidden},
        }
    )
    return line
