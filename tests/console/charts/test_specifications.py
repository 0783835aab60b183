"""What charts are made of: each mark says its name and value, and lies where its value is."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.charts.bars import Bar, bars, waterfall
from console.charts.calendar import Day, calendar
from console.charts.lines import Line, Point, lines
from console.charts.look import Chart, Tone
from console.charts.tornado import Swing, tornado


def _rows(chart: Chart | None) -> list[dict[str, Any]]:
    assert chart is not None
    rows: list[dict[str, Any]] = chart.wide["data"]["values"]
    return rows


def test_a_step_begins_where_the_one_before_it_ended() -> None:
    chart = waterfall("Worth", [Bar("Setting up", -400, "−£4"), Bar("Saving", 1_000, "£10")], [Bar("NPV", 600, "£6")])
    assert [(row["low"], row["high"]) for row in _rows(chart)] == [(-400, 0), (-400, 600), (0, 600)]


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=30))
def test_steps_end_at_their_sum(values: list[int]) -> None:
    rows = _rows(waterfall("Any", [Bar("a", value, str(value)) for value in values], []))
    assert rows[-1]["end"] == sum(values)
    assert all(row["high"] - row["low"] == abs(value) for row, value in zip(rows, values, strict=True))


def test_a_bar_says_its_name_and_value_in_words() -> None:
    assert [row["described"] for row in _rows(bars("Shift", [Bar("NHS Dudley CCG", -5, "−£0.05", Tone.BAD)]))] == [
        "NHS Dudley CCG: −£0.05"
    ]


def test_a_swing_lies_between_the_stated_result_and_each_end() -> None:
    rows = _rows(tornado("Result", 100, [Swing("Cost", 130, "£1.30", 70, "£0.70")]))
    assert [(row["low"], row["high"]) for row in rows] == [(100, 130), (70, 100)]
    assert (rows[0]["left"], rows[0]["right"]) == ("£0.70", "£1.30")
    assert [row["described"] for row in rows] == ["Cost lower: £1.30", "Cost higher: £0.70"]


def test_each_line_has_its_own_dashes_and_a_best_day_its_label() -> None:
    chart = lines(
        "By exit",
        [
            Line("Own", [Point(date(2019, 4, 1), 300, "£3"), Point(date(2019, 5, 1), 100, "£1", is_marked=True)]),
            Line("All", [Point(date(2019, 4, 1), 500, "£5")]),
            Line("None", []),
        ],
    )
    rows = _rows(chart)
    assert [row["label"] for row in rows] == ["", "£1", ""]
    assert len({str(row["dash"]) for row in rows}) == 2
    assert rows[1]["described"] == "Own, 1 May 2019: £1"


def test_two_lines_that_end_together_have_their_names_apart() -> None:
    chart = lines("Series", [Line(name, [Point("2018-19", 1_000, "£10")]) for name in ("As published", "Restated")])
    assert chart is not None
    [named] = [layer for layer in chart.wide["layer"] if layer.get("data", {}).get("values", [{}])[0].get("name")]
    first, second = (row["y"] for row in named["data"]["values"])
    assert first - second > 1_000 / 280 * 16


def _labels(chart: Chart | None) -> list[tuple[str, str, float]]:
    assert chart is not None
    texts = [layer for layer in chart.wide["layer"] if layer["encoding"].get("text", {}).get("field") == "label"]
    return [(layer["mark"]["align"], row["label"], row["y"]) for layer in texts for row in layer["data"]["values"]]


def test_the_value_of_a_first_or_last_day_stays_within_the_plot() -> None:
    days = [date(2019, month, 1) for month in (4, 5, 6)]
    for best, side in enumerate(("left", "center", "right")):
        points = [Point(day, 100, "£1", is_marked=at == best) for at, day in enumerate(days)]
        assert _labels(lines("By exit", [Line("Own", points)])) == [(side, "£1", 100)]


def test_values_of_one_day_stand_apart_and_the_same_value_stands_once() -> None:
    values = {"Own": 1_000, "Public sector": 1_001, "UK society": 1_000}
    drawn = [
        Line(name, [Point("2018-19", value, f"£{value}", is_marked=True), Point("2019-20", 0, "£0")])
        for name, value in values.items()
    ]
    [(_, low, first), (_, high, second)] = _labels(lines("Series", drawn))
    assert (low, high) == ("£1000", "£1001")
    assert second - first > 1_000 / 280 * 16


def test_a_calendar_goes_by_day_and_its_narrow_list_by_month() -> None:
    chart = calendar("Exits", [Day(date(2019, 2, 6), "First day without"), Day(date(2018, 8, 6), "Notice", "BC-1")])
    assert [row["text"] for row in _rows(chart)] == ["6 August 2018", "6 February 2019"]
    assert chart is not None
    assert [row["name"] for row in chart.narrow["data"]["values"]] == [
        *("August 2018", "Notice"),
        *("February 2019", "First day without"),
    ]


def test_nothing_is_no_chart() -> None:
    assert [bars("a", []), waterfall("a", [], []), tornado("a", 0, []), lines("a", []), calendar("a", [])] == [None] * 5


def test_every_value_the_same_or_nothing_still_has_a_scale() -> None:
    for chart in (bars("a", [Bar("a", 0, "£0")]), tornado("a", 0, [Swing("a", 0, "£0", 0, "£0")])):
        assert chart is not None
        domains = [layer["encoding"].get("x", {}).get("scale", {}).get("domain") for layer in chart.wide["layer"]]
        assert [0, 1] in domains
