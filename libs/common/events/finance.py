"""Events published by finance: allowances, budgets, ledgers, cases, exits, portfolios, funds, savings, payments.

Amounts are whole pence. What belongs together travels as tuples of one length, in one order.
"""

from datetime import date

from libs.common.events import Event, OdsCode


class AllowanceSet(Event, topic="finance", keys=("organisation",), parties_only=True):
    """A body's running-cost allowance for a financial year, to `last_day`: rate per head times population."""

    organisation: OdsCode
    financial_year: str
    last_day: date
    population: int
    rate_pence: int
    amount_pence: int
    pack: str
    moderated: str = ""
    """The exact population after moderation by local authority, as a fraction (`134593/2`); empty: not moderated."""
    indicative: bool = False
    """The body is not open yet."""


class AllowanceRestated(
    Event,
    topic="finance",
    keys=("organisation", "predecessors", "merger"),
    parties_only=True,
    readers=("organisation",),
):
    """From `effective_on` to `last_day` the successor has the rest of its predecessors' allowances for those days.

    `amount_pence` is the successor's part; `released_pence` is what each of `predecessors` gave up, in their order:
    their sum is `amount_pence`, to the penny. The successor alone reads it: a predecessor's own part is in its history.
    Without predecessors and a merger it says that what was set follows from nothing any longer: `amount_pence` is 0.
    """

    organisation: OdsCode
    financial_year: str
    last_day: date
    population: int
    amount_pence: int
    predecessors: tuple[OdsCode, ...]
    released_pence: tuple[int, ...]
    merger: str
    pack: str
    moderated: str = ""
    indicative: bool = False


class BudgetSet(Event, topic="finance", keys=("organisation", "line"), parties_only=True):
    """A line of an organisation's budget for a financial year was set to `amount_pence`."""

    organisation: OdsCode
    financial_year: str
    line: str
    account: str
    function: str
    pay: bool
    recurrent: bool
    amount_pence: int
    decision: str


class BudgetMoved(Event, topic="finance", keys=("organisation", "line"), parties_only=True):
    """A virement moved `amount_pence` from a line of a budget to the line `moved_to` of the same year."""

    organisation: OdsCode
    financial_year: str
    line: str
    account: str
    function: str
    pay: bool
    recurrent: bool
    amount_pence: int
    moved_to: str
    decision: str


class BudgetReduced(Event, topic="finance", keys=("organisation", "line"), parties_only=True):
    """A line of a budget fell by `amount_pence` because of an `initiative`, whose saving it can realise.

    `reduction` names this reduction, which a `BudgetRestored` can take back.
    """

    organisation: OdsCode
    financial_year: str
    line: str
    account: str
    function: str
    pay: bool
    recurrent: bool
    amount_pence: int
    initiative: str
    reduction: str
    decision: str


class BudgetRestored(Event, topic="finance", keys=("organisation", "line"), parties_only=True):
    """A line rose again by `amount_pence`: the reduction `reverses` is taken back, in whole or in part."""

    organisation: OdsCode
    financial_year: str
    line: str
    account: str
    function: str
    pay: bool
    recurrent: bool
    amount_pence: int
    reverses: str
    decision: str


class BudgetRestated(
    Event,
    topic="finance",
    keys=("organisation", "line", "predecessors"),
    parties_only=True,
    readers=("organisation",),
):
    """From `effective_on` a line of the successor's budget has what its predecessors' lines released.

    `released_pence` is what each of `predecessors` gave up, in their order; their sum is `amount_pence`, to the penny.
    A negative amount takes an earlier restatement back. `merger` is the merger, succession or transfer scheme.
    """

    organisation: OdsCode
    financial_year: str
    line: str
    account: str
    function: str
    pay: bool
    recurrent: bool
    amount_pence: int
    predecessors: tuple[OdsCode, ...]
    released_pence: tuple[int, ...]
    merger: str


class LedgerClosed(Event, topic="finance", keys=("organisation",), parties_only=True):
    """An organisation's ledger is closed for a period (`2017-04`): every posting is on the national chart of accounts.

    `series` is `statutory` or `management`; `total_pence` is the sum of the postings and may be negative.
    """

    organisation: OdsCode
    period: str
    series: str
    total_pence: int


