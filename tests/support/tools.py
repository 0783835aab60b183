"""Tools that only tests use, installed once, outside the tree: from npm and PyPI by a lock of versions and hashes.

Those of Debian are checked by apt's signatures.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
_SECONDS = 300


def node_tools(folder: Path) -> Path:
    """Install what `package-lock.json` in this folder names, and return where; node_modules is in it."""
    files = [folder / "package.json", folder / "package-lock.json"]

    def install(target: Path) -> None:
        for file in files:
            (target / file.name).write_bytes(file.read_bytes())
        run([PROGRAMS / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], target)

    return _cached(folder.name, files, install)


def python_tool(lock: Path) -> Path:
    """Install what a lock of pip names into an environment of its own, and return the folder of its programs."""

    def install(target: Path) -> None:
        python = target / "bin" / "python"
        run([PROGRAMS / "uv", "venv", "--quiet", "--allow-existing", "--python", sys.executable, target], target)
        run([PROGRAMS / "uv", "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock], target)

    return _cached(lock.stem, [lock], install) / "bin"


def debian_program(package: str, program: str) -> Path:
    """Return a program: this machine's own, or that of a package of Debian, which is unpacked and not installed."""
    if (own := shutil.which(program)) is not None:
        return Path(own)

    def install(target: Path) -> None:
        # Lists of its own: they need no rights, and those of the machine may be old, or not there.
        apt = ["apt-get", "-qq", "-o", f"Dir::State::lists={target}/lists", "-o", f"Dir::Cache={target}/cache"]
        for folder in ("lists", "cache/archives"):
            (target / folder / "partial").mkdir(parents=True, exist_ok=True)
        run([*apt, "update"], target)
        run([*apt, "download", package], target)
        [file] = target.glob(f"{package}_*.deb")
        run(["dpkg-deb", "-x", file, target], target)
        file.unlink()
        for folder in ("lists", "cache"):
            shutil.rmtree(target / folder)

    return _cached(package, [], install) / "usr" / "bin" / program


def run(command: Sequence[str | Path], folder: Path, **variables: str) -> str:
    """Run a program with ours in its PATH, and return what it printed. Fails with that if it fails."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _cached(name: str, files: Sequence[Path], install: Callable[[Path], None]) -> Path:
    lock = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footprint"
    if not os.access(next(each for each in (cache, *cache.parents) if each.exists()), os.W_OK):
        cache = Path(tempfile.gettempdir()) / f"footprint-cache-{os.geteuid()}"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{name}-{lock}"
    with (cache / f"{name}.lock").open("w") as claim:
        fcntl.flock(claim, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            folder.mkdir(exist_ok=True)
            install(folder)
            (folder / "whole").touch()
    return folder
