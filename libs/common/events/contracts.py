"""Events published by contracts: who supports whom, under which contract, for how much."""

from datetime import date

from libs.common.events import Event, OdsCode

_CONTRACT = ("contract", "supplier", "customers")


class ContractSigned(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """A support contract was signed; service starts on `effective_on` and is agreed to `last_day`.

    `title` names its functions: what the parties call the contract is their own.
    """

    contract: str
    title: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    functions: tuple[str, ...]
    last_day: date
    annual_pence: int


class ContractTransferred(Event, topic="contracts", keys=(*_CONTRACT, "from_customers"), parties_only=True):
    """From `effective_on` `customers` replace `from_customers` as parties to a contract, because of `merger`.

    `customers` is the whole set of customers after the transfer. An empty `from_customers` means a new supplier:
    another body took over the one before, or that was undone, and `supplier` serves the same customers from then on.
    """

    contract: str
    supplier: OdsCode
    from_customers: tuple[OdsCode, ...]
    customers: tuple[OdsCode, ...]
    merger: str
    annual_pence: int


class ContractTerminated(Event, topic="contracts", keys=_CONTRACT, parties_only=True):
    """A contract ends early: `effective_on` is the first day without service.

    `reason` is the title of a code of a rule pack.
    """

    contract: str
    supplier: OdsCode
    customers: tuple[OdsCode, ...]
    reason: str


class ServiceConsolidated(
    Event, topic="contracts", keys=(*_CONTRACT, "replaced"), parties_only=True, readers=("customers",)
):
    """From `effective_on` one shared service, under `contract`, replaces several contracts, which end the day before.

    This event alone signs `contract` and ends the `replaced` contracts. `annual_pence` is the new charge,
    `previous_annual_pence` the sum of the charges it replaces, other suppliers' too: customers alone read it. `title`
    names its functions.
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
