"""What governance tells: bodies, posts and who holds them. A person is an opaque id, never a name."""

from libs.common.events import Event


class BodyEstablished(Event, topic="governance", keys=("body", "organisation")):
    """An organisation has a body that decides for it (its governing body) from `effective_on`."""

    body: str
    organisation: str
    title: str


class BodyDissolved(Event, topic="governance", keys=("body", "organisation")):
    """A body decides no more: `effective_on` is the first day without it."""

    body: str
    organisation: str


class AppointmentMade(Event, topic="governance", keys=("post", "organisation", "person")):
    """A person holds a post from `effective_on`. One person in five posts has five appointments."""

    post: str
    organisation: str
    title: str
    person: str


class AppointmentEnded(Event, topic="governance", keys=("post", "organisation", "person")):
    """A person holds a post no more: `effective_on` is the first day without."""

    post: str
    organisation: str
    person: str
    reason: str


class PostFellVacant(Event, topic="governance", keys=("post", "organisation")):
    """A post has no holder from `effective_on` and waits for an appointment."""

    post: str
    organisation: str
    title: str
    reason: str
