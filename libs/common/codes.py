"""Codes as people type them: folded to upper case at the edge, or refused in plain words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, slots=True)
class Folded:
    """Marks a text of this form in either case, which is folded; what has another form is refused with `words`."""

    form: str
    words: str
    fold: Callable[[str], str] = str.upper

    def __call__(self, text: str) -> str:
        """Return the text folded. Raises ValueError."""
        # The form is of ASCII letters, so that no other letter becomes one of them by folding.
        if re.fullmatch(self.form, text, re.ASCII) is None:
            raise ValueError(self.words)
        return self.fold(text)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Fold what pydantic has read."""
        return core_schema.no_info_after_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Show the form."""
        return handler(schema) | {"pattern": f"^({self.form})$"}


ANY_CASE = "[A-Za-z0-9]{1,12}"
"""The form of an ODS code as typed."""
as_code = Folded(ANY_CASE, "a code has 1 to 12 letters and digits")
Code = Annotated[str, as_code]
"""An ODS code in a request."""


def numbered(prefix: str, example: str) -> Folded:
    """Return the form of a reference made of a prefix, a code and a number where there are several (`M-14Y-2`)."""
    letters = "".join(f"[{letter.upper()}{letter.lower()}]" for letter in prefix)
    return Folded(rf"{letters}-{ANY_CASE}(-[0-9]{{1,3}})?", f"a reference of this kind is written as {example}")
