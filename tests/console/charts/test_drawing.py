"""The process that draws: labelled SVG without scripts or styles, and a new process where the old one is gone."""

from collections.abc import AsyncIterator

import pytest

from console.charts.bars import Bar, bars
from console.charts.drawing import Drawing
from console.charts.lines import Line, Point, lines
from console.charts.look import Chart, framed


@pytest.fixture(scope="module")
async def drawing() -> AsyncIterator[Drawing]:
    made = Drawing(patience=20.0, limit=20.0)
    await made.start()
    yield made
    await made.stop()


HOSTILE = "<script>alert('1')</script>\"&"
CHART = bars("Shift", [Bar(HOSTILE, 12_345, "£123.45"), Bar("NHS Dudley CCG", -5, "−£0.05")])


async def test_each_mark_is_labelled_and_nothing_in_it_is_code(drawing: Drawing) -> None:
    assert CHART is not None
    svg = await drawing.draw(CHART, "Who gains and who loses")
    assert svg is not None
    assert svg.count("<svg") == 2
    assert svg.count('role="graphics-document" aria-label="Who gains and who loses"') == 2
    assert 'aria-label="NHS Dudley CCG: −£0.05"' in svg
    assert "£123.45" in svg
    for code in ("<script", "style=", "<style", "href=", "url("):
        assert code not in svg


async def test_a_chart_of_many_marks_is_one_picture_with_a_sentence(drawing: Drawing) -> None:
    chart = lines("By year", [Line("Own", [Point(f"{1980 + at}-{81 + at}", at, f"£{at}") for at in range(41)])])
    assert chart is not None
    svg = await drawing.draw(chart, "Costs")
    assert svg is not None
    assert 'role="img" aria-label="Costs. By year: Own from £0 to £40."' in svg


async def test_after_its_process_was_killed_a_new_one_draws(drawing: Drawing) -> None:
    [process] = [drawing.process]
    assert process is not None
    process.kill()
    await process.wait()
    chart = bars("Again", [Bar("a", 1, "£1")])
    assert chart is not None
    assert await drawing.draw(chart, "Again") is not None


async def test_what_cannot_be_drawn_is_no_chart_and_the_next_one_is_drawn(drawing: Drawing) -> None:
    broken = framed(100, 100, [], {"mark": "no mark"})
    assert await drawing.draw(Chart(broken, broken, 1, "Nothing"), "Broken") is None
    assert CHART is not None
    assert await drawing.draw(CHART, "Whole") is not None


async def test_nothing_is_loaded_from_elsewhere(drawing: Drawing) -> None:
    away = {**framed(100, 100, []), "layer": [{"data": {"url": "http://127.0.0.1:9/a.csv"}, "mark": "bar"}]}
    assert await drawing.draw(Chart(away, away, 1, "Away"), "Away") is None


async def test_without_its_process_there_is_no_chart() -> None:
    impatient = Drawing(patience=0.0, limit=0.0)
    assert CHART is not None
    assert await impatient.draw(CHART, "Late") is None
    await impatient.stop()
