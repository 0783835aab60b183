"""The harness for tests about plans to consolidate: each step as its own caller gives it, and due work by days."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.contracts.consolidations import commitment
from services.contracts.consolidations.moves import move_next
from services.contracts.plans import assessment, membership
from services.contracts.plans import commands as plans
from services.contracts.plans.changes import Statement
from services.contracts.plans.models import COMMIT, PlanState
from services.contracts.plans.queries import Plan, get_plan
from services.contracts.plans.rules import state, submission
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at
from tests.support.decisions import a_decision

PLAN = "PLAN-2018"
BUCKS, DUDLEY = "CSU-BUCKS-2017", "CSU-DUDLEY-2017"


def a_plan(**changed: Any) -> dict[str, Any]:
    """Shared payroll for Buckinghamshire and Dudley from April 2018."""
    return {
        "plan": PLAN,
        "reference": "SHARED-2018",
        "title": "Shared payroll",
        "supplier": "0CX",
        "starts_on": "2018-04-01",
        "last_day": "2021-03-31",
        "lines": [{"function": "payroll", "annual_pence": 120_000_01}],
        "notice_months": 6,
        "value_basis": "illustrative",
        "proposed_by": "05C",
        "members": [{"organisation": "05C", "weight": 2}, {"organisation": "10H"}, {"organisation": "10Y"}],
        "contracts": [DUDLEY],
    } | changed


@dataclass
class PlanHarness:
    """One plan, and what its members do about it; each day is that of the commands that follow."""

    contracts: ContractsHarness
    today: date = date(2017, 6, 1)
    hour: int = field(default=9)
    reference: str = PLAN

    async def signed(self) -> None:
        """Buckinghamshire's two CCGs share a contract with six months' notice; Dudley's has twelve."""
        await self.contracts.signed()
        await self.contracts.signed(a_draft(reference=DUDLEY, customers=["05C"], supplier="0DJ", notice_months=12))

    def _statement(self, *organisations: str) -> Statement:
        self.hour += 1
        return Statement(today=self.today, stated_at=at(self.today, self.hour % 24), by=a_lead(*organisations))

    async def plan(self, *by: str, **changed: Any) -> Plan:
        """Dudley draws it up, unless others are named."""
        command = plans.PlanConsolidation.model_validate(a_plan(**changed))
        async with self.contracts.database.begin() as session:
            return await plans.plan_consolidation(session, command, self._statement(*(by or ("05C",))))

    async def revise(self, *by: str, **changed: Any) -> Plan:
        """A member restates it."""
        body = {name: value for name, value in a_plan().items() if name not in ("plan", "proposed_by", "contracts")}
        command = plans.RevisePlan.model_validate(body | changed)
        async with self.contracts.database.begin() as session:
            return await plans.revise_plan(session, self.reference, command, self._statement(*by), expect=any_version)

    async def assess(self, *by: str, **choices: str) -> Plan:
        """A member records how each contract is left: by its reference with underscores."""
        listed = [{"contract": one.replace("_", "-"), "choice": choice} for one, choice in choices.items()]
        command = assessment.AssessPlan.model_validate({"choices": listed})
        async with self.contracts.database.begin() as session:
            return await assessment.assess_plan(
                session, self.reference, command, self._statement(*by), expect=any_version
            )

    async def prepare(self, *by: str, **command: Any) -> Plan:
        """The customers of a contract prepare its end."""
        wanted = assessment.PrepareStep.model_validate({"document": "Deed of 1 June 2017"} | command)
        async with self.contracts.database.begin() as session:
            return await assessment.prepare_step(
                session, self.reference, wanted, self._statement(*by), expect=any_version
            )

    async def submit(self, *by: str, tolerance: str = "0") -> Plan:
        """A member submits it."""
        command = assessment.SubmitPlan(tolerance=tolerance)
        async with self.contracts.database.begin() as session:
            return await assessment.submit_plan(
                session, self.reference, command, self._statement(*by), expect=any_version
            )

    async def accept(self, member: str, *contracts: str, by: tuple[str, ...] = (), decides: bool = True) -> Plan:
        """A member enters or accepts, by its own act unless others are named; what it accepts its body has decided."""
        command = membership.AcceptPlan(minute=f"Minute of {member}", contracts=list(contracts))
        async with self.contracts.database.begin() as session:
            plan = await membership.accept_plan(
                session, self.reference, member, command, self._statement(*(by or (member,))), expect=any_version
            )
        if decides and submission(plan.history) is not None:
            await self.decide(member, revision=plan.history.current.number)
        return plan

    async def decide(self, member: str, *, revision: int) -> None:
        """Governance publishes that a member's body approved a revision."""
        number = f"D-{member}-{revision}-{self.hour}"
        subject: dict[str, Any] = {"subject": self.reference, "action": COMMIT, "revision": revision}
        await self.contracts.hear(a_decision(number, member, on=self.today, **subject))

    async def withdraw(self, member: str) -> Plan:
        """A member withdraws by its own act."""
        async with self.contracts.database.begin() as session:
            return await membership.withdraw_from_plan(
                session,
                self.reference,
                member,
                membership.WithdrawFromPlan(),
                self._statement(member),
                expect=any_version,
            )

    async def commit(self, *by: str, **command: Any) -> Plan:
        """A member commits all."""
        async with self.contracts.database.begin() as session:
            return await commitment.commit_plan(
                session, self.reference, commitment.CommitPlan(**command), self._statement(*by), expect=any_version
            )

    async def due_up_to(self, day: date) -> int:
        """All moves due by a day, each in a transaction of its own."""
        done, self.today = 0, day
        while True:
            async with self.contracts.database.begin() as session:
                moved = await move_next(session, up_to=day, stated_at=at(day), by=a_lead())
            if not moved:
                return done
            done += moved

    async def state(self) -> PlanState:
        """Where the plan stands on the day."""
        found = await get_plan(self.contracts.database, self.reference, by=a_lead(), as_at=self.today)
        return state(found.history)
