"""Reads what waits for the caller's organisations, and for those that they succeeded, by one statement."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final, TypeAlias

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.identity import Caller
from libs.common.rulepacks import in_force
from libs.common.temporal.believed import about, as_known, holds
from services.governance.core.believed import believed
from services.governance.core.catalogue import PACKS
from services.governance.core.models import Facet, body_time, known, right_time
from services.governance.core.sight import reads_through
from services.governance.instruments.models import instrument_time
from services.governance.interests.due import declarations_due
from services.governance.interests.rules import check_periods
from services.governance.proposals.queries import AWAITED
from services.governance.tasks.views import AwaitedAct, GovernanceTaskView

TaskKey: TypeAlias = tuple[str, str, str, str, str]

_NOW: Final = datetime.max.replace(tzinfo=UTC)

# Of each statement: $1 the day, $2 the instant.
_OVER = """EXISTS (SELECT FROM meeting_step x
                WHERE x.meeting_id = m.id AND x.step IN ('cancelled', 'held')
                  AND x.effective_on <= $1 AND x.stated_at <= $2)"""

# Items without a result, of meetings that are not over, with the next step of each.
_OPEN_ITEMS = f"""
SELECT i.proposal, i.minutes_of, i.urgent_action_id, m.body_id, m.held_on, called.effective_on AS called_on,
       CASE WHEN called.id IS NULL THEN '/meetings/' || m.reference || '/notice'
            ELSE '/items/' || i.reference || CASE
                 WHEN NOT EXISTS (SELECT FROM motion o WHERE o.item_id = i.id AND o.stated_at <= $2) THEN '/motion'
                 WHEN NOT EXISTS (SELECT FROM vote v WHERE v.item_id = i.id AND v.stated_at <= $2) THEN '/votes'
                 ELSE '/result' END END AS path
  FROM meeting_item i
  JOIN meeting m ON m.id = i.meeting_id
  LEFT JOIN meeting_step called ON called.meeting_id = m.id AND called.step = 'called'
        AND called.effective_on <= $1 AND called.stated_at <= $2
 WHERE i.stated_at <= $2 AND NOT {_OVER}
   AND NOT EXISTS (SELECT FROM item_result r WHERE r.item_id = i.id AND r.stated_at <= $2 AND m.held_on <= $1)
"""  # noqa: S608  (what is put in stands above)


def _next_meeting(body: str) -> str:
    """Return the join of a body's next meeting that is not over."""
    return f"""LATERAL (
       SELECT m.reference, m.held_on FROM meeting m
        WHERE m.body_id = {body} AND m.held_on >= $1 AND m.stated_at <= $2 AND NOT {_OVER}
        ORDER BY m.held_on LIMIT 1) next ON true"""  # noqa: S608  (what is put in is ours)


# A body with each organisation whose it is.
_WHOSE = f"""
SELECT b.id, b.reference, b.organisation FROM body b WHERE b.organisation <> ''
 UNION ALL
SELECT b.id, b.reference, jsonb_array_elements_text(m.value::jsonb)
  FROM body b JOIN {believed(body_time, "m", Facet.MEMBERS, "b.id")} WHERE b.organisation = ''
"""  # noqa: S608  (only names of ours are put in)

_CONSENTS = f"""
SELECT CASE WHEN i.called_on IS NULL THEN '{AwaitedAct.CONSENT}' ELSE '{AwaitedAct.VOTE}' END AS kind,
       unnest(w.organisations) AS organisation, w.body, w.reference AS about,
       CASE WHEN i.called_on IS NULL THEN w.due_on ELSE i.held_on END AS due_on,
       greatest(w.opened_on, i.called_on) AS since,
       coalesce(i.path, '/meetings/' || next.reference || '/items', '/meetings') AS path
  FROM ({AWAITED}) w
  LEFT JOIN LATERAL (
       SELECT * FROM open_item x WHERE x.proposal = w.reference AND x.body_id = w.body_id
        ORDER BY x.called_on IS NULL, x.held_on LIMIT 1) i ON true
  LEFT JOIN {_next_meeting("w.body_id")}
 WHERE i.called_on IS NOT NULL OR w.deferred_on IS NULL
"""  # noqa: S608  (what is put in stands above)

# $12 within how many months minutes are to be approved.
_MINUTES = f"""
SELECT '{AwaitedAct.MINUTES}' AS kind, b.organisation, b.reference AS body, h.reference AS about,
       (h.held_on + make_interval(months => $12::int))::date AS due_on, h.held_on AS since,
       CASE WHEN v.id IS NULL THEN '/meetings/' || h.reference || '/minutes'
            ELSE coalesce(i.path, '/meetings/' || next.reference || '/items', '/meetings') END AS path
  FROM meeting h
  JOIN meeting_step t ON t.meeting_id = h.id AND t.step = 'held' AND t.effective_on <= $1 AND t.stated_at <= $2
  JOIN whose b ON b.id = h.body_id
  LEFT JOIN LATERAL (
       SELECT x.id FROM minutes x WHERE x.meeting_id = h.id AND x.drafted_on <= $1 AND x.stated_at <= $2
        ORDER BY x.version DESC LIMIT 1) v ON true
  LEFT JOIN LATERAL (
       SELECT x.path FROM open_item x WHERE x.minutes_of = h.id ORDER BY x.held_on LIMIT 1) i ON true
  LEFT JOIN {_next_meeting("h.body_id")}
 WHERE NOT EXISTS (SELECT FROM item_result r
                     JOIN meeting_item a ON a.id = r.item_id JOIN meeting l ON l.id = a.meeting_id
                    WHERE r.approves = v.id AND r.stated_at <= $2 AND l.held_on <= $1)
"""  # noqa: S608  (what is put in stands above)

