"""Procurements: at what stage each stands, who runs it and who bids, in two times, so that conflicts can be found.

Its buyers and who runs it read it; a bidder reads nothing. Publishes ProcurementStated, whole each time.
"""
