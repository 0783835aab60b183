"""The lines of a signed contract change by amendments, within the limits of its procurement (rule EXIT-6).

Its signed text stays as it is. Publishes ContractVaried (amended).
"""