_RATIFICATIONS = f"""
SELECT '{AwaitedAct.RATIFICATION}' AS kind, b.organisation, b.reference AS body, u.reference AS about,
       coalesce(i.held_on, next.held_on) AS due_on, u.acted_on AS since,
       coalesce(i.path, '/urgent-actions/' || u.reference || '/report') AS path
  FROM urgent_action u
  JOIN whose b ON b.id = u.body_id
  LEFT JOIN LATERAL (
       SELECT x.path, x.held_on FROM open_item x WHERE x.urgent_action_id = u.id ORDER BY x.held_on LIMIT 1) i ON true
  LEFT JOIN {_next_meeting("u.body_id")}
 WHERE u.acted_on <= $1 AND u.stated_at <= $2
   AND NOT EXISTS (SELECT FROM meeting_item a
                     JOIN item_result r ON r.item_id = a.id JOIN meeting l ON l.id = a.meeting_id
                    WHERE a.urgent_action_id = u.id AND r.outcome <> 'inquorate'
                      AND r.stated_at <= $2 AND l.held_on <= $1)
   AND NOT EXISTS (SELECT FROM proposal_act r
                    WHERE r.proposal = u.proposal AND r.what = 'reversed' AND r.reference = u.decision
                      AND r.effective_on <= $1 AND r.stated_at <= $2)
"""  # noqa: S608  (what is put in stands above)

_DECLARATIONS = f"""
SELECT '{AwaitedAct.DECLARATION}' AS kind, u.organisation, u.body, u.person_id AS about, u.due_on, u.since,
       '/interests/nil-returns' AS path
  FROM ({declarations_due(13)}) u
"""  # noqa: S608  (what is put in is the statement of the interests)

_REPLIES = f"""
SELECT '{AwaitedAct.REPLY}' AS kind, unnest(a.organisations) AS organisation, a.body, r.id AS about,
       r.reply_by AS due_on, r.made_on AS since,
       '/recommendations/' || r.id || '/replies' AS path
  FROM recommendation r JOIN recommendation_addressee a ON a.recommendation = r.id
 WHERE r.made_on <= $1 AND r.stated_at <= $2
   AND NOT EXISTS (SELECT FROM recommendation_reply p
                    WHERE p.recommendation = r.id AND p.body = a.body AND p.replied_on <= $1 AND p.stated_at <= $2)
"""  # noqa: S608  (only a name of ours is put in)

_RIGHTS = f"""
SELECT '{AwaitedAct.RIGHT}' AS kind, rm.value AS organisation, b.reference AS body, 'R-' || r.id AS about,
       NULL::date AS due_on, lower(rm.valid) AS since, '/decision-rights' AS path
  FROM {right_time.beliefs} rm
  JOIN decision_right r ON r.id = rm.subject_id
  JOIN body b ON b.id = r.body_id
 WHERE {about("rm", Facet.TO_REMAKE)} AND {holds("rm")}
   AND NOT EXISTS (SELECT FROM {right_time.beliefs} m
                    WHERE m.subject_id = r.id AND {about("m", Facet.REMADE_BY)} AND {holds("m")})
"""  # noqa: S608  (only names of ours are put in)

# An instrument as proposed, and later constitutions and shares of one that stands. A successor agrees for its parties.
_AGREEMENTS = f"""
SELECT '{AwaitedAct.AGREEMENT}' AS kind, w.organisation, nullif(w.body, '') AS body, w.reference AS about,
       min(w.first_day) AS due_on, min(w.proposed_at AT TIME ZONE 'Europe/London')::date AS since,
       '/instruments/' || w.reference || '/agreements' AS path
  FROM (
       SELECT i.id, 1 AS number, i.reference, i.body, i.first_day, i.proposed_at, unnest(i.parties) AS organisation
         FROM instrument i
        WHERE i.proposed_at <= $2 AND (i.made_at IS NULL OR i.made_at > $2)
        UNION ALL
       SELECT i.id, c.number, i.reference, i.body, c.first_day, c.proposed_at, jsonb_array_elements_text(p.value::jsonb)
         FROM (SELECT instrument_id, number, first_day, proposed_at, made_at FROM constitution
                UNION ALL
               SELECT instrument_id, number, first_day, proposed_at, made_at FROM fund_shares) c
         JOIN instrument i ON i.id = c.instrument_id
         JOIN {believed(instrument_time, "s", Facet.STANDS, "i.id")}
         JOIN {instrument_time.beliefs} p ON p.subject_id = i.id AND {about("p", Facet.MEMBERS)} AND {as_known("p")}
              AND p.valid @> greatest($1::date, c.first_day)
        WHERE c.number > 1 AND c.proposed_at <= $2 AND (c.made_at IS NULL OR c.made_at > $2)) w
 WHERE NOT EXISTS (SELECT FROM instrument_agreement a
                    WHERE a.instrument_id = w.id AND a.number = w.number AND a.agreed_at <= $2
                      AND (a.organisation = w.organisation OR EXISTS (
                           SELECT FROM known_succession s
                            WHERE s.code = w.organisation AND s.successor = a.organisation AND s.merger <> ''
                              AND s.effective_on <= $1 AND {as_known("s")})))
 GROUP BY w.organisation, w.body, w.reference
"""  # noqa: S608  (only names of ours are put in)

