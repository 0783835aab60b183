"""What an operator does from a shell: topics, publishing again, a new epoch after a restore, and going on after it."""

import json
from argparse import Namespace
from collections.abc import AsyncIterator

import pytest

from deploy.kafka import Broker
from libs.common.messaging import event_log
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.bus.kafka import KafkaBus
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.messaging.rebuild import rebuild
from libs.common.service import cli_bus
from libs.common.service.app import Service
from libs.common.service.cli_bus import bus_of
from libs.common.service.settings import BusSettings, SettingsRefused
from tests.support.buses import Street, access_to, kafka_street, strange_record
from tests.support.sample_projection import METADATA, Lamps, lit, nobody_dead, wait_for_death
from tests.support.waiting import until

NOTHING = Namespace()
NOWHERE = "postgresql+asyncpg://nowhere"


def service(name: str) -> Service:
    return Service(name=name, title="Lamps", description="", metadata=METADATA, routers=())


@pytest.fixture
def access(kafka: Broker, lamps: Lamps, monkeypatch: pytest.MonkeyPatch) -> KafkaAccess:
    """A broker, named by the environment, with the publisher's database."""
    access = access_to(kafka)
    monkeypatch.setenv("DATABASE_URL", lamps.publisher.url)
    monkeypatch.setenv("BUS", "kafka")
    monkeypatch.setenv("KAFKA_BOOTSTRAP", access.bootstrap)
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", access.topic_prefix)
    return access


@pytest.fixture
async def street(lamps: Lamps, access: KafkaAccess) -> AsyncIterator[Street]:
    async with kafka_street(lamps, access) as street:
        yield street


async def test_the_settings_choose_the_bus(access: KafkaAccess) -> None:
    on_kafka, direct = bus_of(BusSettings.load()), bus_of(BusSettings.load(bus="direct"))
    assert isinstance(on_kafka, KafkaBus)
    assert isinstance(direct, DirectBus)
    assert cli_bus.access_of(BusSettings.load()) == access
    await on_kafka.close()
    await direct.close()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"bus": "kafka"}, "BUS = 'kafka' needs KAFKA_BOOTSTRAP"),
        ({"kafka_security": "sasl_ssl", "kafka_user": "a"}, "'sasl_ssl' needs KAFKA_USER and KAFKA_PASSWORD"),
        ({"kafka_ca_file": "/none.pem"}, "KAFKA_CA_FILE = '/none.pem': there is no such file"),
        ({"kafka_mechanism": "GSSAPI"}, "KAFKA_MECHANISM = 'GSSAPI'"),
    ],
)
def test_settings_that_reach_no_broker_are_refused(given: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsRefused, match=reason):
        BusSettings.load(database_url=NOWHERE, **given)


def test_a_password_is_never_shown() -> None:
    settings = BusSettings.load(database_url=NOWHERE, kafka_password="hidden", kafka_user="a")
    assert "hidden" not in repr(settings)
    assert "hidden" not in repr(cli_bus.access_of(settings))


async def test_topics_are_made_by_command_and_again_without_harm(
    access: KafkaAccess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await cli_bus.make_topic(service("lamps"), NOTHING) == 0
    assert await cli_bus.make_topic(service("lamps"), NOTHING) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"{access.topic('lamps')}: created",
        f"{access.topic('lamps')}: exists, with the right settings",
    ]


