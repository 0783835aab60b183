"""Exported dossiers, checked by the verifier that is in them and no code of ours."""

import subprocess
import sys
import zipfile
from pathlib import Path

INTACT = (0, "the dossier is complete and unchanged")


def verdict(folder: Path, archive: bytes, head: str) -> tuple[int, str]:
    """What the verifier that is in an archive says of it, run alone."""
    file, script = folder / "dossier.zip", folder / "verify.py"
    file.write_bytes(archive)
    script.write_bytes(zipfile.ZipFile(file).read("verify.py"))
    ran = subprocess.run(
        [sys.executable, "-I", str(script), str(file), head], capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout.strip()
