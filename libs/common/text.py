"""Text as people type it: visible characters, so that it can be stored and reads in its own order."""

import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str) -> str:
    """Return the text. Raises ValueError on a control character, one that turns the direction, or half of a pair."""
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        raise ValueError("a text has visible characters only")
    return text