class LedgerCloseBlocked(Event, topic="finance", keys=("organisation",), parties_only=True):
    """A ledger could not be closed for a period: `unmapped` are the local codes without an account.

    `unmapped_pence` and `postings` (their number) are in the order of `unmapped`.
    """

    organisation: OdsCode
    period: str
    series: str
    unmapped: tuple[str, ...]
    unmapped_pence: tuple[int, ...]
    postings: tuple[int, ...]


class CaseAppraised(Event, topic="finance", keys=("case", "organisations", "contracts"), parties_only=True):
    """A version of a case was appraised after its author published it or a proposal froze it.

    `lens` is whose value it is; the figures are of the `preferred` option against doing nothing. `bcr` is a decimal as
    text, empty where there is no cost; `payback_year` is None where the outlay never comes back. `passes` are the
    benchmarks met, by the ids of their packs; `digest` is the SHA-256 of the inputs.
    """

    case: str
    version: int
    organisations: tuple[OdsCode, ...]
    contracts: tuple[str, ...]
    lens: str
    preferred: str
    npv_pence: int
    pvb_pence: int
    pvc_pence: int
    bcr: str
    payback_year: int | None
    passes: tuple[str, ...]
    packs: tuple[str, ...]
    digest: str


class CaseWouldFlip(Event, topic="finance", keys=("case", "organisations"), parties_only=True):
    """Another rule pack would change what is decided on a version of a case: `measure` passes or fails its benchmark.

    `from_value` and `to_value` are decimals as text, under `pack_from` and `pack_to`.
    """

    case: str
    version: int
    organisations: tuple[OdsCode, ...]
    pack_from: str
    pack_to: str
    measure: str
    from_value: str
    to_value: str


class CostShiftFound(Event, topic="finance", keys=("subject", "gainers", "losers"), parties_only=True):
    """A saving of some is a cost of others: `subject` is the case or the supplier in which it was found.

    Of each loser `losses_pence` is the loss, of each gainer `gains_pence` the gain, above zero, in the year from
    `effective_on`; `net_pence` is gains less losses and may be negative.
    """

    subject: str
    version: int
    lens: str
    gainers: tuple[OdsCode, ...]
    gains_pence: tuple[int, ...]
    losers: tuple[OdsCode, ...]
    losses_pence: tuple[int, ...]
    net_pence: int


class ExitAssessed(Event, topic="finance", keys=("contract", "organisations"), parties_only=True):
    """What leaving a contract is worth on each offered day, of a version that its author published.

    `exit_on` are the first days without the contract. `lenses` and `best_on` belong together; `pv_pence` are the
    present costs of all exits under the first lens, then under the next. `break_even_share` is, for each exit, the
    payment as a fraction of the remaining charges at which leaving and staying cost the first lens the same (empty
    where there is none). `at_stake_pence` is what is lost, in the last lens, by the first one's best day.
    """

    contract: str
    version: int
    organisations: tuple[OdsCode, ...]
    exit_on: tuple[date, ...]
    lenses: tuple[str, ...]
    best_on: tuple[date, ...]
    pv_pence: tuple[int, ...]
    break_even_share: tuple[str, ...]
    at_stake_pence: int
    packs: tuple[str, ...]
    digest: str


class PortfolioSolved(Event, topic="finance", keys=("run", "portfolio", "organisations"), parties_only=True):
    """A run found a plan for a portfolio: each of `items` is done in the financial year of `years`, or never (empty).

    `value_pence` is the plan's, `bound_pence` what no plan can exceed, `gap` the distance between them as a decimal;
    `proven`: the gap is small enough to say optimal. `granularity_pence` is what amounts were rounded to: 1.
    """

    run: str
    portfolio: str
    organisations: tuple[OdsCode, ...]
    lens: str
    items: tuple[str, ...]
    years: tuple[str, ...]
    value_pence: int
    bound_pence: int
    gap: str
    granularity_pence: int
    proven: bool
    digest: str


class DelayPriced(Event, topic="finance", keys=("proposal", "organisation"), parties_only=True):
    """What a body's delay of a proposal costs: whole calendar `months` since it was due, on one `horizon`.

    `horizon` is `fixed` (a year of benefit is lost) or `rolling` (all comes later).
    """

    proposal: str
    organisation: OdsCode
    body: str
    case: str
    version: int
    months: int
    monthly_pence: int
    to_date_pence: int
    horizon: str


