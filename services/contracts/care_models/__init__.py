"""Contracts for new care models: which services are in their scope, how long they may run, what they sit beside.

All of it is of the rule pack of the contract's first day. What a contract states is part of its text, see `agreements`.
"""
