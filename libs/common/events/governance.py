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
