"""Serves the console: `python -m console`, with its settings in the environment."""

import sys

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette

from console.app import create_console
from console.charts.drawing import Drawing
from console.settings import Settings
from libs.common.process import logs


def from_environment() -> Starlette:
    """Return the console that the environment describes; each process makes its own."""
    settings = Settings()
    logs.configure(level=settings.log_level, style=settings.log_format)
    return create_console(settings, charts=Drawing())


def main() -> int:
    """Serve until a signal arrives; return the exit code."""
    try:
        settings = Settings()
    except ValidationError as error:
        for one in error.errors():
            name = "_".join(str(part) for part in one["loc"]).upper()
            print(f"CONSOLE_{name}: {one['msg']}", file=sys.stderr)
        return 2
    uvicorn.run(
        "console.__main__:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.processes if settings.processes > 1 else None,
        log_config=None,
        access_log=False,
        server_header=False,
        # The public address is a setting: what a proxy says of it is not needed, and not believed.
        proxy_headers=False,
        ws="none",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
