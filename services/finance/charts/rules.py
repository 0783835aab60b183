"""Which charts a report has: of a case, an exit, a plan, a statement of savings, a shift of cost. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.finance.charts.marks import ChartForm, Mark, ReportChart, bar, day_of, stepped
from services.finance.charts.texts import day_text

MOST_MARKS = 40
"""A chart with more is not legible on a page: the largest, or the first days, are drawn, and its title says so."""

Document = Mapping[str, Any]


def charts_of_case(document: Document) -> list[ReportChart]:
    """Return what makes up the preferred option's worth, its tornado, who gains and loses, and its worth by lens."""
    options = document["appraisal"]["options"]
    number = next(
        (at for at, option in enumerate(options) if option["option"] == document["sensitivity"]["option"]), None
    )
    return _drawn(
        *([] if number is None else [_worth(document, number), _by_lens(document, number)]),
        _tornado(document),
        _cost_shift(document),
    )


def charts_of_exit(document: Document) -> list[ReportChart]:
    """Return the calendar of a contract's exits, and what each costs through each lens."""
    exits = list(enumerate(document["assessment"]["exits"]))
    days = [
        day_of(document, f"/assessment/exits/{at}/{name}", f"exit {at + 1}", series)
        for at, _ in exits
        for name, series in (("last_notice_on", "last day for notice"), ("exit_on", "first day without the contract"))
    ]
    costs = [
        bar(document, f"/assessment/exits/{at}/costs/{by}/present_cost_pence", f"exit on {day}", cost["lens"])
        for at, one in exits
        for day in (day_text(date.fromisoformat(one["exit_on"])),)
        for by, cost in enumerate(one["costs"])
    ]
    return _drawn(
        _calendar("When the contract may be left", days),
        _bars("What each exit costs, by lens", costs),
    )


def charts_of_run(document: Document) -> list[ReportChart]:
    """Return what the plan is worth against the budget, and what each year spends of it."""
    worth = [
        bar(document, f"/curve/{at}/{name}", f"{point['percent']} % of the budget", series)
        for at, point in enumerate(document["curve"])
        for name, series in (("value_pence", "value of the best plan"), ("bound_pence", "no plan is worth more"))
        if point[name] is not None
    ]
    plan = document["run"]["plan"] or {"years": (), "items": ()}
    spent = [
        bar(document, f"/run/plan/years/{at}/{name}", year["year"], series)
        for at, year in enumerate(plan["years"])
        for name, series in (("budget_pence", "budget"), ("spent_pence", "spent"))
        if year[name] is not None
    ]
    items = [
        bar(document, f"/run/plan/items/{at}/value_pence", item["item"], item["year"] or "never")
        for at, item in enumerate(plan["items"])
    ]
    return _drawn(
        _bars("Value against budget", worth),
        _bars("What each year spends of its budget", spent),
        _bars("What each item is worth, by the year in which it is done", items),
    )


def charts_of_savings(document: Document) -> list[ReportChart]:
    """Return how savings add up to what was realised, against what was forecast and contracted."""
    savings = document["statement"]["savings"]
    steps = [
        bar(document, f"/statement/savings/{at}/realised_pence", _of_year(saving), "realised")
        for at, saving in enumerate(savings)
    ]
    whole = [
        bar(document, f"/statement/{name}_pence", f"all {name}", name)
        for name in ("forecast", "contracted", "realised")
    ]
    by_year = [
        bar(document, f"/statement/savings/{at}/{name}_pence", _of_year(saving), name.replace("_", " "))
        for at, saving in enumerate(savings)
        for name in ("forecast", "due", "realised", "slippage")
        if saving[f"{name}_pence"] is not None
    ]
    elsewhere = [
        bar(document, f"/statement/savings/{at}/elsewhere/{code}", _of_year(saving), f"costs {code}")
        for at, saving in enumerate(savings)
        for code in saving["elsewhere"]
    ]
    return _drawn(
        _waterfall("From each saving to what was realised", steps, whole),
        _bars("Forecast, due and realised", by_year),
        _bars("What the savings cost others", elsewhere),
    )


