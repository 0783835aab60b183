"""Operator commands for the bus: create the topic, republish the log, and continue after a restore."""

import argparse
import sys

from libs.common.audit import COMMAND_LINE
from libs.common.database.connection import Database
from libs.common.messaging import event_log
from libs.common.messaging.bus import Bus, Message, epoch_of, position_of
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess, TopicMissing
from libs.common.messaging.bus.kafka_publisher import TopicDiffers, TopicNotEmpty, republish
from libs.common.messaging.cursors import CursorStays, continue_from, skip_record
from libs.common.messaging.verification import Verification, verify, verify_heard, verify_topic
from libs.common.service.app import Service
from libs.common.service.settings import BusSettings, SettingsRefused

_SCAN = 500


def bus_of(settings: BusSettings, service: str | None = None) -> Bus:
    """Return the bus in the settings; on Kafka, the named service's offsets are mirrored for lag tools."""
    if settings.bus == "direct":
        return DirectBus(settings.log_urls)
    return KafkaBus(access_of(settings), group=f"{settings.kafka_topic_prefix}{service}" if service else None)


async def verify_log(service: Service, given: argparse.Namespace) -> int:
    """Verify the log by its chain, by its topic, and what was consumed of others by what they tell now."""
    settings = BusSettings.load()
    bus, database = bus_of(settings), await _opened(service, settings)
    try:
        whole = _say("events agree with their hash chain", await verify(database))
        if given.alone:
            return 0 if whole else 1
        if settings.bus == "kafka":
            whole &= _say("events are in the topic as in the log", await verify_topic(database, bus, service.name))
        for source in sorted(service.hears):
            if settings.bus == "direct" and source not in settings.log_urls:
                print(f"what was consumed of {source} is not compared: LOG_URLS does not name it")
            else:
                whole &= _say(f"events of {source} are what was consumed", await verify_heard(database, bus, source))
    except (TopicMissing, ConnectionError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        await bus.close()
        await database.close()
    return 0 if whole else 1


def _say(words: str, found: Verification) -> bool:
    print(f"{found.events} {words}; its head is {found.head.hex()}")
    if found.fault:
        print(f"NOT WHOLE: {found.fault}", file=sys.stderr)
    return found.is_whole


async def make_topic(service: Service, _: argparse.Namespace) -> int:
    """Create the service's topic if it is missing."""
    access = access_of(_on_kafka(BusSettings.load()))
    try:
        is_new = await create_topic(access, service.name)
    except (TopicMissing, ConnectionError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{access.topic(service.name)}: {'created' if is_new else 'exists, with the right settings'}")
    return 0


async def republish_log(service: Service, _: argparse.Namespace) -> int:
    """Publish the whole log again, to an empty topic."""
    settings = _on_kafka(BusSettings.load())
    bus, database = KafkaBus(access_of(settings)), await _opened(service, settings)
    try:
        events = await republish(database, bus.publisher(service.name, database), await bus.last(service.name))
    except (TopicMissing, TopicDiffers, TopicNotEmpty, ConnectionError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        await bus.close()
        await database.close()
    print(f"{events} events published again")
    return 0


async def begin_epoch(service: Service, _: argparse.Namespace) -> int:
    """Start a new epoch of the log, once, after a restore from a backup."""
    database = await _opened(service, BusSettings.load())
    try:
        epoch = await event_log.new_epoch(database)
        end = await event_log.end(database)
    finally:
        await database.close()
    print(f"epoch {epoch} starts after position {end.position}")
    print(f"subscribers that were ahead: run continue-from {service.name} --after {end.position}")
    return 0


async def go_on_after(service: Service, given: argparse.Namespace) -> int:
    """Set this service's consumer of a restored source to continue after a position that both have."""
    settings = BusSettings.load()
    bus, database = bus_of(settings), await _opened(service, settings)
    try:
        last = await _message_at(bus, given.source, given.after)
        if last is None and given.after:
            print(f"{given.source} has no position {given.after}", file=sys.stderr)
            return 1
        epoch = await _epoch_since_a_restore(bus, given.source)
        async with database.begin() as session:
            place = await continue_from(session, given.source, last, new_epoch=epoch)
    except (CursorStays, TopicMissing, ConnectionError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        await bus.close()
        await database.close()
    print(f"{service.name} continues after position {place.position} of {given.source}, epoch {place.epoch or 'any'}")
    return 0


async def skip_alien(service: Service, given: argparse.Namespace) -> int:
    """Set this service's consumer past the record at which it has stopped, because it is no event."""
    settings = BusSettings.load()
    bus, database = bus_of(settings), await _opened(service, settings)
    try:
        record = await bus.at(given.source, given.offset)
        async with database.begin() as session:
            await skip_record(session, given.source, given.offset, record, by=COMMAND_LINE, reason=given.reason)
    except (CursorStays, TopicMissing, ConnectionError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        await bus.close()
        await database.close()
    print(f"{service.name} continues after the record at offset {given.offset} of {given.source}, which stays there")
    return 0


async def _epoch_since_a_restore(bus: Bus, source: str) -> str:
    """Return the epoch with which the source ends; empty if it began with it."""
    epoch = (await bus.end(source)).epoch
    first = next((found for each in await bus.read(source, 0, _SCAN) if (found := epoch_of(each))), "")
    return "" if epoch == first else epoch


async def _message_at(bus: Bus, source: str, position: int) -> Message | None:
    """Return the message of this position: it is at this offset, or at a later one if events before it appear twice."""
    offset = position
    while position and (messages := await bus.read(source, offset, _SCAN)):
        for message in messages:
            if position_of(message) == position:
                return message
        offset = messages[-1].offset + 1
    return None


def access_of(settings: BusSettings) -> KafkaAccess:
    """Return the Kafka connection options in the settings."""
    return KafkaAccess(
        bootstrap=settings.kafka_bootstrap,
        topic_prefix=settings.kafka_topic_prefix,
        security=settings.kafka_security,
        ca_file=settings.kafka_ca_file,
        mechanism=settings.kafka_mechanism,
        user=settings.kafka_user,
        password=settings.kafka_password,
    )


def _on_kafka(settings: BusSettings) -> BusSettings:
    if settings.bus != "kafka":
        raise SettingsRefused("These settings are wrong:\n  BUS = 'direct': there are topics only on Kafka")
    return settings


async def _opened(service: Service, settings: BusSettings) -> Database:
    database = Database(settings.database_url, application_name=f"footprint-{service.name}-command", pool_size=2)
    await database.open()
    return database
