"""A merger through four services beside sixteen writers: contracts, budget lines and appointments follow it."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import MetaData

from bench.economy import BEFORE, DAY, OPENED, YEAR, Amounts, Bodies, fill
from bench.load import Refused, get
from bench.runner import TINY, Aim, Benchmark, Contest, Size
from bench.servers import Callers, Served, free_port, new_database, opened, postgres, serving, temporary_folder
from deploy.postgres.processes import find_postgres_processes
from libs.common.database.connection import Database
from libs.common.identity import Role

_HEARS: dict[str, tuple[str, ...]] = {
    "registry": (),
    "contracts": ("registry", "governance"),
    "finance": ("registry", "contracts", "governance"),
    "governance": ("registry", "contracts", "finance"),
}
_WRITERS, _WRITES_EVERY = 16, 1.0
_READS_EVERY = 0.05
_LOOKS_EVERY = 0.1
_LONGEST = 3_600.0
_BUSY, _TURNS = 503, 10
_BYSTANDER = "99Z"
"""A CCG that does not merge: the writers draft its contracts, set its lines and register its people."""


_IS_MOVED = "SELECT NOT EXISTS (SELECT FROM outbox WHERE id <= $1)"
_IS_CONSUMED = "SELECT EXISTS (SELECT FROM consumer_offset WHERE source = $1 AND source_position >= $2)"


@dataclass
class _Platform:
    """The four services on the direct bus, each as two processes: one answers, the other publishes and consumes."""

    callers: Callers
    data: Path
    served: dict[str, Served] = field(default_factory=dict)
    working: dict[str, Served] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    workers: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def call(
        self, method: str, service: str, path: str, body: Any = None, *, acting_for: str = "", **headers: str
    ) -> Any:
        """Send a request to a service as a caller with every role, or as a body's contract lead; return the JSON."""
        if acting_for:
            line = self.callers.header(Role.CONTRACT_LEAD, organisations=[acting_for])
            headers["Authorization"] = line.strip().partition(": ")[2]
        answer = await self.clients[service].request(method, f"/v1{path}", json=body, headers=headers)
        if answer.is_error:
            raise RuntimeError(f"{method} {service}{path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def move_clock(self, service: str, day: str) -> None:
        """Let it be this day in both processes of a service, the one that does what is due last.

        They take turns: one that has waited for the other as long as a service waits for a statement is asked again.
        """
        for client in dict.fromkeys((self.clients[service], self.workers[service])):
            for _ in range(_TURNS):
                answer = await client.put("/v1/operations/clock", json={"moved_to": day})
                if answer.status_code != _BUSY:
                    break
            answer.raise_for_status()

    async def caught_up(self) -> None:
        """Wait until what is published by now has been consumed, and what followed from it, whoever writes meanwhile.

        What follows passes through three services at most, and is published once more by the last one.
        """
        for _ in range(4):
            ends = {name: await self._end(name) for name in _HEARS}
            for name, publishers in _HEARS.items():
                for publisher in filter(ends.get, publishers):
                    consumed = f"{name} has consumed {publisher}"
                    await self._until(consumed, self.databases[name], _IS_CONSUMED, publisher, ends[publisher])

    async def _end(self, name: str) -> int:
        """Return where the log of a service ends once everything that waits now is in it."""
        database = self.databases[name]
        last = await _one(database, "SELECT coalesce(max(id), 0) FROM outbox")
        await self._until(f"the outbox of {name} is moved", database, _IS_MOVED, last)
        return await _one(database, "SELECT coalesce(max(last_position), 0) FROM sequencer_state")

    async def _until(self, what: str, database: Database, sql: str, *arguments: Any) -> None:
        deadline = time.monotonic() + _LONGEST
        while not (await database.fetch(sql, *arguments))[0][0]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what}: not within {_LONGEST:.0f} s")
            await asyncio.sleep(_LOOKS_EVERY)

    def forget_peaks(self) -> None:
        """Have the peaks of memory counted from now on."""
        for served in (*self.served.values(), *self.working.values()):
            Path(f"/proc/{served.pid}/clear_refs").write_text("5")

    def peak_mb(self) -> float:
        """Return the most memory that one of the processes had at once."""
        return max(_status_mb(served.pid, "VmHWM") for served in (*self.served.values(), *self.working.values()))

    def postgres_mb(self) -> float:
        """Return what PostgreSQL's processes have at present beside its shared memory."""
        return sum(_status_mb(pid, "RssAnon") for pid in find_postgres_processes(self.data))


