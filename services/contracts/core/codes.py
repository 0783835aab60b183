"""The types that every package uses: a reference, an ODS code, a day, a line of a contract."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from libs.common.temporal.days import WrittenDay

Reference = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{4,38}[A-Z0-9]$"),
    Field(
        description="The parties' reference of the contract: capitals, digits, hyphens.", examples=["NEL-CAMDEN-2017"]
    ),
]


OdsCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,10}$"), Field(description="An ODS code.")]


Day = WrittenDay


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Line(BaseModel):
    """One function that is supplied, and its charge."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    function: str = Field(description="A function of the catalogue, see `GET /functions`.", examples=["payroll"])
    annual_pence: int = Field(
        strict=True, ge=0, le=10**13, description="Charge a year, in pence.", examples=[12_500_000]
    )
