"""The process of branches connects to what it is given, and to nothing else."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.branches.egress import Egress

GIVEN = (
    "postgresql+asyncpg://a@/registry?host=%2Frun%2Fpostgresql",
    "http://localhost:8000/registry",
    "file:///keys.json",
)


@pytest.mark.parametrize(
    ("address", "is_permitted"),
    [
        ("/run/postgresql/.s.PGSQL.5432", True),
        ("/run/others/.s.PGSQL.5432", False),
        (b"/run/postgresql/.s.PGSQL.5432", True),
        (("127.0.0.1", 8000), True),
        (("127.0.0.1", 8001), False),
        (("192.0.2.1", 8000), False),
        (7, False),
    ],
)
def test_only_addresses_that_were_given_are_permitted(address: object, is_permitted: bool) -> None:
    assert Egress(GIVEN).permits(address) is is_permitted


_PROGRAM = """
import asyncio, socket, sys
from deploy.branches.egress import Egress

async def reach(port):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()

egress = Egress([f"http://127.0.0.1:{sys.argv[1]}"])
egress.install()
asyncio.run(reach(int(sys.argv[1])))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for leave in (
    lambda: asyncio.run(reach(int(sys.argv[2]))),
    lambda: datagrams.sendmsg([b"x"], [], 0, ("127.0.0.1", int(sys.argv[2]))),
):
    try:
        leave()
    except PermissionError as refused:
        print(refused, len(egress.refused))
"""


def test_an_installed_egress_refuses_under_every_library() -> None:
    with socket.create_server(("127.0.0.1", 0)) as life, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [str(one.getsockname()[1]) for one in (life, other)]
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *ports],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.accept()
    refused = [line for line in done.stdout.splitlines() if line.startswith("nothing leaves a branch")]
    assert [line[-1] for line in refused] == ["1", "2"]
