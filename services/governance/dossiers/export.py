"""Writes a dossier as a zip while it is read: entries, hashes, the verifier, and how to use it."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg

VERIFIER = Path(__file__).with_name("verify.py")
_BEGAN = (1980, 1, 1, 0, 0, 0)
"""The time of each file: the same dossier is the same zip."""

README = """\
The dossier of a decision.

entries.jsonl   one entry a line, as canonical JSON (RFC 8785)
hashes.txt      the hash of each entry: SHA-256 of the hash before it (as 32 bytes; none before the first) and the line
verify.py       checks all of it with Python's own library: python verify.py DOSSIER.zip HEAD

HEAD is what the event DossierSealed published, or `head` of a part in GET /decisions/{decision}/dossier: take it from
there, and not from this archive. For a part that is open, take the last line of hashes.txt.

A personal value stands as {"sha256": ...} of a salt and the value. Whoever is shown both can check them; once they are
erased the value cannot be guessed, and the dossier still verifies.
"""


class _Sink(io.RawIOBase):
    """Takes what a zip file writes, to be sent on; it cannot seek."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(memoryview(data))  # type: ignore[arg-type]  # what zipfile writes has a buffer
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def zipped(pages: AsyncIterator[Sequence[asyncpg.Record]]) -> AsyncIterator[bytes]:
    """Yield the bytes of the archive, page by page of entries."""
    sink, hashes = _Sink(), list[str]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(_file("entries.jsonl"), "w") as entries:
            async for rows in pages:
                for row in rows:
                    entries.write(f"{row['line']}\n".encode())
                    hashes.append(row["hash"])
                yield sink.taken()
        texts = {"hashes.txt": "".join(f"{one}\n" for one in hashes), "README.txt": README}
        for name, text in {**texts, "verify.py": VERIFIER.read_text(encoding="utf-8")}.items():
            archive.writestr(_file(name), text)
    yield sink.taken()


def _file(name: str) -> zipfile.ZipInfo:
    file = zipfile.ZipInfo(name, _BEGAN)
    file.compress_type = zipfile.ZIP_DEFLATED
    return file
