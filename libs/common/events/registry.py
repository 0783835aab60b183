"""Events published by the registry: organisations, their relations, areas, successions and mergers."""
# Longer than usual, because one publisher has one module: its name is the topic, and partners use it as it is.

from datetime import date
from typing import TypeAlias

from pydantic import BaseModel

from libs.common.events import Event, OdsCode


class Sourced(BaseModel):
    """Where a statement comes from: `source` as `family:document`, empty for the registry's own commands.

    A source with a lower `rank` never supersedes one with a higher `rank`, whichever was stated later.
    """

    source: str = ""
    rank: int = 0


class OrganisationProposed(Event, Sourced, topic="registry", keys=("code",)):
    """A body is established in law but does not operate yet. `effective_on` is the first day on which it was proposed.

    An empty `name` means that the source of the proposal does not state it; another source's name then holds.
    """

    code: OdsCode
    name: str
    kind: str


class OrganisationOpened(Event, Sourced, topic="registry", keys=("code",)):
    """A body operates from `effective_on`, with this name and kind since `named_on` (default: `effective_on`).

    An empty `address` means that the source does not state it. The last line of an address is the postcode.
    """

    code: OdsCode
    name: str
    kind: str
    named_on: date | None = None
    address: str = ""


class OrganisationRenamed(Event, Sourced, topic="registry", keys=("code",)):
    """A body has a new name from `effective_on`, under the same code."""

    code: OdsCode
    new_name: str


class OrganisationClosed(Event, Sourced, topic="registry", keys=("code",)):
    """A body no longer operates: `effective_on` is the first day without it, so its last day is the day before."""

    code: OdsCode


class OrganisationParentChanged(Event, Sourced, topic="registry", keys=("code", "parent")):
    """From `effective_on` a body belongs to `parent` by `relation` (such as `commissioned by`).

    `until` is the first day on which this no longer holds. `observed` means that the source saw it on `effective_on`
    and does not state since when it holds. An empty `parent` means that it belongs to none.
    """

    code: OdsCode
    relation: str
    parent: OdsCode
    until: date | None = None
    observed: bool = False


class OrganisationKindChanged(Event, Sourced, topic="registry", keys=("code",)):
    """A body is of another kind from `effective_on`, under the same code (a trust becomes a foundation trust)."""

    code: OdsCode
    kind: str


class OrganisationLegalStatusChanged(Event, Sourced, topic="registry", keys=("code",)):
    """The legal status of a body is `established` or `abolished` from `effective_on`, whether or not it operates.

    Its code may remain in use: the last 106 CCGs were abolished on 1 July 2022, and their codes name sub-ICB locations.
    """

    code: OdsCode
    legal_status: str


class OrganisationMoved(Event, Sourced, topic="registry", keys=("code",)):
    """A body has this address from `effective_on`; the last line is the postcode."""

    code: OdsCode
    address: str


class OrganisationLegalFormChanged(Event, Sourced, topic="registry", keys=("code",)):
    """A body has this legal form from `effective_on` (such as `company_limited_by_shares`)."""

    code: OdsCode
    legal_form: str


class OrganisationIdentified(Event, Sourced, topic="registry", keys=("code",)):
    """A body has a code in another system (`ons`, or a user's own) from `effective_on` until the day before `until`."""

    code: OdsCode
    system: str
    identifier: str
    until: date | None = None


class OrganisationRoleGiven(Event, Sourced, topic="registry", keys=("code",)):
    """A body has a further role beside its kind from `effective_on` until the day before `until`."""

    code: OdsCode
    role: str
    until: date | None = None


class OrganisationRelated(Event, Sourced, topic="registry", keys=("code", "other")):
    """A body has a relation to another (`owns`, `member of`, ...) from `effective_on` until the day before `until`.

    `share` is an exact fraction (`1/3`) if the relation has one, otherwise empty. A later event with another share
    replaces the earlier share.
    """

    code: OdsCode
    relation: str
    other: OdsCode
    share: str = ""
    until: date | None = None


