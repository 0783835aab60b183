"""`can` on random delegations through commands, against an oracle that grows the set of rights from the roots."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from libs.common.errors import Conflict
from services.governance.core.chains import Chain, LimitBasis, Missing, Question
from services.governance.decision_rights.queries import Actor, Answer, ask
from services.governance.decision_rights.series import Series
from tests.support.governance_harness import ENGLAND_OPENED, GovernanceHarness, at

BODY = "10H-governing-body"
POSTS = ("10H/accountable-officer", "10H/chair", "10H/chief-finance-officer")
PERSONS = ("P-1", "P-2")
ACTIONS = ("contract", "contract.award", "contract.award.payroll", "joint")
JOINT_FROM = date(2014, 10, 1)
"""SI 2014/2436: before that day no power of a CCG covers a joint committee."""
CONDITION = "within-budget"
SERIES = ("", "offices", "leases")
DAYS = [ENGLAND_OPENED + timedelta(days=90 * quarter) for quarter in range(12)]
QUESTIONS = 400
REPAIRED = 30


@dataclass(frozen=True)
class Granted:
    """A right as the command granted it."""

    number: int
    post: str | None
    source: int | None
    terms: dict[str, Any]

    @property
    def first_day(self) -> date:
        day = self.terms["first_day"]
        assert isinstance(day, date)
        return day


@dataclass
class World:
    """What was granted, ended and whom posts have, in the order of the commands."""

    rights: dict[int, Granted] = field(default_factory=dict)
    ended: list[tuple[int, date]] = field(default_factory=list)
    """A right, and the last day that a command gave it on that day."""
    parts: list[tuple[str, dict[LimitBasis, int], date]] = field(default_factory=list)
    """What the body decided in a series on a day, by each basis."""
    held: list[tuple[str, str, date, date]] = field(default_factory=list)
    """A post, who has it, and the first and last day; stated on the first."""

    def ancestry(self, right: Granted) -> Iterator[Granted]:
        yield right
        if right.source is not None:
            yield from self.ancestry(self.rights[right.source])

    def stands(self, right: Granted, day: date, known: datetime) -> bool:
        """Whether a right was granted and not ended, with all that was passed on, as known at an instant."""
        last_day = right.terms["last_day"]
        if at(right.first_day) > known or day < right.first_day or (last_day is not None and day > last_day):
            return False
        sources = {one.number for one in self.ancestry(right)}
        return not any(number in sources and at(last) <= known and day > last for number, last in self.ended)

    def holder(self, post: str, day: date, known: datetime) -> str | None:
        """Who has a post on a day, as known at an instant."""
        had = [
            who for one, who, first, last in self.held if one == post and first <= day <= last and at(first) <= known
        ]
        return had[0] if had else None

    def decided(self, series: str, basis: LimitBasis, day: date, known: datetime) -> int:
        """What was decided in a series within a year before a day, as known at an instant."""
        first = day.replace(year=day.year - 1)
        return sum(
            values[basis] for name, values, on in self.parts if name == series and first <= on <= day and at(on) < known
        )

    def reaches(self, right: Granted, question: Question, series: str, day: date, known: datetime) -> bool:
        """Whether a right by itself is wide enough on the day, with what was decided before in the series."""
        limit, basis = right.terms["value_limit_pence"], LimitBasis(right.terms["limit_basis"])
        value = question.value_pence[basis]
        value += self.decided(series, basis, day, known) if value else 0
        return (
            self.stands(right, day, known)
            and (right.post is None or self.holder(right.post, day, known) is not None)
            and f"{question.action}.".startswith(f"{right.terms['action']}.")
            and right.terms["scope"] in {"", *question.subjects}
            and (limit is None or value <= limit)
            and (right.terms["recurrent"] or not question.recurrent)
            and set(right.terms["conditions"]) <= question.met
        )

    def good(self, question: Question, series: str, day: date, known: datetime) -> set[int]:
        """The rights by which the question is answered yes: grown from those that come from a power."""
        if question.action.startswith("joint") and day < JOINT_FROM:
            return set()
        wide = {number for number, one in self.rights.items() if self.reaches(one, question, series, day, known)}
        grown = {number for number in wide if self.rights[number].source is None}
        while more := {number for number in wide - grown if self.rights[number].source in grown}:
            grown |= more
        return grown

    def own(self, actor: dict[str, str], day: date, known: datetime) -> set[int]:
        """The rights of an actor: of a body, of a post, or of the posts that a person has then."""
        if "body" in actor:
            return {number for number, one in self.rights.items() if one.post is None}
        posts = {post for post in POSTS if actor.get("person") == self.holder(post, day, known)}
        return {number for number, one in self.rights.items() if one.post in posts | {actor.get("post")} - {None}}


def random_terms(chance: Random, source: Granted | None) -> dict[str, Any]:
    """The terms of a right: often, not always, within those of its source."""
    after = source.first_day if source else DAYS[0]
    first_day = chance.choice([day for day in DAYS if day >= after])
    return {
        "action": chance.choice(ACTIONS),
        "scope": chance.choice(["", "", "", "0CX"]),
        "value_limit_pence": chance.choice([None, 5, 20, 20]),
        "limit_basis": str(chance.choice(list(LimitBasis))),
        "recurrent": chance.random() < 0.6,
        "conditions": [CONDITION] if chance.random() < 0.4 else [],
        "first_day": first_day,
        "last_day": chance.choice([None, None, None, first_day + timedelta(days=200)]),
    }


async def grow(harness: GovernanceHarness, chance: Random) -> World:
    """Grant, end and appoint at random; what a command refuses is not in the world."""
    world = World()
    await harness.body("10H", "Chair", "Chief finance officer")
    for person in PERSONS:
        await harness.person(person)
    for post in POSTS:
        for first, last in (DAYS[0:2], DAYS[3:5], DAYS[6:8]):
            if chance.random() < 0.7:
                who = chance.choice(PERSONS)
                await harness.appoint(post, who, first, last)
                world.held.append((post, harness.ids[who], first, last))
    for _ in range(110):
        source = chance.choice([None, *world.rights.values()]) if chance.random() < 0.8 else None
        to = chance.choice([None, *POSTS])
        terms = random_terms(chance, source)
        from_ = source.number if source else None
        try:
            number = await harness.grant("10H", function=None, post=to, delegated_from=from_, **terms)
        except Conflict:
            continue
        world.rights[number] = Granted(number, to, from_, terms)
    for number in chance.sample(sorted(world.rights), 8):
        last = chance.choice(DAYS[4:])
        try:
            await harness.end_right(number, last)
        except Conflict:
            continue
        world.ended.append((number, last))
    await harness.grant("10H", function=None, action="estate", value_limit_pence=None, recurrent=True)
    for _ in range(8):
        name, day, annual = chance.choice(SERIES[1:]), chance.choice(DAYS), chance.randint(0, 4)
        whole = annual + chance.randint(0, 4)
        asked: dict[str, Any] = {"series": name, "annual_pence": annual, "value_pence": whole}
        proposal = await harness.propose("10H", on=day, action="estate.let", **asked)
        await harness.decide(proposal, BODY, on=day, stated=at(day))
        values = {LimitBasis.SINGLE: whole, LimitBasis.ANNUAL: annual, LimitBasis.WHOLE_LIFE: whole}
        world.parts.append((name, values, day))
    return world


def random_question(chance: Random) -> Question:
    return Question(
        action=chance.choice(ACTIONS),
        value_pence={basis: chance.randint(0, 25) for basis in LimitBasis},
        recurrent=chance.random() < 0.4,
        subjects=frozenset(chance.choice([[], ["0CX"]])),
        met=frozenset(chance.choice([[], [CONDITION]])),
    )


def random_actor(chance: Random, harness: GovernanceHarness) -> dict[str, str]:
    return chance.choice(
        [
            {"body": BODY},
            {"post": chance.choice(POSTS)},
            {"person": harness.ids[chance.choice(PERSONS)]},
        ]
    )


def is_proof(chain: Chain, world: World, good: set[int]) -> bool:
    """Whether a chain goes right by right up to one that comes from a power in law, and each is good."""
    numbers = [one.id for one in chain.rights]
    sources = [world.rights[number].source for number in numbers]
    return bool(chain.power) and set(numbers) <= good and sources == [*numbers[1:], None]


async def repaired(harness: GovernanceHarness, world: World, answer: Answer, question: Question, day: date) -> Question:
    """Do what each fault of a chain asks for; return what is asked afterwards."""
    chain = answer.chain
    assert chain is not None
    faults: dict[int | None, set[Missing]] = {}
    for fault in chain.faults:
        faults.setdefault(fault.right, set()).add(fault.missing)
        if fault.missing in {Missing.LIMIT, Missing.SPLIT}:
            basis = LimitBasis(world.rights[fault.right or 0].terms["limit_basis"])
            left = min(question.value_pence[basis], int(fault.value) - answer.question.decided.get(basis, 0))
            question = replace(question, value_pence={**question.value_pence, basis: left})
        elif fault.missing is Missing.CONDITION:
            question = replace(question, met=question.met | set(fault.value.split(", ")))
        elif fault.missing is Missing.RECURRENT:
            question = replace(question, recurrent=False)
        elif fault.missing is Missing.VACANT and world.holder(fault.value, day, at(DAYS[-1], 23)) is None:
            await harness.appoint(fault.value, PERSONS[0], day, day)
            world.held.append((fault.value, harness.ids[PERSONS[0]], day, day))
    again: int | None = None
    for one in reversed(chain.rights):
        missing = faults.get(one.id, set())
        if again is not None or missing & {Missing.RIGHT, Missing.SCOPE}:
            right = world.rights[one.id]
            changed: dict[str, Any] = {"first_day": day, "last_day": day}
            if Missing.SCOPE in missing or again is not None:
                changed["scope"] = ""
            source = again or right.source
            terms = right.terms | changed
            again = await harness.grant("10H", function=None, post=right.post, delegated_from=source, **terms)
            world.rights[again] = Granted(again, right.post, source, terms)
    return question


@pytest.mark.parametrize("seed", [3, 14])
async def test_who_may_is_what_the_rights_grown_from_the_roots_say(harness: GovernanceHarness, seed: int) -> None:
    chance = Random(seed)
    world = await grow(harness, chance)
    refused: list[tuple[dict[str, str], Question, str, date]] = []
    yes, missing = 0, set[Missing]()

    async def asked(
        actor: dict[str, str], question: Question, series: str, day: date, known: datetime | None
    ) -> Answer:
        named = Series(name=series)
        return await ask(harness.database, Actor(**actor), "10H", question, series=named, as_at=day, as_known=known)

    for _ in range(QUESTIONS):
        actor, question, day = random_actor(chance, harness), random_question(chance), chance.choice(DAYS)
        known, series = at(chance.choice(DAYS), 10), chance.choice(SERIES)
        answer = await asked(actor, question, series, day, known)
        good, own = world.good(question, series, day, known), world.own(actor, day, known)
        may = answer.chain is not None and answer.chain.holds
        assert may is bool(good & own), (actor, question, series, day, known)
        yes += may
        if answer.chain is not None and may:
            assert answer.chain.rights[0].id in own
            assert is_proof(answer.chain, world, good)
        else:
            assert {chain.rights[0].id for chain in answer.others} == good, "who else may"
            assert all(is_proof(chain, world, good) for chain in answer.others)
        if answer.chain is not None and not may:
            refused.append((actor, question, series, day))
            missing |= {fault.missing for fault in answer.chain.faults}
    never = {Missing.REMAKE, Missing.ACTION, Missing.LOOP, Missing.BASIS}
    assert missing == set(Missing) - never, "no command makes these, and a basis is asked of a grant alone"
    assert QUESTIONS * 0.1 < yes < QUESTIONS * 0.9

    mended = 0
    for actor, question, series, day in refused:
        now = await asked(actor, question, series, day, None)
        if now.chain is None or now.chain.holds or any(one.missing is Missing.POWER for one in now.chain.faults):
            continue
        question = await repaired(harness, world, now, question, day)
        if min(question.value_pence.values()) < 0:
            continue  # What was decided before is above the limit by itself.
        after = await asked(actor, question, series, day, None)
        assert after.chain is not None
        assert after.chain.holds, (actor, question, series, day, now.chain.faults, after.chain.faults)
        mended += 1
        if mended == REPAIRED:
            break
    assert mended == REPAIRED
