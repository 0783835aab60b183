"""The types that several packages use in requests: references, financial years, amounts of pence."""

from typing import Annotated

from pydantic import AfterValidator, Field

from libs.common.codes import Folded
from services.finance.core.years import FinancialYear

_FORM = "[A-Za-z0-9][A-Za-z0-9-]{4,38}[A-Za-z0-9]"
_WORDS = "a reference has 6 to 40 letters, digits and hyphens, and no hyphen at its ends"

ContractReference = Annotated[
    str,
    Folded(_FORM, _WORDS),
    Field(description="A contract's reference, as contracts has it.", examples=["NEL-CAMDEN-2017"]),
]
Reference = Annotated[str, Folded(_FORM, _WORDS), Field(description="6 to 40 capitals, digits and hyphens.")]
"""A reference that finance keeps: of a fund, a case, an initiative."""

MOST_PENCE = 10**13
"""£100bn: a larger amount is a slip of the pen."""
Pence = Annotated[int, Field(strict=True, ge=0, le=MOST_PENCE)]


def _year(text: str) -> str:
    return str(FinancialYear.parse(text))


Year = Annotated[
    str, AfterValidator(_year), Field(max_length=7, description="1 April to 31 March.", examples=["2018-19"])
]
"""A financial year as text, such as 2018-19."""
