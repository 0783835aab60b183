"""What the registry tells: organisations with their kinds and ties, who covers what, who followed whom, mergers."""
# Long, as one publisher has one module: its name is the topic, and partners take it as it stands.

from datetime import date

from pydantic import BaseModel

from libs.common.events import Event


class Sourced(BaseModel):
    """Where a statement comes from: `source` as `family:document`, empty for the registry's own commands.

    A source of a higher `rank` is not overruled by one of a lower, whenever that speaks.
    """

    source: str = ""
    rank: int = 0


class OrganisationProposed(Event, Sourced, topic="registry", keys=("code",)):
    """A body is legally set and does not operate yet. `effective_on` is the first day it stood as proposed.

    `name` is empty where the source of the proposal does not say it; then the name told beside it holds.
    """

    code: str
    name: str
    kind: str


class OrganisationOpened(Event, Sourced, topic="registry", keys=("code",)):
    """A body operates from `effective_on`, under this name and kind since `named_on` (the same day where absent).

    `address` is empty where the source does not say it; its lines end with the postcode.
    """

    code: str
    name: str
    kind: str
    named_on: date | None = None
    address: str = ""


class OrganisationRenamed(Event, Sourced, topic="registry", keys=("code",)):
    """A body bears a new name from `effective_on`, under the same code."""

    code: str
    new_name: str


class OrganisationClosed(Event, Sourced, topic="registry", keys=("code",)):
    """A body does not operate any more: `effective_on` is the first day without it (its last day is the one before)."""

    code: str


class OrganisationParentChanged(Event, Sourced, topic="registry", keys=("code", "parent")):
    """From `effective_on` a body belongs to `parent` in the way of `relation` (such as `commissioned by`).

    `until` is the first day of which this says nothing more. `observed`: the source saw it on `effective_on` and did
    not say since when it is so. An empty `parent`: it belongs to none.
    """

    code: str
    relation: str
    parent: str
    until: date | None = None
    observed: bool = False


class OrganisationKindChanged(Event, Sourced, topic="registry", keys=("code",)):
    """A body is of another kind from `effective_on`, under the same code (a trust becomes a foundation trust)."""

    code: str
    kind: str


class OrganisationLegalStatusChanged(Event, Sourced, topic="registry", keys=("code",)):
    """In law a body is `established` or `abolished` from `effective_on`, whatever it does in operation.

    Its code may live on: the last 106 CCGs were abolished on 1 July 2022 and their codes name sub-ICB locations.
    """

    code: str
    legal_status: str


class OrganisationMoved(Event, Sourced, topic="registry", keys=("code",)):
    """A body has this address from `effective_on`; its lines end with the postcode."""

    code: str
    address: str


class OrganisationLegalFormChanged(Event, Sourced, topic="registry", keys=("code",)):
    """A body has this legal form from `effective_on` (such as `company_limited_by_shares`)."""

    code: str
    legal_form: str


class OrganisationIdentified(Event, Sourced, topic="registry", keys=("code",)):
    """A body bears a code of another system (`ons`, or a user's own) from `effective_on`, until before `until`."""

    code: str
    system: str
    identifier: str
    until: date | None = None


class OrganisationRoleGiven(Event, Sourced, topic="registry", keys=("code",)):
    """A body has a further role beside its kind from `effective_on`, until before `until`."""

    code: str
    role: str
    until: date | None = None


class OrganisationRelated(Event, Sourced, topic="registry", keys=("code", "other")):
    """From `effective_on`, until before `until`, a body stands in a relation to another: `owns`, `member of`, ...

    `share` is an exact fraction (`1/3`) where the relation has one, else empty. Told again with another share, the
    later one holds.
    """

    code: str
    relation: str
    other: str
    share: str = ""
    until: date | None = None


class OrganisationUnrelated(Event, Sourced, topic="registry", keys=("code", "other")):
    """From `effective_on` a body stands in this relation to the other no more."""

    code: str
    relation: str
    other: str


