"""Reads the stories, and tells them: each figure is taken from the answer that it links to, none is written down."""

import asyncio
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from deploy.demo.services import Services
from libs.common.money import pounds

STORIES = (
    "black_country",
    "buckinghamshire",
    "north_london",
    "domino",
    "tower_hamlets",
    "south_worcestershire",
)
"""The files of the stories, in their order."""
_NAMED = re.compile(r"\{(\w+)\}")
_MISSING = (KeyError, IndexError, TypeError, ValueError)


class FigureRecord(BaseModel):
    """A figure of a story: the path of an answer, where the figure is in it, and how it is written.

    `at` goes into the answer step by step, between dots: the name of a field, the number of an item, `field=value` for
    the item whose field (`field/field` one level down) has this value, `#` for the number of items, `+field` for the
    sum of a field over all items. `path` may name an earlier figure in braces.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    at: str
    form: Literal["pounds", "loss", "day", "number", "percent", "words", "small"]
    by: str = ""
    """The user that asks, where it is not the one who reads the page."""


class StoryRecord(BaseModel):
    """A story as its file has it: the sentences name their figures in braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    text: tuple[str, ...]
    fact: str
    illustrative: str
    figures: Mapping[str, FigureRecord] = Field(alias="figure")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with what it was in the answer, and as it is written in the sentence."""

    name: str
    words: str
    value: Any
    path: str
    at: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Some words of a sentence, and the figure that they are, if they are one."""

    words: str
    figure: Figure | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story with its figures as of now."""

    title: str
    sentences: Sequence[Sequence[Passage]]
    fact: str
    illustrative: str

    @property
    def figures(self) -> list[Figure]:
        """Return the figures in the order of the text."""
        return [one.figure for sentence in self.sentences for one in sentence if one.figure]

    @property
    def text(self) -> list[str]:
        """Return the sentences as plain words."""
        return ["".join(one.words for one in sentence) for sentence in self.sentences]


def read_stories(folder: Path) -> tuple[StoryRecord, ...]:
    """Read the stories' files. Raises pydantic's ValidationError if one has the wrong form."""
    texts = ((folder / f"{name}.toml").read_text(encoding="utf-8") for name in STORIES)
    return tuple(StoryRecord.model_validate(tomllib.loads(text)) for text in texts)


async def tell_stories(services: Services, stories: Sequence[StoryRecord], *, by: str) -> list[Story]:
    """Return the stories all of whose figures the services have, as `by` asks where no other user is named."""
    told = await asyncio.gather(*(_tell(services, story, by=by) for story in stories))
    return [story for story in told if story is not None]


async def _tell(services: Services, story: StoryRecord, *, by: str) -> Story | None:
    answers: dict[tuple[str, str], Any] = {}
    figures: dict[str, Figure] = {}
    for name, one in story.figures.items():
        path, asker = _NAMED.sub(lambda named: str(figures[named[1]].value), one.path), one.by or by
        if (path, asker) not in answers:
            answer = await services.ask("GET", path, by=asker)
            if answer.status_code != httpx.codes.OK:
                return None
            answers[path, asker] = answer.json()
        try:
            value = value_at(answers[path, asker], one.at)
            words = FORMS[one.form](value)
        except _MISSING:
            return None
        figures[name] = Figure(name=name, words=words, value=value, path=path, at=one.at, by=asker)
    return Story(
        title=story.title,
        sentences=[_passages(sentence, figures) for sentence in story.text],
        fact=story.fact,
        illustrative=story.illustrative,
    )


def _passages(sentence: str, figures: Mapping[str, Figure]) -> list[Passage]:
    # Split at a group, every second part is a name.
    parts = enumerate(_NAMED.split(sentence))
    return [
        Passage(words=figures[part].words, figure=figures[part]) if number % 2 else Passage(words=part)
        for number, part in parts
        if part
    ]


def value_at(answer: Any, at: str) -> Any:
    """Return what an answer has there; see FigureRecord. Raises KeyError, IndexError, TypeError, ValueError."""
    return reduce(_step, at.split("."), answer)


def _step(value: Any, step: str) -> Any:
    if step == "#":
        return len(value)
    if step.startswith("+"):
        return sum(one[step[1:]] for one in value)
    if "=" in step:
        field, _, wanted = step.partition("=")
        return next(iter(one for one in value if str(reduce(_step, field.split("/"), one)) == wanted), None)
    return value[int(step)] if isinstance(value, list) else value[step]


def _day(value: str) -> str:
    return f"{date.fromisoformat(value):%-d %B %Y}"


def _percent(value: str) -> str:
    part, _, whole = value.partition("/")
    return f"{100 * int(part) / int(whole):g} %"


FORMS: Mapping[str, Callable[[Any], str]] = {
    "pounds": pounds,
    "loss": lambda value: pounds(-value),
    "day": _day,
    "number": lambda value: f"{value:,}",
    "percent": _percent,
    "words": lambda value: str(value).replace("_", " "),
    "small": lambda value: f"{value[0].lower()}{value[1:]}",
}
"""How a value is written: `loss` without the minus of what is lost, `small` with a small first letter."""
