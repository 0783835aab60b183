"""The exported file: whatever is done to its bytes, its verifier finds it, or its entries are what they were."""

import asyncio
import io
import zipfile
import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.governance.dossiers.export import zipped
from services.governance.dossiers.rules import Entry, Material, entries_of
from services.governance.dossiers.verify import verify

_INTACT = ""
_NO_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    NotImplementedError,
    EOFError,
    RuntimeError,
    OSError,
)
"""How reading fails where the bytes are no archive any longer, or not of those files."""
Files = dict[str, bytes]


def some_entries(count: int) -> list[Entry]:
    stated: dict[str, Any] = {"effective_on": date(2018, 4, 1), "stated_at": datetime(2018, 4, 1, tzinfo=UTC)}
    materials = [
        Material(
            **stated,
            decision="D-1",
            key=f"vote:{number}",
            kind="vote",
            fields={"seat": f"seat-{number}"},
            personal={"name": ("Jo Bloggs", "P-1")},
        )
        for number in range(count)
    ]
    return entries_of(materials, after=0, previous=b"")


def archive_of(entries: Sequence[Entry]) -> bytes:
    async def pages() -> AsyncIterator[Any]:
        for one in entries:
            yield [{"line": one.line.decode(), "hash": one.digest.hex()}]

    async def written() -> bytes:
        return b"".join([part async for part in zipped(pages())])

    return asyncio.run(written())


ENTRIES = some_entries(4)
HEAD = ENTRIES[-1].digest.hex()
ARCHIVE = archive_of(ENTRIES)


def verdict(file: Path, archive: bytes) -> str:
    """What the verifier says, or how it fails on what is no archive any longer."""
    file.write_bytes(archive)
    try:
        return verify(str(file), HEAD)
    except _NO_ARCHIVE as error:
        return f"no archive: {error!r}"


def lines_in(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return files.read("entries.jsonl")


def rewritten(entries: bytes, hashes: bytes, *, more: Files | None = None) -> bytes:
    new = io.BytesIO()
    with zipfile.ZipFile(new, "w") as files:
        for name, content in {"entries.jsonl": entries, "hashes.txt": hashes, **(more or {})}.items():
            files.writestr(name, content)
    return new.getvalue()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(at=st.integers(0, len(ARCHIVE) - 1), length=st.integers(0, 40), put=st.binary(max_size=40))
def test_no_change_of_the_bytes_of_an_export_passes_with_other_entries(
    tmp_path: Path, at: int, length: int, put: bytes
) -> None:
    changed = ARCHIVE[:at] + put + ARCHIVE[at + length :]
    if verdict(tmp_path / "dossier.zip", changed) == _INTACT:
        assert lines_in(changed) == lines_in(ARCHIVE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(order=st.lists(st.integers(0, len(ENTRIES) - 1), max_size=6))
def test_only_all_entries_in_their_order_pass_whichever_hashes_go_with_them(tmp_path: Path, order: list[int]) -> None:
    lines = b"".join(ENTRIES[one].line + b"\n" for one in order)
    own = "".join(f"{ENTRIES[one].digest.hex()}\n" for one in order).encode()
    again = "".join(f"{one.digest.hex()}\n" for one in ENTRIES).encode()
    whole = order == list(range(len(ENTRIES)))
    for hashes in (own, again):
        assert (verdict(tmp_path / "dossier.zip", rewritten(lines, hashes)) == _INTACT) is whole


def test_entries_cut_off_at_the_beginning_are_missed_even_with_a_hash_to_begin_with(tmp_path: Path) -> None:
    lines = b"".join(one.line + b"\n" for one in ENTRIES[2:])
    hashes = "".join(f"{one.digest.hex()}\n" for one in ENTRIES[2:]).encode()
    begun: Files = {"previous.txt": f"{ENTRIES[1].digest.hex()}\n".encode()}
    assert verdict(tmp_path / "dossier.zip", rewritten(lines, hashes, more=begun)) != _INTACT


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_second_list_of_entries_in_the_archive_is_found(tmp_path: Path) -> None:
    added = io.BytesIO(ARCHIVE)
    with zipfile.ZipFile(added, "a") as files:
        files.writestr("entries.jsonl", files.read("entries.jsonl"))
    assert verdict(tmp_path / "dossier.zip", added.getvalue()) == "a file is there twice"


def test_the_head_of_an_earlier_part_says_what_it_covers(tmp_path: Path) -> None:
    file = tmp_path / "dossier.zip"
    file.write_bytes(ARCHIVE)
    assert verify(str(file), ENTRIES[1].digest.hex()) == "what follows entry 2 is not covered by this head"
