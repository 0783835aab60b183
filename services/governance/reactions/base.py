"""The subscriptions of governance, which each publisher's module adds its handlers to."""

from libs.common.messaging.subscriptions import Subscriptions

subscriptions = Subscriptions("governance")
