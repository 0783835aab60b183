"""The first tables of contracts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("moved_to", sa.Date(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_clock_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_table(
        "consumer_offset",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("source_position", sa.BigInteger(), nullable=False),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_consumer_offset")),
    )
    op.create_table(
        "contract",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("supplier_code", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("notice_months", sa.Integer(), nullable=False),
        sa.Column("value_basis", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_rule", sa.Text(), nullable=True),
        sa.Column("earliest_exit_on", sa.Date(), nullable=True),
        sa.Column("value_source", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exit_day", sa.Date(), nullable=True),
        sa.Column("exit_reason", sa.Text(), nullable=True),
        sa.Column("exit_agreement", sa.Text(), nullable=True),
        sa.Column("notice_served_on", sa.Date(), nullable=True),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status = 'draft') = (signed_on IS NULL)", name=op.f("ck_contract_signed_has_day")),
        sa.CheckConstraint(
            "(status IN ('terminated', 'replaced')) = (exit_day IS NOT NULL)", name=op.f("ck_contract_ended_has_exit")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'signed', 'terminated', 'replaced')", name=op.f("ck_contract_known_status")
        ),
        sa.CheckConstraint(
            "value_basis = 'illustrative' OR (value_basis = 'stated' AND value_source IS NOT NULL)",
            name=op.f("ck_contract_stated_has_source"),
        ),
        sa.CheckConstraint("exit_day BETWEEN starts_on AND last_day", name=op.f("ck_contract_exit_within_term")),
        sa.CheckConstraint("last_day >= starts_on", name=op.f("ck_contract_ends_after_it_starts")),
        sa.CheckConstraint("notice_months >= 0", name=op.f("ck_contract_no_negative_notice")),
        sa.ForeignKeyConstraint(["replaced_by"], ["contract.id"], name=op.f("fk_contract_replaced_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("reference", name=op.f("uq_contract_reference")),
    )
    op.create_index(op.f("ix_contract_replaced_by"), "contract", ["replaced_by"], unique=False)
    op.create_index(op.f("ix_contract_supplier_code"), "contract", ["supplier_code"], unique=False)
    op.create_table(
        "contract_customer_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name="ex_contract_customer_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_customer_belief")),
    )
    op.create_index(
        op.f("ix_contract_customer_belief_subject_id_facet"),
        "contract_customer_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_table(
        "contract_customer_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_customer_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "valid",
            "stated_at",
            "value",
            "fills_before",
            name=op.f("uq_contract_customer_statement_subject_id_facet_valid_stated_at_value_fills_before"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "contract_life_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name="ex_contract_life_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_life_belief")),
    )
    op.create_index(
        op.f("ix_contract_life_belief_subject_id_facet"), "contract_life_belief", ["subject_id", "facet"], unique=False
    )
    op.create_table(
        "contract_life_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_life_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "valid",
            "stated_at",
            "value",
            "fills_before",
            name=op.f("uq_contract_life_statement_subject_id_facet_valid_stated_at_value_fills_before"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "event_log",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_event_log")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_log_event_id")),
    )
    op.create_index(op.f("ix_event_log_keys"), "event_log", ["keys"], unique=False, postgresql_using="gin")
    op.create_table(
        "idempotency_key",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("caller", "operation", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "known_organisation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("heard", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_organisation")),
        sa.UniqueConstraint("code", name=op.f("uq_known_organisation_code")),
    )
    op.create_table(
        "known_organisation_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name="ex_known_organisation_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_organisation_belief")),
    )
    op.create_index(
        op.f("ix_known_organisation_belief_subject_id_facet"),
        "known_organisation_belief",
        ["subject_id", "facet"],
        unique=False,
    )
    op.create_table(
        "known_organisation_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_organisation_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "valid",
            "stated_at",
            "value",
            "fills_before",
            name=op.f("uq_known_organisation_statement_subject_id_facet_valid_stated_at_value_fills_before"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "known_succession",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merger", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code", "successor", "effective_on", name=op.f("pk_known_succession")),
    )
    op.create_index(op.f("ix_known_succession_successor"), "known_succession", ["successor"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tx", sa.Text(), server_default=sa.text("pg_current_xact_id()::text"), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("causation", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_tx_id"), "outbox", ["tx", "id"])
    op.create_table(
        "parked",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked")),
    )
    op.create_index(op.f("ix_parked_source_position"), "parked", ["source", "position"], unique=True)
    op.create_table(
        "publisher",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("published_position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_publisher")),
    )
    op.create_table(
        "sequencer_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("last_chain", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_sequencer_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sequencer_state")),
    )
    op.create_table(
        "write_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("organisations", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("causation", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_record")),
    )
    op.create_index(op.f("ix_write_record_correlation"), "write_record", ["correlation"], unique=False)
    op.create_table(
        "change_of_hands",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("from_customers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("to_customer", sa.Text(), nullable=False),
        sa.Column("customers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caused_by", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_change_of_hands_contract_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_of_hands")),
        sa.UniqueConstraint("contract_id", "merger", name=op.f("uq_change_of_hands_contract_id_merger")),
    )
    op.create_table(
        "consolidation",
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("previous_annual_pence", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_consolidation_contract_id")),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_consolidation")),
    )
    op.create_table(
        "contract_customer",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("customer_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_contract_customer_contract_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_customer")),
        sa.UniqueConstraint(
            "contract_id", "customer_code", name=op.f("uq_contract_customer_contract_id_customer_code")
        ),
    )
    op.create_index(op.f("ix_contract_customer_customer_code"), "contract_customer", ["customer_code"], unique=False)
    op.create_table(
        "contract_line",
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("annual_pence", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("annual_pence >= 0", name=op.f("ck_contract_line_no_negative_charge")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_contract_line_contract_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contract_id", "function", name=op.f("pk_contract_line")),
    )


def downgrade() -> None:
    op.drop_table("contract_line")
    op.drop_index(op.f("ix_contract_customer_customer_code"), table_name="contract_customer")
    op.drop_table("contract_customer")
    op.drop_table("consolidation")
    op.drop_table("change_of_hands")
    op.drop_index(op.f("ix_write_record_correlation"), table_name="write_record")
    op.drop_table("write_record")
    op.drop_table("sequencer_state")
    op.drop_table("publisher")
    op.drop_index(op.f("ix_parked_source_position"), table_name="parked")
    op.drop_table("parked")
    op.drop_index(op.f("ix_outbox_tx_id"), table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_known_succession_successor"), table_name="known_succession")
    op.drop_table("known_succession")
    op.drop_table("known_organisation_statement")
    op.drop_index(op.f("ix_known_organisation_belief_subject_id_facet"), table_name="known_organisation_belief")
    op.drop_table("known_organisation_belief")
    op.drop_table("known_organisation")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_event_log_keys"), table_name="event_log", postgresql_using="gin")
    op.drop_table("event_log")
    op.drop_table("contract_life_statement")
    op.drop_index(op.f("ix_contract_life_belief_subject_id_facet"), table_name="contract_life_belief")
    op.drop_table("contract_life_belief")
    op.drop_table("contract_customer_statement")
    op.drop_index(op.f("ix_contract_customer_belief_subject_id_facet"), table_name="contract_customer_belief")
    op.drop_table("contract_customer_belief")
    op.drop_index(op.f("ix_contract_supplier_code"), table_name="contract")
    op.drop_index(op.f("ix_contract_replaced_by"), table_name="contract")
    op.drop_table("contract")
    op.drop_table("consumer_offset")
    op.drop_table("clock")
