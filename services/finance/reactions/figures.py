"""Notes which events of other publishers came, so that a figure leads to those that it follows from."""

from services.finance.figures.models import heard_events
from services.finance.figures.projection import EVENTS, note_events
from services.finance.reactions.base import subscriptions

subscriptions.notes(heard_events, *EVENTS)(note_events)
