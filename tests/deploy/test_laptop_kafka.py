"""The laptop on Kafka: with a broker that it starts and stops itself, or with one that is there."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.kafka import Broker
from libs.common.messaging.bus.kafka import create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from tests.deploy.laptops import Runner
from tests.support.buses import access_to

OPTIONS = ("--no-demo", "--port", "0", "--bus", "kafka")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder, without a broker in the end."""
    yield tmp_path / "laptop"
    Broker(tmp_path / "laptop" / "kafka").kill()


def are_ready(address: str) -> bool:
    with httpx.Client(base_url=address, trust_env=False) as client:
        names = ("registry", "contracts", "finance", "governance")
        return all(client.get(f"/{name}/health/ready").status_code == 200 for name in names)


async def test_it_runs_on_a_broker_of_its_own_and_stops_it(folder: Path) -> None:
    broker = Broker(folder / "kafka")
    with Runner(folder, *OPTIONS) as laptop:
        address = laptop.address()
        assert laptop.says("Kafka listens") == f"Kafka listens at {broker.bootstrap}.\n"
        assert are_ready(address)
        assert not await create_topic(KafkaAccess(broker.bootstrap), "governance")
        laptop.program.send_signal(signal.SIGTERM)
        assert laptop.ends(within=60) == 0
    assert broker.pid is None


async def test_it_uses_the_broker_that_is_named(folder: Path, kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    access = access_to(kafka)
    monkeypatch.setenv("KAFKA_BOOTSTRAP", access.bootstrap)
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", access.topic_prefix)
    with Runner(folder, *OPTIONS) as laptop:
        assert are_ready(laptop.address())
        assert not await create_topic(access, "registry")
        laptop.program.send_signal(signal.SIGTERM)
        assert laptop.ends(within=60) == 0
    assert not (folder / "kafka").exists()
    assert kafka.pid is not None
