"""Our own programs as forks of a process that has imported them: a start costs a tenth of a second instead of three."""

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

_SERVICES = ("registry", "contracts", "finance", "governance")
_IMPORTED = (
    "uvloop",
    "deploy.demo.load",
    "deploy.laptop.kafka",
    "deploy.laptop.server",
    "deploy.laptop.services",
    "libs.common.service.cli",
    *(f"services.{name}.app" for name in _SERVICES),
    "services.registry.crosswalks.cli",
    "services.registry.imports.cli",
)
"""What the programs import, but themselves."""

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(_IMPORTED))

_Output: TypeAlias = "Connection[Any, Any]"


class Fork:
    """`python -m` a module, in a session of its own and with nothing to read; asked as a `subprocess.Popen` is.

    `output` is the file descriptor that takes what it prints, if that is wanted, and `errors` takes its errors apart.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        folder: Path,
        output: int | None = None,
        errors: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        given = dict(os.environ if environment is None else environment)
        with Path(os.devnull).open("wb") as nothing:
            output = nothing.fileno() if output is None else output
            outputs = (_handed(output), _handed(output if errors is None else errors))
        self.module = module
        self._process = _CONTEXT.Process(
            target=_become, args=(module, arguments, str(folder), given, outputs), daemon=True
        )
        self._process.start()
        for each in outputs:
            each.close()

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with: less than 0 for a signal; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return what it ended with, or None."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended. Raises TimeoutExpired."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.module, timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()


def _handed(descriptor: int) -> _Output:
    """Return a copy of a descriptor as what is handed over to another process."""
    return Connection(os.dup(descriptor), readable=False)


def _become(
    module: str, arguments: Sequence[str], folder: str, environment: Mapping[str, str], outputs: Sequence[_Output]
) -> None:
    """Be that program from here on."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, output in enumerate(outputs, 1):
        os.dup2(output.fileno(), number)
        output.close()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
