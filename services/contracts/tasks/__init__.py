"""What waits for the caller: signatures and acceptances, by what missing them costs.

What waits for too long is a finding.
"""
