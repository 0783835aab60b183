"""the registry whole"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A kind has become a fact with two times: it was said with each opening and each proposal, and never changed until now.
KINDS = """
INSERT INTO organisation_statement
       (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_at, recorded_by)
SELECT s.subject_id, 4, o.kind, s.valid, s.stated_at, true, s.source, s.recorded_at, s.recorded_by
  FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
 WHERE o.kind <> 'unknown' AND ((s.facet = 2 AND s.fills_before) OR (s.facet = 1 AND s.value = 'proposed'))
    ON CONFLICT DO NOTHING
"""
KINDS_BELIEVED = """
INSERT INTO organisation_belief (subject_id, facet, value, valid, known)
SELECT subject_id, 4, value, daterange(NULL, NULL), tstzrange(min(stated_at), NULL)
  FROM organisation_statement WHERE facet = 4 GROUP BY subject_id, value
"""
KINDS_KEPT = """
UPDATE organisation o SET kind = b.value
  FROM organisation_belief b
 WHERE b.subject_id = o.id AND b.facet = 4 AND upper_inf(b.known) AND upper_inf(b.valid)
"""
# Successions were stated once and held for ever.
SUCCESSIONS = """
INSERT INTO succession_statement
       (code, successor, effective_on, holds, shape, share, merger, stated_at, rank, source, recorded_by)
SELECT code, successor, effective_on, true, CASE WHEN merger IS NULL THEN '' ELSE 'merger' END,
       CASE WHEN merger IS NULL THEN '' ELSE '1' END, coalesce(merger, ''), stated_at, 0, source, source
  FROM succession_before
