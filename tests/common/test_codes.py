"""Codes are folded to upper case, or refused in words that people understand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from libs.common.codes import ANY_CASE, Code, Folded, as_code, numbered

CODES = TypeAdapter[str](Code)


@pytest.mark.parametrize(("typed", "code"), [("14y", "14Y"), ("14Y", "14Y"), ("d2p2l", "D2P2L"), ("0", "0")])
def test_a_code_is_folded(typed: str, code: str) -> None:
    assert CODES.validate_python(typed) == CODES.validate_json(f'"{typed}"') == as_code(typed) == code


@pytest.mark.parametrize("typed", ["", "1234567890123", "14 Y", "14y\n", "14-Y", "ß", "ı0", "１４Y", "10ſ", "*"])
def test_what_is_no_code_is_refused_in_plain_words(typed: str) -> None:
    with pytest.raises(ValidationError, match="a code has 1 to 12 letters and digits"):
        CODES.validate_python(typed)


@given(st.text(max_size=14))
def test_folding_twice_is_folding_once(typed: str) -> None:
    try:
        code = as_code(typed)
    except ValueError:
        return
    assert as_code(code) == code == code.upper()


def test_the_schema_shows_both_cases() -> None:
    assert CODES.json_schema() == {"type": "string", "pattern": f"^({ANY_CASE})$"}


def test_a_numbered_reference_is_folded_as_a_whole() -> None:
    cluster = numbered("CL", "CL-QMJ")
    assert (cluster("cl-qmj"), cluster("Cl-QMJ-12")) == ("CL-QMJ", "CL-QMJ-12")
    with pytest.raises(ValueError, match="written as CL-QMJ"):
        cluster("M-QMJ")


def test_a_part_may_be_folded_otherwise() -> None:
    assert Folded("[A-Za-z]+", "letters", str.lower)("Chair") == "chair"
