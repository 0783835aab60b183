"""Reacts to finance's events: knows which cases were appraised, whom a saving costs, and what delays cost."""

from libs.common.events.finance import DelayPriced
from services.governance.obstructions.models import known_prices
from services.governance.obstructions.projection import know_prices
from services.governance.reactions.base import subscriptions
from services.governance.subjects import projection
from services.governance.subjects.models import known_subjects

subscriptions.knows(known_subjects, *projection.OF_FINANCE)(projection.know_subjects)
subscriptions.knows(known_prices, DelayPriced)(know_prices)
