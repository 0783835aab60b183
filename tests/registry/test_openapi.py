"""What OpenAPI tells a newcomer: every parameter is explained, every required field of a command has an example."""

from typing import Any

from tests.support.registry_client import RegistryClient

METHODS = ("get", "post", "put", "delete")


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every operation of the registry's own nouns, with where it is."""
    return [
        (f"{method} {path}", ways[method])
        for path, ways in described["paths"].items()
        for method in METHODS
        if method in ways and "/operations/" not in path
    ]


async def test_every_operation_and_parameter_says_what_it_is_for(registry: RegistryClient) -> None:
    found = operations(registry.app.openapi())
    assert len(found) > 80
    assert [where for where, one in found if not (one.get("summary") and one.get("description"))] == []
    silent = [
        (where, parameter["name"])
        for where, one in found
        for parameter in one.get("parameters", [])
        if not parameter.get("description")
    ]
    assert silent == []


async def test_every_required_field_of_a_command_has_an_example(registry: RegistryClient) -> None:
    described = registry.app.openapi()
    bare = []
    for where, one in operations(described):
        for content in one.get("requestBody", {}).get("content", {}).values():
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            schema = described["components"]["schemas"].get(name, {})
            for field in schema.get("required", []):
                shown = schema["properties"][field]
                if not (shown.get("examples") or "const" in shown or schema.get("examples")):
                    bare.append((where, field))
    assert bare == []
