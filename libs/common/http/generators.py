"""Writes an operation so that generators of clients take it: one type a parameter, and JSON for a body."""

from typing import Any

_DAY_OR_INSTANT = {"date", "date-time"}
_CSV = "text/csv"


def suit_generators(operation: dict[str, Any]) -> None:
    """Make each parameter of one type, and name a table as the body in words: openapi-python-client knows no CSV.

    A parameter that is null is left out, so null is none of its types; a day or an instant is sent as text.
    """
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _one_type(parameter["schema"])
    content = operation.get("requestBody", {}).get("content", {})
    if _CSV in content and len(content) > 1:
        table = content.pop(_CSV)
        shown = f"\n\n```csv\n{table['example'].strip()}\n```" if "example" in table else ""
        operation["description"] = f"{operation['description']}\n\nThe body may be a table, as `{_CSV}`.{shown}"


def _one_type(schema: dict[str, Any]) -> dict[str, Any]:
    ways = [way for way in schema.get("anyOf", ()) if way.get("type") != "null"]
    if not ways:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if {way.get("format") for way in ways} == _DAY_OR_INSTANT:
        return {"type": "string", **rest}
    return {**ways[0], **rest} if len(ways) == 1 else {"anyOf": ways, **rest}