class OrganisationUnrelated(Event, Sourced, topic="registry", keys=("code", "other")):
    """From `effective_on` a body no longer has this relation to the other."""

    code: OdsCode
    relation: str
    other: OdsCode


class AreasAssigned(Event, Sourced, topic="registry", keys=("code",)):
    """From `effective_on` a commissioner, and no other, is responsible for these areas (LSOA codes).

    `local_authority` is the one that contains all of them; empty if not stated.
    """

    code: OdsCode
    areas: tuple[str, ...]
    local_authority: str = ""


class PopulationPublished(Event, Sourced, topic="registry", keys=("code",)):
    """A body's population on `effective_on`, counted in one way (`basis`: `registered`, `weighted`, `resident`).

    With a `local_authority` (its code) it counts those of them who live there; empty: all.
    """

    code: OdsCode
    basis: str
    people: int
    local_authority: str = ""


class OrganisationSucceeded(Event, Sourced, topic="registry", keys=("code", "successor")):
    """From `effective_on` `successor` succeeds `code`, in any succession other than a merger of CCGs or ICBs.

    `shape` is empty if the source does not state it: `merger`, `split`, `acquisition`, `boundary_change`, `abolition`,
    `parent_change`. `share` is the exact fraction of `code` that went to `successor` (`1/3`), empty if not stated.
    """

    code: OdsCode
    successor: OdsCode
    shape: str = ""
    share: str = ""


class SuccessionUndone(Event, Sourced, topic="registry", keys=("code", "successor")):
    """The statement that `successor` succeeded `code` on `effective_on` was wrong. Earlier beliefs stay on record."""

    code: OdsCode
    successor: OdsCode


