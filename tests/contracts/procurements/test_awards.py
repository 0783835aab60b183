"""Whose contract an award may name."""

from datetime import date

import pytest

from services.contracts.procurements.commands import BeginProcurement, StateStage, begin_procurement, state_stage
from services.contracts.procurements.errors import ContractOfOthers
from services.contracts.procurements.rules import Stage
from tests.support.contracts_harness import ContractsHarness, a_lead, at

TODAY = date(2017, 6, 1)


async def test_an_award_names_no_contract_of_others(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    command = BeginProcurement(
        reference="PAYROLL-2017",
        buyers=["05Y"],
        functions=["payroll"],
        regime="pcr_2015",
        value_pence=1,
        begun_on=TODAY,
    )
    stage = StateStage(stage=Stage.AWARDED, winner="0CX", contract=reference)
    async with harness.database.begin() as session:
        await begin_procurement(session, command, by=a_lead("05Y"), today=TODAY, stated_at=at(TODAY))
    with pytest.raises(ContractOfOthers) as refused:
        async with harness.database.begin() as session:
            await state_stage(
                session, "PAYROLL-2017", stage, by=a_lead("05Y", "10H"), today=TODAY, stated_at=at(TODAY, 10)
            )
    assert "contract" in {one.field for one in refused.value.reasons}
