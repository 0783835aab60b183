"""What a chart is: marks that are figures of a document, each with its pointer and the text that labels it. Pure."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from libs.common.money import pounds
from services.finance.charts.texts import day_text, printable
from services.finance.figures.rules import figure_at


class ChartForm(StrEnum):
    """Bars from nothing; steps, each from where the last one ended; or days on a calendar."""

    BARS = "bars"
    STEPS = "steps"
    CALENDAR = "calendar"


class Mark(BaseModel):
    """One mark: the figure at a pointer, from `start` to `end` in pence, or the day that the figure is."""

    model_config = ConfigDict(frozen=True)

    label: str
    series: str
    pointer: str
    text: str
    start: int = 0
    end: int = 0
    day: date | None = None

    @property
    def name(self) -> str:
        """What the mark is about, with its series where it has one."""
        return f"{self.label} ({self.series})" if self.series else self.label


class ReportChart(BaseModel):
    """A chart with its title and, in words, what it shows to whoever does not see it."""

    model_config = ConfigDict(frozen=True)

    title: str
    form: ChartForm
    marks: tuple[Mark, ...]

    @property
    def alternative(self) -> str:
        """The chart in words: its title, then every mark with its value."""
        marks = (f"{mark.name}: {mark.text}" for mark in self.marks)
        return f"{self.title}. {'; '.join(marks)}."


def bar(document: Mapping[str, Any], pointer: str, label: str, series: str = "") -> Mark:
    """Return the amount at a pointer as a bar from nothing."""
    pence = int(figure_at(document, pointer))
    return Mark(label=printable(label), series=printable(series), pointer=pointer, text=pounds(pence), end=pence)


def day_of(document: Mapping[str, Any], pointer: str, label: str, series: str) -> Mark:
    """Return the day at a pointer as a mark on a calendar."""
    day = date.fromisoformat(figure_at(document, pointer))
    return Mark(label=printable(label), series=printable(series), pointer=pointer, text=day_text(day), day=day)


def stepped(marks: list[Mark]) -> list[Mark]:
    """Return bars as steps: each begins where the one before it ended."""
    found, reached = [], 0
    for mark in marks:
        found.append(mark.model_copy(update={"start": reached, "end": reached + mark.end}))
        reached += mark.end
    return found
