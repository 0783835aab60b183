"""A Kafka broker for tests: one a session, removed at the end, and what killed sessions left removed too."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.kafka import Broker

_PREFIX = f"footprint-kafka-{os.geteuid()}-"


@contextmanager
def session_broker() -> Iterator[Broker]:
    """A broker of this session alone; stopped and removed at the end."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        _remove_if_abandoned(left)
    beginning = Path(tempfile.mkdtemp(prefix="beginning-", dir=place))
    with (beginning / "session.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Named only when locked: another session that begins now takes it for neither its own nor abandoned.
        folder = beginning.rename(place / f"{_PREFIX}{beginning.name}")
        broker = Broker(folder / "kafka")
        try:
            broker.start()
            yield broker
        finally:
            broker.kill()
            shutil.rmtree(folder)


def _remove_if_abandoned(folder: Path) -> None:
    # It may be in use, or just being removed by another session.
    with suppress(FileNotFoundError, BlockingIOError), (folder / "session.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Broker(folder / "kafka").kill()
        shutil.rmtree(folder)