async def test_on_the_direct_bus_there_are_no_topics(access: KafkaAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    assert access
    monkeypatch.setenv("BUS", "direct")
    with pytest.raises(SettingsRefused, match="only on Kafka"):
        await cli_bus.make_topic(service("lamps"), NOTHING)


async def test_a_log_is_published_by_command_to_a_topic_that_is_empty(
    access: KafkaAccess, lamps: Lamps, capsys: pytest.CaptureFixture[str]
) -> None:
    await lamps.told(*(lit("a", shine) for shine in range(5)))
    assert await cli_bus.republish_log(service("lamps"), NOTHING) == 1
    await cli_bus.make_topic(service("lamps"), NOTHING)
    assert await cli_bus.republish_log(service("lamps"), NOTHING) == 0
    assert await cli_bus.republish_log(service("lamps"), NOTHING) == 1
    said = capsys.readouterr()
    assert "5 events published again" in said.out
    assert "no topic" in said.err
    assert "is not empty" in said.err
    bus = KafkaBus(access)
    assert [message.position for message in await Street(lamps, bus).read_all()] == [1, 2, 3, 4, 5]
    await bus.close()


async def test_a_new_epoch_is_begun_by_command_and_says_how_subscribers_go_on(
    access: KafkaAccess, lamps: Lamps, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access
    await lamps.told(lit("a", 1), lit("a", 2))
    before = await event_log.end(lamps.publisher)
    assert await cli_bus.begin_epoch(service("lamps"), NOTHING) == 0
    after = await event_log.end(lamps.publisher)
    assert (after.position, after.epoch != before.epoch) == (2, True)
    said = capsys.readouterr().out
    assert f"epoch {after.epoch} starts after position 2" in said
    assert "continue-from lamps --after 2" in said


async def test_a_consumer_goes_on_by_command_after_the_position_it_is_told(
    street: Street, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lamps = street.lamps
    await street.told(lit("a", 1), lit("a", 2), lit("a", 3))
    await lamps.follow(3)
    monkeypatch.setenv("DATABASE_URL", lamps.subscriber.url)
    keepers = service("keepers")
    assert await cli_bus.go_on_after(keepers, Namespace(source="lamps", after=2)) == 0
    row = await lamps.subscriber.fetchrow("SELECT next_offset, source_position FROM consumer_offset")
    [second] = await street.bus.read("lamps", 2, 1)
    assert row is not None
    assert (row["source_position"], row["next_offset"]) == (second.position, second.offset + 1) == (2, 3)
    assert await cli_bus.go_on_after(keepers, Namespace(source="lamps", after=9)) == 1
    assert "lamps has no position 9" in capsys.readouterr().err


async def test_a_consumer_never_goes_on_by_command_after_what_it_has_not_consumed(
    street: Street, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lamps, keepers = street.lamps, service("keepers")
    monkeypatch.setenv("DATABASE_URL", lamps.subscriber.url)
    await street.told(lit("a", 1))
    assert await cli_bus.go_on_after(keepers, Namespace(source="lamps", after=1)) == 1
    assert "consumes no lamps, or has not begun to" in capsys.readouterr().err
    await lamps.follow(1)
    await street.told(lit("a", 2), lit("a", 3))
    for after, skipped in ((2, "position 2 of lamps"), (3, "positions 2 to 3 of lamps")):
        assert await cli_bus.go_on_after(keepers, Namespace(source="lamps", after=after)) == 1
        said = capsys.readouterr().err
        assert f"{skipped} would never be consumed" in said
        assert "continue after 1 or an earlier position" in said
    assert await lamps.is_at(1)
    await lamps.follow(3)
    assert await lamps.deeds() == [("a", 1), ("a", 2), ("a", 3)]


async def test_what_began_with_a_restore_is_not_skipped_by_command(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The positions are those that it consumed before, the events are not."""
    monkeypatch.setenv("BUS", "direct")
    monkeypatch.setenv("LOG_URLS", json.dumps({"lamps": lamps.publisher.url}))
    monkeypatch.setenv("DATABASE_URL", lamps.subscriber.url)
    await lamps.told(*(lit("a", shine) for shine in (1, 2, 3, 4)))
    await lamps.follow(4)
    await lamps.rewrite("DELETE FROM event_log WHERE position > 2")
    await lamps.rewrite(
        "UPDATE sequencer_state SET last_position = 2, last_chain = (SELECT chain FROM event_log WHERE position = 2)"
    )
    await event_log.new_epoch(lamps.publisher)
    await lamps.told(lit("a", 103), lit("a", 104))
    keepers = service("keepers")
    assert await cli_bus.go_on_after(keepers, Namespace(source="lamps", after=3)) == 1
    assert "continue after the position that new-epoch printed" in capsys.readouterr().err.lower()
    assert await cli_bus.go_on_after(keepers, Namespace(source="lamps", after=2)) == 0
    await lamps.follow(4)
    assert await lamps.shines() == {"a": [1, 2, 3, 4, 103, 104]}


async def test_a_record_that_is_no_event_is_skipped_by_command_and_nothing_else_is(
    street: Street, access: KafkaAccess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lamps, keepers = street.lamps, service("keepers")
    lamps.bus = street.bus  # type: ignore[assignment]  # the lamps are heard of on Kafka here
    monkeypatch.setenv("DATABASE_URL", lamps.subscriber.url)

    async def skip(offset: int) -> str:
        done = await cli_bus.skip_alien(keepers, Namespace(source="lamps", offset=offset, reason="put there by hand"))
        said = capsys.readouterr()
        assert (done, bool(said.err)) in ((0, False), (1, True))
        return said.out + said.err

    await street.told(lit("a", 1))
    await strange_record(access, b'\x00\xff"not an event"')
    await strange_record(access, b"{}")
    await street.told(lit("a", 2))
    async with lamps.following() as tasks:
        for offset, after in ((2, 3), (3, 4)):
            await wait_for_death(tasks, saying=f"Unreadable: the record at offset {offset} is no event")
            assert await lamps.is_at(1)
            assert "is at offset" in await skip(offset - 1)
            assert "is at offset" in await skip(offset + 1)
            assert (await rebuild(lamps.subscriber, lamps.bus, lamps.subscriptions, "known_lamps")).is_equal
            assert f"continues after the record at offset {offset} of lamps" in await skip(offset)
            row = await lamps.subscriber.fetchrow("SELECT next_offset, source_position FROM consumer_offset")
            assert row is not None
            assert (row["next_offset"] >= after, row["source_position"] >= 1) == (True, True)
        await lamps.at(2)
        await until(lambda: nobody_dead(tasks))
    assert await lamps.deeds() == [("a", 1), ("a", 2)]
    assert (await rebuild(lamps.subscriber, lamps.bus, lamps.subscriptions, "known_lamps")).is_equal
    records = await lamps.subscriber.fetch("SELECT actor, operation FROM write_record WHERE operation LIKE 'skip%'")
    assert [tuple(row) for row in records] == [
        ("the command line", f"skip record {offset} of lamps: put there by hand") for offset in (2, 3)
    ]
    await street.told(lit("a", 3))
    assert "is the event at position 3, and would be lost" in await skip(5)
    await lamps.follow(3)
    assert "has no record" in await skip(6)
