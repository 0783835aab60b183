"""The laptop's Kafka, where it is asked for: a broker of its own in the data folder, or one that is named."""

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
    """Give access to Kafka, or None on the direct bus. Our own broker is started, and stopped at the end.

    KAFKA_BOOTSTRAP names another one, with the other KAFKA_ settings. Raises BrokerUnavailable, SettingsRefused.
    """
    if bus == "direct":
        yield None
    elif os.environ.get("KAFKA_BOOTSTRAP"):
        yield access_of(BusSettings.load(bus="kafka", database_url="postgresql+asyncpg://each-service-has-its-own"))
    else:
        broker = _broker_in(folder)
        try:
            say(f"Starting Kafka in {broker.folder} (the first time it is fetched: 43 MB) ...")
            broker.start()
            yield KafkaAccess(broker.bootstrap)
        finally:
            broker.stop()


def stop_kafka(folder: Path) -> None:
    """End the broker that a killed run left; nothing happens where there is none."""
    _broker_in(folder).stop()


def _broker_in(folder: Path) -> Broker:
    return Broker(folder / "kafka")
