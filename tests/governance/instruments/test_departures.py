"""What becomes of an instrument when a party merges."""

from datetime import date

from services.governance.instruments.commands import MakeInstrument, make_instrument
from services.governance.instruments.queries import get_instrument
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_lead, a_merger, at

MADE_ON = date(2015, 4, 1)


async def test_a_successor_takes_its_predecessors_part_and_the_instrument_is_told_anew(
    harness: GovernanceHarness,
) -> None:
    await harness.hear_of_ccgs("10H", "10Y", "10A")
    asked = {"kind": "committees_in_common", "parties": ["10H", "10Y", "10A"], "first_day": MADE_ON.isoformat()}
    async with harness.database.begin() as session:
        command = MakeInstrument.model_validate({**asked, "document": "Agreement"})
        made = await make_instrument(session, command, by=a_lead(), today=MADE_ON, stated_at=at(MADE_ON))
        reference = made.reference
    await harness.hear_of_proposed("14Y", on=MADE_ON)
    await harness.hear(a_merger())
    told = [(one["effective_on"], one["parties"]) for one in await harness.told("InstrumentMade")]
    assert told == [("2015-04-01", ["10A", "10H", "10Y"]), (MERGED_ON.isoformat(), ["10A", "14Y"])]
    shown = await get_instrument(harness.database, reference, as_at=MERGED_ON, as_known=None)
    assert shown["parties"] == ["10A", "14Y"]
