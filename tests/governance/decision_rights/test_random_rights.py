"""`can` on random delegations, days, instants and totals, against an oracle that grows the rights from the roots."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.common.database.connection import Database, raw
from services.governance.core.chains import Actor, Chain, Fault, LimitBasis, Missing, Question
from services.governance.decision_rights.queries import Answer, ask
from services.governance.decision_rights.series import Series
from tests.support.governance_harness import ENGLAND_OPENED, GovernanceHarness, at

BODY = "10H-governing-body"
POSTS = ("10H/accountable-officer", "10H/chair")
PERSONS = ("P-1", "P-2")
ACTIONS = ("contract", "contract.award", "contract.award.payroll", "joint")
JOINT_FROM = date(2014, 10, 1)
"""SI 2014/2436: before that day no power of a CCG covers a joint committee."""
CONDITION = "within-budget"
SERIES = ("", "offices", "leases")
DAYS = [ENGLAND_OPENED + timedelta(days=100 * number) for number in range(10)]


@dataclass(frozen=True, kw_only=True)
class Granted:
    """A right, stated on its first day; `ended` is a last day that was stated on that day."""

    post: int | None
    source: int | None
    action: str
    scope: str
    limit: int | None
    basis: LimitBasis
    recurrent: bool
    conditions: tuple[str, ...]
    power: str
    first: date
    last: date | None
    ended: date | None

    def stands(self, day: date, known: datetime) -> bool:
        last = self.ended if self.ended is not None and at(self.ended) <= known else self.last
        return at(self.first) <= known and self.first <= day and (last is None or day <= last)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A part of a series, stated on its day; `ended` is a day from which it no longer counts, stated on that day."""

    series: str
    annual: int
    whole: int
    on: date
    ended: date | None

    def counts(self, end: date, day: date, known: datetime) -> bool:
        """Whether it is in the window that ends on a day; one after the day asked about only while it stands."""
        ended = self.ended if self.ended is not None and at(self.ended) <= known else None
        stands = ended is None or (ended > end and self.on <= day)
        return at(self.on) <= known and self.on <= end and end.replace(year=end.year - 1) <= self.on and stands


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question: who, what, in which series, of which day, as known when."""

    actor: Actor
    question: Question
    series: str
    day: date
    known: datetime


@dataclass(frozen=True, kw_only=True)
class World:
    """Rights, each from a power or from an earlier one; who has each post in each part of the days; parts of series."""

    rights: tuple[Granted, ...]
    holders: tuple[tuple[int | None, ...], ...]
    parts: tuple[Decided, ...]

    def holder(self, post: int, day: date, known: datetime) -> str | None:
        for person, (first, end) in zip(self.holders[post], TERMS, strict=True):
            if person is not None and first <= day < end and at(first) <= known:
                return PERSONS[person]
        return None

    def decided(self, asked: Asked, basis: LimitBasis) -> int:
        """The highest sum of the parts in a window of a year in which the day lies."""
        ends = [end for end in {asked.day, *DAYS} if end.replace(year=end.year - 1) <= asked.day <= end]
        sums = [
            sum(
                part.annual if basis is LimitBasis.ANNUAL else part.whole
                for part in self.parts
                if part.series == asked.series != "" and part.counts(end, asked.day, asked.known)
            )
            for end in ends
        ]
        return max(sums)

    def reaches(self, right: Granted, asked: Asked) -> bool:
        """Whether a right by itself is wide enough on the day, with what was decided in the series."""
        question, value = asked.question, asked.question.value_pence[right.basis]
        value += self.decided(asked, right.basis) if value else 0
        return (
            right.stands(asked.day, asked.known)
            and (right.post is None or self.holder(right.post, asked.day, asked.known) is not None)
            and question.action.split(".")[: right.action.count(".") + 1] == right.action.split(".")
            and right.scope in {"", *question.subjects}
            and (right.limit is None or value <= right.limit)
            and (right.recurrent or not question.recurrent)
            and set(right.conditions) <= question.met
        )

    def good(self, asked: Asked) -> set[int]:
        """The rights by which it is yes: grown from those that come from a power."""
        if asked.question.action == "joint" and asked.day < JOINT_FROM:
            return set()
        wide = {number for number, right in enumerate(self.rights, 1) if self.reaches(right, asked)}
        grown = {
            number
            for number in wide
            if self.rights[number - 1].source is None and self.rights[number - 1].power != "icb-functions-2022"
        }
        while more := {number for number in wide - grown if self.rights[number - 1].source in grown}:
            grown |= more
        return grown

    def own(self, asked: Asked) -> set[int]:
        """The rights of an actor: of the body, of a post, or of the posts that a person has then."""
        actor = asked.actor
        posts = {
            number
            for number, post in enumerate(POSTS)
            if actor.post == post or (actor.person and actor.person == self.holder(number, asked.day, asked.known))
        }
        return {
            number
            for number, right in enumerate(self.rights, 1)
            if right.post in posts or (right.post is None and actor.body == BODY)
        }

    def is_proof(self, chain: Chain, asked: Asked) -> bool:
        """Whether a chain goes right by right up to one that comes from a power in law, and each is good."""
        numbers = [one.id for one in chain.rights]
        sources = [self.rights[number - 1].source for number in numbers]
        return bool(chain.power) and set(numbers) <= self.good(asked) and sources == [*numbers[1:], None]


TERMS = [(DAYS[0], DAYS[3]), (DAYS[3], DAYS[6]), (DAYS[6], date(2020, 1, 1))]
days = st.sampled_from(DAYS)


@st.composite
def rights(draw: st.DrawFn) -> tuple[Granted, ...]:
    count = draw(st.integers(2, 6))
    return tuple(
        Granted(
            post=draw(st.sampled_from([None, 0, 1])),
            source=draw(st.sampled_from([None, *range(1, number)])),
            action=draw(st.sampled_from([*ACTIONS, "contract"])),
            scope=draw(st.sampled_from(["", "", "0CX"])),
            limit=draw(st.sampled_from([None, 5, 20])),
            basis=draw(st.sampled_from(list(LimitBasis))),
            recurrent=draw(st.booleans()),
            conditions=draw(st.sampled_from([(), (), (CONDITION,)])),
            power=draw(st.sampled_from(["", "", "ccg-functions-2013", "icb-functions-2022"])),
            first=(first := draw(st.sampled_from(DAYS[:5]))),
            last=draw(st.sampled_from([None, None, first + timedelta(days=250)])),
            ended=draw(st.sampled_from([None, None, *(day for day in DAYS if day > first)])),
        )
        for number in range(1, count + 1)
    )


worlds = st.builds(
    World,
    rights=rights(),
    holders=st.tuples(*(st.tuples(*(st.sampled_from([None, 0, 0, 1]) for _ in TERMS)) for _ in POSTS)),
    parts=st.lists(
        st.builds(
            Decided,
            series=st.sampled_from(SERIES[1:]),
            annual=st.integers(0, 5),
            whole=st.integers(5, 10),
            on=days,
            ended=st.sampled_from([None, None, *DAYS]),
        ),
        max_size=4,
    ).map(tuple),
)
questions = st.builds(
    Asked,
    actor=st.sampled_from(
        [Actor(body=BODY), *(Actor(post=post) for post in POSTS), *(Actor(person=person) for person in PERSONS)]
    ),
    question=st.builds(
        Question,
        action=st.sampled_from(ACTIONS),
        value_pence=st.fixed_dictionaries({basis: st.integers(0, 22) for basis in LimitBasis}),
        recurrent=st.booleans(),
        subjects=st.sampled_from([frozenset[str](), frozenset({"0CX"})]),
        met=st.sampled_from([frozenset[str](), frozenset({CONDITION})]),
    ),
    series=st.sampled_from(SERIES),
    day=days,
    known=days.map(lambda day: at(day, 10)),
)

_RIGHT = """
INSERT INTO decision_right (id, body_id, post_id, action, scope, value_limit_pence, limit_basis, recurrent, conditions,
                            power, source_minute, delegated_from, version)
