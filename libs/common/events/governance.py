"""Events published by governance: bodies, posts and their holders. A person is an opaque id, never a name."""

from datetime import date

from libs.common.events import Event, OdsCode


class BodyEstablished(Event, topic="governance", keys=("body", "organisation")):
    """An organisation has a decision-making body from `effective_on`.

    `kind` is `governing_body`, `board`, `committee`, `committee_in_common`, `joint_committee`, `partnership` or
    `panel`; `members` are the organisations whose body it is, and `within` is the body that made it, empty where it
    leads. They are empty in events from before they were published.
    """

    body: str
    organisation: OdsCode
    title: str
    kind: str = ""
    members: tuple[OdsCode, ...] = ()
    within: str = ""


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


class ProposalOpened(Event, topic="governance", keys=("proposal", "organisation", "subject"), parties_only=True):
    """A decision on `subject` is asked for: a contract, plan, procurement, merger, case or budget.

    `kind` is `merger`, `consolidation`, `termination`, `award`, `buy_out`, `constitution`, `budget`, `virement` or
    `ratification`; `consents` are the bodies whose consent is needed. `value_pence` is for the whole life,
    `annual_pence` for the highest year. `case` and `case_version` are finance's, empty and 0 where there is none.
    `series` names what is decided in parts.
    """

    proposal: str
    organisation: OdsCode
    subject: str
    kind: str
    action: str
    consents: tuple[str, ...]
    value_pence: int
    annual_pence: int
    recurrent: bool
    case: str
    case_version: int
    series: str


class ProposalWithdrawn(Event, topic="governance", keys=("proposal", "organisation", "subject"), parties_only=True):
    """A proposal is no longer decided on from `effective_on`; `reason` is a code of a rule pack."""

    proposal: str
    organisation: OdsCode
    subject: str
    reason: str


class DecisionAwaited(Event, topic="governance", keys=("proposal", "body", "organisation"), parties_only=True):
    """A body of `organisation` has to decide on a proposal by `due_on`, its last day in time."""

    proposal: str
    body: str
    organisation: OdsCode
    due_on: date


class DecisionDeferred(Event, topic="governance", keys=("proposal", "body", "organisation"), parties_only=True):
    """A body put a decision off from `from_on` until `until_on`, from which on its time counts again (None: open).

    `lawful`: the deferral stops the clock. `reason` is a code of a rule pack.
    """

    proposal: str
    body: str
    organisation: OdsCode
    from_on: date
    until_on: date | None
    lawful: bool
    reason: str


class ObstructionFound(Event, topic="governance", keys=("proposal", "body", "organisation"), parties_only=True):
    """A body stands in the way of a proposal since a day: by `veto` or by `inertia` (`kind`).

    `share` is the exact fraction of the required consents that had been given (`2/3`), empty for inertia.
    """

    proposal: str
    body: str
    organisation: OdsCode
    kind: str
    since: date
    share: str


class ObstructionEnded(Event, topic="governance", keys=("proposal", "body", "organisation"), parties_only=True):
    """A body no longer stands in the way from `effective_on`; `by` is the decision, withdrawal or dissolution."""

    proposal: str
    body: str
    organisation: OdsCode
    by: str


class DecisionRightGranted(Event, topic="governance", keys=("right", "organisation", "holder"), parties_only=True):
    """A body or post of `organisation` may decide on `action` from `effective_on`, within a scope and a limit.

    `action` is dotted: `contract.award` covers `contract.award.payroll`. `limit_pence` is None where there is none;
    `limit_basis` says what it measures: `annual`, `whole_life` or `single`. `conditions` are codes of a rule pack.
    `delegated_from` is the right that it comes from, else `power` is the statute's, by its id in a rule pack.
    """

    right: str
    organisation: OdsCode
    holder: str
    action: str
    scope: str
    limit_pence: int | None
    limit_basis: str
    recurrent: bool
    conditions: tuple[str, ...]
    delegated_from: str
    power: str


class DecisionRightEnded(Event, topic="governance", keys=("right", "organisation", "holder"), parties_only=True):
    """A right ended: `until` is its last day; `reason` is a code of a rule pack."""

    right: str
    organisation: OdsCode
    holder: str
    until: date
    reason: str


class PooledFundAgreed(Event, topic="governance", keys=("fund", "instrument", "members"), parties_only=True):
    """`members` pool a fund under an instrument from `effective_on` to `ends_on` (None: open).

    `shares` are exact fractions in the order of `members` and sum to 1; `host` holds the fund.
    """

    fund: str
    instrument: str
    members: tuple[OdsCode, ...]
    shares: tuple[str, ...]
    host: OdsCode
    ends_on: date | None


class InstrumentMade(Event, topic="governance", keys=("instrument", "parties"), parties_only=True):
    """`parties` work together under an instrument from `effective_on`.

    `kind` is `lead_commissioner`, `joint_committee`, `committees_in_common`, `section_75`, `pooled_fund`,
    `hosted_service`, `co_commissioning` or `advisory`. `binding` says whom a decision under it binds: `all` parties,
    each its `own`, or `none`. `power` is the statute's, by its id in a rule pack, empty where none is needed; `pack`
    is the rule pack of the kind. `host` is who hosts or leads, and `agreement` contracts' reference of the paper; both
    are empty where there is none. An event with the same `instrument` replaces it.
    """

    instrument: str
    parties: tuple[OdsCode, ...]
    kind: str
    power: str
    pack: str
    host: str
    binding: str
    agreement: str


