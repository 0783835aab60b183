"""The workbook of a case: each cell's formula gives what the appraisal computes, whatever goes into it."""

from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.appraisals.inputs import Inputs, Line, LineType, OptionKind, Risk
from services.finance.appraisals.worth import streams_by_input
from services.finance.core.flows import EXCHEQUER, HOUSEHOLDS, Nature
from services.finance.documents.entries import entries_of
from services.finance.documents.jobs import Format
from services.finance.documents.workbook import workbook_of
from tests.finance.appraisals.golden import a_line, an_option, saving, the_inputs, through
from tests.support.report_documents import Recalculation, a_job, cells_of

PARTIES = ("A", "B", HOUSEHOLDS, EXCHEQUER)
_FIFTH = Fraction(1, 5)
_part = st.fractions(min_value=0, max_value=2, max_denominator=20)


@st.composite
def lines(draw: st.DrawFn, name: str) -> Line:
    """Any line of four years."""
    type_ = draw(st.sampled_from([*LineType]))
    payer, payee = draw(st.permutations(PARTIES))[:2]
    return a_line(
        name,
        type_,
        draw(st.lists(st.integers(-1_000, 1_000), min_size=4, max_size=4)),
        recurrent=draw(st.booleans()),
        residual=type_ is LineType.COST and draw(st.booleans()),
        health=type_ is not LineType.COST and draw(st.booleans()),
        payer=payer,
        payee=payee,
        nature=draw(st.sampled_from([*Nature])),
        uplift=1 + draw(_part),
        metb=1 + draw(_part),
        vat=Fraction(0) if payer == EXCHEQUER else draw(_part),
    )


@given(several=st.tuples(*map(lines, "abc")), risk=_part, realisation=_part, lens=st.sampled_from((0, 1)))
@settings(max_examples=30, deadline=None)
def test_an_entry_multiplied_out_is_what_the_appraisal_takes_of_its_input(
    several: tuple[Line, ...], risk: Fraction, realisation: Fraction, lens: int
) -> None:
    risks = (_a_risk(risk / 2),) if risk else ()
    inputs = the_inputs(an_option("X", *several, risks=risks), years=4, realisation=realisation)
    entries = [each for each in entries_of(inputs, inputs.lenses[lens]) if each.option == "X"]
    expected = streams_by_input(inputs, inputs.options[1], inputs.lenses[lens])
    found = {each.name: getattr(expected[each.name], each.stream) for each in entries if each.name in expected}
    assert {each.name: each.amounts(realisation) for each in entries if any(each.amounts(realisation))} == {
        name: amounts for name, amounts in found.items() if any(amounts)
    }
    assert {name for name, streams in expected.items() if any(map(any, streams.each()))} <= set(found)


def _a_risk(probability: Fraction) -> Risk:
    return Risk(
        risk="risk",
        title="risk",
        probability=probability,
        impacts=(Fraction(100), Fraction(0), Fraction(300), Fraction(1)),
        mitigated=Fraction(1, 4),
        payer="A",
        owner="B",
    )


def a_full_case() -> Inputs:
    """A line of each stream over business as usual with a charge: with bias, VAT, tax burden, health and a risk."""
    bau = an_option("BAU", a_line("charge", LineType.COST, [70_000] * 10, recurrent=True), kind=OptionKind.BAU)
    option = an_option(
        "SHARED",
        a_line(
            "one-off",
            LineType.COST,
            [400_000, *[0] * 9],
            uplift=Fraction(6, 5),
            metb=Fraction(11, 10),
            vat=Fraction(1, 5),
        ),
        a_line("charge", LineType.COST, [65_000] * 10, recurrent=True),
        a_line("resale", LineType.COST, [*[0] * 9, 5_000], residual=True),
        a_line("qaly", LineType.SOCIETAL, [0, *[700] * 9], health=True),
        a_line("payment", LineType.COST, [0, 9_999, *[0] * 8], payee="B", nature=Nature.TRANSFER),
        saving(90_000),
        risks=(
            Risk(
                risk="delay",
                title="Delay",
                probability=Fraction(1, 3),
                impacts=(Fraction(30_000_00), *[Fraction(0)] * 9),
                mitigated=Fraction(1, 4),
                payer="A",
                owner="B",
            ),
        ),
    )
    return the_inputs(option, bau=bau, realisation=Fraction(9, 10))


def test_the_measures_of_a_workbook_are_those_of_the_appraisal() -> None:
    inputs = a_full_case()
    found = through(inputs)["SHARED"].measures
    options = [{"option": "SHARED", "measures": {"npv_pence": round(found.npv)}}]
    report = {"appraisal": {"title": "=1+1", "options": options}}
    book = workbook_of(a_job(report, format=Format.XLSX, case=inputs))
    cells = cells_of(book, "Summary")
    assert [round(cells[f"{column}5"] * 100) for column in "CDEG"] == [
        round(amount) for amount in (found.pv_costs, found.pv_benefits, found.npv, found.eanc)
    ]
    assert (cells["H5"], cells["I5"], cells["K5"]) == (found.payback, found.discounted_payback or "none", 0)
    assert found.bcr is not None
    assert round(cells["F5"], 9) == round(float(found.bcr), 9)
    assert cells["L5"] == "no", f"{found.bcr} is below {inputs.benchmark}"
    assert cells["A1"].startswith("=1+1: worth"), "text is no formula"


def test_costs_that_cancel_out_to_the_penny_leave_no_outlay_and_no_ratio(tmp_path: Path) -> None:
    def paid(line: str, pence: int) -> Line:
        return a_line(line, LineType.COST, [Fraction(pence, 100)])

    bau = an_option("BAU", paid("whole", 30), kind=OptionKind.BAU)
    gain = a_line("gain", LineType.CASH_RELEASING, [1])
    inputs = the_inputs(an_option("X", paid("a", 10), paid("b", 20), gain), bau=bau, years=1)
    found = through(inputs)["X"].measures
    assert (found.bcr, found.payback) == (None, None)
    options = [{"option": "X", "measures": {"npv_pence": round(found.npv)}}]
    report = {"appraisal": {"title": "Cancelled out", "options": options}}
    again = Recalculation(workbook_of(a_job(report, format=Format.XLSX, case=inputs)), tmp_path)
    assert again(["Summary!F5", "Summary!H5", "Summary!I5", "Summary!L5"]) == [*["none"] * 3, "yes"]
