"""PDF/UA-1: what a reader of a screen needs, the same bytes each time, and characters without a shape."""

import io
from typing import Any

import pypdf
from pypdf.generic import DictionaryObject

from services.finance.charts.rules import MOST_MARKS, charts_of_exit, charts_of_savings
from services.finance.documents.pdf import pdf_of
from tests.support.report_documents import a_job, text_of_pdf

SAVING = {"organisation": "06H", "function": "payroll", "financial_year": "2018-19", "elsewhere": {"10H": 5_00}}
AMOUNTS = {"forecast_pence": 1_000_00, "due_pence": 900_00, "realised_pence": 250_00, "slippage_pence": 650_00}
STATEMENT = {"forecast_pence": 1_000_00, "contracted_pence": 0, "realised_pence": 250_00, "savings": [SAVING | AMOUNTS]}
REPORT = {"statement": STATEMENT, "stated_at": "2018-07-01T09:00:00Z", "claims": [{"claim": "C-1", "late": None}]}


def test_a_pdf_names_its_title_language_headings_header_cells_and_charts() -> None:
    charts = charts_of_savings(REPORT)
    job = a_job(REPORT, charts, title="Savings of HR-2018")
    pdf = pdf_of(job)
    assert pdf_of(job) == pdf
    read = pypdf.PdfReader(io.BytesIO(pdf))
    root: Any = read.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en-GB", True)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert read.metadata is not None
    assert (read.metadata.title, read.metadata.creation_date) == ("Savings of HR-2018", None)
    elements = _objects(read)
    kinds = {str(each["/S"]) for each in elements if "/S" in each}
    assert {"/H1", "/TH", "/TD", "/Figure", "/L"} <= kinds
    alternatives = {str(each["/Alt"]) for each in elements if "/Alt" in each}
    assert {chart.alternative for chart in charts} <= alternatives
    fonts = [each for each in elements if each.get("/Type") == "/FontDescriptor"]
    assert fonts
    assert all({"/FontFile2", "/FontFile3"} & set(font) for font in fonts), "every font is embedded"


def _objects(read: pypdf.PdfReader) -> list[dict[str, Any]]:
    """Every dictionary of a PDF."""
    several = (read.get_object(number) for number in range(1, len(read.xref[0]) + 1))
    return [{str(key): value for key, value in each.items()} for each in several if isinstance(each, DictionaryObject)]


def test_text_of_a_report_is_no_markup_and_a_character_without_a_shape_is_its_number() -> None:
    document = {"title": "#strong[x] = *y* $z$ <b>", "names": ["会議", "smile \U0001f600", "bell \a", "Ελλάδα"]}
    text = text_of_pdf(pdf_of(a_job(document, title="会")))
    assert "#strong[x]=*y*$z$<b>" in text
    for shown in ("[U+4F1A][U+8B70]", "smile[U+1F600]", "bell"):
        assert shown in text


def test_a_chart_has_at_most_so_many_marks_and_stands_whole_below_its_heading() -> None:
    many = [SAVING | AMOUNTS | {"function": f"f{number}", "realised_pence": number} for number in range(1, 99)]
    document = REPORT | {"statement": STATEMENT | {"savings": many}}
    charts = charts_of_savings(document)
    assert [(chart.title, len(chart.marks)) for chart in charts] == [
        (f"From each saving to what was realised: the {MOST_MARKS} largest of 101", MOST_MARKS),
        (f"Forecast, due and realised: the {MOST_MARKS} largest of 392", MOST_MARKS),
        (f"What the savings cost others: the {MOST_MARKS} largest of 98", MOST_MARKS),
    ]
    assert {mark.pointer for mark in charts[0].marks} >= {
        "/statement/realised_pence",
        "/statement/savings/97/realised_pence",
    }
    exits = {
        "exits": [
            {"last_notice_on": "2017-10-01", "exit_on": f"2018-04-{day:02d}", "costs": []} for day in range(1, 31)
        ]
    }
    [calendar] = charts_of_exit({"assessment": exits})
    assert (calendar.title, len(calendar.marks)) == (
        f"When the contract may be left: the first {MOST_MARKS} of 60 days",
        MOST_MARKS,
    )
    read = pypdf.PdfReader(io.BytesIO(pdf_of(a_job({"title": "Savings"}, charts[:1]))))
    [page] = read.pages
    heights: list[float] = []
    page.extract_text(visitor_text=lambda _, cm, tm, *__: heights.append(tm[4] * cm[1] + tm[5] * cm[3] + cm[5]))
    margin = 45
    rows = {round(height, 1) for height in heights if height > margin}
    assert len(rows) > MOST_MARKS
    assert max(rows) < float(page.mediabox.height) - margin