OVERRIDING SYSTEM VALUE VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, 'minute', $10, 1)
"""
_STANDS = """
INSERT INTO right_time_belief (subject_id, facet, value, valid, known)
VALUES ($1, 1, 'stands', daterange($2, $3, '[]'), tstzrange($4, $5))
"""
_HOLDS = """
INSERT INTO post_time_belief (subject_id, facet, value, valid, known)
VALUES ($1, 2, 'A-' || $2::text || '-' || $3::text, daterange($4, $5), tstzrange($6, NULL))
"""
_PART = """
INSERT INTO series_part (decision, organisation, proposal, series, suppliers, functions, value_pence, annual_pence,
                         decided_on, stated_at)
VALUES ($1, '10H', $1, $2, '{}', '{}', $3, $4, $5, $6)
"""
_ENDED = "INSERT INTO series_part_ended (decision, effective_on, stated_at) VALUES ($1, $2, $3)"
_APPOINTMENT = "INSERT INTO appointment (id, post_id, person_id, version) VALUES ($1, $2, $3, 1)"
_ANSWER_CASES, _REPAIR_CASES = 30, 20


async def build(connection: asyncpg.Connection, world: World) -> None:
    """Insert a world as the commands would have left it."""
    numbered = list(enumerate(world.rights, 1))
    await connection.executemany(
        _RIGHT,
        [
            (
                *(number, None if one.post is None else one.post + 1, one.action, one.scope, one.limit),
                *(one.basis.value, one.recurrent, list(one.conditions), one.power, one.source),
            )
            for number, one in numbered
        ],
    )
    await connection.executemany(_STANDS, [row for number, one in numbered for row in _beliefs(number, one)])
    held = [
        (post, person, first, end)
        for post, people in enumerate(world.holders)
        for person, (first, end) in zip(people, TERMS, strict=True)
        if person is not None
    ]
    await connection.executemany(
        _HOLDS, [(post + 1, str(post), str(person), first, end, at(first)) for post, person, first, end in held]
    )
    parts = [(f"D-{number}", part) for number, part in enumerate(world.parts)]
    await connection.executemany(
        _PART, [(name, part.series, part.whole, part.annual, part.on, at(part.on)) for name, part in parts]
    )
    ended = [(name, part.ended, at(part.ended)) for name, part in parts if part.ended is not None]
    await connection.executemany(_ENDED, ended)


def _beliefs(number: int, one: Granted) -> Iterator[tuple[Any, ...]]:
    until = at(one.ended) if one.ended else None
    yield number, one.first, one.last, at(one.first), until
    if one.ended is not None:
        yield number, one.first, one.ended, until, None


async def answered(connection: asyncpg.Connection, asked: Asked) -> Answer:
    return await ask(
        *(connection, asked.actor, "10H", asked.question),
        series=Series(name=asked.series),
        as_at=asked.day,
        as_known=asked.known,
    )


@pytest.fixture
async def prepared(harness: GovernanceHarness) -> Database:
    """The body, its two posts, and two persons who have an appointment to each."""
    await harness.body("10H", "Chair")
    async with harness.database.begin() as session:
        connection = await raw(session)
        await connection.execute("DELETE FROM post_time_belief WHERE facet = 2")
        rows = await connection.fetch("SELECT id, reference FROM post ORDER BY id")
        assert [(row["id"], row["reference"]) for row in rows[:2]] == list(enumerate(POSTS, 1))
        for number, person in enumerate(PERSONS):
            await connection.execute("INSERT INTO person (id, display_name) VALUES ($1, 'One')", person)
            for post in range(len(POSTS)):
                given = (f"A-{post}-{number}", post + 1, person)
                await connection.execute(_APPOINTMENT, *given)
    return harness.database


Check = Callable[[World, list[Asked]], Coroutine[None, None, None]]


async def test_who_may_is_what_the_rights_grown_from_the_roots_say(prepared: Database) -> None:
    missing, answers = set[Missing](), {True: 0, False: 0}

    async def check(world: World, several: list[Asked]) -> None:
        async with prepared.begin() as session:
            connection = await raw(session)
            transaction = connection.transaction()
            await transaction.start()
            await build(connection, world)
            for asked in several:
                answer = await answered(connection, asked)
                good, own = world.good(asked), world.own(asked)
                may = answer.chain is not None and answer.chain.holds
                assert may is bool(good & own)
                answers[may] += 1
                if answer.chain is not None and may:
                    assert answer.chain.rights[0].id in own
                    assert world.is_proof(answer.chain, asked)
                else:
                    assert {chain.rights[0].id for chain in answer.others} == good, "who else may"
                    assert all(world.is_proof(chain, asked) for chain in answer.others)
                    missing.update(fault.missing for fault in (answer.chain.faults if answer.chain else ()))
            await transaction.rollback()

    await in_a_thread(check, _ANSWER_CASES, 6)
    assert min(answers.values()) > _ANSWER_CASES / 4
    assert len(missing) >= 4, missing


async def in_a_thread(check: Check, cases: int, several: int) -> None:
    """Run a property whose check awaits: Hypothesis draws in a thread, and the check runs in this loop."""
    loop = asyncio.get_running_loop()

    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(worlds, st.lists(questions, min_size=several, max_size=several))
    def check_one(world: World, asked: list[Asked]) -> None:
        asyncio.run_coroutine_threadsafe(check(world, asked), loop).result()

    await asyncio.to_thread(check_one)


async def repair(connection: asyncpg.Connection, fault: Fault, answer: Answer, asked: Asked) -> Asked:
    """Do what a fault asks for; return what is asked afterwards."""
    question, right = asked.question, fault.right or 0
    match fault.missing:
        case Missing.LIMIT | Missing.SPLIT:
            basis = next(one.limit_basis for one in answer.chain.rights if one.id == right) if answer.chain else None
            assert basis is not None
            left = min(question.value_pence[basis], int(fault.value) - answer.question.decided.get(basis, 0))
            question = replace(question, value_pence={**question.value_pence, basis: max(left, 0)})
        case Missing.CONDITION:
            question = replace(question, met=question.met | set(fault.value.split(", ")))
        case Missing.RECURRENT:
            question = replace(question, recurrent=False)
        case Missing.SCOPE:
            await connection.execute("UPDATE decision_right SET scope = '' WHERE id = $1", right)
        case Missing.RIGHT:
            await connection.execute("DELETE FROM right_time_belief WHERE subject_id = $1", right)
            await connection.execute(_STANDS, right, asked.day, asked.day, at(DAYS[0]), None)
        case Missing.VACANT:
            post = POSTS.index(fault.value)
            await connection.execute("DELETE FROM post_time_belief WHERE subject_id = $1 AND facet = 2", post + 1)
            await connection.execute(_HOLDS, post + 1, str(post), "0", DAYS[0], date(2020, 1, 1), at(DAYS[0]))
        case Missing.ACTION:
            await connection.execute("UPDATE decision_right SET action = $2 WHERE id = $1", right, fault.value)
        case _:
            assert fault.missing is Missing.POWER
            root = answer.chain.rights[-1].id if answer.chain else 0
            await connection.execute("UPDATE decision_right SET power = '' WHERE id = $1", root)
    return replace(asked, question=question)


async def test_each_repair_that_is_made_makes_it_yes(prepared: Database) -> None:
    mended = set[Missing]()

    async def check(world: World, several: list[Asked]) -> None:
        async with prepared.begin() as session:
            connection = await raw(session)
            transaction = connection.transaction()
            await transaction.start()
            await build(connection, world)
            for asked in several:
                before = await answered(connection, asked)
                if before.chain is None or before.chain.holds:
                    continue
                after = asked
                for fault in before.chain.faults:
                    mended.add(fault.missing)
                    after = await repair(connection, fault, before, after)
                start = replace(after, actor=actor_of(before.chain))
                chain = (await answered(connection, start)).chain
                assert chain is not None
                no_such_power = after.question.action == "joint" and after.day < JOINT_FROM
                assert chain.holds is not no_such_power, (before.chain.faults, chain.faults)
            await transaction.rollback()

    await in_a_thread(check, _REPAIR_CASES, 4)
    assert len(mended) >= 3, mended


def actor_of(chain: Chain) -> Actor:
    """Who has the right from which a chain starts."""
    holder = chain.rights[0].holder
    return Actor(post=holder) if "/" in holder else Actor(body=holder)
