"""The base of every command of this service, and the types of codes, titles and private words."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from libs.common.codes import ANY_CASE, Code, Folded
from libs.common.text import visible
from services.governance.core.catalogue import post_slug, reason_codes


class Command(BaseModel):
    """A request body. It refuses unknown fields, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


_TITLE = re.compile(r"[A-Za-z \-\u2013'\u2019,.()&/]+")
_ORDINAL = re.compile(r"\b[0-9]*(?:1st|2nd|3rd|[0-9]th)\b")
_HONORIFIC = re.compile(
    r"\b(?:dr|mr|mrs|ms|miss|mx|prof|professor|sir|dame|lord|lady|rev|reverend|cllr|esq)\b", re.IGNORECASE
)


def _names_no_person(text: str) -> str:
    """Refuse what has the form of a name or an address: it cannot tell a name without a title from other words."""
    if _HONORIFIC.search(text) or "@" in text:
        raise ValueError("everybody reads this: write no person's name, title or address")
    return text


def _is_title(title: str) -> str:
    if not post_slug(title):
        raise ValueError("a title needs a letter")
    if not _TITLE.fullmatch(_ORDINAL.sub("", title) or " "):
        raise ValueError("a title has letters, spaces and , . ' - & / ( ), and of digits only ordinals such as 2nd")
    return title


OrganisationCode = Annotated[Code, Field(description="ODS code.", examples=["14Y"])]
PersonId = Annotated[
    str,
    Field(
        pattern=r"^P-[A-Za-z0-9-]{1,40}$",
        description="The id that `POST /people` returned.",
        examples=["P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
    ),
]
_SLUG = "[A-Za-z0-9]+(-[A-Za-z0-9]+)*"


def _fold_body(reference: str) -> str:
    code, dash, slug = reference.partition("-")
    return f"{code.upper()}{dash}{slug.lower()}"


def _fold(reference: str) -> str:
    body, slash, slug = reference.rpartition("/")
    return f"{_fold_body(body)}{slash}{slug.lower()}"


_POST_WORDS = "a post is written as 14Y/chair, or as 14Y-audit-committee/chair"
_IN_BODY = f"{ANY_CASE}(-[A-Za-z0-9]+)*"
Reference = Annotated[str, Field(max_length=200), Folded(f"{_IN_BODY}/{_SLUG}", _POST_WORDS, _fold)]
"""A post's reference: its organisation's code, or its committee's reference, and the post's slug."""
PostOwner = Annotated[str, Field(max_length=140), Folded(_IN_BODY, "a code, or a committee's reference", _fold_body)]
"""What goes before a post's slug: its organisation's code, or its committee's reference."""
RoleSlug = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=130, description="A role, such as a title's slug."),
]
Action = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$",
        max_length=80,
        description="Dotted: a right to it covers every action that begins with it.",
        examples=["contract.award"],
    ),
]
Function = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, examples=["contract-award"])]
"""An action as it was written before: with dashes for dots."""
Scope = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._/-]*)?$", max_length=80, examples=["0CX"])]
ConditionCode = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40, examples=["within-budget"])]
PowerId = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, examples=["ccg-functions-2013"])]
BodyReference = Annotated[
    str,
    Field(max_length=140),
    Folded(f"{ANY_CASE}(-[A-Za-z0-9]+)+", "a body is written as 14Y-governing-body", _fold_body),
]
ReferenceOrSlug = Annotated[
    str,
    Field(max_length=200),
    Folded(f"({_IN_BODY}/)?{_SLUG}", f"{_POST_WORDS}, or by its slug alone as chair", _fold),
]
Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_is_title), AfterValidator(_names_no_person)]
"""A title that everybody reads: letters and no name by its form."""
Sentence = Annotated[
    str, Field(min_length=1, max_length=500), AfterValidator(visible), AfterValidator(_names_no_person)
]
"""A reference to a paper that everybody reads, such as a minute or a constitution's clause."""
PersonName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(visible)]
PrivateWords = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(visible)]
"""Words that only the organisation's own governance leads read, in `GET /acts`."""
Note = Annotated[
    PrivateWords | None,
    Field(description="Private words on the act; read by the organisation's own governance leads alone."),
]
Document = Annotated[
    PrivateWords | None,
    Field(
        description="The paper that shows the act, such as a minute. Needed where its day lies before today. Private.",
        examples=["Governing body, 24 May 2018, item 7"],
    ),
]
_ReasonCode = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
AppointmentEnding = Annotated[
    _ReasonCode,
    Field(description=f"Why: {reason_codes('appointment-endings')}.", examples=["retired"]),
]
BodyEnding = Annotated[
    _ReasonCode,
    Field(description=f"Why: {reason_codes('body-endings')}.", examples=["work-done"]),
]
Restriction = Annotated[
    _ReasonCode,
    Field(description=f"Why: {reason_codes('restrictions')}.", examples=["accuracy-contested"]),
]
RightEnding = Annotated[
    _ReasonCode,
    Field(description=f"Why: {reason_codes('decision-right-endings')}.", examples=["scheme-revised"]),
]
