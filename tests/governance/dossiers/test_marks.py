"""What marks dossiers as changed: every table of which entries are made, and nothing else is looked at."""

import re
from datetime import date

from services.governance.dossiers import models, sources
from services.governance.interests.models import declared
from tests.governance.dossiers.test_dossiers import BODY, MOVED, ON, due, entries, hear
from tests.support.governance_harness import GovernanceHarness

WITH_THE_DECISION = {"proposal", "proposal_consent", "permit", "meeting", "meeting_item", "urgent_consultation"}
"""Written before the decision, or in its transaction."""
OWN = {"dossier", "dossier_entry", "dossier_event", "dossier_reference", "unnest"}
AS_KNOWN_AT_THE_VOTE = {"declared_interest", declared.beliefs}


def test_every_table_of_which_entries_are_made_marks_its_dossiers() -> None:
    read = {name for sql in sources.SOURCES for name in re.findall(r"(?:FROM|JOIN) ([a-z_]+)", sql)}
    assert read - WITH_THE_DECISION - OWN - AS_KNOWN_AT_THE_VOTE == set(models.MARKS) - {"person", "declared_interest"}


async def test_only_dossiers_about_which_something_was_recorded_are_looked_at(
    plan: tuple[GovernanceHarness, str],
) -> None:
    harness, decision = plan
    await due(harness, ON)
    before = await entries(harness, decision)
    [row] = await harness.database.fetch("SELECT proposal FROM decision WHERE id = $1", decision)
    async with harness.database.connect() as connection:
        await connection.execute("DELETE FROM outbox")
        await due(harness, ON)
        assert await connection.fetch("SELECT reference FROM dossier_mark") == []
        # Behind the back of the database's own marks, which no command can do.
        await connection.execute("ALTER TABLE paper DISABLE TRIGGER mark_dossiers")
        paper = "INSERT INTO paper VALUES ('PP-1', $1, 'design', 'A', 'b', null, 'C', $2, now(), 'lead')"
        await connection.execute(paper, row["proposal"], date(2017, 6, 2))
        await due(harness, ON)
        assert await entries(harness, decision) == before
        await connection.execute("ALTER TABLE paper ENABLE TRIGGER mark_dossiers")
        await connection.execute(paper.replace("PP-1", "PP-2"), row["proposal"], date(2017, 6, 2))
    await due(harness, ON)
    assert await entries(harness, decision) == [*before, ("paper", "paper:PP-1"), ("paper", "paper:PP-2")]


async def test_what_is_more_than_is_written_at_once_waits_with_its_mark(plan: tuple[GovernanceHarness, str]) -> None:
    harness, decision = plan
    proposal = await harness.propose("10H", on=ON, action="consolidation.commit")
    other = await harness.decide(proposal, BODY, on=ON)
    await due(harness, ON)
    before = {one: len(await entries(harness, one)) for one in (decision, other)}
    many = f"""
    INSERT INTO proposal_act (proposal, what, effective_on, stated_at, recorded_by, body, code, outcome, reference,
                              lawful, revision)
    SELECT d.proposal, 'consulted', d.taken_on, now(), 'lead', '', 'public', 'neutral', '', false, 0
      FROM decision d CROSS JOIN generate_series(1, {sources.MOST_AT_ONCE})
    """
    async with harness.database.connect() as connection:
        await connection.execute("DELETE FROM outbox")
        await connection.execute(many)
    await due(harness, ON)
    after = {one: len(await entries(harness, one)) for one in (decision, other)}
    assert after == {one: count + sources.MOST_AT_ONCE for one, count in before.items()}


async def test_an_event_that_came_before_what_attaches_it_is_an_entry_with_it(
    plan: tuple[GovernanceHarness, str],
) -> None:
    harness, decision = plan
    await hear(harness, "realised", "ended", "signed", "contracted")
    await due(harness, MOVED)
    assert "ContractTerminated" not in dict(await entries(harness, decision))
    await hear(harness, "agreed")
    await due(harness, MOVED)
    found = dict(await entries(harness, decision))
    assert {"ContractTerminated", "ContractSigned", "SavingContracted", "SavingRealised"} <= set(found)
