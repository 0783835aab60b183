"""Tables common to every service: outbox, log, webhooks, cursors, parked events, idempotency keys, audit record."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

_NOW = text("clock_timestamp()")


def add_to(metadata: MetaData) -> None:
    """Add the common tables to a service's metadata."""
    _add_event_tables(metadata)
    _add_webhooks(metadata)
    _add_dead_letters(metadata)
    _add_inbox_tables(metadata)
    _add_edge_tables(metadata)
    _add_record_and_clock(metadata)


def _add_event_tables(metadata: MetaData) -> None:
    outbox = Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        # The same value for all rows of a transaction: the sequencer takes whole transactions.
        Column("tx", Text, nullable=False, server_default=text("pg_current_xact_id()::text")),
        Column("event_id", Uuid, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("keys", ARRAY(Text), nullable=False),
        Column("aggregate_version", Integer),
        Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        Column("actor", Text, nullable=False),
        Column("correlation", Text, nullable=False),
        Column("causation", Text, nullable=False),
        Column("causation_source", Text, nullable=False, server_default=""),
        Column("traceparent", Text, nullable=False),
        Column("fields", Text, nullable=False),
    )
    # Keeps the cost of a sequencer batch independent of the backlog.
    Index(None, outbox.c.tx, outbox.c.id)
    log = Table(
        "event_log",
        metadata,
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("name", Text, nullable=False),
        Column("keys", ARRAY(Text), nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("chain", LargeBinary, nullable=False),
        Column("causation", Text, nullable=False, server_default=""),
        Column("correlation", Text, nullable=False, server_default=""),
    )
    Index(None, log.c["keys"], postgresql_using="gin")
    # What an event caused is found by these: by scanning the bodies it took 3 s of a million, by the index 8 ms.
    Index(None, log.c.causation)
    Index(None, log.c.correlation)
    Table(
        "sequencer_state",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("epoch", Uuid, nullable=False),
        Column("last_position", BigInteger, nullable=False),
        Column("last_chain", LargeBinary, nullable=False),
        CheckConstraint("id = 1", name="one_row"),
    )
    Table(
        "publisher",
        metadata,
        Column("name", Text, primary_key=True),
        Column("published_position", BigInteger, nullable=False),
    )


def _add_webhooks(metadata: MetaData) -> None:
    webhook = Table(
        "webhook",
        metadata,
        Column("id", Integer, Identity(always=True), primary_key=True),
        Column("owner", Text, nullable=False),
        Column("acts_for", ARRAY(Text), nullable=False),
        Column("confirmed_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        Column("url", Text, nullable=False),
        Column("types", ARRAY(Text), nullable=False),
        Column("organisations", ARRAY(Text), nullable=False),
        Column("watch_list", Integer),
        Column("signing", Text, nullable=False),
        Column("secret", LargeBinary, nullable=False),
        Column("former_secret", LargeBinary),
        Column("former_until", DateTime(timezone=True)),
        Column("state", Text, nullable=False, server_default="active"),
        Column("reason", Text, nullable=False, server_default=""),
        Column("position", BigInteger, nullable=False),
        Column("failures", Integer, nullable=False, server_default="0"),
        Column("given_up", Integer, nullable=False, server_default="0"),
        Column("due_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        Column("last_error", Text, nullable=False, server_default=""),
        Column("delivered_at", DateTime(timezone=True)),
        Column("version", Integer, nullable=False, server_default="1"),
        Column("made_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        CheckConstraint("state IN ('active', 'paused', 'disabled')", name="known_state"),
    )
    Index(None, webhook.c.owner)
    Index(None, webhook.c.due_at, postgresql_where=text("state = 'active'"))


def _add_dead_letters(metadata: MetaData) -> None:
    letter = Table(
        "webhook_dead_letter",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("webhook_id", Integer, ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("type", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("error", Text, nullable=False),
        Column("given_up_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        Column("resend_at", DateTime(timezone=True)),
    )
    Index(None, letter.c.webhook_id, letter.c.position, unique=True)


def _add_inbox_tables(metadata: MetaData) -> None:
    Table(
        "consumer_offset",
        metadata,
        Column("source", Text, primary_key=True),
        Column("epoch", Text, nullable=False),
        Column("next_offset", BigInteger, nullable=False),
        Column("source_position", BigInteger, nullable=False),
        # The hash chain over what was consumed after this position: `verify-log` compares what the source tells later.
        Column("heard_since", BigInteger, nullable=False, server_default="0"),
        Column("heard_head", LargeBinary, nullable=False, server_default=text("decode(repeat('00', 32), 'hex')")),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    )
    # What a migration could not fill: the next start rebuilds it from the logs.
    Table("unfilled_projection", metadata, Column("name", Text, primary_key=True))
    parked = Table(
        "parked",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("source", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("keys", ARRAY(Text), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("error", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    )
    Index(None, parked.c.source, parked.c.position, unique=True)


def _add_edge_tables(metadata: MetaData) -> None:
    Table(
        "idempotency_key",
        metadata,
        Column("caller", Text, primary_key=True),
        Column("operation", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("status", Integer),
        Column("headers", Text),
        Column("body", LargeBinary),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        Column("rights", Text),
    )
    Table(
        "promoted_step",
        metadata,
        Column("plan", Text, primary_key=True),
        Column("step", Integer, primary_key=True, autoincrement=False),
        Column("caller", Text, nullable=False),
        Column("operation", Text, nullable=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("status", Integer),
        Column("headers", Text),
        Column("body", LargeBinary),
        Column("rights", Text),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    )


def _add_record_and_clock(metadata: MetaData) -> None:
    record = Table(
        "write_record",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        Column("actor", Text, nullable=False),
        Column("roles", ARRAY(Text), nullable=False),
        Column("organisations", ARRAY(Text), nullable=False),
        Column("operation", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("correlation", Text, nullable=False),
        Column("causation", Text, nullable=False),
        # What it locked, and whom its caller had to act for: a command may depend on a body and say nothing of it.
        Column("touched", ARRAY(Text), nullable=False, server_default="{}"),
    )
    Index(None, record.c.correlation)
    Table(
        "clock",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("moved_to", Date),
        CheckConstraint("id = 1", name="one_row"),
    )
