"""Reads figures of documents by their JSON pointers, and the lens that a figure stands under. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any


def figures_of(document: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of a document with its JSON pointer (RFC 6901), in order."""
    match document:
        case Mapping():
            for key, value in document.items():
                escaped = str(key).replace("~", "~0").replace("/", "~1")
                yield from figures_of(value, f"{pointer}/{escaped}")
        case list() | tuple():
            for number, value in enumerate(document):
                yield from figures_of(value, f"{pointer}/{number}")
        case _:
            yield pointer, document


def along(document: Any, pointer: str) -> Iterator[Any]:
    """Yield the values on the way to a JSON pointer, the document first and the figure last. Raises LookupError."""
    value = document
    yield value
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) and key.isdigit() else value[key]
        yield value


def figure_at(document: Any, pointer: str) -> Any:
    """Return the value at a JSON pointer. Raises LookupError."""
    return list(along(document, pointer))[-1]


def lens_at(document: Any, pointer: str) -> str | None:
    """Return the lens of the nearest record around a figure that names one; None where none does."""
    around = [value["lens"] for value in along(document, pointer) if isinstance(value, Mapping) and "lens" in value]
    return str(around[-1]) if around else None
