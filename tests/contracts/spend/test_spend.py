"""Payments are taken once, resolved by dated aliases, added up by payer or successor, and published as totals."""

import asyncio
import gzip
from datetime import date, timedelta

import pytest

from libs.common.database.connection import Database, raw
from libs.common.events.contracts import SpendRecorded
from libs.common.events.registry import OrganisationSucceeded
from libs.common.http.problems import InvalidRequest
from libs.common.identity import NotYoursToDecide
from libs.common.process.clock import Clock
from services.contracts.contract_proposals.commands import ConfirmProposal, confirm_proposal
from services.contracts.contract_proposals.queries import ProposalFilter, list_proposals
from services.contracts.imports.commands import ask_for_import
from services.contracts.imports.queries import get_import
from services.contracts.imports.runner import claim, run
from services.contracts.spend.commands import StateAlias, state_alias
from services.contracts.spend.errors import AliasPeriodAmiss
from services.contracts.spend.inferences import attribute_payments
from services.contracts.spend.models import Flag
from services.contracts.spend.queries import SpendBy, list_aliases, suggest
from services.contracts.spend.rules import months_missing, payers_missing, successors_on
from tests.support.builders import a_contract
from tests.support.contracts_harness import ContractsHarness, a_lead, at, bucks_merges
from tests.support.payments import NATIONAL, TODAY, imported, name, payments, spend

MAY, JUNE = "10H,31/05/2017,,,NHS CSU,1,100.00", "10H,30/06/2017,,,NHS CSU,2,-25.50"
HEADINGS = "org code,date,expense type,expense area,supplier,transaction number,amount"
SINCE = date(2013, 4, 1)


def a_file(*lines: str) -> str:
    """A file of these lines."""
    return "\n".join([HEADINGS, *lines])


async def _published(database: Database) -> list[tuple[str, str, str, str, int, int, int]]:
    rows = await database.fetch("SELECT fields FROM outbox WHERE name = 'SpendRecorded' ORDER BY id")
    events = [SpendRecorded.model_validate_json(row["fields"]) for row in rows]
    return [
        (one.payer, one.supplier, one.contract, f"{one.month:%m}", one.rows, one.amount_pence, one.duplicate_pence)
        for one in events
    ]


async def test_twice_is_once_and_the_same_line_in_two_publications_is_flagged(database: Database) -> None:
    first = await imported(database, a_file(MAY, MAY, JUNE), file="may.csv")
    assert (first.state, first.lines, first.taken, first.repeated) == ("done", 3, 3, 0)
    again = await imported(database, a_file(MAY, MAY, JUNE), file="may-again.csv")
    assert (again.taken, again.repeated) == (0, 3), "the same bytes under another name"
    corrected = await imported(database, a_file(MAY, MAY, MAY, JUNE), file="may.csv")
    assert (corrected.taken, corrected.repeated) == (1, 3), "the same publication with one line more"
    other = await imported(database, a_file(JUNE), file="june.csv")
    assert (other.taken, other.repeated) == (1, 0)
    assert [(one.line, [str(odd.flag) for odd in one.flags]) for one in await payments(database)] == [
        (2, []),
        (3, ["duplicate"]),
        (4, ["reversal"]),
        (4, ["duplicate"]),
        (2, ["reversal", "duplicate"]),
    ]
    figures = (await spend(database, by=SpendBy.TOTAL))["total"].figures
    assert (figures.lines, figures.amount_pence, figures.duplicates, figures.duplicate_pence) == (5, 24_900, 3, 17_450)
    assert len(await payments(database, flag=Flag.REVERSAL, first_day=date(2017, 6, 30))) == 2


async def test_of_equal_lines_the_one_stated_first_has_no_flag_in_whatever_order_they_are_imported(
    database: Database,
) -> None:
    files = {"a.csv": (8, [MAY, MAY]), "b.csv": (7, [MAY, MAY, JUNE]), "c.csv": (7, [MAY, JUNE])}
    for file, (month, lines) in files.items():
        await imported(database, a_file(*lines), file=file, stated=at(date(2017, month, 1)))
    flagged = {(one.publication, one.line): [str(odd.flag) for odd in one.flags] for one in await payments(database)}
    assert flagged == {
        ("a.csv", 2): ["duplicate"],
        ("a.csv", 3): ["duplicate"],
        ("b.csv", 2): [],
        ("b.csv", 3): ["duplicate"],
        ("b.csv", 4): ["reversal"],
        ("c.csv", 2): ["duplicate"],
        ("c.csv", 3): ["reversal", "duplicate"],
    }


