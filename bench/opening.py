"""The registry's SQL for opening an organisation, statement by statement: for pgbench and for bare asyncpg."""

import asyncpg

# {code} and {id} are put in by either side; everything else is what the command sends. The order is the command's.
_STATEMENTS = (
    "SELECT id, code, version FROM organisation WHERE code IN ({code}) ORDER BY code FOR UPDATE",
    """SELECT code, m.reference, m.effective_on
         FROM merger m CROSS JOIN LATERAL unnest(m.predecessors || m.successor) AS part (code)
        WHERE m.status = 'agreed' AND code = ANY(ARRAY[{code}])""",
    """SELECT o.code, b.facet, b.value, lower(b.valid) AS start, upper(b.valid) AS "end"
         FROM organisation o
         LEFT JOIN organisation_belief b ON b.subject_id = o.id AND b.facet IN (1, 4, 5) AND upper_inf(b.known)
        WHERE o.code = ANY(ARRAY[{code}]) ORDER BY o.code, b.facet, b.valid""",
    """INSERT INTO organisation (code, version) SELECT c, 1 FROM unnest(ARRAY[{code}]) AS new (c) ORDER BY c
           ON CONFLICT (code) DO NOTHING RETURNING code""",
    """SELECT max(s.stated_at) FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
        WHERE o.code = ANY(ARRAY[{code}])""",
    "SELECT id FROM organisation WHERE code = ANY(ARRAY[{code}])",
    """INSERT INTO organisation_statement
               (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
        SELECT {id}, f, v, daterange('2013-04-01', NULL), clock_timestamp(), w, 'command', 'bench'
          FROM unnest(ARRAY[1, 2, 4], ARRAY['open', 'NHS Bench CCG', 'ccg'], ARRAY[false, true, true])
               WITH ORDINALITY AS new (f, v, w, o)
         ORDER BY o ON CONFLICT DO NOTHING RETURNING subject_id, facet""",
    """SELECT subject_id, s.facet, value, lower(valid) AS b, upper(valid) AS e, stated_at, fills_before
         FROM organisation_statement s
         JOIN unnest(ARRAY[{id}, {id}, {id}], ARRAY[1, 2, 4]) AS wanted (subject, facet)
           ON s.subject_id = wanted.subject AND s.facet = wanted.facet
        ORDER BY fills_before DESC, valid, value NULLS FIRST""",
    """SELECT id, subject_id, x.facet, value, lower(valid) AS b, upper(valid) AS e, lower(known) AS k, upper(known) AS t
         FROM organisation_belief x
         JOIN unnest(ARRAY[{id}, {id}, {id}], ARRAY[1, 2, 4]) AS wanted (subject, facet)
           ON x.subject_id = wanted.subject AND x.facet = wanted.facet""",
    "DELETE FROM organisation_belief WHERE id = ANY('{{}}'::bigint[])",
    """UPDATE organisation_belief SET known = tstzrange(lower(known), t)
         FROM unnest('{{}}'::bigint[], '{{}}'::timestamptz[]) AS change (i, t) WHERE id = i""",
    """INSERT INTO organisation_belief (subject_id, facet, value, valid, known)
        SELECT {id}, f, v, daterange(b, NULL), tstzrange(clock_timestamp(), NULL)
          FROM unnest(ARRAY[1, 2, 4], ARRAY['open', 'NHS Bench CCG', 'ccg'],
                      ARRAY['2013-04-01', NULL, NULL]::date[]) AS new (f, v, b)""",
    """INSERT INTO outbox
              (event_id, name, version, keys, aggregate_version, actor, correlation, causation, traceparent, fields)
       SELECT i, n, 1, string_to_array(k, E'\\x1f'), NULL, 'bench', 'correlation', 'causation', '', f
         FROM unnest(ARRAY[gen_random_uuid()], ARRAY['OrganisationOpened'], ARRAY[{code}],
                     ARRAY['{{"code":"X","name":"NHS Bench CCG","kind":"ccg","effective_on":"2013-04-01"}}'])
              WITH ORDINALITY AS added (i, n, k, f, o) ORDER BY o""",
    "SELECT id, code, version FROM organisation WHERE code IN ({code}) ORDER BY code FOR UPDATE",
    """INSERT INTO write_record (actor, roles, organisations, operation, request_id, correlation, causation)
       VALUES ('bench', ARRAY['registrar'], ARRAY['*'], 'open_organisation', 'r', 'correlation', 'causation')""",
)
_TELLS_THE_ID = 5

ROUND_TRIPS = len(_STATEMENTS) + 2


def _script() -> str:
    lines = ["\\set n random(1, 9000000000000000000)", "BEGIN;"]
    for number, statement in enumerate(_STATEMENTS):
        sql = statement.format(code="('P' || :n)", id=":id::int")
        lines.append(f"{sql} \\gset" if number == _TELLS_THE_ID else f"{sql};")
    return "\n".join([*lines, "COMMIT;", ""])


SCRIPT = _script()
"""The same for pgbench."""

_BARE = [statement.format(code="$1::text", id="$1::int") for statement in _STATEMENTS]
_TAKES_CODE = ["{code}" in statement for statement in _STATEMENTS]
_TAKES_ID = ["{id}" in statement for statement in _STATEMENTS]


async def open_organisation(connection: asyncpg.Connection, code: str) -> None:
    """Send the command's SQL, and nothing else."""
    subject = 0
    async with connection.transaction():
        for number, statement in enumerate(_BARE):
            given: list[object] = [code] if _TAKES_CODE[number] else [subject] if _TAKES_ID[number] else []
            rows = await connection.fetch(statement, *given)
            if number == _TELLS_THE_ID:
                subject = rows[0]["id"]
