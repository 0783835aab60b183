"""The fields of a form, and what they say as the service takes it."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.core.forms import Form, pence_of
from console.core.words import day as in_words
from console.core.words import pounds
from console.decisions.shaping.hours import instant_of

Options = tuple[tuple[str, str], ...]
OPTIONAL: Final = " (optional)"
"""Ends the label of a field that may be left empty."""
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field: its kind says how it is shown and read. `name` is the API's, so that a refusal's words find it.

    Kinds: `text`, `area`, `day`, `hour` (of the act's day), `pounds`, `number`, `codes` (several, by commas), `radios`,
    `numbers` (radios whose values are numbers), `select`, `check`, and `digest` (of a file its SHA-256 alone is sent).
    """

    kind: str
    name: str
    label: str
    hint: str = ""
    options: Options = ()
    value: str = ""
    """What it shows first."""


PAPER: Final = (
    Field(
        kind="text",
        name="document",
        label="The paper that shows it",
        hint="Needed where the day lies before today. For example: Governing body, 24 May 2018, item 7",
    ),
    Field(
        kind="area",
        name="note",
        label="Private words on it (optional)",
        hint="Read by the organisation's own governance leads alone",
    ),
)
"""What every act may name."""


def options_of(words: Mapping[str, str]) -> Options:
    """Return codes with their words as a choice."""
    return tuple(words.items())


def command_of(form: Form, fields: Sequence[Field], *, day: str = "") -> dict[str, Any]:
    """Return what was filled in as the service takes it; what was left empty is left out."""
    read = {field.name: _value(form, field, day) for field in fields}
    return {name: value for name, value in read.items() if value is not None}


def filled_in(form: Form, fields: Sequence[Field]) -> list[tuple[str, str]]:
    """Return what was filled in, in the words of the form, to be looked at before it is sent."""
    read = [(field.label.removesuffix(OPTIONAL), _shown(form, field)) for field in fields]
    return [(label, value) for label, value in read if value]


def _shown(form: Form, field: Field) -> str:
    text = form[field.name]
    if field.kind == "day":
        given = form.day(field.name, field.label)
        return in_words(given) if given else ""
    if field.kind == "check":
        return "Yes" if text == "yes" else "No"
    if field.kind == "pounds":
        return pounds(pence_of(text)) if text else ""
    return dict(field.options).get(text, text)


def _value(form: Form, field: Field, day: str) -> Any:
    if field.kind == "day":
        given = form.day(field.name, field.label)
        return given.isoformat() if given else None
    if field.kind == "digest":
        content = form.file(field.name)
        return hashlib.sha256(content).hexdigest() if content else ""
    text = form[field.name]
    if field.kind == "check":
        return text == "yes"
    if not text:
        return None
    if field.kind == "hour":
        return instant_of(day, text)
    if field.kind == "pounds":
        return form.pence(field.name, field.label.removesuffix(OPTIONAL))
    if field.kind in ("number", "numbers"):
        return int(text) if _WHOLE.fullmatch(text) else text
    return re.findall(r"[^,\s]+", text) if field.kind == "codes" else text