async def test_a_file_that_is_none_is_refused_and_the_next_one_is_imported(database: Database) -> None:
    for content, reason in (
        (b"\x1f\x8bno", "unpacked"),
        (gzip.compress(a_file(MAY).encode()) + gzip.compress(b"the rest"), "end of the gzip file"),
        (b"a\x00b", "NUL"),
        (b"PK\x03\x04", "workbook"),
        (b"\n", "headings"),
    ):
        found = await imported(database, content)
        assert (found.state, reason in (found.reason or "")) == ("refused", True), found
    with pytest.raises(InvalidRequest, match="send the file"):
        await imported(database, b"")
    assert (await imported(database, a_file(MAY).encode("cp1252"))).state == "done"
    with pytest.raises(NotYoursToDecide, match="may name any payer"):
        await imported(database, a_file(MAY), by=a_lead("10H"))
    with pytest.raises(NotYoursToDecide, match="10Y"):
        await imported(database, a_file(MAY), by=a_lead("10H"), payer="10Y")
    assert (await imported(database, a_file(JUNE), by=a_lead("10H"), payer="10H")).taken == 1


async def test_an_import_that_was_taken_over_is_done_once_by_who_has_it(database: Database) -> None:
    async with database.begin() as session:
        reference = await ask_for_import(
            session, a_file(MAY, JUNE).encode(), file="may.csv", payer=None, by=NATIONAL, today=TODAY, stated_at=None
        )
    silent = await claim(database)
    async with database.begin() as session:
        await (await raw(session)).execute("UPDATE payment_import SET alive_at = alive_at - interval '61 seconds'")
    active = await claim(database)
    assert silent
    assert active
    assert (silent.tries, active.tries) == (1, 2)
    for job, state, taken in ((silent, "running", 0), (active, "done", 2), (silent, "done", 2)):
        await run(database, job, clock=Clock(), stop=asyncio.Event())
        found = await get_import(database, reference, by=NATIONAL)
        assert (found.state, found.taken, len(await payments(database))) == (state, taken, taken)


async def test_a_name_means_a_body_on_its_days_as_known_and_totals_follow(database: Database) -> None:
    early = at(date(2017, 7, 1))
    await imported(database, a_file(MAY, MAY, JUNE), stated=early)
    assert (await _published(database), set(await spend(database, by=SpendBy.SUPPLIER))) == ([], {"NHS CSU"})
    await name(database, "nhs  csu", "0CX", last_day=date(2017, 5, 31), stated=early + timedelta(days=1))
    may = ("10H", "0CX", "", "05", 2, 20_000, 10_000)
    assert await _published(database) == [may]
    await name(database, "NHS CSU", "0DJ", since=date(2017, 6, 1), stated=early + timedelta(days=2))
    june = ("10H", "0DJ", "", "06", 1, -2_550, 0)
    assert await _published(database) == [may, june]
    by_supplier = {
        days: set(await spend(database, by=SpendBy.SUPPLIER, as_known=early + timedelta(days=days)))
        for days in (-1, 0, 1, 2)
    }
    assert by_supplier == {-1: set(), 0: {"NHS CSU"}, 1: {"0CX", "NHS CSU"}, 2: {"0CX", "0DJ"}}
    # The name was the other body's all along: the first total is taken back, and published as the other's.
    await name(database, "NHS CSU", "0DJ", stated=early + timedelta(days=3))
    assert (await _published(database))[2:] == [
        ("10H", "0CX", "", "05", 0, 0, 0),
        ("10H", "0DJ", "", "05", 2, 20_000, 10_000),
    ]
    await imported(database, a_file(JUNE.replace(",2,", ",3,")), file="more.csv")
    assert (await _published(database))[4:] == [("10H", "0DJ", "", "06", 2, -5_100, 0)]
    listed = await list_aliases(database, name="nhs csu", code=None, as_known=None, after=None, limit=9)
    assert [(one.code, one.first_day, one.last_day, one.source) for one in listed] == [
        ("0DJ", SINCE, None, "nhs_england")
    ]
    suggested = await suggest(database, "TRUST NHS CSU", as_at=date(2017, 6, 1), as_known=None)
    assert [(one.code, one.source) for one in suggested.suggestions] == [("0DJ", "alias")]
    assert [one.supplier_code for one in await payments(database, supplier_name="nhs csu")] == ["0DJ"] * 4


