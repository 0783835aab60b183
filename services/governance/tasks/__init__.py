"""What waits for the caller: votes, consents, declarations, minutes, replies, ratifications, rights and instruments.

What waits for too long is a finding.
"""
