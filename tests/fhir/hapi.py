"""HAPI FHIR's R4 validator for tests: the reference implementation, offline, one process a session."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from deploy.kafka.jars import ensure_jars, read_lock

JARS = Path(__file__).with_name("hapi-fhir-8.4.1.lock")
"""What Maven resolves for hapi-fhir-validation, -structures-r4, -validation-resources-r4 and -caching-caffeine.

Of its 87 jars without those that validating JSON has no use for: Jena, SQLite, PlantUML, Saxon, Thrift, DSTU2 and such.
"""

_PATIENCE_SECONDS = 30
_REPOSITORY = Path(__file__).parents[2]


class ValidatorEnded(Exception):
    """The validator's process is gone; the message is the last that it wrote."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that the validator says about a resource."""

    severity: str
    """`fatal`, `error`, `warning` or `information`."""
    location: str
    """Where, as a path in the resource."""
    text: str


@dataclass(frozen=True, slots=True)
class Validator:
    """A running validator; ask it what it says about resources."""

    process: subprocess.Popen[str]
    errors: IO[str]

    def validate(self, resource: Mapping[str, Any]) -> list[Message]:
        """Return all that it says about a resource."""
        asked, answers = self.process.stdin, self.process.stdout
        assert asked is not None
        assert answers is not None
        try:
            print(json.dumps(resource), file=asked, flush=True)
            line = answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.errors.seek(0)
            raise ValidatorEnded("\n".join(self.errors.read().splitlines()[-20:]))
        return [Message(**said) for said in json.loads(line)]

    def faults(self, resource: Mapping[str, Any]) -> list[str]:
        """Return what keeps a resource from being valid, each as `location: text`: errors, neither advice nor notes."""
        return [
            f"{said.location}: {said.text}" for said in self.validate(resource) if said.severity in {"error", "fatal"}
        ]


@contextmanager
def session_validator() -> Iterator[Validator]:
    """A validator that ends with the block. Raises JarsUnavailable where its jars cannot be fetched."""
    jars = [str(jar) for jar in ensure_jars(read_lock(JARS))]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.fhir.jvm", *jars],
            cwd=_REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            # An interrupt from the keyboard is pytest's to answer, which then ends this.
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Validator(process, errors)
        finally:
            # It ends when there is nothing more to read, even if this session is killed.
            assert process.stdin is not None
            process.stdin.close()
            process.wait(_PATIENCE_SECONDS)
