"""Contracts that a source lets one infer: proposals, until a person who acts for the customer confirms or rejects them.

A proposal is no contract: none moves with a merger, and nothing is charged under one. A confirmed one becomes a draft,
by the rules by which every contract is drafted.
"""
