"""Funds: money for a purpose in a financial year, recurrent and non-recurrent apart, and what was drawn of it.

A draw is against a case, never beyond what the line has, and non-recurrent money pays for no recurrent liability unless
a recurrent saving of a named budget line covers it. A scheme stands under one line of a fund, so that no ask is counted
twice. A draw is taken back by an entry, also where the decision that it names was reversed. A fund may be pooled by an
agreement that governance publishes. Publishes FundAllocated, FundDrawn and FundDrawReversed.
"""
