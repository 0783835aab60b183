"""Answers about pooled funds."""

from datetime import date

from services.governance.core.views import View


class ProposedSharesView(View):
    """Other shares of the pooled fund, which wait until every party has agreed to them."""

    number: int
    first_day: date
    members: list[str]
    shares: list[str]
    agreed: list[str]
    awaiting: list[str]