async def test_a_body_states_only_a_name_that_it_has_already_and_a_national_one_any(
    harness: ContractsHarness, database: Database
) -> None:
    async def state(by: tuple[str, ...], **given: date) -> None:
        command = StateAlias(name="CSU", code="0CX", effective_on=SINCE, **given)
        async with database.begin() as session:
            await state_alias(session, command, by=a_lead(*by), today=TODAY, stated_at=at(TODAY))

    with pytest.raises(NotYoursToDecide):
        await state(("10H",))
    with pytest.raises(AliasPeriodAmiss):
        await state(("0CX",), last_day=date(2013, 3, 31))
    with pytest.raises(NotYoursToDecide, match="CSU is on these days no name that the registry has"):
        await state(("0CX",))
    await name(database, "csu", "0CX", since=date(2014, 4, 1), stated=at(date(2025, 1, 1)))
    await state(("0CX",))
    [listed] = await list_aliases(database, name=None, code="0CX", as_known=None, after=None, limit=9)
    assert (listed.source, listed.first_day) == ("supplier", SINCE)
    await harness.hear_of_ccgs("10H")
    for written, theirs in (("csu", "0CX"), ("nhs  10h ccg", "10H")):
        claimed = StateAlias(name=written, code="0DJ", effective_on=TODAY)
        with pytest.raises(NotYoursToDecide, match=f"the name of {theirs}"):
            async with database.begin() as session:
                await state_alias(session, claimed, by=a_lead("0DJ"), today=TODAY, stated_at=at(TODAY))


async def test_a_last_day_ends_a_name_that_was_stated_until_further_notice(database: Database) -> None:
    for since, until in ((date(2020, 4, 1), None), (SINCE, date(2016, 3, 31)), (date(2020, 4, 1), date(2021, 3, 31))):
        await name(database, "NHS CSU", "0CX", since=since, last_day=until)
    listed = await list_aliases(database, name="nhs csu", code=None, as_known=None, after=None, limit=9)
    assert [(one.first_day, one.last_day) for one in listed] == [
        (SINCE, date(2016, 3, 31)),
        (date(2020, 4, 1), date(2021, 3, 31)),
    ]


async def test_a_payer_is_as_published_and_grouped_by_who_it_lives_on_in(
    harness: ContractsHarness, database: Database
) -> None:
    await harness.hear(
        bucks_merges(),
        OrganisationSucceeded(
            effective_on=date(2017, 1, 1), stated_at=at(date(2017, 1, 1)), code="99Z", successor="10Y", shape="merger"
        ),
    )
    august = "10H,31/08/2017,,,NHS CSU,9,7"
    await imported(database, [f"Old payer,{one.split(',', 1)[1]}" for one in (MAY,)])
    await imported(database, a_file(MAY, JUNE, august), file="10h.csv")
    published = await spend(database)
    assert (published["10H"].months_missing, published["10H"].payers) == (["2017-07"], [])
    assert (published["Old payer"].body, published["Old payer"].figures.amount_pence) == (None, 10_000)
    before = await spend(database, payers_on=date(2018, 3, 31))
    after = await spend(database, payers_on=date(2018, 4, 1), first_day=date(2017, 6, 1))
    assert (set(before), set(after)) == ({"10H", "Old payer"}, {"14Y"})
    assert after["14Y"].payers_missing == ["10Y"], "99Z had gone before the first payment"
    assert [(one.payer.code, one.figures.amount_pence) for one in after["14Y"].payers] == [("10H", -1_850)]
    then = date(2018, 4, 1)
    await harness.hear(
        *(
            OrganisationSucceeded(effective_on=then, stated_at=at(then), code="11D", successor=one, shape="split")
            for one in ("14Y", "15E")
        )
    )
    await imported(database, a_file(MAY.replace("10H", "11D")), file="11d.csv")
    with_split = await spend(database, payers_on=then)
    assert (set(with_split), with_split["14Y"].payers_missing) == ({"14Y", "11D", "Old payer"}, ["10Y"])
    months = await spend(database, by=SpendBy.MONTH, payer="14Y", payers_on=date(2018, 4, 1))
    assert {key: group.figures.lines for key, group in months.items()} == {"2017-05": 1, "2017-06": 1, "2017-08": 1}


