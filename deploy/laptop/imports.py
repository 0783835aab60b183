"""Imports public files into the laptop's registry: `python -m deploy.laptop.imports FOLDER [OPTIONS]`.

The options are those of `python -m services.registry import-ods`, which does the work. With DATABASE_URL set it imports
into that database instead.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.laptop.lock import address_of_running
from deploy.postgres.server import EmbeddedPostgres

_DATA = "FOOTPRINT_DATA"
"""The laptop's data folder, where it is not ./var."""


def main(arguments: Sequence[str]) -> int:
    """Run the registry's own command on the laptop's database and return its code; 1 where no laptop runs."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        folder = Path(os.environ.get(_DATA, "var")).resolve()
        address = address_of_running(folder)
        if not address:
            print(
                "Footprint does not run here: start it with `make run` in another terminal, or set DATABASE_URL to the "
                "registry's database.",
                file=sys.stderr,
            )
            return 1
        url = EmbeddedPostgres(folder / "postgres").dsn("registry", "registry")
        print(
            f"Importing into the registry of {address}; its services act on what is new meanwhile.",
            file=sys.stderr,
            flush=True,
        )
    command = [sys.executable, "-m", "services.registry", "import-ods", *arguments]
    # The arguments are those of whoever runs this command, and no shell reads them.
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  (our own command, no shell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
