"""What the registry tells: the life of organisations, and mergers of CCGs, agreed and done."""

from datetime import date

from libs.common.events import Event


class OrganisationProposed(Event, topic="registry", keys=("code",)):
    """A body is legally set and does not operate yet. `effective_on` is the first day it stood as proposed.

    `name` is empty where the source of the proposal does not say it; then the name told beside it holds.
    """

    code: str
    name: str
    kind: str


class OrganisationOpened(Event, topic="registry", keys=("code",)):
    """A body operates from `effective_on`, under this name since `named_on` (the same day where absent)."""

    code: str
    name: str
    kind: str
    named_on: date | None = None


class OrganisationRenamed(Event, topic="registry", keys=("code",)):
    """A body bears a new name from `effective_on`, under the same code."""

    code: str
    new_name: str


class OrganisationClosed(Event, topic="registry", keys=("code",)):
    """A body does not operate any more: `effective_on` is the first day without it (its last day is the one before)."""

    code: str


class OrganisationParentChanged(Event, topic="registry", keys=("code", "parent")):
    """From `effective_on` a body belongs to `parent` in the way of `relation` (such as `commissioned by`)."""

    code: str
    relation: str
    parent: str


class OrganisationSucceeded(Event, topic="registry", keys=("code", "successor")):
    """From `effective_on` `successor` answers for what `code` was: any succession that is not a merger of CCGs."""

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


class CCGMerged(Event, topic="registry", keys=("merger", "successor", "predecessors")):
    """Several CCGs ceased to be, and from `effective_on` one operates and takes over what they had.

    The predecessors' last day is the day before. This opens the successor and closes the predecessors: no other event
    says so. `successor_name` is empty where the source of a succession names nobody; then the name told before holds.
    """

    merger: str
    successor: str
    successor_name: str
    predecessors: tuple[str, ...]
