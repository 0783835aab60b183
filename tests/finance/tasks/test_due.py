"""What waits in finance for too long is a finding with who has to do what, until it moves."""

from datetime import date, timedelta

import httpx
import pytest

from libs.common.events.governance import ProposalOpened, ProposalWithdrawn
from libs.common.identity import Role, service_caller
from services.finance.runs import queue
from services.finance.tasks.due import RUNS, UNCORRECTED, find_stalled
from services.finance.tasks.rules import FinanceStep, FinanceStepBounds, FinanceWait, stalled_on
from tests.finance.payments.test_commands import CORRECTION, DUE_ON, LATER, fell_due
from tests.support.cases import a_case
from tests.support.decisions import a_decision
from tests.support.edge import Tokens
from tests.support.finance_harness import FinanceHarness, a_lead, at
from tests.support.plans import Plans
from tests.support.waiting import until

OPENED = date(2016, 11, 1)


@pytest.mark.parametrize(("waited", "is_found"), [(13, False), (14, False), (15, True)])
def test_a_step_is_stalled_from_the_day_after_its_bound_and_one_without_a_bound_never(
    waited: int, is_found: bool
) -> None:
    bounds = FinanceStepBounds({"appraisal": 14}, "a-pack")
    waits = [
        FinanceWait(step=step, about=("P-1", "CASE"), since=OPENED, who=("06H",), to_do="state it", parties=("06H",))
        for step in (FinanceStep.APPRAISAL, FinanceStep.COMPUTATION)
    ]
    found = stalled_on(waits, bounds, on=OPENED + timedelta(days=waited))
    assert [one.step for one in found] == [FinanceStep.APPRAISAL] * is_found
    text = "P-1 CASE: step appraisal waits since 2016-11-01, longer than 14 days (a-pack): 06H state it"
    assert bounds.text(waits[0]) == text


async def look(harness: FinanceHarness, day: date) -> list[tuple[list[str], list[str], date]]:
    """What is open after the due work of a day: about what, who reads it, since when."""
    async with harness.database.begin() as session:
        await find_stalled(session, up_to=day, stated_at=at(day), by=service_caller("finance"))
    rows = await harness.database.fetch(
        "SELECT about, parties, raised_on FROM finding WHERE kind = 'stalled' AND cleared_at IS NULL ORDER BY key"
    )
    return [(row["about"], row["parties"], row["raised_on"]) for row in rows]


async def text(harness: FinanceHarness) -> str:
    [row] = await harness.database.fetch("SELECT text FROM finding WHERE cleared_at IS NULL")
    return str(row["text"])


async def a_run(
    harness: FinanceHarness, digest: str, day: date = OPENED, *, kind: str = "portfolio", subject: str = "CAM-2027"
) -> str:
    connected = harness.database.connect()
    async with connected as connection:
        requested = await queue.request(
            connection,
            kind=kind,
            subject=subject,
            version=1,
            digest=digest,
            inputs="{}",
            organisations=["06H"],
            by=a_lead(),
            at=at(day),
            as_at=day,
            as_known=None,
        )
    return requested.reference


@pytest.mark.parametrize(
    ("kind", "subject", "route", "one"),
    [
        ("portfolio", "CAM-2027", " by POST /portfolios/CAM-2027/runs", "/runs/{run}"),
        (
            "simulation",
            "SHARED-1/2",
            " by POST /cases/SHARED-1/versions/2/simulations",
            "/cases/SHARED-1/versions/2/simulations/{run}",
        ),
    ],
)
async def test_a_run_that_no_process_computes_and_one_that_failed_are_findings_until_they_move(
    harness: FinanceHarness, kind: str, subject: str, route: str, one: str
) -> None:
    run = await a_run(harness, "d1", kind=kind, subject=subject)
    assert await look(harness, OPENED + timedelta(days=1)) == []
    day = OPENED + timedelta(days=2)
    assert await look(harness, day) == [([run, subject], ["06H"], day)]
    computed = await text(harness)
    assert "an operator of finance starts a process" in computed
    assert computed.endswith(f"cancels by POST {one.format(run=run)}/cancellation")
    job = await queue.claim(harness.database)
    assert job is not None
    await queue.fail(harness.database, job, "its process ended 3 times without a result")
    assert await look(harness, day) == [([run, subject], ["06H"], OPENED + timedelta(days=1))]
    assert (await text(harness)).endswith(
        f"06H request it again{route}, since it failed: its process ended 3 times without a result"
    )
    await a_run(harness, "d2", day, kind=kind, subject=subject)
    assert await look(harness, day) == []
    told = [await harness.told(f"FinanceFinding{what}") for what in ("Raised", "Cleared")]
    assert [(len(one), {event["kind"] for event in one}) for one in told] == [(2, {"stalled"})] * 2


_RESTATED = {
    "portfolio": "INSERT INTO portfolio (reference, organisations, version) VALUES ('CAM-2027', '{06H}', $1::int)",
    "simulation": """
WITH new AS (INSERT INTO business_case (reference, organisation_code, stated_at, recorded_by)
             VALUES ('SHARED-1', '06H', now(), 'lead') RETURNING id)
INSERT INTO case_draft (case_id, version, revision, content, on_day, stated_at, recorded_by)
SELECT id, 2, $1::int, '{}', '2016-11-01', now(), 'lead' FROM new""",
}


