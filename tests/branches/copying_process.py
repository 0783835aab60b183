"""A process that makes a base of four databases, to be killed in the middle."""

import asyncio
import json
import sys
from pathlib import Path

from deploy.branches.bases import make_base
from deploy.branches.servers import BranchServer


async def copy(life: str, server: str, programs: str) -> None:
    """Make the base, and say when copying begins."""

    def say(doing: str) -> None:
        print(doing, flush=True)

    await make_base(json.loads(life), BranchServer(server, Path(programs)), "3" * 10, say=say)


if __name__ == "__main__":
    asyncio.run(copy(*sys.argv[1:]))
