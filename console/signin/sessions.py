"""Sessions in an SQLite file that all processes of a console share; a cookie's random number is stored as its hash."""

import hashlib
import json
import os
import secrets
import sqlite3
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from console.core.protection import new_secret

LONGEST_SECONDS = 12 * 3600
"""A session ends after so long, however it is used."""
IDLE_SECONDS = 2 * 3600
REFRESH_SECONDS = 20
"""After so long another process may fetch new tokens, because the one that began has ended."""
_SWEEP_EVERY = 300
_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY,
    content BLOB NOT NULL,
    begun REAL NOT NULL,
    seen REAL NOT NULL,
    refreshed REAL NOT NULL DEFAULT 0,
    banner TEXT NOT NULL DEFAULT ''
)
"""


@dataclass
class Content:
    """What a session stores; the tokens never leave the server."""

    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    expires_at: float = 0.0
    renew_at: float = 0.0
    subject: str = ""
    name: str = ""
    roles: list[str] | None = None
    organisations: list[str] | None = None
    secret: str = field(default_factory=new_secret, repr=False)


class Sessions:
    """Opens, reads, changes and ends sessions. Its calls take microseconds, so that they need no thread."""

    def __init__(self, file: Path, key: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._cipher = Fernet(key or _key_beside(file))
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # before SQLite makes it readable to others
        self._rows = sqlite3.connect(file, isolation_level=None, timeout=5, check_same_thread=False)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = NORMAL")
        self._rows.execute(_SCHEMA)
        self._swept = 0.0

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def open(self, content: Content) -> str:
        """Store a new session and return its id for the cookie."""
        self._sweep()
        now = time.time()
        session_id = secrets.token_urlsafe(32)
        row = (_hashed(session_id), self._sealed(content), now, now)
        self._rows.execute("INSERT INTO session (id, content, begun, seen) VALUES (?, ?, ?, ?)", row)
        return session_id

    def read(self, session_id: str) -> Content | None:
        """Return a session; None if there is none, it is over, or its key is another."""
        now = time.time()
        found = self._rows.execute(
            "SELECT content, seen FROM session WHERE id = ? AND begun > ? AND seen > ?",
            (_hashed(session_id), now - LONGEST_SECONDS, now - IDLE_SECONDS),
        ).fetchone()
        if found is None:
            return None
        if now - found[1] > 60:
            self._rows.execute("UPDATE session SET seen = ? WHERE id = ?", (now, _hashed(session_id)))
        return self._opened(found[0])

    def begin_refresh(self, session_id: str) -> bool:
        """Whether this process is to fetch new tokens: one at a time may, since a refresh token works once."""
        now = time.time()
        done = self._rows.execute(
            "UPDATE session SET refreshed = ? WHERE id = ? AND refreshed < ?",
            (now, _hashed(session_id), now - REFRESH_SECONDS),
        )
        return done.rowcount == 1

    def write(self, session_id: str, content: Content) -> None:
        """Store new tokens, and let others refresh them again."""
        self._rows.execute(
            "UPDATE session SET content = ?, refreshed = 0 WHERE id = ?", (self._sealed(content), _hashed(session_id))
        )

    def say(self, session_id: str, words: str) -> None:
        """Store words for the session's next page."""
        self._rows.execute("UPDATE session SET banner = ? WHERE id = ?", (words, _hashed(session_id)))

    def take_banner(self, session_id: str) -> str:
        """Return the stored words, and forget them."""
        found = self._rows.execute(
            "SELECT banner FROM session WHERE id = ? AND banner <> ''", (_hashed(session_id),)
        ).fetchone()
        if found is None:
            return ""
        self.say(session_id, "")
        return str(found[0])

    def end(self, session_id: str) -> None:
        """Forget a session."""
        self._rows.execute("DELETE FROM session WHERE id = ?", (_hashed(session_id),))

    def seal(self, text: str) -> str:
        """Return a text that only this console can read, for a cookie."""
        return self._cipher.encrypt(text.encode()).decode()

    def unseal(self, sealed: str, *, seconds: int) -> str | None:
        """Return what was sealed within so many seconds; None if it was not, or not here."""
        try:
            return self._cipher.decrypt(sealed, ttl=seconds).decode()
        except (InvalidToken, ValueError):
            return None

    def _sealed(self, content: Content) -> bytes:
        return self._cipher.encrypt(json.dumps(asdict(content)).encode())

    def _opened(self, sealed: bytes) -> Content | None:
        try:
            given: dict[str, Any] = json.loads(self._cipher.decrypt(sealed))
            return Content(**given)
        except (InvalidToken, TypeError, ValueError):
            return None

    def _sweep(self) -> None:
        now = time.time()
        if now - self._swept > _SWEEP_EVERY:
            self._swept = now
            ends = (now - LONGEST_SECONDS, now - IDLE_SECONDS)
            self._rows.execute("DELETE FROM session WHERE begun <= ? OR seen <= ?", ends)


def _hashed(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


def _key_beside(file: Path) -> str:
    """Return the key that stands beside the file, and make it if there is none; two processes agree on one."""
    stored = file.with_suffix(".key")
    try:
        descriptor = os.open(stored, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _stored_key(stored)
    with os.fdopen(descriptor, "w") as made:
        made.write(Fernet.generate_key().decode())
    return stored.read_text("ascii")


def _stored_key(stored: Path) -> str:
    for _ in range(100):  # another process may have made the file and not yet written it
        if key := stored.read_text("ascii"):
            return key
        time.sleep(0.01)
    raise RuntimeError(f"{stored} is empty")
