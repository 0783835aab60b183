"""The types that every package uses: an ODS code, an area's code, a name, a day."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, StringConstraints

from libs.common.codes import Code, Folded
from libs.common.temporal.days import WrittenDay
from libs.common.text import visible

__all__ = ["CODE", "PRINTED", "AreaCode", "ByCode", "Code", "Day", "Line", "Name", "Note", "Postcode", "Words"]

_T = TypeVar("_T")
ByCode = dict[str, _T]
"""An index of values by the code of a body, never the fields of one answer."""


CODE = r"^[A-Z0-9]{1,12}$"
"""The form of an ODS code that is stored. In a request it is a `Code`, which is folded."""


PRINTED = r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
"""Text without control characters, and without those that are not seen or turn the direction of what follows.

A name with one of them reads like another name. Joiners of zero width are among them: no English name needs one.
"""


Postcode = Annotated[
    str, Folded("[A-Za-z]{1,2}[0-9][A-Za-z0-9]? [0-9][A-Za-z]{2}", "a postcode is written as HP11 1NT, with its space")
]
"""A postcode as the Royal Mail writes it, in capitals, with its space."""


AreaCode = Annotated[
    str, Folded("[Ee]01[0-9]{6}", "the code of a lower layer super output area is written as E01017577")
]


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
