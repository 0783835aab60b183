"""The types that every package uses: an ODS code, an area's code, a name, a day."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, StringConstraints

from libs.common.temporal.days import WrittenDay
from libs.common.text import visible

_T = TypeVar("_T")
ByCode = dict[str, _T]
"""An index of values by the code of a body, never the fields of one answer."""


CODE = r"^[A-Z0-9]{1,12}$"
"""The form of an ODS code."""


PRINTED = r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
"""Text without control characters, and without those that are not seen or turn the direction of what follows.

A name with one of them reads like another name. Joiners of zero width are among them: no English name needs one.
"""


POSTCODE = r"^[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}$"
"""A postcode as the Royal Mail writes it, in capitals, with its space."""


AREA = r"^E01[0-9]{6}$"
"""The ONS code of a lower layer super output area in England."""


Code = Annotated[str, StringConstraints(pattern=CODE)]


AreaCode = Annotated[str, StringConstraints(pattern=AREA)]


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTED),
    AfterValidator(visible),
]


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=PRINTED),
    AfterValidator(visible),
]


Note = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=PRINTED), AfterValidator(visible)
]
"""Words for parties, which may be left out."""


Words = Annotated[Note, StringConstraints(min_length=1)]
"""Words for parties."""


Day = WrittenDay
