"""A PostgreSQL on a small disk of its own, to be filled and freed: in a mount namespace, told what to do by line."""

import subprocess
import sys
from pathlib import Path

from deploy.postgres.server import EmbeddedPostgres

SIZE = "200m"
DATABASE = "small"
OWNER = "service"


def serve(folder: Path) -> None:
    """Mount the disk, start the server and say its URL; `fill` and `free` until the input ends, then stop."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(folder)], check=True)
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    try:
        server.ensure_role(OWNER)
        server.ensure_database(DATABASE, OWNER)
        print(server.dsn(DATABASE, OWNER), flush=True)
        for order in sys.stdin:
            if order.strip() == "fill":
                # A new segment of the write-ahead log: its place is taken already, and the test needs less than it has.
                server.run_sql("SELECT pg_switch_wal(); CREATE TABLE first_of_its_segment (); CHECKPOINT")
                _fill(folder / "filler")
            else:
                (folder / "filler").unlink()
            print(order.strip(), flush=True)
    finally:
        server.stop()


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        for size in (1_000_000, 1_000):
            try:
                while filler.write(bytes(size)) == size:
                    pass
            except OSError as error:
                print(error, file=sys.stderr)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
