"""Events published by governance: bodies, posts and their holders. A person is an opaque id, never a name."""

from libs.common.events import Event, OdsCode


class BodyEstablished(Event, topic="governance", keys=("body", "organisation")):
    """An organisation has a decision-making body (its governing body) from `effective_on`."""

    body: str
    organisation: OdsCode
    title: str


class BodyDissolved(Event, topic="governance", keys=("body", "organisation")):
    """A body was dissolved: `effective_on` is the first day without it."""

    body: str
    organisation: OdsCode


class AppointmentMade(Event, topic="governance", keys=("post", "organisation", "person")):
    """A person holds a post from `effective_on`. One person in five posts has five appointments."""

    post: str
    organisation: OdsCode
    title: str
    person: str


class AppointmentEnded(Event, topic="governance", keys=("post", "organisation", "person")):
    """A person no longer holds a post: `effective_on` is the first day without them."""

    post: str
    organisation: OdsCode
    person: str
    reason: str


class PostFellVacant(Event, topic="governance", keys=("post", "organisation")):
    """A post has no holder from `effective_on` and waits for an appointment."""

    post: str
    organisation: OdsCode
    title: str
    reason: str


class DecisionTaken(
    Event,
    topic="governance",
    keys=("decision", "proposal", "body", "organisation", "binds", "subject"),
    parties_only=True,
):
    """A body decided on a proposal; the decision binds the organisations in `binds`.

    `subject` is what was decided on: a contract, a plan, a procurement or a merger; `revision` is the plan's, 0 where
    it has none. `organisation` is empty where it binds several. `action` is dotted, such as `contract.ratify`;
    `outcome` is `approved`, `approved_with_conditions` or `rejected`. An event with the same `decision` replaces it.
    """

    decision: str
    proposal: str
    body: str
    organisation: OdsCode
    binds: tuple[OdsCode, ...]
    subject: str
    action: str
    outcome: str
    conditions: tuple[str, ...]
    minute: str
    value_pence: int
    annual_pence: int
    recurrent: bool
    case: str
    case_version: int
    revision: int
    urgent: bool


class DecisionReversed(
    Event, topic="governance", keys=("decision", "proposal", "body", "organisation", "subject"), parties_only=True
):
    """A decision no longer stands from `effective_on`: another decision, `by_decision`, took its place.

    `ratification_refused`: it was an urgent action that the next meeting did not ratify.
    """

    decision: str
    proposal: str
    body: str
    organisation: OdsCode
    subject: str
    by_decision: str
    minute: str
    ratification_refused: bool