def _status_mb(pid: int, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith(f"{name}:")), 0.0)


@asynccontextmanager
async def _platform(folder: Path, settings: Mapping[str, str], *, alone: bool) -> AsyncIterator[_Platform]:
    """Run the services; `alone`: a process of each does everything, which costs half of the start."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(postgres(folder, apart=False, everywhere=True, settings=settings))
        running = _Platform(Callers(folder), server.data)
        urls = {name: await new_database(server, name, _metadata(name)) for name in _HEARS}
        for works in (True,) if alone else (True, False):
            starting = [
                stack.enter_async_context(_service(running, urls, name, folder / f"{name}.log", works=works))
                for name in _HEARS
            ]
            processes, clients = (running.working, running.workers) if works else (running.served, running.clients)
            for name, served in zip(_HEARS, await asyncio.gather(*starting), strict=True):
                processes[name] = served
                clients[name] = await stack.enter_async_context(_client(running.callers, served))
        if alone:
            running.served, running.clients = running.working, running.workers
        for name, url in urls.items():
            running.databases[name] = await stack.enter_async_context(opened(url))
        yield running


def _service(
    running: _Platform, urls: Mapping[str, str], name: str, log: Path, *, works: bool
) -> AbstractAsyncContextManager[Served]:
    port = free_port()
    environment = {
        **running.callers.settings(urls[name]),
        "PORT": str(port),
        "CLOCK_MOVABLE": "true",
        "BACKGROUND": str(works),
        "LOG_URLS": json.dumps({publisher: urls[publisher] for publisher in _HEARS[name]}),
    }
    arguments = ["-m", f"services.{name}", "serve"]
    return serving(arguments, port=port, log=log, environment=environment, pinned=False)


def _client(callers: Callers, served: Served) -> httpx.AsyncClient:
    header, _, value = callers.header(*Role, seconds=36_000).strip().partition(": ")
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", headers={header: value}, timeout=120)


def _metadata(name: str) -> MetaData:
    metadata: MetaData = import_module(f"services.{name}.tables").METADATA
    return metadata


@dataclass
class _Reads:
    """Reads by key of each service at a fixed rate; those that would have begun while one is slow count as slow too."""

    platform: _Platform
    paths: Mapping[str, str]
    took: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in _HEARS})
    _stopping: bool = False

    async def run(self) -> None:
        """Read until stopped."""
        await asyncio.gather(*(self._read(service, path) for service, path in self.paths.items()))

    def stop(self) -> None:
        """End after the reads under way."""
        self._stopping = True

    async def _read(self, service: str, path: str) -> None:
        request = get(f"/v1{path}", self.platform.callers.header(*Role, seconds=36_000))
        reader, writer = await asyncio.open_connection("127.0.0.1", self.platform.served[service].port)
        while not self._stopping:
            began = time.perf_counter()
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            body = await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            if not head.startswith(b"http/1.1 2"):
                raise Refused(body.decode(errors="replace"))
            took = time.perf_counter() - began
            self.took[service] += [took - missed * _READS_EVERY for missed in range(int(took / _READS_EVERY) + 1)]
            await asyncio.sleep(max(0.0, _READS_EVERY - took))
        writer.close()

    def p99_ms(self, service: str) -> float:
        """Return the time within which 99 of 100 reads were answered."""
        ordered = sorted(self.took[service])
        return ordered[len(ordered) * 99 // 100] * 1000


class _Writers:
    """Sixteen writers, four of each service, one command a second each; what was accepted is counted."""

    numbers = count(1)

    def __init__(self, platform: _Platform) -> None:
        self._platform = platform
        self.accepted: dict[str, list[str]] = {name: [] for name in _HEARS}
        self.refused = Counter[str]()
        self.slowest = 0.0
        self._stopping = False

    async def run(self) -> None:
        """Write until stopped; a command that is under way is answered."""
        await asyncio.gather(*(self._write(list(_HEARS)[number % 4], number) for number in range(_WRITERS)))

    def stop(self) -> None:
        """End after the commands under way."""
        self._stopping = True

    async def _write(self, service: str, number: int) -> None:
        await asyncio.sleep(number * _WRITES_EVERY / _WRITERS)
        while not self._stopping:
            began = time.perf_counter()
            name = f"W{next(self.numbers):05}"
            path, body = _command(service, name)
            answer = await self._platform.clients[service].post(f"/v1{path}", json=body)
            self.slowest = max(self.slowest, time.perf_counter() - began)
            if answer.is_success:
                self.accepted[service].append(name)
            else:
                self.refused[f"{service} {answer.status_code}"] += 1
            await asyncio.sleep(max(0.0, began + _WRITES_EVERY - time.perf_counter()))


def _command(service: str, name: str) -> tuple[str, dict[str, Any]]:
    match service:
        case "registry":
            return "/organisations", {"code": name, "name": name, "kind": "gp_practice", "effective_on": OPENED}
        case "contracts":
            line = {"function": "payroll", "annual_pence": 1_000_00}
            term = {"starts_on": "2018-04-01", "last_day": "2020-03-31", "notice_months": 6}
            parties = {"supplier": "0CX", "customers": [_BYSTANDER], "value_basis": "illustrative"}
            return "/contracts", {"reference": name, "title": name, "lines": [line], **term, **parties}
        case "finance":
            line = {"account": name, "function": "payroll", "pay": False, "recurrent": True, "admin": False}
            return f"/organisations/{_BYSTANDER}/budgets/{YEAR}/lines", {"lines": [line | {"amount_pence": 1_00}]}
        case _:
            return "/people", {"organisation": _BYSTANDER, "display_name": name}


_WRITTEN = {
    "registry": "SELECT count(*) FROM organisation WHERE code = ANY($1)",
    "contracts": "SELECT count(*) FROM contract WHERE reference = ANY($1)",
    "finance": "SELECT count(*) FROM budget_line l JOIN budget_entry e ON e.line_id = l.id WHERE account = ANY($1)",
    "governance": "SELECT count(*) FROM person WHERE display_name = ANY($1)",
}
_CONSUMED = "SELECT count(*) FROM known_organisation WHERE code = ANY($1)"

# What each service has after the merger; $1 the predecessors, $2 the successor, $3 its day.
_MOVED = """
SELECT count(*) FILTER (WHERE customers = ARRAY[$2]) FROM (
    SELECT array_agg(cc.customer_code) AS customers
      FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
     WHERE upper_inf(b.known) AND b.valid @> $3::text::date
       AND cc.contract_id IN (SELECT contract_id FROM contract_customer WHERE customer_code = ANY($1))
     GROUP BY cc.contract_id) moved