# Of the same statements, for the due work about what waits for too long. `scheduled_on` is the day of a meeting to come
# that has it on its agenda, `passed_on` of the last one that passed.
CONSENT_STEPS = f"""
WITH open_item AS ({_OPEN_ITEMS})
SELECT t.about, t.body, min(t.path) AS path,
       (SELECT min(x.held_on) FROM open_item x
         WHERE x.proposal = t.about AND x.body_id = b.id AND x.held_on >= $1) AS scheduled_on,
       (SELECT max(m.held_on) FROM meeting_item i JOIN meeting m ON m.id = i.meeting_id
         WHERE i.proposal = t.about AND m.body_id = b.id AND m.held_on < $1
           AND NOT EXISTS (SELECT FROM meeting_step c
                            WHERE c.meeting_id = m.id AND c.step = 'cancelled')) AS passed_on
  FROM ({_CONSENTS}) t JOIN body b ON b.reference = t.body
 GROUP BY t.about, t.body, b.id ORDER BY t.about, t.body
"""  # noqa: S608  (what is put in stands above)
MINUTES_STEPS = f"""
WITH open_item AS ({_OPEN_ITEMS}), whose AS ({_WHOSE})
SELECT t.about, t.body, min(t.path) AS path, min(t.since) AS since,
       array_agg(DISTINCT t.organisation) AS organisations,
       (SELECT max(v.drafted_on) FROM minutes v WHERE v.meeting_id = m.id AND v.drafted_on <= $1) AS drafted_on
  FROM ({_MINUTES.replace("$12", "NULL::int")}) t JOIN meeting m ON m.reference = t.about
 WHERE NOT EXISTS (SELECT FROM open_item x WHERE x.minutes_of = m.id AND x.held_on >= $1)
 GROUP BY t.about, t.body, m.id ORDER BY t.about
"""  # noqa: S608  (what is put in stands above)

_KINDS = (_CONSENTS, _MINUTES, _RATIFICATIONS, _DECLARATIONS, _REPLIES, _RIGHTS, _AGREEMENTS)
_KEY = "coalesce(due_on::text, '9999-12-31'), kind, about, organisation, coalesce(body, '')"

# $3 the codes that the caller reads through (null: every one), $4 a kind, $5 an organisation with
# those that it succeeded, $6 to $10 the cursor.
_TASKS = f"""
{PLANNED_EACH_TIME}
WITH open_item AS ({_OPEN_ITEMS}), whose AS ({_WHOSE}), task AS ({" UNION ALL ".join(_KINDS)})
SELECT kind, organisation, body, about, due_on, since, path
  FROM task
 WHERE ($3::text[] IS NULL OR organisation = ANY($3)) AND ($4::text IS NULL OR kind = $4)
   AND ($5::text[] IS NULL OR organisation = ANY($5))
   AND ($6::text IS NULL OR ({_KEY}) > ($6, $7::text, $8::text, $9::text, $10::text))
 ORDER BY {_KEY} LIMIT $11
"""  # noqa: S608  (what is put in stands above)


async def list_tasks(
    db: Reads,
    kind: AwaitedAct | None,
    organisation: str | None,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: TaskKey | None,
    limit: int,
) -> list[GovernanceTaskView]:
    """Return what waits on a day, as known at an instant, by due day, kind and reference, after the cursor."""
    codes = await reads_through(db, by)
    cursor: Sequence[str | None] = after or (None,) * 5
    minutes = in_force(PACKS, as_at, subject="minutes")
    months = minutes[0].values["approve_within_months"] if minutes else None
    own = [organisation, *await known.predecessors(db, {organisation})] if organisation else None
    args = (codes, kind, own, *cursor, limit, months, *check_periods())
    rows = await db.fetch(_TASKS, as_at, as_known or _NOW, *args)
    return [GovernanceTaskView.model_validate(dict(row)) for row in rows]


def key_of(task: GovernanceTaskView) -> TaskKey:
    """Return the place of a task in the list; no two have one."""
    return (
        (task.due_on or date.max).isoformat(),
        task.kind.value,
        task.about,
        task.organisation,
        task.body or "",
    )
