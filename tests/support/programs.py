"""Commands of our own as an operator gives them, to their end."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from bench.forks import Fork

REPOSITORY = Path(__file__).parents[2]
_SECONDS = 120


def run(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m` a module in our environment, or in another one, with these variables added to it."""
    given = {**(os.environ if environment is None else environment), **variables}
    with TemporaryFile() as told, TemporaryFile() as errors:
        outputs = {"output": told.fileno(), "errors": errors.fileno()}
        code = Fork(module, *arguments, folder=REPOSITORY, environment=given, **outputs).wait(_SECONDS)
        texts = []
        for file in (told, errors):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess([module, *arguments], code, *texts)
