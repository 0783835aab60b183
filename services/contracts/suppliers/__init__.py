"""Suppliers: state, host, owner, sector, costs and price a head, each dated and with its source.

What a supplier is, it states itself, as NHS England does; its host states whether it hosts it. No customer does. What
the registry says of owners and hosts is copied, and ranks below. Publishes SupplierChangedHands and SupplierPriced.
"""
