"""Answers about findings, the same in every service but for what they are about: the fields, the page, the cursor."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, Field
from starlette.requests import Request

from libs.common.http.paging import Page, UnreadableCursor, page

_NEVER: Final = date.max


class FindingAnswer(BaseModel):
    """Something that needs attention, as at a day, as known at an instant; a service says what it is about."""

    finding: str = Field(description="Names what was found: the same in events.")
    kind: str
    about: list[str]
    parties: list[str] = Field(description="The bodies whom it concerns, who alone read it.")
    due_on: date | None = Field(description="The day by which something has to be done; null where there is none.")
    text: str
    raised_on: date = Field(description="The first day on which it was so.")
    raised_at: datetime
    cleared_on: date | None = Field(description="The first day on which it was settled; null while it is open.")
    reason: str | None = Field(description="Why it was cleared, a code.")


Answer = TypeVar("Answer", bound=FindingAnswer)


def finding_page(answer: type[Answer], rows: Sequence[Mapping[str, Any]], *, request: Request) -> Page[Answer]:
    """Return a page of the rows that a service's findings gave."""
    answers = [answer.model_validate({**row, "finding": row["key"]}) for row in rows]
    # What was cleared and raised again has one name and several rows.
    keys = {id(one): _key_of(row["due_on"], row["id"]) for one, row in zip(answers, rows, strict=True)}
    return page(answers, key=lambda one: keys[id(one)], request=request)


def _key_of(due_on: date | None, number: int) -> tuple[str, int]:
    """Return the cursor after a finding: what was cleared and raised again has one key and several rows."""
    return (due_on or _NEVER).isoformat(), number


def position_after(key: tuple[str, int] | None) -> tuple[date, int] | None:
    """Return the day and the number after which the page starts. Raises UnreadableCursor."""
    if key is None:
        return None
    try:
        return date.fromisoformat(key[0]), key[1]
    except ValueError as error:
        raise UnreadableCursor("after: use the link `next` of the page before") from error