class FundAllocated(Event, topic="finance", keys=("fund", "organisation"), parties_only=True):
    """An organisation has `amount_pence` of a fund for a purpose in a financial year."""

    fund: str
    organisation: OdsCode
    financial_year: str
    recurrent: bool
    amount_pence: int
    purpose: str


class FundDrawn(Event, topic="finance", keys=("fund", "organisation"), parties_only=True):
    """An organisation drew `amount_pence` of a fund for a case, or a budget line."""

    fund: str
    organisation: OdsCode
    draw: str
    financial_year: str
    recurrent: bool
    amount_pence: int
    purpose: str
    case: str
    line: str


class FundDrawReversed(Event, topic="finance", keys=("fund", "organisation"), parties_only=True):
    """A draw was taken back by an entry: the fund has `amount_pence` again."""

    fund: str
    organisation: OdsCode
    draw: str
    financial_year: str
    recurrent: bool
    amount_pence: int
    purpose: str
    case: str
    line: str


class SavingForecast(Event, topic="finance", keys=("initiative", "organisation"), parties_only=True):
    """An initiative is expected to save an organisation `amount_pence` in a financial year; it replaces the forecast.

    `cause` is the id of the event that it follows from, empty where the organisation stated it.
    """

    initiative: str
    organisation: OdsCode
    function: str
    financial_year: str
    amount_pence: int
    recurrent: bool
    line: str
    cause: str


class SavingContracted(Event, topic="finance", keys=("initiative", "organisation"), parties_only=True):
    """A saving is agreed by contract: `amount_pence` in a financial year, in place of what was contracted before."""

    initiative: str
    organisation: OdsCode
    function: str
    financial_year: str
    amount_pence: int
    recurrent: bool
    line: str
    cause: str


class SavingRealised(Event, topic="finance", keys=("initiative", "organisation"), parties_only=True):
    """A saving was realised: `line` of the organisation's budget fell by `amount_pence` for it (`cause`)."""

    initiative: str
    organisation: OdsCode
    function: str
    financial_year: str
    amount_pence: int
    recurrent: bool
    line: str
    cause: str


class SavingReversed(Event, topic="finance", keys=("initiative", "organisation"), parties_only=True):
    """`amount_pence` of a realised saving is no longer one: its budget line was restored (`cause`)."""

    initiative: str
    organisation: OdsCode
    function: str
    financial_year: str
    amount_pence: int
    recurrent: bool
    line: str
    cause: str


class PaymentMade(Event, topic="finance", keys=("contract", "payer", "payee"), parties_only=True):
    """An item that fell due under a contract was paid on `paid_on`, once."""

    item: str
    contract: str
    payer: OdsCode
    payee: OdsCode
    amount_pence: int
    paid_on: date


class PaymentReversed(Event, topic="finance", keys=("contract", "payer", "payee"), parties_only=True):
    """A payment was taken back by an entry of `paid_on`, because its item was corrected."""

    item: str
    contract: str
    payer: OdsCode
    payee: OdsCode
    amount_pence: int
    paid_on: date


class FinanceFindingRaised(Event, topic="finance", keys=("finding", "about", "parties"), parties_only=True):
    """Something about money, a case or a plan needs attention; published once.

    `about` are references and codes, `parties` the bodies whom it concerns, who alone read it. `kind` is a code, `text`
    a sentence that the service makes of codes, references and figures. `exposure_pence` is what it is about, or what
    missing `due_on` costs, None where that is not known.
    """

    finding: str
    about: tuple[str, ...]
    parties: tuple[OdsCode, ...]
    kind: str
    due_on: date | None
    exposure_pence: int | None
    text: str


class FinanceFindingCleared(Event, topic="finance", keys=("finding", "about", "parties"), parties_only=True):
    """What a finding was about is settled from `effective_on`. `reason` is a code."""

    finding: str
    about: tuple[str, ...]
    parties: tuple[OdsCode, ...]
    kind: str
    reason: str


class BacklogRecorded(Event, topic="finance", keys=("organisation",)):
    """A workbook of ERIC states what it costs to eradicate an organisation's backlog, by category, at a year's end.

    `sites_without_figure` of its `sites` have none, and are not in the amounts. `source` is the SHA-256 of the
    workbook. Of two of one year the one with the later `stated_at` counts.
    """

    organisation: OdsCode
    financial_year: str
    high_pence: int
    significant_pence: int
    moderate_pence: int
    low_pence: int
    sites: int
    sites_without_figure: int
    source: str