"""
SUCCESSIONS_BELIEVED = """
INSERT INTO succession (code, successor, effective_on, shape, share, merger, source, known)
SELECT code, successor, effective_on, shape, share, merger, source, tstzrange(stated_at, NULL) FROM succession_statement
"""
SUCCESSIONS_KEPT = """
INSERT INTO succession (code, successor, effective_on, stated_at, source, merger)
SELECT code, successor, effective_on, lower(known), source, nullif(merger, '') FROM succession_after
"""


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("local_authority", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("code", name=op.f("uq_area_code")),
    )
    op.create_table(
        "area_belief",
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
            name="ex_area_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_belief")),
    )
    op.create_index(op.f("ix_area_belief_subject_id_facet"), "area_belief", ["subject_id", "facet"], unique=False)
    op.create_table(
        "area_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_area_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "care_model",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column(
            "model",
            sa.Enum(
                "pacs",
                "mcp",
                "primary_care_home",
                "aco",
                name=op.f("ck_care_model_model"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_model")),
        sa.UniqueConstraint("reference", name=op.f("uq_care_model_reference")),
    )
    op.create_index(op.f("ix_care_model_place"), "care_model", ["place"], unique=False)
    op.create_table(
        "cluster",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("icbs", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("shares", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster")),
        sa.UniqueConstraint("reference", name=op.f("uq_cluster_reference")),
    )
    op.create_index(op.f("ix_cluster_icbs"), "cluster", ["icbs"], unique=False, postgresql_using="gin")
    op.create_table(
        "merger_application",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("applicants", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("filed_by", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "filed",
                "deferred",
                "approved",
                "approved_with_conditions",
                "rejected",
                "withdrawn",
                name=op.f("ck_merger_application_status"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger_application")),
        sa.UniqueConstraint("reference", name=op.f("uq_merger_application_reference")),
    )
    op.create_index(
        op.f("ix_merger_application_applicants"),
        "merger_application",
        ["applicants"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "population_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_population_statement")),
        sa.UniqueConstraint(
            "code", "basis", "effective_on", "stated_at", "source", "people", name="uq_population_statement"
        ),
    )
    op.create_table(
        "reorganisation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("predecessors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("successors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("shares", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("closed", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("commissioners", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisation")),
        sa.UniqueConstraint("reference", name=op.f("uq_reorganisation_reference")),
    )
    op.create_index("ix_reorganisation_day", "reorganisation", ["effective_on", "reference"], unique=False)
    op.create_index(
        op.f("ix_reorganisation_predecessors"), "reorganisation", ["predecessors"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        op.f("ix_reorganisation_successors"), "reorganisation", ["successors"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "succession_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_succession_statement")),
        sa.UniqueConstraint(
            "code",
            "successor",
            "effective_on",
            "stated_at",
            "source",
            "holds",
            "shape",
            "share",
            "merger",
            name="uq_succession_statement",
        ),
    )
    op.create_table(
        "tie",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie")),
    )
    op.create_index("ix_tie_other", "tie", ["other", "sort"], unique=False)
    op.create_index("uq_tie", "tie", ["code", "sort", "other"], unique=True)
    op.create_index(
        "uq_tie_identifier", "tie", ["sort", "other"], unique=True, postgresql_where=sa.text("sort LIKE 'code:%'")
    )
    op.create_table(
        "tie_belief",
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
            name="ex_tie_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie_belief")),
    )
    op.create_index(op.f("ix_tie_belief_subject_id_facet"), "tie_belief", ["subject_id", "facet"], unique=False)
    op.create_table(
        "tie_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_tie_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "watch_list",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("footprints", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_list")),
    )
    op.create_index(op.f("ix_watch_list_owner_name"), "watch_list", ["owner", "name"], unique=True)
    op.create_table(
        "care_model_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("care_model_id", sa.Integer(), nullable=False),
        sa.Column(
            "stated",
            sa.Enum(
                "planned",
                "delayed",
                "replanned",
                "established",
                "ended",
                name=op.f("ck_care_model_statement_stated"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("planned_for", sa.Date(), nullable=True),
        sa.Column("partners", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("excludes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["care_model_id"], ["care_model.id"], name=op.f("fk_care_model_statement_care_model_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_model_statement")),
    )
    op.create_index(
        op.f("ix_care_model_statement_care_model_id"), "care_model_statement", ["care_model_id"], unique=False
    )
    op.create_table(
        "merger_application_step",
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "filed",
                "edited",
                "joined",
                "left",
                "judged",
                "determined",
                "withdrawn",
                name=op.f("ck_merger_application_step_act"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "filed",
                "deferred",
                "approved",
                "approved_with_conditions",
                "rejected",
                "withdrawn",
                name=op.f("ck_merger_application_step_status"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["merger_application.id"], name=op.f("fk_merger_application_step_application_id")
        ),
        sa.PrimaryKeyConstraint("application_id", "number", name=op.f("pk_merger_application_step")),
    )
    op.create_table(
        "merger_condition",
        sa.Column("merger_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("evidenced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidenced_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["merger_id"], ["merger.id"], name=op.f("fk_merger_condition_merger_id")),
        sa.PrimaryKeyConstraint("merger_id", "number", name=op.f("pk_merger_condition")),
    )
    op.create_table(
        "transfer_scheme",
        sa.Column("merger_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column(
            "sort",
            sa.Enum(
                "property",
                "staff",
                name=op.f("ck_transfer_scheme_sort"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("predecessors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("nil_return", sa.Boolean(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["merger_id"], ["merger.id"], name=op.f("fk_transfer_scheme_merger_id")),
        sa.PrimaryKeyConstraint("merger_id", "reference", name=op.f("pk_transfer_scheme")),
    )
    op.add_column("merger", sa.Column("kind", sa.Text(), server_default="ccg", nullable=False))
    op.add_column("merger", sa.Column("application", sa.Text(), nullable=True))
    op.add_column("merger", sa.Column("ready_on", sa.Date(), nullable=True))
    op.create_index(
        "ix_organisation_belief_parent",
        "organisation_belief",
        ["value"],
        unique=False,
        postgresql_where=sa.text("facet = 3"),
    )
    op.create_index(
        "ix_organisation_belief_words",
        "organisation_belief",
        [sa.literal_column("to_tsvector('simple', value)")],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("facet = 2 OR facet = 6"),
    )
    op.add_column(
        "organisation_statement", sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.drop_constraint(
        op.f("uq_organisation_statement_subject_id_facet_valid_stated_5132"), "organisation_statement", type_="unique"
    )
    op.create_unique_constraint(
        "uq_organisation_statement_said",
        "organisation_statement",
        ["subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source"],
        postgresql_nulls_not_distinct=True,
    )
    op.execute(KINDS)
    op.execute(KINDS_BELIEVED)
    op.drop_column("organisation", "kind")
    op.execute("CREATE TABLE succession_before AS SELECT * FROM succession")
    op.drop_table("succession")
    op.create_table(
        "succession",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_succession")),
    )
    op.create_index(op.f("ix_succession_successor"), "succession", ["successor"], unique=False)
    op.create_index(
        "uq_succession",
        "succession",
        ["code", "successor", "effective_on", sa.literal_column("lower(known)")],
        unique=True,
    )
    op.execute(SUCCESSIONS)
    op.execute(SUCCESSIONS_BELIEVED)
    op.drop_table("succession_before")


def downgrade() -> None:
    op.execute("CREATE TABLE succession_after AS SELECT * FROM succession WHERE upper_inf(known)")
    op.drop_table("succession")
    op.create_table(
        "succession",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("merger", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code", "successor", "effective_on", name=op.f("pk_succession")),
    )
    op.create_index(op.f("ix_succession_successor"), "succession", ["successor"], unique=False)
    op.execute(SUCCESSIONS_KEPT)
    op.drop_table("succession_after")
    op.add_column("organisation", sa.Column("kind", sa.String(length=40), server_default="unknown", nullable=False))
    op.execute(KINDS_KEPT)
    op.execute("DELETE FROM organisation_belief WHERE facet > 3")
    op.execute("DELETE FROM organisation_statement WHERE facet > 3")
    op.alter_column("organisation", "kind", server_default=None)
    op.drop_constraint("uq_organisation_statement_said", "organisation_statement", type_="unique")
    op.create_unique_constraint(
        op.f("uq_organisation_statement_subject_id_facet_valid_stated_5132"),
        "organisation_statement",
        ["subject_id", "facet", "valid", "stated_at", "value", "fills_before"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_column("organisation_statement", "rank")
    op.drop_index(
        "ix_organisation_belief_words",
        table_name="organisation_belief",
        postgresql_using="gin",
        postgresql_where=sa.text("facet = 2 OR facet = 6"),
    )
    op.drop_index(
        "ix_organisation_belief_parent", table_name="organisation_belief", postgresql_where=sa.text("facet = 3")
    )
    op.drop_column("merger", "ready_on")
    op.drop_column("merger", "application")
    op.drop_column("merger", "kind")
    op.drop_table("transfer_scheme")
    op.drop_table("merger_condition")
    op.drop_table("merger_application_step")
    op.drop_index(op.f("ix_care_model_statement_care_model_id"), table_name="care_model_statement")
    op.drop_table("care_model_statement")
    op.drop_index(op.f("ix_watch_list_owner_name"), table_name="watch_list")
    op.drop_table("watch_list")
    op.drop_table("tie_statement")
    op.drop_index(op.f("ix_tie_belief_subject_id_facet"), table_name="tie_belief")
    op.drop_table("tie_belief")
    op.drop_index("uq_tie_identifier", table_name="tie", postgresql_where=sa.text("sort LIKE 'code:%'"))
    op.drop_index("uq_tie", table_name="tie")
    op.drop_index("ix_tie_other", table_name="tie")
    op.drop_table("tie")
    op.drop_table("succession_statement")
    op.drop_index(op.f("ix_reorganisation_successors"), table_name="reorganisation", postgresql_using="gin")
    op.drop_index(op.f("ix_reorganisation_predecessors"), table_name="reorganisation", postgresql_using="gin")
    op.drop_index("ix_reorganisation_day", table_name="reorganisation")
    op.drop_table("reorganisation")
    op.drop_table("population_statement")
    op.drop_index(op.f("ix_merger_application_applicants"), table_name="merger_application", postgresql_using="gin")
    op.drop_table("merger_application")
    op.drop_index(op.f("ix_cluster_icbs"), table_name="cluster", postgresql_using="gin")
    op.drop_table("cluster")
    op.drop_index(op.f("ix_care_model_place"), table_name="care_model")
    op.drop_table("care_model")
    op.drop_table("area_statement")
    op.drop_index(op.f("ix_area_belief_subject_id_facet"), table_name="area_belief")
    op.drop_table("area_belief")
    op.drop_table("area")
