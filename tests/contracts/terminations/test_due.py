"""Due work of notices reads what stands under the lock of the contract."""

import asyncio
from datetime import date

from libs.common.identity import Caller
from services.contracts.terminations.due import end_by_notice
from services.contracts.terminations.notices import ServeNotice, WithdrawNotice, serve_notice, withdraw_notice
from tests.support.contracts_harness import ContractsHarness, a_lead, any_version, at

_BLOCKED = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_a_notice_that_is_withdrawn_while_due_work_waits_ends_nothing(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    by: Caller = a_lead("10H", "10Y")
    served, last = date(2017, 6, 1), date(2018, 3, 31)
    async with harness.database.begin() as session:
        notice = await serve_notice(
            session,
            reference,
            ServeNotice(last_day=last, reason="in_house"),
            by=by,
            today=served,
            stated_at=at(served),
            expect=any_version,
        )

    async def due() -> int:
        async with harness.database.begin() as session:
            return await end_by_notice(session, up_to=date(2018, 4, 2), stated_at=at(date(2018, 4, 2)), by=by)

    async with harness.database.begin() as session:
        await withdraw_notice(
            session,
            reference,
            notice.reference,
            WithdrawNotice(agreement="Letter of 31 March 2018"),
            by=by,
            today=last,
            stated_at=at(last),
            expect=any_version,
        )
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            working = tasks.create_task(due())
            while not (await harness.database.fetch(_BLOCKED))[0]["n"]:
                assert not working.done(), "due work did not wait for the contract's lock"
            await session.commit()
    assert working.result() == 1
    assert await harness.status(reference, as_at=date(2018, 4, 1)) == "active"
    assert await due() == 0
