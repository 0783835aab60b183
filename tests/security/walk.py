"""Walks every command of a service: who lacks a role, or acts for all but one organisation, is refused.

A case is one valid request on a service that was prepared for it. Its full caller has one role and acts for exactly the
organisations that the command binds: a dry run shows that the request is good, so that every refusal after it is about
the caller. Nothing may be left of what was refused: every row of every table is compared.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from libs.common.http.declarations import Binding, binding_of
from libs.common.http.transactions import READING, CommandRoute, SteppedRoute
from libs.common.identity import Role
from tests.support.edge import Tokens
from tests.support.platform import Platform

STALE = {"If-Match": '"999999"'}
NO_COMMANDS = Role.PARTNER
"""A role that no command asks for."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One valid command, and the organisations that it binds.

    `path` has its parameters in braces, filled from `values`. `hidden` says that who acts for none of the organisations
    may not know that the thing exists: it is answered 404, as if it did not. `but` is the problem that the full caller
    meets after its right was seen, where a service cannot be prepared so that the command succeeds.
    """

    operation: str
    role: Role
    binds: tuple[str, ...]
    method: str = "POST"
    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    """The body, where it is a file."""
    params: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None
    hidden: bool = False
    but: str = ""

    def request(self, *, dry_run: bool = False) -> dict[str, Any]:
        """The request, as httpx takes it, without its caller."""
        headers = {} if self.version is None else {"If-Match": f'"{self.version}"'}
        params = {**self.params, **({"dry_run": "true"} if dry_run else {})}
        url = f"/v1{self.path.format(**self.values)}"
        body = {"json": self.json} if self.content is None else {"content": self.content}
        return {"method": self.method, "url": url, **body, "params": params, "headers": headers}


def commands_of(app: FastAPI) -> dict[str, Binding | None]:
    """Every writing operation of a service, with what it declares to bind."""
    found: dict[str, Binding | None] = {}
    for route in iter_route_contexts(app.routes):
        writes = (
            isinstance(route.original_route, CommandRoute | SteppedRoute) and not (route.methods or set()) <= READING
        )
        if writes and route.endpoint is not None:
            found[str(route.name)] = binding_of(route.endpoint)
    return found


def without_a_case(app: FastAPI, cases: Sequence[Case]) -> dict[str, Binding | None]:
    """The commands that the walk leaves out: all of them have to declare that they bind no organisation."""
    walked = {case.operation for case in cases}
    return {name: binding for name, binding in commands_of(app).items() if name not in walked}


async def walk(platform: Platform, service: str, cases: Sequence[Case]) -> None:
    """Send each case as everybody who may not, and once, as a dry run, as somebody who may."""
    app, client, tokens = platform.apps[service], platform.clients[service], platform.tokens
    await platform.caught_up()
    before = await _rows(platform, service)
    faults: list[str] = []
    for case in cases:
        binding = commands_of(app)[case.operation]
        assert binding is not None, f"{case.operation} does not declare which organisations it binds"
        faults += _undeclared(case, binding)
        faults += [fault async for fault in _faults(case, binding, client, tokens)]
    assert not faults, "\n".join(faults)
    await platform.caught_up()
    after = await _rows(platform, service)
    assert after == before, [table for table in before if before[table] != after[table]]


async def _faults(case: Case, binding: Binding, client: httpx.AsyncClient, tokens: Tokens) -> AsyncIterator[str]:
    async def ask(headers: Mapping[str, str], *, dry_run: bool = False) -> httpx.Response:
        request = case.request(dry_run=dry_run)
        return await client.request(**request | {"headers": {**request["headers"], **headers}})

    full = tokens.header(case.role, organisations=case.binds)
    accepted = await ask(full, dry_run=True)
    if not (_is(accepted, 409, case.but) if case.but else accepted.is_success):
        yield f"{case.operation}: its full caller is refused: {accepted.status_code} {accepted.text}"
    if (answer := await ask({})).status_code != 401:
        yield f"{case.operation}: without a token: {answer.status_code} {answer.text}"
    if not _is(answer := await ask(tokens.header(NO_COMMANDS, organisations=case.binds)), 403, "role-missing"):
        yield f"{case.operation}: without the role: {answer.status_code} {answer.text}"
    versions: list[dict[str, str]] = [{}] if case.version is None else [{}, STALE]
    for missing, acting in _callers(case, binding):
        for version in versions:
            answer = await ask({**tokens.header(case.role, organisations=acting), **version})
            is_refused = _is(answer, 403, "not-yours-to-decide") and missing in answer.json()["detail"]
            acts_for_none = not set(acting).intersection(case.binds)
            if not (is_refused or (case.hidden and acts_for_none and answer.status_code == 404)):
                yield f"{case.operation}: acting for all but {missing} {version}: {answer.status_code} {answer.text}"


def _callers(case: Case, binding: Binding) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each code that is missing, with the organisations of a caller that it is missing to."""
    if binding.none_because:
        return
    if binding.one_of_because:
        yield case.binds[0], ("ZZ9",)
        return
    for code in case.binds:
        yield code, tuple(other for other in case.binds if other != code)


def _undeclared(case: Case, binding: Binding) -> list[str]:
    """The entries of a declaration whose codes in the request are not among those that the case binds."""
    faults = []
    for entry in binding.in_the_request:
        codes = [case.values[entry[1:-1]]] if entry.startswith("{") else list(_codes(case.json, entry.split(".")))
        if not set(codes) <= set(case.binds):
            faults.append(f"{case.operation}: {entry} is declared, but {codes} is not all bound")
    return faults


def _codes(value: Any, names: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _codes(each, names)
    elif not names:
        yield from [value] if isinstance(value, str) else []
    elif isinstance(value, Mapping) and names[0] in value:
        yield from _codes(value[names[0]], names[1:])


def _is(answer: httpx.Response, status: int, problem: str) -> bool:
    return answer.status_code == status and answer.json()["type"].endswith(f"/{problem}")


async def _rows(platform: Platform, service: str) -> dict[str, str]:
    """A digest of every row of every table."""
    app, database = platform.apps[service], platform.database(service)
    digests: dict[str, str] = {}
    for table in sorted(app.state.service.metadata.tables):
        [row] = await database.fetch(
            f"SELECT md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), '')) AS digest FROM {table} t"
        )
        digests[table] = row["digest"]
    return digests
