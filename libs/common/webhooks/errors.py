"""Refusals about webhooks."""

from libs.common.errors import Conflict, NotFound
from libs.common.http.problems import Unprocessable


class WebhookNotFound(NotFound):
    """The caller has no such webhook.

    A webhook is seen by the caller who registered it, and by operators. List yours for their numbers.
    """


class WebhookRefused(Unprocessable):
    """No webhook can be as it is asked for.

    `reasons` names each field: a target that is not https or not on the public internet, a type of event that this
    service does not publish, a watch list that is not yours.
    """


class TooManyWebhooks(Conflict):
    """The caller has as many webhooks as one may have.

    Change or delete one of them: the filter of one webhook takes many types and organisations.
    """


class WebhookNotActive(Conflict):
    """The webhook is paused or disabled, and sends nothing.

    Resume it first, once its target answers.
    """


class WebhooksOff(Conflict):
    """This deployment sends no webhooks.

    In a branch nothing is sent to a partner. Follow the feed, `GET /events`, instead.
    """


class DeadLetterNotFound(NotFound):
    """The webhook has no such dead letter.

    It was delivered since, or the number is of another webhook. List the dead letters of this one.
    """
