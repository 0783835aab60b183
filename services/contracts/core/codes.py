"""The types that every package uses: a reference, an ODS code, a day, a line of a contract."""

import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from libs.common.codes import Code, Folded
from libs.common.temporal.days import WrittenDay
from libs.common.text import visible

Reference = Annotated[
    str,
    Folded(
        "[A-Za-z0-9][A-Za-z0-9-]{4,38}[A-Za-z0-9]",
        "a reference has 6 to 40 letters, digits and hyphens, and no hyphen at its ends",
    ),
    Field(
        description="The parties' reference of the contract: capitals, digits, hyphens.", examples=["NEL-CAMDEN-2017"]
    ),
]


OdsCode = Annotated[Code, Field(description="An ODS code.")]


Day = WrittenDay


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(visible)]


Document = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(visible),
    Field(
        description="The paper that shows an act of an earlier day; only the parties read it.",
        examples=["Letter of 28 September 2017"],
    ),
]


_PROPORTION = re.compile(r"[0-9]{1,12}/[0-9]{0,11}[1-9][0-9]{0,11}|[0-9]{1,3}(\.[0-9]{1,12})?")


def _proportion(given: str) -> str:
    if not _PROPORTION.fullmatch(given):
        raise ValueError("a part of a whole is written as 17/20 or 0.85")
    part = Fraction(given)
    if part > 1:
        raise ValueError(f"a part is at most the whole, not {part}")
    return str(part)


Proportion = Annotated[
    str,
    AfterValidator(_proportion),
    Field(max_length=25, description="An exact part of a whole, from 0 to 1: `17/20` or `0.85`.", examples=["17/20"]),
]
"""A part in a request, reduced to its lowest terms."""


Form = Literal[
    "sla",
    "call_off",
    "standard",
    "gms",
    "pms",
    "apms",
    "alliance",
    "prime_provider",
    "pfi",
    "lift",
    "sep",
    "care_model",
    "section_75",
    "data_sharing",
    "other",
]
"""The form of an agreement; `other`: another one that names legal bodies, which no scheme moves by itself."""

AGREEMENTS = ("section_75", "data_sharing", "other")
"""The forms of agreements that name legal bodies: a scheme moves one only if it says so."""


def _number(given: str) -> str:
    return str(Fraction(given))


Number = Annotated[
    str,
    Field(
        max_length=30,
        pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,12}|/[1-9][0-9]{0,11})?$",
        description="An exact number, as `98.5` or `197/2`.",
        examples=["98.5"],
    ),
    AfterValidator(_number),
]
"""A number in a request, reduced to its lowest terms."""


MOST_ANNUAL_PENCE = 2 * 10**11
"""£2bn a year: more than the running-cost allowances of all CCGs together, £25.00 a head (rca-2013-14) of 54m people.

Support is paid from running costs, so that a larger charge is a slip of the pen.
"""


FunctionCode = Annotated[str, Field(max_length=40)]


class Line(BaseModel):
    """One function that is supplied, and its charge."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    function: str = Field(
        max_length=40, description="A function of the catalogue, see `GET /functions`.", examples=["payroll"]
    )
    annual_pence: int = Field(
        strict=True, ge=0, le=MOST_ANNUAL_PENCE, description="Charge a year, in pence.", examples=[12_500_000]
    )