class AreasAssigned(Event, Sourced, topic="registry", keys=("code",)):
    """From `effective_on` a commissioner is responsible for these areas (LSOA codes), and nobody else is.

    `local_authority` is the one that all of them lie in, empty where that is not said.
    """

    code: str
    areas: tuple[str, ...]
    local_authority: str = ""


class PopulationPublished(Event, Sourced, topic="registry", keys=("code",)):
    """A body's population on `effective_on`, counted in one way (`basis`: `registered`, `weighted`, `resident`)."""

    code: str
    basis: str
    people: int


class OrganisationSucceeded(Event, Sourced, topic="registry", keys=("code", "successor")):
    """From `effective_on` `successor` answers for what `code` was: any succession that is not a merger of CCGs or ICBs.

    `shape` is empty where the source does not say it: `merger`, `split`, `acquisition`, `boundary_change`, `abolition`,
    `parent_change`. `share` is the exact fraction of `code` that went to `successor` (`1/3`), empty where not stated.
    """

    code: str
    successor: str
    shape: str = ""
    share: str = ""


class SuccessionUndone(Event, Sourced, topic="registry", keys=("code", "successor")):
    """That `successor` followed `code` on `effective_on` was wrong. What was believed before stays known."""

    code: str
    successor: str


class CCGMergerAgreed(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """NHS England agreed to dissolve these CCGs and establish one on `effective_on` (NHS Act 2006 s.14G)."""

    merger: str
    successor: str
    successor_name: str
    predecessors: tuple[str, ...]


class CCGMergerRedated(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """An agreed merger takes effect on another day than was said: `effective_on` is the new one."""

    merger: str
    successor: str
    predecessors: tuple[str, ...]
    previously_on: date


class CCGMergerWithdrawn(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """An agreed merger will not take place. `effective_on` is the day on which it was withdrawn."""

    merger: str
    successor: str
    predecessors: tuple[str, ...]


class CCGMerged(Event, Sourced, topic="registry", keys=("merger", "successor", "predecessors")):
    """Several CCGs ceased to be, and from `effective_on` one operates and takes over what they had.

    The predecessors' last day is the day before. This opens the successor and closes the predecessors: no other event
    says so. `successor_name` is empty where the source of a succession names nobody; then the name told before holds.

    `property_schemes` and `staff_schemes` (s.14I) name the schemes, or nil returns, in the order of the predecessors:
    the first is that by which the first predecessor's property, or staff, goes. Empty where the source names none.
    """

    merger: str
    successor: str
    successor_name: str
    predecessors: tuple[str, ...]
    property_schemes: tuple[str, ...] = ()
    staff_schemes: tuple[str, ...] = ()


class OrganisationRoleEnded(Event, Sourced, topic="registry", keys=("code",)):
    """From `effective_on` a body has this further role no more."""

    code: str
    role: str


class OrganisationIdentifierEnded(Event, Sourced, topic="registry", keys=("code",)):
    """From `effective_on` a body bears this code of another system no more. The code names no other body for that."""

    code: str
    system: str
    identifier: str


class OrganisationRemitStated(Event, Sourced, topic="registry", keys=("code",)):
    """What a body is there for, from `effective_on`, in words: its legal form follows from it."""

    code: str
    remit: str


class CareModelStated(Event, Sourced, topic="registry", keys=("reference", "place", "partners")):
    """Something was said of a new care model: `stated` is `planned`, `delayed`, `replanned`, `established` or `ended`.

    `planned_for` is the day it is planned for, absent where none is given: a delay without a date has none, whatever
    was planned before. `effective_on` is the day from which it is established or ended; of a plan or a delay, the day
    on which it was stated. `model`: `mcp`, `pacs`, `primary_care_home`, `aco`. `place` and `partners` are codes of
    organisations. `excludes` names functions that the model leaves out (`core_primary_care`). `people` is how many
    it is for, where that is stated.
    """

    reference: str
    stated: str
    model: str
    name: str
    place: str
    partners: tuple[str, ...] = ()
    services: str = ""
    excludes: tuple[str, ...] = ()
    people: int | None = None
    planned_for: date | None = None


class MergerApplied(Event, topic="registry", keys=("application", "applicants", "successor")):
    """Commissioners applied to be dissolved and another established, or changed, joined or left what was applied for.

    `effective_on` is the day on which they did so, `to_take_effect_on` the day that they apply for.
    """

    application: str
    applicants: tuple[str, ...]
    successor: str
    successor_name: str
    to_take_effect_on: date


class MergerApplicationDetermined(Event, topic="registry", keys=("application", "applicants", "successor")):
    """An application ended, or was put off: NHS England decided it on `effective_on`, or its applicants withdrew it.

    `outcome` is `approved`, `approved_with_conditions`, `rejected`, `deferred` (to `deferred_to`) or `withdrawn`. What
    was approved is the merger `merger`; `conditions` are to be met before it takes effect.
    """

    application: str
    applicants: tuple[str, ...]
    successor: str
    outcome: str
    merger: str = ""
    conditions: tuple[str, ...] = ()
    deferred_to: date | None = None


class MergerConditionMet(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """A condition on which a merger was approved was met on `effective_on`."""

    merger: str
    successor: str
    predecessors: tuple[str, ...]
    condition: int
    evidence: str


class TransferSchemeMade(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """A transfer scheme from these predecessors to the successor was made on `effective_on`, or a nil return.

    `sort` is `property` or `staff`. It moves nothing before the merger takes effect; section 75 and data-sharing
    agreements are moved by no scheme unless it says so, which whoever keeps them has to ask.
    """

    merger: str
    scheme: str
    sort: str
    successor: str
    predecessors: tuple[str, ...]
    nil_return: bool


class ICBMergerAgreed(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """NHS England agreed to abolish these ICBs and establish one on `effective_on` (NHS Act 2006 s.14Z25, s.14Z27)."""

    merger: str
    successor: str
    successor_name: str
    predecessors: tuple[str, ...]


class ICBMergerRedated(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """An agreed merger of ICBs takes effect on another day than was said: `effective_on` is the new one."""

    merger: str
    successor: str
    predecessors: tuple[str, ...]
    previously_on: date


class ICBMergerWithdrawn(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """An agreed merger of ICBs will not take place. `effective_on` is the day on which it was withdrawn."""

    merger: str
    successor: str
    predecessors: tuple[str, ...]


class ICBMerged(Event, Sourced, topic="registry", keys=("merger", "successor", "predecessors")):
    """Several ICBs were abolished, and from `effective_on` one is established and takes over what they had.

    It says of them what `CCGMerged` says of CCGs. The schemes are those of s.14Z28.
    """

    merger: str
    successor: str
    successor_name: str
    predecessors: tuple[str, ...]
    property_schemes: tuple[str, ...] = ()
    staff_schemes: tuple[str, ...] = ()


class ICBsClustered(Event, topic="registry", keys=("cluster", "icbs")):
    """From `effective_on` these ICBs share posts (such as `chair`); each stays a legal body with a board of its own."""

    cluster: str
    name: str
    icbs: tuple[str, ...]
    shares: tuple[str, ...]


class ICBClusterEnded(Event, topic="registry", keys=("cluster", "icbs")):
    """From `effective_on` these ICBs share their posts no more."""

    cluster: str
    icbs: tuple[str, ...]


class SourceReported(Event, Sourced, topic="registry", keys=("code",)):
    """A named source says that of a body `about` (`life`, `name`, `parent`, `kind`, ...) is `value` from a day on.

    `until` is the first day of which it says nothing more. `observed`: it saw this on `effective_on` and did not say
    since when it is so. An empty `value`: nothing of that sort holds. Where a source of a higher rank spoke, it rules.
    """

    code: str
    about: str
    value: str
    until: date | None = None
    observed: bool = False


class SuccessionReported(Event, Sourced, topic="registry", keys=("code", "successor")):
    """A source that does not keep the register, such as the press, says that `successor` followed `code`.

    It is kept and shown beside what the register says, and changes nobody's lineage.
    """

    code: str
    successor: str
    shape: str = ""
    share: str = ""
