"""The laptop's Kafka, if requested: its own broker in the data folder, or an existing one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka import Broker
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.service.cli_bus import access_of
from libs.common.service.settings import BusSettings


@contextmanager
def kafka_for(bus: str, folder: Path, say: Callable[[str], None]) -> Iterator[KafkaAccess | None]:
    """Yield access to Kafka, or None on the direct bus. Our own broker is started, and stopped at the end.

    KAFKA_BOOTSTRAP selects an existing one, with the other KAFKA_ settings. Raises BrokerUnavailable, SettingsRefused.
    """
    if bus == "direct":
        yield None
    elif os.environ.get("KAFKA_BOOTSTRAP"):
        yield access_of(BusSettings.load(bus="kafka", database_url="postgresql+asyncpg://each-service-has-its-own"))
    else:
        broker = _broker_in(folder)
        try:
            say(f"Starting Kafka in {broker.folder} (the first time, 43 MB are downloaded) ...")
            broker.start()
            yield KafkaAccess(broker.bootstrap)
        finally:
            broker.stop()


def stop_kafka(folder: Path) -> None:
    """Stop a broker left behind by a killed run; does nothing if there is none."""
    _broker_in(folder).stop()


def _broker_in(folder: Path) -> Broker:
    return Broker(folder / "kafka")