class CCGMergerAgreed(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """NHS England agreed to dissolve these CCGs and establish one on `effective_on` (NHS Act 2006 s.14G).

    `parts` are CCGs that continue, of which a part passes to the successor on that day, and `part_shares` their exact
    shares in the same order, empty where none is stated. On the day OrganisationSucceeded is published of each.
    `application` is the one that was approved, empty where none was filed here; `rule_pack` is the law of the day.
    """

    merger: str
    successor: OdsCode
    successor_name: str
    predecessors: tuple[OdsCode, ...]
    parts: tuple[OdsCode, ...] = ()
    part_shares: tuple[str, ...] = ()
    application: str = ""
    rule_pack: str = ""


class CCGMergerRedated(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """An agreed merger takes effect on another day: `effective_on` is the new one."""

    merger: str
    successor: OdsCode
    predecessors: tuple[OdsCode, ...]
    previously_on: date


class CCGMergerWithdrawn(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """An agreed merger will not take place. `effective_on` is the day on which it was withdrawn."""

    merger: str
    successor: OdsCode
    predecessors: tuple[OdsCode, ...]


class CCGMerged(Event, Sourced, topic="registry", keys=("merger", "successor", "predecessors")):
    """Several CCGs were dissolved, and from `effective_on` one CCG operates and takes over what they had.

    The predecessors' last day is the day before. This event alone opens the successor and closes the predecessors. An
    empty `successor_name` means that the source of a succession does not state it; the name stated earlier then holds.
    `property_schemes` and `staff_schemes` (s.14I) are the schemes, or nil returns, in the order of the predecessors:
    the first is the scheme of the first predecessor's property, or staff. They are empty if the source names none.
    """

    merger: str
    successor: OdsCode
    successor_name: str
    predecessors: tuple[OdsCode, ...]
    property_schemes: tuple[str, ...] = ()
    staff_schemes: tuple[str, ...] = ()


class OrganisationRoleEnded(Event, Sourced, topic="registry", keys=("code",)):
    """From `effective_on` a body no longer has this further role."""

    code: OdsCode
    role: str


class OrganisationIdentifierEnded(Event, Sourced, topic="registry", keys=("code",)):
    """From `effective_on` a body no longer has this code in another system. No other body gets the code by that."""

    code: OdsCode
    system: str
    identifier: str


class OrganisationRemitStated(Event, Sourced, topic="registry", keys=("code",)):
    """A body's purpose from `effective_on`, as the title of a term: its legal form follows from it."""

    code: OdsCode
    remit: str


class CareModelStated(Event, Sourced, topic="registry", keys=("reference", "place", "partners")):
    """A statement about a new care model: `stated` is `planned`, `delayed`, `replanned`, `established` or `ended`.

    `planned_for` is the day it is planned for, absent if none is given: a delay without a date has none, whatever was
    planned before. `effective_on` is the day from which it is established or ended; for a plan or a delay, the day on
    which it was stated. `model`: `mcp`, `pacs`, `primary_care_home`, `aco`. `place` and `partners` are codes of
    organisations. `services` are the titles of terms, `excludes` names functions that the model leaves out
    (`core_primary_care`). `people` is the number of people it serves, if stated.
    """

    reference: str
    stated: str
    model: str
    name: str
    place: OdsCode
    partners: tuple[OdsCode, ...] = ()
    services: str = ""
    excludes: tuple[str, ...] = ()
    people: int | None = None
    planned_for: date | None = None


class MergerApplied(Event, topic="registry", keys=("application", "applicants", "successor")):
    """Commissioners filed, amended, joined or left an application to be dissolved and have a successor established.

    `effective_on` is the day on which they did so, `to_take_effect_on` the day that they apply for.
    """

    application: str
    applicants: tuple[OdsCode, ...]
    successor: OdsCode
    successor_name: str
    to_take_effect_on: date


class MergerApplicationDetermined(Event, topic="registry", keys=("application", "applicants", "successor")):
    """An application was decided or deferred by NHS England on `effective_on`, or withdrawn by its applicants.

    `outcome` is `approved`, `approved_with_conditions`, `rejected`, `deferred` (to `deferred_to`) or `withdrawn`. The
    approved merger is `merger`; `conditions`, the titles of terms, must be met before it takes effect.
    """

    application: str
    applicants: tuple[OdsCode, ...]
    successor: OdsCode
    outcome: str
    merger: str = ""
    conditions: tuple[str, ...] = ()
    deferred_to: date | None = None


class MergerConditionMet(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """A condition on which a merger was approved was met on `effective_on`; `evidence` is the title of its type."""

    merger: str
    successor: OdsCode
    predecessors: tuple[OdsCode, ...]
    condition: int
    evidence: str


class TransferSchemeMade(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """A transfer scheme, or a nil return, from these predecessors to the successor was made on `effective_on`.

    `sort` is `property` or `staff`. The scheme transfers nothing before the merger takes effect. It transfers section
    75 and data-sharing agreements only if it says so, which their parties must check.
    """

    merger: str
    scheme: str
    sort: str
    successor: OdsCode
    predecessors: tuple[OdsCode, ...]
    nil_return: bool


class TransferSchemeSuspended(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """What a transfer scheme moves waits from `effective_on`; staff and assets stay where they are meanwhile.

    `reason` is a code. `sort` is that of the scheme.
    """

    merger: str
    scheme: str
    sort: str
    successor: OdsCode
    predecessors: tuple[OdsCode, ...]
    reason: str


class TransferSchemeResumed(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """A suspended transfer scheme continues from `effective_on`. `reason` is a code."""

    merger: str
    scheme: str
    sort: str
    successor: OdsCode
    predecessors: tuple[OdsCode, ...]
    reason: str


class ICBMergerAgreed(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """NHS England agreed to abolish these ICBs and establish one on `effective_on` (NHS Act 2006 s.14Z25, s.14Z27).

    `parts`, `part_shares`, `application` and `rule_pack` mean the same as those of `CCGMergerAgreed`.
    """

    merger: str
    successor: OdsCode
    successor_name: str
    predecessors: tuple[OdsCode, ...]
    parts: tuple[OdsCode, ...] = ()
    part_shares: tuple[str, ...] = ()
    application: str = ""
    rule_pack: str = ""


class ICBMergerRedated(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """An agreed merger of ICBs takes effect on another day: `effective_on` is the new one."""

    merger: str
    successor: OdsCode
    predecessors: tuple[OdsCode, ...]
    previously_on: date


class ICBMergerWithdrawn(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """An agreed merger of ICBs will not take place. `effective_on` is the day on which it was withdrawn."""

    merger: str
    successor: OdsCode
    predecessors: tuple[OdsCode, ...]


class ICBMerged(Event, Sourced, topic="registry", keys=("merger", "successor", "predecessors")):
    """Several ICBs were abolished, and from `effective_on` one ICB is established and takes over from them.

    Its fields mean the same as those of `CCGMerged`. The schemes are those of s.14Z28.
    """

    merger: str
    successor: OdsCode
    successor_name: str
    predecessors: tuple[OdsCode, ...]
    property_schemes: tuple[str, ...] = ()
    staff_schemes: tuple[str, ...] = ()


class ICBsClustered(Event, topic="registry", keys=("cluster", "icbs")):
    """From `effective_on` these ICBs share posts (such as `chair`); each remains a legal body with its own board."""

    cluster: str
    name: str
    icbs: tuple[OdsCode, ...]
    shares: tuple[str, ...]


class ICBClusterEnded(Event, topic="registry", keys=("cluster", "icbs")):
    """From `effective_on` these ICBs no longer share their posts."""

    cluster: str
    icbs: tuple[OdsCode, ...]


class SourceReported(Event, Sourced, topic="registry", keys=("code",)):
    """A named source states that a body's `about` (`life`, `name`, `parent`, `kind`, ...) is `value` from a day on.

    `until` is the first day on which this no longer holds. `observed` means that the source saw it on `effective_on`
    and does not state since when it holds. An empty `value` means that no such value holds. A source of a higher rank
    takes precedence.
    """

    code: OdsCode
    about: str
    value: str
    until: date | None = None
    observed: bool = False


class SuccessionReported(Event, Sourced, topic="registry", keys=("code", "successor")):
    """A source that does not keep the register, such as the press, states that `successor` succeeded `code`.

    It is stored and shown beside the register's statements, and changes no lineage.
    """

    code: OdsCode
    successor: OdsCode
    shape: str = ""
    share: str = ""


MERGED = (CCGMerged, ICBMerged)
MERGER_AGREED = (CCGMergerAgreed, ICBMergerAgreed)
MERGER_REDATED = (CCGMergerRedated, ICBMergerRedated)
MERGER_WITHDRAWN = (CCGMergerWithdrawn, ICBMergerWithdrawn)
FAMILIES = (MERGED, MERGER_AGREED, MERGER_REDATED, MERGER_WITHDRAWN)
"""Events that tell one act of several kinds of body. A handler subscribes to all of a family or to none."""

Merged: TypeAlias = CCGMerged | ICBMerged


class RegistryFindingRaised(Event, topic="registry", keys=("finding", "about", "parties"), parties_only=True):
    """Something about an application, a merger or a succession needs attention; published once.

    `about` are references and codes, `parties` the bodies whom it concerns, who alone read it. `kind` is a code, `text`
    a sentence that the service makes of codes, references and days.
    """

    finding: str
    about: tuple[str, ...]
    parties: tuple[OdsCode, ...]
    kind: str
    due_on: date | None
    text: str


class RegistryFindingCleared(Event, topic="registry", keys=("finding", "about", "parties"), parties_only=True):
    """What a finding was about is settled from `effective_on`. `reason` is a code."""

    finding: str
    about: tuple[str, ...]
    parties: tuple[OdsCode, ...]
    kind: str
    reason: str