"""
_PUBLISHED = "SELECT count(*) FROM event_log WHERE name = $3 AND keys @> ARRAY[$2] AND keys && $1::text[]"
_CHARGED = """
SELECT count(DISTINCT contract) FROM known_contract
 WHERE what = 'transferred' AND customers = ARRAY[$2] AND effective_on = $3::text::date AND contract LIKE ANY($1)
"""
_SUM = """
SELECT coalesce(sum(amount_pence), 0)::bigint FROM budget_line l JOIN budget_entry e ON e.line_id = l.id
 WHERE l.organisation_code = ANY($1)
"""
_LINES = "SELECT count(*) FROM budget_line WHERE organisation_code = $1"
_ENDED = """
SELECT count(*) FROM post p JOIN body b ON b.id = p.body_id JOIN post_time_belief t ON t.subject_id = p.id
 WHERE b.organisation = ANY($1) AND t.value LIKE 'A-%' AND upper_inf(t.known) AND upper(t.valid) = $2::text::date
"""
_TO_REMAKE = """
SELECT count(*) FROM decision_right r JOIN body b ON b.id = r.body_id
 WHERE b.organisation = ANY($1) AND to_remake_for = $2
"""


async def _lost(platform: _Platform, bodies: Bodies, amounts: Amounts, writers: _Writers) -> dict[str, int]:
    """Return by name how many are missing, or too many, of what the merger moves and the writers were answered for."""
    old, new = list(bodies.old), bodies.new
    contracts, finance, governance = (platform.databases[name] for name in ("contracts", "finance", "governance"))
    pence = amounts.lines * 1_000_01
    expected = {
        "contracts moved": (amounts.contracts, await _one(contracts, _MOVED, old, new, DAY)),
        "transfers published": (amounts.contracts, await _one(contracts, _PUBLISHED, old, new, "ContractTransferred")),
        "charges moved": (
            amounts.contracts,
            await _one(finance, _CHARGED, [f"SUPPORT-{code}%" for code in old], new, DAY),
        ),
        "lines of the successor": (amounts.lines, await _one(finance, _LINES, new)),
        "pence of the successor": (pence, await _one(finance, _SUM, [new])),
        "pence left behind": (0, await _one(finance, _SUM, old)),
        "restatements published": (amounts.lines, await _one(finance, _PUBLISHED, old, new, "BudgetRestated")),
        "appointments ended": (amounts.posts, await _one(governance, _ENDED, old, DAY)),
        "rights to be made again": (amounts.posts + 2, await _one(governance, _TO_REMAKE, old, new)),
    }
    for service, names in writers.accepted.items():
        expected[f"written in {service}"] = (
            len(names),
            await _one(platform.databases[service], _WRITTEN[service], names),
        )
    for service in ("contracts", "finance", "governance"):
        names = writers.accepted["registry"]
        expected[f"practices known in {service}"] = (
            len(names),
            await _one(platform.databases[service], _CONSUMED, names),
        )
    return {name: abs(wanted - there) for name, (wanted, there) in expected.items() if wanted != there}


async def _one(database: Database, sql: str, *arguments: Any) -> int:
    async with database.connect() as connection:
        return int(await connection.fetchval(sql, *arguments, timeout=600))


@dataclass
class _Cascade:
    """One merger of so much, alone first and then beside the writers."""

    platform: _Platform
    bodies: Bodies
    amounts: Amounts
    alone_seconds: float
    remarks: list[str]

    async def run(self) -> dict[str, float]:
        """Fill the bodies, read alone, merge beside the writers; return the figures."""
        paths = await self._fill()
        alone = _Reads(self.platform, paths)
        await self._beside(alone, asyncio.sleep(self.alone_seconds))
        self.platform.forget_peaks()
        reads, writers = _Reads(self.platform, paths), _Writers(self.platform)
        seconds: dict[str, float] = {}
        memory = [0.0]
        watching = asyncio.create_task(self._watch(memory))
        writing = asyncio.create_task(writers.run())
        try:
            await self._beside(reads, self._merge(seconds))
        finally:
            writers.stop()
            await writing
            watching.cancel()
        await self.platform.caught_up()
        lost = await _lost(self.platform, self.bodies, self.amounts, writers)
        self._remark(seconds, lost, writers, reads)
        return {
            "seconds": sum(seconds.values()),
            "lost": float(sum(lost.values())),
            "service": self.platform.peak_mb(),
            "PostgreSQL": memory[0],
            **{f"{name} alone": alone.p99_ms(name) for name in _HEARS},
            **{f"{name} beside": reads.p99_ms(name) for name in _HEARS},
        }

    async def _fill(self) -> dict[str, str]:
        platform, call = self.platform, self.platform.call
        for name in _HEARS:
            await platform.move_clock(name, BEFORE)
        for code in self.bodies.old:
            ccg = {"code": code, "name": f"NHS {code} CCG", "kind": "ccg", "effective_on": OPENED}
            await call("POST", "registry", "/organisations", ccg)
        await platform.caught_up()
        metadata = {name: _metadata(name) for name in _HEARS}
        made = await fill(call, platform.databases, metadata, self.bodies, self.amounts)
        await platform.caught_up()
        for name in ("contracts", "finance", "governance"):
            await platform.move_clock(name, DAY)
        await platform.caught_up()
        return {
            "registry": f"/organisations/{_BYSTANDER}",
            "contracts": f"/contracts/{made.contract}",
            "finance": f"/organisations/{made.code}/budgets/{YEAR}/lines/BL-{made.line}",
            "governance": f"/appointments/{made.appointment}",
        }

    async def _merge(self, seconds: dict[str, float]) -> None:
        schemes = [{"sort": sort, "nil_return": True} for sort in ("property", "staff")]
        merger = {"successor": self.bodies.new, "successor_name": "NHS Successor CCG", "predecessors": self.bodies.old}
        began = time.perf_counter()
        await self.platform.call("POST", "registry", "/mergers", {**merger, "effective_on": DAY, "schemes": schemes})
        await self.platform.caught_up()
        seconds["agreed"] = time.perf_counter() - began
        began = time.perf_counter()
        await self.platform.move_clock("registry", DAY)
        await self.platform.caught_up()
        seconds["carried out"] = time.perf_counter() - began

    async def _beside(self, reads: _Reads, work: Any) -> None:
        reading = asyncio.create_task(reads.run())
        try:
            await work
        finally:
            reads.stop()
            await reading

    async def _watch(self, memory: list[float]) -> None:
        while True:
            memory[0] = max(memory[0], self.platform.postgres_mb())
            await asyncio.sleep(1)

    def _remark(self, seconds: Mapping[str, float], lost: Mapping[str, int], writers: _Writers, reads: _Reads) -> None:
        much = self.amounts
        took = ", ".join(f"{name} in {figure:.1f} s" for name, figure in seconds.items())
        accepted = sum(map(len, writers.accepted.values()))
        refused = ", ".join(f"{number} {name}" for name, number in sorted(writers.refused.items())) or "none"
        slow = ", ".join(f"{name} {max(reads.took[name]) * 1000:.0f}" for name in _HEARS)
        peaks = ", ".join(
            f"{name} {_status_mb(served.pid, 'VmHWM'):.0f}" for name, served in self.platform.working.items()
        )
        self.remarks += [
            f"{much.contracts:,} contracts, {much.lines:,} lines, {much.posts:,} appointments: {took}",
            f"  {accepted} commands of the writers accepted, slowest in {writers.slowest:.1f} s, refused: {refused}",
            f"  slowest reads in ms: {slow}; most memory in MB: {peaks}",
            *(f"  lost: {number} {name}" for name, number in lost.items()),
        ]


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    few = Amounts(10, 20, 4) if size is TINY else Amounts(size.events // 2, size.events * 5, size.events // 20)
    many = Amounts(few.contracts * 10, few.lines * 10, few.posts * 10)
    with temporary_folder() as folder:
        async with _platform(folder, {}, alone=size is TINY) as platform:
            for name in _HEARS:
                await platform.move_clock(name, OPENED)
            bystander = {"code": _BYSTANDER, "name": "NHS Bystander CCG", "kind": "ccg", "effective_on": OPENED}
            await platform.call("POST", "registry", "/organisations", bystander)
            await platform.caught_up()
            contest = Contest([])

            async def measure() -> Mapping[str, float]:
                alone = size.seconds * (1 if size is TINY else 10)
                small = await _Cascade(platform, Bodies(("10A", "10B"), "10C"), few, alone, contest.remarks).run()
                if size is TINY:
                    return _figures(small, small)
                large = await _Cascade(platform, Bodies(("20A", "20B"), "20C"), many, alone, contest.remarks).run()
                return _figures(small, large)

            contest.measures = [measure]
            yield contest


def _figures(small: Mapping[str, float], large: Mapping[str, float]) -> dict[str, float]:
    named = ("seconds", "service", "PostgreSQL")
    return {
        **{name: small[name] for name in named},
        **{f"{name}, ten times as many": large[name] for name in named},
        "lost": small["lost"] + large["lost"],
        **{f"{name} read, {when}": large[f"{name} {when}"] for name in _HEARS for when in ("alone", "beside")},
    }


BENCHMARK = Benchmark(
    name="cascade",
    words="a merger of 10^4 and 10^5 contracts, 10^5 and 10^6 lines, 10^3 and 10^4 appointments beside 16 writers",
    units={
        "seconds": "s",
        "seconds, ten times as many": "s",
        "lost": "",
        "service": "MB at most",
        "service, ten times as many": "MB at most",
        "PostgreSQL": "MB of its own",
        "PostgreSQL, ten times as many": "MB of its own",
        **{f"{name} read, {when}": "ms p99" for name in _HEARS for when in ("alone", "beside")},
    },
    aims=[
        Aim("seconds, ten times as many", "seconds", at_most=12),
        Aim("service, ten times as many", "service", at_most=2),
        Aim("lost", at_most=0),
        *(Aim(f"{name} read, beside", f"{name} read, alone", at_most=3) for name in _HEARS),
    ],
    stage=_stage,
    rounds=1,
)
