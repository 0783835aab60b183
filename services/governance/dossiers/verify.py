"""Verifies an exported dossier: `python verify.py DOSSIER.zip HEAD`, the head as the event DossierSealed gave it."""

import hashlib
import sys
import zipfile
from collections.abc import Sequence


def check(entries: Sequence[bytes], hashes: Sequence[str], head: str) -> str:
    """Return what is wrong with a chain of hashes from its first entry on, empty where nothing is."""
    previous = b""
    for number, (entry, stated) in enumerate(zip(entries, hashes, strict=False), 1):
        previous = hashlib.sha256(previous + entry).digest()
        if previous.hex() != stated:
            return f"entry {number} was changed, moved or added, or one before it was removed"
    if len(entries) != len(hashes):
        return f"there are {len(entries)} entries, and {len(hashes)} hashes"
    if head in hashes[:-1]:
        return f"what follows entry {hashes.index(head) + 1} is not covered by this head"
    return "" if previous.hex() == head else f"the last hash is {previous.hex()}: entries are missing at the end"


def verify(archive: str, head: str) -> str:
    """Return what is wrong with an exported dossier, empty where nothing is."""
    with zipfile.ZipFile(archive) as files:
        if len(set(files.namelist())) != len(files.namelist()):
            return "a file is there twice"
        lines, hashes = files.read("entries.jsonl").split(b"\n"), files.read("hashes.txt").decode().split()
    if lines.pop() != b"":
        return "the last line is cut off"
    return check(lines, hashes, head)


if __name__ == "__main__":
    wrong = verify(sys.argv[1], sys.argv[2])
    print(wrong or "the dossier is complete and unchanged")
    sys.exit(1 if wrong else 0)
