"""Fetches jars from a Maven repository by exact version, and uses only those whose hash is in our lists."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_AT_ONCE = 8
_TIMEOUT_SECONDS = 60
_TRIES = 3


class JarsUnavailable(Exception):
    """A jar cannot be fetched or has the wrong hash; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the list."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name in the cache. It includes the group, since two groups may use one artifact name."""
        return f"{self.group}.{self.artifact}-{self.version}.jar"


def read_lock(lock: Path) -> tuple[Jar, ...]:
    """Return the jars of a list, in its order, which is that of the class path.

    One jar a line: `group:artifact:version sha256:...`. Maven itself resolved our lists: jgo resolves some wrongly.
    """
    jars = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        coordinates, _, digest = line.partition(" sha256:")
        group, artifact, version = coordinates.split(":")
        jars.append(Jar(group, artifact, version, digest))
    return tuple(jars)


def cache_folder() -> Path:
    """Return the folder in which jars are cached: the user's cache folder, or ./var/cache if that is not writable."""
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "footprint" / "jars"
    try:
        users.mkdir(parents=True, exist_ok=True)
    except OSError:
        own = Path("var/cache/jars").resolve()
        own.mkdir(parents=True, exist_ok=True)
        return own
    return users if os.access(users, os.W_OK) else Path("var/cache/jars").resolve()


def ensure_jars(wanted: Sequence[Jar], cache: Path | None = None) -> list[Path]:
    """Return the jars' files, each with the right hash; fetch the missing ones. Raises JarsUnavailable.

    Several processes may do so at once: a file appears in the cache complete, by renaming, or not at all.
    """
    cache = cache or cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        whole = list(pool.map(lambda jar: _is_whole(jar, cache), wanted))
        missing = [jar for jar, is_there in zip(wanted, whole, strict=True) if not is_there]
        if missing:
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=cache) as folder:
                list(pool.map(lambda jar: _fetch(jar, cache, Path(folder)), missing))
    return [cache / jar.name for jar in wanted]


def _is_whole(jar: Jar, cache: Path) -> bool:
    file = cache / jar.name
    return file.is_file() and _digest(file) == jar.sha256


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _fetch(jar: Jar, cache: Path, folder: Path) -> None:
    # Imported here, so that the package is not needed when all jars are cached.
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    for tried in range(1, _TRIES + 1):
        try:
            maven = MavenContext(
                repo_cache=folder / f"{jar.name}.{tried}",
                remote_repos={"central": MAVEN_CENTRAL_URL},
                timeout=_TIMEOUT_SECONDS,
            )
            file = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
            break
        except Exception as error:
            if tried == _TRIES:
                raise JarsUnavailable(f"{jar.name} cannot be fetched from {MAVEN_CENTRAL_URL}: {error}") from error
    if (found := _digest(file)) != jar.sha256:
        raise JarsUnavailable(f"{jar.name} has SHA-256 {found} instead of {jar.sha256}, and is not used")
    Path(file).replace(cache / jar.name)