def charts_of_shift(document: Document) -> list[ReportChart]:
    """Return who gains and who loses in a year by exits from a supplier, by lens, and what each order uses up."""
    shift = document["shift"]
    gains = [
        bar(document, f"/shift/parties/{at}/gain_pence", party["code"], _part_of(party))
        for at, party in enumerate(shift["parties"])
    ]
    nets = [bar(document, f"/shift/nets/{at}/net_pence", net["lens"]) for at, net in enumerate(shift["nets"])]
    orders = [
        bar(document, f"/shift/orders/{at}/pence", ", then ".join(order["codes"]))
        for at, order in enumerate(shift["orders"])
    ]
    return _drawn(
        _bars("Who gains and who loses in a year", gains),
        _bars("What each lens gains or loses in a year", nets),
        _bars("What all use up together, by the order of the exits", orders),
    )


def _part_of(party: Mapping[str, Any]) -> str:
    if party["heads"] is None:
        return "supplier"
    return "leaves" if party["is_leaving"] else "stays"


def _of_year(saving: Mapping[str, Any]) -> str:
    return f"{saving['organisation']} {saving['function']} {saving['financial_year']}"


def _worth(document: Document, option: int) -> ReportChart:
    """Return the inputs as steps up to the net present value, or as bars where business as usual has a part in it."""
    path = f"/appraisal/options/{option}"
    shown = document["appraisal"]["options"][option]
    steps = [
        bar(document, f"{path}/items/{at}/present_value_pence", item["title"], "adds" if adds else "takes")
        for at, item in enumerate(shown["items"])
        for adds in (item["present_value_pence"] >= 0,)
    ]
    npv = bar(document, f"{path}/measures/npv_pence", "Net present value", "in all")
    title = f"What makes up the net present value of {shown['title']}"
    rounding = len(steps)
    if abs(sum(step.end for step in steps) - npv.end) <= rounding:
        return _waterfall(title, steps, [npv])
    return _bars(title, [*steps, npv])


def _by_lens(document: Document, option: int) -> ReportChart:
    shown = document["appraisal"]["options"][option]
    path = f"/appraisal/options/{option}/by_lens"
    marks = [bar(document, f"{path}/{at}/npv_pence", by["lens"]) for at, by in enumerate(shown["by_lens"])]
    return _bars(f"Net present value of {shown['title']}, by lens", marks)


def _tornado(document: Document) -> ReportChart:
    shown = document["sensitivity"]
    marks = [
        bar(document, f"/sensitivity/tornado/{at}/{name}_npv_pence", swing["title"], series)
        for at, swing in enumerate(shown["tornado"])
        for name, series in (("low", "input lower"), ("high", "input higher"))
    ]
    return _bars(f"Net present value with each input lower and higher by {shown['change']} of it", marks)


def _cost_shift(document: Document) -> ReportChart:
    marks = [
        bar(document, f"/losers/{side}/{at}/gain_pence", party["party"], side)
        for side in ("gainers", "losers")
        for at, party in enumerate(document["losers"][side])
    ]
    return _bars("Who gains and who loses", marks)


def _bars(title: str, marks: list[Mark]) -> ReportChart:
    shown = marks
    if len(marks) > MOST_MARKS:
        largest = sorted(range(len(marks)), key=lambda at: (-abs(marks[at].end), at))[:MOST_MARKS]
        shown = [marks[at] for at in sorted(largest)]
        title = f"{title}: the {MOST_MARKS} largest of {len(marks)}"
    return ReportChart(title=title, form=ChartForm.BARS, marks=tuple(shown))


def _calendar(title: str, days: list[Mark]) -> ReportChart:
    if len(days) > MOST_MARKS:
        title = f"{title}: the first {MOST_MARKS} of {len(days)} days"
    return ReportChart(title=title, form=ChartForm.CALENDAR, marks=tuple(days[:MOST_MARKS]))


def _waterfall(title: str, steps: list[Mark], whole: list[Mark]) -> ReportChart:
    if len(steps) + len(whole) > MOST_MARKS:
        return _bars(title, [*steps, *whole])
    return ReportChart(title=title, form=ChartForm.STEPS, marks=(*stepped(steps), *whole))


def _drawn(*charts: ReportChart) -> list[ReportChart]:
    return [chart for chart in charts if chart.marks]
