"""The committed documents of the services: `python -m deploy.documents` writes them, with `--check` it only compares.

They are docs/openapi/<service>.json and docs/problems.md. A test compares them to the code, so that whoever changes an
operation or a refusal shows in the same commit what partners will see.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from libs.common.errors import Conflict, DomainError, Forbidden
from libs.common.http.problems import TYPES, Unprocessable, status_of
from libs.common.service.app import Service
from libs.common.service.cli import openapi_text

SERVICES = ("registry", "contracts", "finance", "governance")

_KINDS = {Conflict, Forbidden, Unprocessable}
"""Never sent themselves, only what is derived from them."""

_HEAD = f"""# Problem types

Every refusal is a problem of RFC 9457 (`application/problem+json`). Its `type` is `{TYPES}` and one of
the names below; `title` is the sentence beside it, `detail` carries the values of the case, and `reasons` lists every
cause at once, each with the field of the request that it is about. `request_id` leads the operators to the request in
the log. A problem that is no more than its status, such as `method-not-allowed`, is named for that status. The FHIR
routes answer with an OperationOutcome instead.

`make openapi` writes this page from the error classes.
"""


def documents() -> dict[Path, str]:
    """Return every document as the code gives it, by its path below the repository."""
    services = {name: _service(name) for name in SERVICES}
    problems = [_HEAD, *_section("Every service", "libs")]
    for name in SERVICES:
        problems += _section(name.capitalize(), f"services.{name}")
    openapi = {Path("docs") / "openapi" / f"{name}.json": openapi_text(service) for name, service in services.items()}
    return {**openapi, Path("docs") / "problems.md": "\n".join(problems)}


def problem_types(package: str) -> list[type[DomainError]]:
    """Return the refusals that a client can get from the modules below a package, by status and name."""
    own = [kind for kind in _below(DomainError) if kind.__module__.startswith(f"{package}.") and kind not in _KINDS]
    # FHIR has a form of its own for refusals.
    shown = {kind for kind in own if ".fhir." not in kind.__module__}
    return sorted(shown, key=lambda kind: (status_of(kind), kind.slug()))


def _service(name: str) -> Service:
    declared: Service = import_module(f"services.{name}.app").SERVICE
    return declared


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _section(title: str, package: str) -> list[str]:
    rows = [
        f"| {status_of(kind).value} | `{kind.slug()}` | {kind.title()} | {kind.explanation()} |"
        for kind in problem_types(package)
    ]
    return [
        f"## {title}",
        "",
        "| status | type | title | what happened, and what to do |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]


def main(*, check: bool) -> int:
    """Write every document that differs from the code; or only name it, and return 1 where there is one."""
    root = Path(__file__).parents[1]
    differing = 0
    for path, text in documents().items():
        file = root / path
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        differing += 1
        if check:
            print(f"{path} is not what the code gives: run make openapi")
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            print(f"written: {path}")
    return int(check and differing > 0)


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