@pytest.mark.parametrize(("kind", "subject"), [("portfolio", "CAM-2027"), ("simulation", "SHARED-1/2")])
@pytest.mark.parametrize(("stated", "is_found"), [(1, True), (2, False)])
async def test_a_run_that_failed_is_no_finding_once_what_it_computed_is_stated_anew(
    harness: FinanceHarness, kind: str, subject: str, stated: int, is_found: bool
) -> None:
    run = await a_run(harness, "d1", kind=kind, subject=subject)
    job = await queue.claim(harness.database)
    assert job is not None
    await queue.fail(harness.database, job, "its process ended 3 times without a result")
    async with harness.database.connect() as connection:
        await connection.execute(_RESTATED[kind], stated)
    day = OPENED + timedelta(days=2)
    assert await look(harness, day) == [([run, subject], ["06H"], OPENED + timedelta(days=1))] * is_found


async def test_what_waits_is_read_by_indexes(harness: FinanceHarness) -> None:
    async with harness.database.connect() as connection:
        await connection.execute("SET enable_seqscan = off")
        plans = Plans(connection)
        await plans.fetch(RUNS)
        await plans.fetch(UNCORRECTED, OPENED)
        await connection.execute("RESET enable_seqscan")
    assert {"ix_run_open", "ix_run_failed", "ix_known_payment_corrections"} <= plans.indexes
    assert not plans.read_whole & {"run", "known_payment"}


async def test_a_document_that_is_not_written_is_a_finding_without_its_name_and_one_that_failed_none(
    harness: FinanceHarness,
) -> None:
    run = await a_run(harness, "d1", kind="document", subject="lead/SHARED-1.pdf")
    day = OPENED + timedelta(days=2)
    assert await look(harness, day) == [([run], ["06H"], day)]
    computed = await text(harness)
    assert computed.endswith("an operator of finance starts a process of finance that computes")
    assert "SHARED-1" not in computed
    job = await queue.claim(harness.database)
    assert job is not None
    await queue.fail(harness.database, job, "its process ended 3 times without a result")
    assert await look(harness, day) == []


async def test_a_correction_waits_for_what_it_corrects_and_its_payer_and_payee_read_that(
    harness: FinanceHarness,
) -> None:
    await harness.hear(CORRECTION)
    last = LATER + timedelta(days=28)
    assert await look(harness, last) == []
    late = last + timedelta(days=1)
    assert await look(harness, late) == [([CORRECTION.item, "NETWORKS-2013"], ["08V", "NET0"], late)]
    assert (await text(harness)).endswith("NET0, 08V record in contracts what fell due as NETWORKS-2013/balance/NET0, "
                                          "which it corrects")  # fmt: skip
    await harness.hear(fell_due(due_on=DUE_ON))
    assert await look(harness, late) == []


def a_proposal(proposal: str, by: str, case: str = "SHARED-1") -> ProposalOpened:
    return ProposalOpened(
        proposal=proposal,
        organisation=by,
        subject="SHARED-1",
        kind="consolidation",
        action="consolidation.commit",
        consents=("B-1",),
        case=case,
        case_version=1,
        series="",
        value_pence=1,
        annual_pence=1,
        recurrent=False,
        effective_on=OPENED,
        stated_at=at(OPENED),
    )


async def test_a_proposal_without_its_appraisal_is_a_finding_over_http_for_who_has_to_state_or_publish_it(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    operator = tokens.header(Role.OPERATOR)

    async def on(day: date) -> list[tuple[str, str]]:
        moved = {"moved_to": day.isoformat()}
        assert (await client.put("/v1/operations/clock", json=moved, headers=operator)).status_code == 200
        page = (await client.get("/v1/findings", params={"kind": "stalled"})).json()
        return [(one["about"][0], one["text"].partition("): ")[2]) for one in page["items"]]

    withdrawn = ProposalWithdrawn(
        proposal="P-3", organisation="06H", subject="SHARED-1", reason="superseded", **_days(date(2016, 11, 5))
    )
    decided = a_decision("D-4", "06H", on=date(2016, 11, 6), proposal="P-4")
    opened = [a_proposal(f"P-{number}", "06H") for number in (1, 3, 4)]
    assert await on(OPENED) == []
    await harness.hear(*opened, a_proposal("P-2", "10H", "SHARED-2"), withdrawn, decided)
    assert await on(date(2016, 11, 15)) == []
    await stated(client, "SHARED-2")
    late = date(2016, 11, 16)

    async def both_are_found() -> bool:
        return len(await on(late)) == 2

    await until(both_are_found)
    assert await on(late) == [
        ("P-1", "06H state version 1 of SHARED-1 by POST /cases"),
        (
            "P-2",
            "06H publish it by POST /cases/SHARED-2/versions/1/publication: 10H may not have it frozen",
        ),
    ]
    await stated(client, "SHARED-1")

    async def one_is_settled() -> bool:
        return [about for about, _ in await on(date(2016, 11, 17))] == ["P-2"]

    await until(one_is_settled)


async def stated(client: httpx.AsyncClient, case: str) -> None:
    answer = await client.post("/v1/cases", json={"case": case, "organisation": "06H", "content": a_case()})
    assert answer.status_code == 201, answer.text


def _days(day: date) -> dict[str, object]:
    return {"effective_on": day, "stated_at": at(day)}
