"""Puts the inputs of a version together: its content with the packs, prices of exits and lenses of a day, as known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack
from services.finance.appraisals.inputs import Inputs, StoredLens
from services.finance.case_contents.compilation import Compilation, compile_case, organisations_of, stored_lens
from services.finance.case_contents.content import CaseContent, OptionStated, TerminationStated
from services.finance.case_contents.errors import (
    ContractNotHeard,
    InputUnknown,
    LensUnknown,
    PartyNotKnown,
    TerminationNotPriced,
)
from services.finance.core.errors import refuse
from services.finance.core.lenses import Lens
from services.finance.core.models import known
from services.finance.core.packs import PACKS
from services.finance.core.sight import Sight
from services.finance.core.terminations import PricedTermination, known_to, list_terminations
from services.finance.parties.queries import lens_called, load_sectors, unknown_parties

EVERY_CASE = ("organisation", "public_sector", "uk_society")


@dataclass(frozen=True, slots=True)
class Question:
    """What is put together: a case's content, for an organisation, with the packs of a day, as known.

    A command names its own instant (`stated_at`), up to which vintages of deflators count, whatever else is known now.
    """

    content: CaseContent
    organisation: str
    on: date
    as_known: datetime | None = None
    packs: tuple[RulePack, ...] = PACKS
    stated_at: datetime | None = None


async def assemble(db: Reads, question: Question) -> Inputs:
    """Return the inputs of a version. Raises with every reason at once what is wrong with its content.

    What the case may name (contracts, sets of parties) is what its organisation reads, whoever asks.
    """
    content, organisation = question.content, question.organisation
    codes = sorted({organisation} | await known.predecessors(db, [organisation]))
    faults: list[DomainError] = []
    terminations = await _terminations(db, question, codes, faults)
    parties = _parties(content, organisation, terminations.values())
    if missing := await unknown_parties(db, organisations_of(parties)):
        message = f"{', '.join(missing)}: no organisation or supplier of this code is known"
        faults.append(PartyNotKnown(message, reasons=[Reason(f"{code} is not known", "payer") for code in missing]))
    lenses = await _lenses(db, question, parties, Sight(frozenset(codes)), faults)

    def stored(of: Iterable[str]) -> tuple[StoredLens, ...]:
        base = compilation.base
        among = sorted(of)
        return tuple(stored_lens(name, lens, among, base_year=base, years=content.years) for name, lens in lenses)

    compilation = Compilation(content, organisation, question.packs, question.on, question.as_known, faults)
    compilation.vintage_known = question.as_known or question.stated_at
    inputs = compile_case(compilation, terminations=terminations, lenses=stored)
    if inputs is not None:
        faults += _unknown_inputs(content, inputs)
    refuse(faults)
    assert inputs is not None
    return inputs


def _parties(content: CaseContent, organisation: str, terminations: Iterable[PricedTermination]) -> list[str]:
    stated = {party for option in content.options for line in option.lines for party in (line.payer, line.payee)}
    stated |= {risk.payer for option in content.options for risk in option.risks}
    priced = {party for each in terminations for one in each.components for party in (one.payer, one.payee)}
    return sorted({party for party in stated | priced if party} | {organisation, "exchequer"})


async def _terminations(
    db: Reads, question: Question, codes: list[str], faults: list[DomainError]
) -> dict[tuple[str, str], PricedTermination]:
    """Return the priced ends that the case names, by option and line."""
    ends = [(option, end) for option in question.content.options for end in option.terminations]
    contracts = sorted({end.contract for _, end in ends})
    heard = await known_to(db, contracts, codes=codes, as_known=question.as_known) if contracts else set()
    found: dict[tuple[str, str], PricedTermination] = {}
    for option, end in ends:
        where = f"options.{option.option}.terminations.{end.line}"
        if end.contract not in heard:
            message = f"{end.contract}: this contract is not known to finance"
            faults.append(ContractNotHeard(message, reasons=[Reason(message, f"{where}.contract")]))
        elif priced := await _priced(db, end, codes, question.as_known):
            found[option.option, end.line] = priced
        else:
            faults.append(_not_priced(option, end))
    return found


async def _priced(
    db: Reads, end: TerminationStated, codes: list[str], as_known: datetime | None
) -> PricedTermination | None:
    """Return the priced end that a case names, or of its contract the one stated last."""
    for priced in await list_terminations(db, end.contract, as_known=as_known):
        if end.termination in (None, priced.termination) and set(priced.parties) & set(codes):
            return priced
    return None


def _not_priced(option: OptionStated, end: TerminationStated) -> TerminationNotPriced:
    named = end.termination or "any end"
    message = f"{end.contract}: finance has not heard what {named} of this contract costs"
    field = f"options.{option.option}.terminations.{end.line}.termination"
    return TerminationNotPriced(message, reasons=[Reason(message, field)])


async def _lenses(
    db: Reads, question: Question, parties: list[str], sight: Sight, faults: list[DomainError]
) -> list[tuple[str, Lens]]:
    """Return the lenses of the case by name: the three of every case, its own, and those beside it."""
    content, found = question.content, []
    sectors = await load_sectors(db, organisations_of(parties), as_known=question.as_known)
    for name in dict.fromkeys((*EVERY_CASE, content.lens, *content.lenses)):
        called = f"organisation:{question.organisation}" if name == "organisation" else name
        try:
            lens = await lens_called(db, called, sectors=sectors, sight=sight, as_known=question.as_known)
        except DomainError as error:
            message = f"{name}: {error.message}"
            faults.append(LensUnknown(message, reasons=[Reason(message, "lens")]))
            continue
        found.append((name, lens))
    return found


def _unknown_inputs(content: CaseContent, inputs: Inputs) -> list[DomainError]:
    """Return a refusal for each scenario that changes what its option does not have."""
    faults: list[DomainError] = []
    for scenario in content.scenarios:
        option = inputs.option(scenario.option)
        codes = {"realisation"} if option is None else {line.line for line in option.lines} | {"realisation"}
        codes |= set() if option is None else {risk.risk for risk in option.risks}
        missing = sorted(set(scenario.factors) - codes)
        if missing or option is inputs.bau:
            message = f"{scenario.scenario}: {scenario.option} has no input {', '.join(missing) or 'to change'}"
            faults.append(InputUnknown(message, reasons=[Reason(message, f"scenarios.{scenario.scenario}")]))
    return faults
