"""What a body's delay of a proposal costs: whole calendar months since it was due, priced by the proposal's case.

Subscribes to what governance publishes of proposals, deferrals, decisions and obstructions; publishes DelayPriced.
"""
