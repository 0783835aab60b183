"""The workbook of an exit assessment: present costs by lens, recalculated from the flows."""

from datetime import date
from fractions import Fraction
from pathlib import Path

from libs.common.money import nearest_penny
from services.finance.core.lenses import Lens, OrganisationLens, SocietyLens
from services.finance.documents.exit_flows import exit_flows
from services.finance.documents.jobs import Format
from services.finance.documents.workbook import workbook_of
from services.finance.exits.rules import assess
from tests.finance.exits.cases import golden, standard_schedule
from tests.support.report_documents import Recalculation, a_job, cells_of


def test_golden_12_is_recalculated_from_the_flows_and_follows_a_changed_amount(tmp_path: Path) -> None:
    case, schedule = golden(), standard_schedule()
    lenses: list[Lens] = [OrganisationLens("06H"), SocietyLens()]
    found = assess(
        "CSU-1",
        case.terms(),
        case.periods(),
        case.offers(),
        lenses,
        inputs=case.inputs(),
        schedule=schedule,
        as_at=date(2017, 4, 1),
        wider="uk_society",
    )
    costs = [
        [case.present_cost(number), case.present_cost(number, own=False, public_until=99)]
        for number in range(1, len(found.exits) + 1)
    ]
    shown = [{"costs": [{"present_cost_pence": nearest_penny(cost)} for cost in one]} for one in costs]
    flows = exit_flows(found.exits, lenses, case.inputs(), schedule)
    report = {"assessment": {"contract": "CSU-1", "exits": shown}}
    book = workbook_of(a_job(report, format=Format.XLSX, exits=flows))
    cells = cells_of(book, "Exits")
    assert [[round(cells[f"{column}{row}"] * 100) for column in "BC"] for row in range(5, 10)] == [
        [nearest_penny(cost) for cost in one] for one in costs
    ]
    amounts = cells_of(book, "Flows")
    paid = next(
        row for row in range(5, 99) if amounts[f"B{row}"] == "replacement" and amounts[f"A{row}"] == "1 April 2018"
    )
    again = Recalculation(book, tmp_path)
    own, difference = again(["Exits!B5", "Exits!F5"], **{f"Flows__H{paid}": amounts[f"H{paid}"] + 1_000})
    added = Fraction(1_000) / Fraction("1.035") ** int(amounts[f"G{paid}"])
    assert round(own * 100) == nearest_penny(costs[0][0] + added * 100)
    assert round(difference, 2) == round(float(added), 2)
