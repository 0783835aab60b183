"""Examples in OpenAPI: requests that a user of the laptop's demo can send as they stand, and refusals as sent."""

import re
import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from libs.common.http.problems import MEDIA_TYPE, TYPES, Problem, ReasonView
from libs.common.identity import Role

_COMMON = Path(__file__).with_name("examples.toml")
_REFERENCE = "#/components/schemas/"
_TYPE = re.compile(r"^`([a-z0-9-]+)`:", re.MULTILINE)
_REQUEST = "0b2f9d5e-5f0e-4f0b-9a53-1f6f4a1c9d27"
_DRY_RUN = "dry_run"
_USERS = {
    Role.REGISTRAR: "registrar",
    Role.NHS_ENGLAND: "nhs-england",
    Role.OPERATOR: "operator",
}
_ANY_USER = "commissioner"
"""The demo's user for everything else: it has the leads' roles and reads what the parties read."""


class Example(BaseModel):
    """The request of one operation: who sends it, its parameters and body, and what the demo lacks for it.

    What is not given is taken from the schemas' own examples. A parameter that is not required is sent only if it is
    given here. `nulls` names fields of the body that are null, which TOML cannot say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = ""
    needs: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    body: Any = None
    nulls: tuple[str, ...] = ()


class Refusal(BaseModel):
    """What a service sent when it refused something, by the type of the problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int
    title: str
    detail: str
    instance: str
    reasons: list[ReasonView] = Field(default_factory=list)


class Examples(BaseModel):
    """A service's examples: of operations by their ids, of parameters wherever they occur, of refusals by type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operations: dict[str, Example] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    refusals: dict[str, Refusal] = Field(default_factory=dict)


@cache
def read_examples(file: Path | None) -> Examples:
    """Read a service's `examples.toml`, and what all services have in common. Raises ValidationError."""
    own, common = _read(file) if file else Examples(), _read(_COMMON)
    return Examples(
        operations={**common.operations, **own.operations},
        parameters={**common.parameters, **own.parameters},
        refusals={**common.refusals, **own.refusals},
    )


def _read(file: Path) -> Examples:
    return Examples.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def give_example(
    operation: dict[str, Any], examples: Examples, schemas: Mapping[str, Any], roles: Collection[Role]
) -> None:
    """Write the operation's example into it: its parameters, its body, and in words who sends it and what it needs."""
    example = examples.operations.get(operation["operationId"], Example())
    # Copies: what every operation has is one object in all of them.
    parameters = [dict(one) for one in operation.get("parameters", ())]
    if parameters:
        operation["parameters"] = parameters
    if unknown := set(example.parameters) - {one["name"] for one in parameters}:
        raise ValueError(f"the example of {operation['operationId']} has unknown parameters: {sorted(unknown)}")
    for parameter in parameters:
        _give_parameter(parameter, example.parameters.get(parameter["name"]), examples.parameters)
    contents = operation.get("requestBody", {}).get("content", {})
    for media_type, content in contents.items():
        own = {**(example.body or {}), **dict.fromkeys(example.nulls)} if example.nulls else example.body
        own = own if media_type == "application/json" or len(contents) == 1 else None
        if own is None and "example" not in content:
            own = example_of(content["schema"], schemas)
        if own is not None:
            content["example"] = own
    user = example.user or next((_USERS[role] for role in roles if role in _USERS), _ANY_USER)
    operation["x-demo-user"] = user
    sentences = [f"On the demo, the example can be sent as it stands by the user `{user}`."]
    if example.needs:
        operation["x-example-needs"] = example.needs
        sentences = [f"The example, for the demo's user `{user}`, needs what the demo has not: {example.needs}."]
    operation["description"] = f"{operation.get('description', '')}\n\n{' '.join(sentences)}".strip()


def _give_parameter(parameter: dict[str, Any], own: Any, common: Mapping[str, Any]) -> None:
    """Prefill a required parameter, one that the example names, and `dry_run`; show another's example in words."""
    schema = parameter["schema"]
    prefilled = parameter.pop("example", None)
    shown = common.get(parameter["name"], next(iter(schema.get("examples", ())), prefilled))
    if own is None and parameter["name"] == _DRY_RUN:
        own = True
    elif own is None and parameter["required"]:
        own = shown if shown is not None else next(iter(schema.get("enum", ())), None)
    if own is not None:
        parameter["example"] = own
    elif shown is not None:
        written = f"`{shown}`" if "`" not in str(shown) else str(shown)
        parameter["description"] = f"{parameter.get('description', '').rstrip('.')}. For example {written}.".lstrip(
            ". "
        )


def refusal_examples(paths: Mapping[str, Any], examples: Examples) -> dict[str, Any]:
    """Let each refusal of every operation refer to the examples of its types, and return those that are referred to."""
    used: dict[str, Any] = {}
    for operation in (one for ways in paths.values() for one in ways.values()):
        for response in operation["responses"].values():
            if (content := response.get("content", {}).get(MEDIA_TYPE)) is None:
                continue
            types = [name for name in _TYPE.findall(response["description"]) if name in examples.refusals]
            # The content of a status may be one object in many operations.
            response["content"] = response["content"] | {
                MEDIA_TYPE: content | {"examples": {name: {"$ref": f"#/components/examples/{name}"} for name in types}}
            }
            used |= {name: _refusal_example(name, examples.refusals[name]) for name in types if name not in used}
    return dict(sorted(used.items()))


def _refusal_example(name: str, refusal: Refusal) -> dict[str, Any]:
    sent = Problem(type=TYPES + name, request_id=_REQUEST, **dict(refusal))
    return {"summary": refusal.title, "value": sent.model_dump()}


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return the example of a schema: its own, or one made of its required fields'; None where there is none."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(_REFERENCE)], schemas)
    for key in ("example", "const", "default"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return example_of(schema[key][0], schemas)
    if "properties" in schema:
        required = schema.get("required", [])
        return {name: example_of(one, schemas) for name, one in schema["properties"].items() if name in required}
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    return None
