"""The chain of a dossier: any edit, deletion, move, addition or truncation is found, and an erased value is gone."""

import hashlib
import json
from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.governance.dossiers.rules import Entry, Material, digest_of, entries_of
from services.governance.dossiers.verify import check

_text = st.text(max_size=6)
_plain = st.dictionaries(_text, _text | st.integers(-(2**53) + 1, 2**53 - 1) | st.none() | st.booleans(), max_size=3)
_personal = st.dictionaries(st.sampled_from(["name", "words"]), st.tuples(_text, st.just("P-1")), max_size=2)
_materials = st.lists(
    st.builds(
        Material,
        decision=st.just("D-1"),
        key=_text,
        kind=st.sampled_from(["vote", "decision"]),
        effective_on=st.dates(),
        stated_at=st.datetimes(timezones=st.just(UTC)),
        fields=_plain,
        personal=_personal,
    ),
    min_size=1,
    max_size=5,
)


# On a machine under load, the first draws take longer than Hypothesis allows.
_patiently = settings(suppress_health_check=[HealthCheck.too_slow])


def lines_of(entries: list[Entry]) -> list[bytes]:
    return [one.line for one in entries]


def hashes_of(entries: list[Entry]) -> list[str]:
    return [one.digest.hex() for one in entries]


def rehashed(lines: list[bytes]) -> list[str]:
    """The hashes of a forger who changed lines and computed the chain again."""
    previous, found = b"", []
    for line in lines:
        previous = hashlib.sha256(previous + line).digest()
        found.append(previous.hex())
    return found


@_patiently
@given(_materials)
def test_an_untouched_chain_verifies_and_each_line_is_canonical(materials: list[Material]) -> None:
    entries = entries_of(materials, after=0, previous=b"")
    lines, head = lines_of(entries), entries[-1].digest.hex()
    assert check(lines, hashes_of(entries), head) == ""
    for entry, material in zip(entries, materials, strict=True):
        assert b"\n" not in entry.line
        shown = json.loads(entry.line)
        assert shown["fields"] == {
            **material.fields,
            **{one.field: {"sha256": digest_of(one.salt, one.value)} for one in entry.values},
        }


@_patiently
@given(_materials, st.data())
def test_every_change_is_found_even_with_the_hashes_computed_again(
    materials: list[Material], data: st.DataObject
) -> None:
    entries = entries_of(materials, after=0, previous=b"")
    lines, head = lines_of(entries), entries[-1].digest.hex()
    at = data.draw(st.integers(0, len(lines) - 1))
    edited = bytearray(lines[at])
    edited[data.draw(st.integers(0, len(edited) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = {
        "edited": [*lines[:at], bytes(edited), *lines[at + 1 :]],
        "removed": [*lines[:at], *lines[at + 1 :]],
        "added": [*lines[:at], b"{}", *lines[at:]],
        "repeated": [*lines[:at], lines[at], *lines[at:]],
        "cut off": lines[:at],
        **{f"moved {order}": list(order) for order in permutations(lines[:4]) if list(order) != lines[:4]},
    }
    changed |= {name: [*moved, *lines[4:]] for name, moved in changed.items() if name.startswith("moved")}
    for name, now in changed.items():
        assert check(now, hashes_of(entries), head), name
        assert check(now, rehashed(now), head), f"{name}, hashed again"
    for first in range(1, len(lines)):
        assert check(lines[first:], hashes_of(entries)[first:], head), "cut off at the beginning, with its hashes"


@_patiently
@given(_materials, st.integers(0, 5))
def test_entries_that_are_appended_in_parts_are_those_appended_at_once(materials: list[Material], cut: int) -> None:
    first = entries_of(materials[:cut], after=0, previous=b"")
    rest = entries_of(materials[cut:], after=len(first), previous=first[-1].digest if first else b"")
    entries = first + rest
    assert [one.number for one in entries] == list(range(1, len(materials) + 1))
    assert check(lines_of(entries), hashes_of(entries), entries[-1].digest.hex()) == ""


def test_one_value_of_two_entries_has_two_hashes_and_is_in_no_line() -> None:
    material = Material(
        decision="D-1",
        key="vote:1",
        kind="vote",
        effective_on=date(2018, 4, 1),
        stated_at=datetime(2018, 4, 1, tzinfo=UTC),
        fields={"choice": "for"},
        personal={"name": ("Jo Bloggs", "P-1")},
    )
    entries = entries_of([material, material], after=0, previous=b"")
    digests = {json.loads(line)["fields"]["name"]["sha256"] for line in lines_of(entries)}
    assert len(digests) == 2
    assert not any(b"Bloggs" in line for line in lines_of(entries))
    assert hashlib.sha256(b"Jo Bloggs").hexdigest() not in digests


def test_a_figure_that_json_cannot_carry_exactly_is_refused() -> None:
    material = Material(
        decision="D-1",
        key="k",
        kind="vote",
        effective_on=date(2018, 4, 1),
        stated_at=datetime(2018, 4, 1, tzinfo=UTC),
        fields={"value_pence": 2**60},
        personal={},
    )
    with pytest.raises(ValueError, match=r"1152921504606846976"):
        entries_of([material], after=0, previous=b"")
