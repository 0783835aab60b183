"""Events published by contracts: who supports whom, under which contract, for how much."""

from datetime import date

from libs.common.events import Event, OdsCode

_CONTRACT = ("contract", "supplier", "customers")
_NOTICE = ("contract", "notice", "supplier", "customers")
_PLAN = ("plan", "customers", "contracts")
_AGREEMENT = ("agreement", "parties", "successor")
_PAYMENT = ("contract", "item", "payer", "payee")
_FINDING = ("finding", "about", "parties")


class ContractSigned(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """A support contract was signed; service starts on `effective_on` and is agreed to `last_day`.

    `title` names its functions: what the parties call the contract is their own. `customer_shares` are what each of
    `customers` pays of the charge, in their order, exact fractions that make 1; where they are empty, equal parts.
    `function_pence` and `function_tiers` are in the order of `functions`. `decisions` are ids of decisions or minutes;
    `out_of` is the contract that this one is the novation of.
    """

    contract: str
    title: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    functions: tuple[str, ...]
    last_day: date
    annual_pence: int
    customer_shares: tuple[str, ...] = ()
    function_pence: tuple[int, ...] = ()
    function_tiers: tuple[str, ...] = ()
    value_basis: str = ""
    indexation: str = ""
    price_year: str = ""
    form: str = ""
    procurement: str = ""
    decisions: tuple[str, ...] = ()
    out_of: str = ""


class ContractVaried(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """From `effective_on` a contract has these customers, functions, charges and this last day: the whole of its terms.

    `reason` is `amended`, `extended`, `renewed`, `indexed`, `partly_terminated`, `associate_left`, `joined` or
    `supplier_succeeded`. A tacit renewal is published on the day
    after its last notice day, with the first day of the new term.
    """

    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    customer_shares: tuple[str, ...]
    functions: tuple[str, ...]
    function_pence: tuple[int, ...]
    function_tiers: tuple[str, ...]
    annual_pence: int
    last_day: date
    reason: str
    amendment: str
    previous_supplier: str
    decisions: tuple[str, ...]


class ContractTransferred(Event, topic="contracts", keys=(*_CONTRACT, "from_customers"), parties_only=True):
    """From `effective_on` `customers` replace `from_customers` as parties to a contract, because of `merger`.

    `customers` is the whole set of customers after the transfer. An empty `from_customers` means a new supplier:
    another body took over the one before, or that was undone, and `supplier` serves the same customers from then on.
    `schemes` are the property schemes that moved it, in the order of `from_customers`; `route` is `scheme` or
    `succession`.
    """

    contract: str
    supplier: OdsCode
    from_customers: tuple[OdsCode, ...]
    customers: tuple[OdsCode, ...]
    merger: str
    annual_pence: int
    customer_shares: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    route: str = ""


class ContractTerminated(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """A contract ends early, whole: `effective_on` is the first day without service.

    `reason` is the title of a code of a rule pack. `into` is the contract that takes its place. The lines of the price
    are as in `TerminationPriced`.
    """

    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    reason: str
    termination: str = ""
    notice: str = ""
    into: str = ""
    components: tuple[str, ...] = ()
    natures: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    payees: tuple[str, ...] = ()
    component_pence: tuple[int, ...] = ()
    due_on: tuple[date, ...] = ()


class TerminationPriced(
    Event, topic="contracts", keys=("contract", "termination", "supplier", "customers"), parties_only=True
):
    """What an end of a contract costs, one line a component; an event with the same `termination` replaces it whole.

    `exit_on` is the first day without service. `functions` and `leaving` are what ends and whose part ends; empty: all.
    `status` is `estimate`, which the supplier does not read (`supplier` is empty), `agreed` or `settled`. `components`
    are `contractual_payment`, `redundancy`, `breakage`, `stranded`, `dual_running` or `reprocurement`; `natures` are
    `resource` or `transfer`; an empty payee: paid to no organisation.
    `recurrent_to` is the last day of a line that recurs, None for
    one that is due once. `unpriced` names the components whose terms are missing: they are not in the sum.
    """

    contract: str
    termination: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    functions: tuple[str, ...]
    leaving: tuple[str, ...]
    exit_on: date
    status: str
    components: tuple[str, ...]
    natures: tuple[str, ...]
    payers: tuple[str, ...]
    payees: tuple[str, ...]
    component_pence: tuple[int, ...]
    due_on: tuple[date, ...]
    recurrent_to: tuple[date | None, ...]
    unpriced: tuple[str, ...]
    pack: str


class ExitTermsStated(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """What a contract says about the price of leaving it early; a term that it does not state is None or empty.

    `payment_share` is the fraction of the undiscounted remaining charges that is due. `payment_schedule_pence` are the
    payments for an end in each year from `payment_schedule_from`. `stranded_pence` is the supplier's cost by year after
    an exit; with `stranded_ends_with_term` none after `term_ends_on`. `dual_running_pence` is a month's; with
    `dual_running_of_charge` it is a twelfth of the charge of `effective_on`, at an exit of the charge that ends then.
    `breakage_payees` are who is paid each of `breakage_payee_pence`, "" no organisation; None: not known.
    """

    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    term_ends_on: date
    payment_share: str
    payment_schedule_from: date | None
    payment_schedule_pence: tuple[int, ...]
    stranded_pence: tuple[int, ...]
    stranded_ends_with_term: bool
    breakage_pence: int | None
    dual_running_pence: int | None
    redundancy_pence: int | None
    redundancy_payer: str
    reprocurement_pence: int | None
    pack: str
    breakage_payees: tuple[str, ...] | None = None
    breakage_payee_pence: tuple[int, ...] | None = None
    dual_running_months: int | None = None
    dual_running_of_charge: bool = False


class NoticeDatesStated(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """The days on which a contract may be left, as first days without service, and the last notice day of each.

    Told again when the terms change: the later one replaces the earlier.
    """

    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    exit_on: tuple[date, ...]
    last_notice_on: tuple[date, ...]


class NoticeServed(Event, topic="contracts", keys=_NOTICE, parties_only=True):
    """Valid notice was served: the contract, or the part that it names, ends before `exit_on` unless it is withdrawn.

    `functions` and `leaving` are what ends and whose part ends; empty: all.
    """

    contract: str
    notice: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    served_by: str
    served_on: date
    deemed_on: date
    exit_on: date
    functions: tuple[str, ...]
    leaving: tuple[str, ...]


class NoticeWithdrawn(Event, topic="contracts", keys=_NOTICE, parties_only=True):
    """A notice was withdrawn by consent of the other side: the contract continues as if it had not been served."""

    contract: str
    notice: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    agreed_by: tuple[str, ...]
    reason: str


class CommitmentMade(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """A contract was signed by a body that is not established: it is conditional, runs on no day and costs nothing."""

    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    not_established: tuple[str, ...]
    signed_on: date
    starts_on: date
    last_day: date
    annual_pence: int


class CommitmentLapsed(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """A conditional contract will never run, without notice or payment. `reason` is `refused`.

    `decision` is the published one that refused it, empty where a body refused by its own act.
    """

    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    reason: str
    decision: str = ""


class ProcurementStated(Event, topic="contracts", keys=("procurement", "buyers"), parties_only=True):
    """Where a procurement stands from `effective_on`, with everybody who bids; the whole of it, told anew each time.

    `stage` is `design`, `invited`, `bids_received`, `award_proposed`, `awarded` or `abandoned`. `value_pence` is for
    the whole life. A bidder reads nothing of it.
    """

    procurement: str
    buyers: tuple[OdsCode, ...]
    bidders: tuple[str, ...]
    stage: str
    functions: tuple[str, ...]
    run_by: str
    regime: str
    value_pence: int
    contract: str
    winner: str


class AgreementToRemake(Event, topic="contracts", keys=_AGREEMENT, parties_only=True):
    """An agreement names a body that ends on `effective_on`: it has to be made again, or a scheme has to save it.

    `kind` is `section_75`, `data_sharing` or `other`. `expected`: told from a merger that is only agreed.
    """

    agreement: str
    parties: tuple[OdsCode, ...]
    successor: OdsCode
    merger: str
    kind: str
    expected: bool


class AgreementSettled(Event, topic="contracts", keys=_AGREEMENT, parties_only=True):
    """What became of an agreement of a body that ended: `outcome` is `remade`, `saved` or `ended`.

    `into` is the agreement made in its place.
    """

    agreement: str
    parties: tuple[OdsCode, ...]
    successor: OdsCode
    outcome: str
    into: str
    evidence: str


class SourcingDecided(Event, topic="contracts", keys=("organisation",), parties_only=True):
    """How a body has a function done from `effective_on`: `choice` is `do`, `buy` or `share`.

    `model` is `hosted`, `shared` or `contracted`; `structure` is 1 to 4, 0 for none; `late_days` counts the days by
    which the decision missed its deadline.
    """

    organisation: OdsCode
    function: str
    choice: str
    model: str
    structure: int
    partners: tuple[str, ...]
    late_days: int


class ConsolidationPlanned(Event, topic="contracts", keys=_PLAN, parties_only=True):
    """A plan for one shared service in the place of several contracts, whole, as of its `revision`; nothing binds yet.

    `exit_on` (first days without service), `choices` (`wait` or `pay`) and `price_pence` are in the order of
    `contracts`; a price in `unpriced` is not known and stands as 0 there. `option` is `csu_serves_both`,
    `joint_entity` or `multiple_providers`.
    """

    plan: str
    customers: tuple[OdsCode, ...]
    contracts: tuple[str, ...]
    functions: tuple[str, ...]
    supplier: str
    option: str
    go_live_on: date
    exit_on: tuple[date, ...]
    choices: tuple[str, ...]
    price_pence: tuple[int, ...]
    unpriced: tuple[str, ...]
    annual_pence: int
    previous_annual_pence: int
    initiative: str
    revision: int


class ConsolidationAgreed(
    Event,
    topic="contracts",
    keys=("plan", "contract", "supplier", "customers", "replaced"),
    parties_only=True,
    readers=("customers",),
):
    """The members committed to a shared service: its contract is signed and the way out of every old one is agreed.

    `move_on` are the days on which the customers of `replaced` move, in their order. From here on it only goes forward.
    """

    plan: str
    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    replaced: tuple[str, ...]
    move_on: tuple[date, ...]
    functions: tuple[str, ...]
    annual_pence: int
    previous_annual_pence: int
    initiative: str
    decisions: tuple[str, ...]


class ConsolidationWithdrawn(Event, topic="contracts", keys=("plan", "customers"), parties_only=True):
    """A member left a plan before its commitment, or the plan ended: `revision` is 0 then, else the one that continues.

    `customers` are all who took part before.
    """

    plan: str
    customers: tuple[OdsCode, ...]
    by: str
    reason: str
    revision: int


class ServiceConsolidated(
    Event, topic="contracts", keys=(*_CONTRACT, "replaced"), parties_only=True, readers=("customers",)
):
    """From `effective_on` one shared service, under `contract`, replaces several contracts, which end the day before.

    This event alone signs `contract` and ends the `replaced` contracts. `annual_pence` is the new charge,
    `previous_annual_pence` the sum of the charges it replaces, other suppliers' too: customers alone read it. `title`
    names its functions. With `summary` it signs and ends nothing: it sums up what `ContractSigned`, `ContractVaried`
    and `ContractTerminated` have told.
    """

    contract: str
    title: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    functions: tuple[str, ...]
    replaced: tuple[str, ...]
    last_day: date
    annual_pence: int
    previous_annual_pence: int
    customer_shares: tuple[str, ...] = ()
    function_pence: tuple[int, ...] = ()
    initiative: str = ""
    plan: str = ""
    summary: bool = False


class SharesAgreed(Event, topic="contracts", keys=("agreement", "contract", "customers", "host"), parties_only=True):
    """How the customers of a shared service divide it from `effective_on`, each table in their order and exact.

    `cost_basis` is `stated`, `population:registered`, `population:weighted` or `usage`. A table that is not agreed is
    empty.
    """

    agreement: str
    contract: str
    customers: tuple[OdsCode, ...]
    host: OdsCode
    cost_shares: tuple[str, ...]
    hr_shares: tuple[str, ...]
    legal_shares: tuple[str, ...]
    risk_shares: tuple[str, ...]
    cost_basis: str


class PaymentScheduled(Event, topic="contracts", keys=_PAYMENT, parties_only=True):
    """A payment may fall due on `due_on`: `amount_pence` is the most that it can be.

    `kind` is `advance`, `balance`, `gain`, `pain`, `credit` or `termination`: what one organisation pays another for an
    end. `condition` is a code of what it waits for (`achievement`, `end`), empty for nothing. An event with the same
    `item` replaces it. Of charges no items are published: `charge` is reserved for them. All lines of a price are in
    TerminationPriced and ContractTerminated, those too by which no organisation is paid.
    """

    contract: str
    item: str
    payer: OdsCode
    payee: OdsCode
    kind: str
    amount_pence: int
    due_on: date
    condition: str


class PaymentFellDue(Event, topic="contracts", keys=_PAYMENT, parties_only=True):
    """A payment fell due, once an `item`; a correction is an item of its own, which names the one that it `corrects`.

    `achievement` is the exact fraction by which the amount was earned, empty where it depends on none.
    """

    contract: str
    item: str
    payer: OdsCode
    payee: OdsCode
    kind: str
    amount_pence: int
    due_on: date
    achievement: str
    corrects: str


class AllianceSettled(Event, topic="contracts", keys=("contract", "members"), parties_only=True):
    """What a period of an alliance came to, by the terms to which all members had agreed.

    `amounts_pence` are what each of `members` gains, in their order; negative: a pain. What is paid are the items of
    PaymentFellDue, of the kinds `gain` and `pain`.
    """

    contract: str
    members: tuple[OdsCode, ...]
    period_from: date
    period_to: date
    amounts_pence: tuple[int, ...]


class SupplierChangedHands(Event, topic="contracts", keys=("supplier", "owner", "host")):
    """Who owns and hosts a supplier from `effective_on`, its owner's sector, and the supplier's own status.

    `owner_sector` is `public`, `private` or `third`; `status` is `planned`, `checkpoint`, `provisional`, `licensed`,
    `hosted`, `independent`, `acquired`, `closing`, `closed` or `withdrawn`. What is not known is empty.
    """

    supplier: OdsCode
    owner: str
    host: str
    owner_sector: str
    status: str


class SupplierPriced(Event, topic="contracts", keys=("supplier", "customers"), parties_only=True):
    """A supplier's fixed cost a year, its cost a head, the heads that it serves, and its price a head.

    `basis` is `stated` or `illustrative`.
    """

    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    fixed_pence: int
    per_head_pence: int
    heads: int
    price_per_head_pence: int
    basis: str


class SupplierAssessed(Event, topic="contracts", keys=("supplier", "customers"), parties_only=True):
    """A supplier was assessed on `effective_on` by the criteria of a rule pack, the same for every owner.

    `criteria` and `results` (`met`, `at_risk`, `not_met`) are in one order; `outcome` is `proceed`, `manage` or `stop`.
    Of a stop, `stop_on` is the last day of service, `customers` are those of that day, and `replace_by` are the days by
    which they begin on each of `routes`; otherwise they are empty. No outcome says that the supplier will last.
    """

    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    pack: str
    criteria: tuple[str, ...]
    results: tuple[str, ...]
    outcome: str
    stop_on: date | None
    routes: tuple[str, ...]
    replace_by: tuple[date, ...]


class SpendRecorded(Event, topic="contracts", keys=("payer", "supplier", "contract"), parties_only=True):
    """What a payer paid a supplier in a month by what is published: the whole of it, each time that it changes.

    `month` is its first day. `contract` is empty where no contract is confirmed for the payments. `amount_pence` may be
    negative; it contains `duplicate_pence`, of `rows` that say exactly what another one says. `source` is the import
    that brought the latest of them.
    """

    payer: OdsCode
    supplier: OdsCode
    contract: str
    month: date
    rows: int
    amount_pence: int
    duplicate_pence: int
    source: str


class BuyOutTermsStated(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """The terms on which a PFI or LIFT contract may be bought out; the sum is not here.

    `voluntary_right` is false where the contract gives none. `equity_method` is one of `base_case_irr`, `market_value`
    and `discounted_distributions`, or empty. A negative `swap_break_pence` is a gain. `irr` is an exact fraction.
    """

    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    kind: str
    voluntary_right: bool
    equity_method: str
    debt_pence: int
    swap_break_pence: int
    redundancy_pence: int
    subcontract_pence: int
    distributions_pence: tuple[int, ...]
    irr: str
    balances_pence: int
    other_pence: int
    tax_gross_up_pence: int
    unitary_charge_pence: int
    term_ends_on: date


class ContractFindingRaised(Event, topic="contracts", keys=_FINDING, parties_only=True):
    """Something about a contract, a supplier or a body needs attention; published once.

    `about` are references and codes, `parties` the bodies whom it concerns, who alone read it. `kind` is a code, `text`
    a sentence that the service makes of codes, names and figures. `exposure_pence` is what missing `due_on` costs, None
    where that is not known.
    """

    finding: str
    about: tuple[str, ...]
    parties: tuple[OdsCode, ...]
    kind: str
    due_on: date | None
    exposure_pence: int | None
    text: str


class ContractFindingCleared(Event, topic="contracts", keys=_FINDING, parties_only=True):
    """What a finding was about is settled from `effective_on`. `reason` is a code."""

    finding: str
    about: tuple[str, ...]
    parties: tuple[OdsCode, ...]
    kind: str
    reason: str