async def test_payments_that_return_are_a_proposal_and_those_of_a_contract_once_it_is_signed(
    harness: ContractsHarness, database: Database
) -> None:
    await name(database, "NHS CSU", "0CX")
    lines = [f"10H,30/{month:02}/2017,,,NHS CSU,{month},100" for month in (4, 5, 6)]
    await imported(database, a_file(*lines[:2]))

    async def proposed() -> list[tuple[str, str, str | None, int | None]]:
        found = await list_proposals(database, ProposalFilter(), by=NATIONAL, as_known=None, after=None, limit=9)
        return [(one.reference, one.state, one.contract, len(one.evidence)) for one in found]

    assert await proposed() == [], "two months are no contract yet"
    await imported(database, a_file(lines[2]), file="june.csv")
    [(reference, state, contract, evidence)] = await proposed()
    assert (state, contract, evidence) == ("proposed", None, 3)
    terms = a_contract(
        reference="PAID-2017", customers=["10H"], supplier="0CX", starts_on="2017-05-01", last_day="2019-04-30"
    )
    async with database.begin() as session:
        await confirm_proposal(
            session,
            reference,
            ConfirmProposal.model_validate(terms),
            by=a_lead("10H"),
            today=date(2017, 7, 1),
            stated_at=at(date(2017, 7, 1)),
        )

    async def attributed() -> int:
        async with database.begin() as session:
            return await attribute_payments(session, up_to=TODAY, stated_at=at(TODAY), by=NATIONAL)

    published = await _published(database)
    assert (len(published), await attributed()) == (3, 0), "a draft is no contract"
    await harness.sign("PAID-2017", on=date(2017, 7, 2), by=a_lead("10H"))
    assert (await attributed(), await attributed()) == (4, 0)
    assert (await _published(database))[3:] == [
        ("10H", "0CX", "", "05", 0, 0, 0),
        ("10H", "0CX", "", "06", 0, 0, 0),
        ("10H", "0CX", "PAID-2017", "05", 1, 10_000, 0),
        ("10H", "0CX", "PAID-2017", "06", 1, 10_000, 0),
    ]
    of_it, of_none = {"PAID-2017": 20_000, "without a contract": 10_000}, {"without a contract": 30_000}
    for reader, expected in ((NATIONAL, of_it), (a_lead("0CX"), of_it), (a_lead("11C"), of_none)):
        by_contract = await spend(database, reader=reader, by=SpendBy.CONTRACT)
        assert {key: one.figures.amount_pence for key, one in by_contract.items()} == expected
    async with database.begin() as session:
        await (await raw(session)).execute("UPDATE contract SET status = 'terminated', exit_day = '2017-05-31'")
    assert (await attributed(), await attributed()) == (2, 0)
    assert (await _published(database))[7:] == [
        ("10H", "0CX", "", "06", 1, 10_000, 0),
        ("10H", "0CX", "PAID-2017", "06", 0, 0, 0),
    ]


def test_months_successors_and_payers_that_are_missing() -> None:
    months = [date(2020, 11, 1), date(2021, 2, 1)]
    assert months_missing(months) == [date(2020, 12, 1), date(2021, 1, 1)]
    assert months_missing([]) == months_missing(months[:1]) == []
    day = date(2018, 4, 1)
    steps = [("A", "B", day), ("B", "C", day), ("D", "E", day), ("D", "F", day), ("X", "Y", day), ("Y", "X", day)]
    assert successors_on("ABCDX", steps) == {"A": "C", "B": "C", "C": "C", "D": "D", "X": "X"}
    assert payers_missing({"A"}, "C", steps, date(2017, 1, 1)) == ["B"]
    assert payers_missing({"A"}, "C", steps, day) == []