class InstrumentEnded(Event, topic="governance", keys=("instrument", "parties"), parties_only=True):
    """An instrument ended: `effective_on` is the first day without it; `reason` is a code of a rule pack."""

    instrument: str
    parties: tuple[OdsCode, ...]
    kind: str
    reason: str


class CoCommissioningLevelSet(Event, topic="governance", keys=("organisation",), parties_only=True):
    """A CCG co-commissions primary medical services at a level from `effective_on`.

    `level` is 1 (influence), 2 (jointly with NHS England) or 3 (delegated). `functions` are dotted actions, and
    `safeguards` codes of a rule pack.
    """

    organisation: OdsCode
    level: int
    functions: tuple[str, ...]
    safeguards: tuple[str, ...]


class MeetingCalled(Event, topic="governance", keys=("meeting", "body", "organisations")):
    """A body was called to meet on `held_on`; `effective_on` is the day of the notice.

    `private_reasons` are codes of a rule pack: why the public is excluded from some items, or from all of them where
    `in_public` is false. An event with the same `meeting` replaces it.
    """

    meeting: str
    body: str
    organisations: tuple[OdsCode, ...]
    held_on: date
    in_public: bool
    private_reasons: tuple[str, ...]


class MeetingHeld(Event, topic="governance", keys=("meeting", "body", "organisations")):
    """A body met on `effective_on`. Another event follows when its minutes are approved.

    `quorate_items` and `inquorate_items` are the ids of the items of its agenda that were put to it; `minutes` is
    `draft` or `approved`.
    """

    meeting: str
    body: str
    organisations: tuple[OdsCode, ...]
    quorate_items: tuple[str, ...]
    inquorate_items: tuple[str, ...]
    minutes: str


class RecommendationMade(
    Event, topic="governance", keys=("recommendation", "footprint", "bodies", "organisations"), parties_only=True
):
    """A footprint or partnership recommends a decision to bodies, which answer by `reply_by`, its last day in time.

    `bodies` are the addressees, `organisations` theirs in the same order, and `consents` the bodies whose consent it
    takes, fixed when it is made. It changes nothing by itself.
    """

    recommendation: str
    footprint: str
    bodies: tuple[str, ...]
    organisations: tuple[OdsCode, ...]
    action: str
    subject: str
    consents: tuple[str, ...]
    reply_by: date


class RecommendationAnswered(
    Event, topic="governance", keys=("recommendation", "footprint", "body", "organisation"), parties_only=True
):
    """A body answered a recommendation: `answer` is `accepted` or `rejected`, by its `decision`, empty where none."""

    recommendation: str
    footprint: str
    body: str
    organisation: OdsCode
    answer: str
    decision: str


class DossierSealed(Event, topic="governance", keys=("decision", "organisation", "organisations"), parties_only=True):
    """The dossier of a decision is complete: `head` is the hash of its last entry (SHA-256), of so many `entries`.

    `previous` is the head of the dossier that it continues, empty where there is none. `organisation` is empty where
    the decision binds several, which are `organisations`.
    """

    decision: str
    organisation: OdsCode
    organisations: tuple[OdsCode, ...]
    entries: int
    head: str
    previous: str


class RegisterPublished(Event, topic="governance", keys=("organisation",)):
    """An organisation published a register as it is on `effective_on`: `digest` is that of its entries.

    `register_of` is `interests`, `gifts`, `procurement_decisions` or `breaches`. The entries themselves are read from
    the service: an event carries none, so that what is no longer public is nowhere else. `digest` is SHA-256 of the
    entries as canonical JSON (RFC 8785).
    """

    organisation: OdsCode
    register_of: str
    entries: int
    digest: str


class AuthorisationDecided(Event, topic="governance", keys=("authorisation", "organisation"), parties_only=True):
    """NHS England decided on a CCG's authorisation by the criteria of a rule pack; it replaces an earlier decision.

    `outcome` is `authorised`, `authorised_with_conditions`, `authorised_with_directions` or `deferred`. `conditions`
    are the criteria that are unmet, with `support_levels` from 1 to 6 in one order. `directions` are functions that are
    moved, in one order with `exercised_by`, where it is empty of what is stopped.
    """

    authorisation: str
    organisation: OdsCode
    outcome: str
    conditions: tuple[str, ...]
    support_levels: tuple[int, ...]
    directions: tuple[str, ...]
    exercised_by: tuple[str, ...]
    pack: str


class ConditionLifted(Event, topic="governance", keys=("authorisation", "organisation"), parties_only=True):
    """A condition of an authorisation is met from `effective_on`, as the record `evidence` shows."""

    authorisation: str
    organisation: OdsCode
    condition: str
    evidence: str


_FINDING = ("finding", "about", "parties")


class GovernanceFindingRaised(Event, topic="governance", keys=_FINDING, parties_only=True):
    """Something about a body, a decision, an instrument or a declaration needs attention; published once.

    `about` are references and codes, `parties` the organisations whom it concerns, who alone read it. `kind` is a
    code; `text` is a sentence that the service makes of codes, references and figures, and never of a person's words.
    """

    finding: str
    about: tuple[str, ...]
    parties: tuple[OdsCode, ...]
    kind: str
    due_on: date | None
    text: str


class GovernanceFindingCleared(Event, topic="governance", keys=_FINDING, parties_only=True):
    """What a finding was about is settled from `effective_on`. `reason` is a code."""

    finding: str
    about: tuple[str, ...]
    parties: tuple[OdsCode, ...]
    kind: str
    reason: str
