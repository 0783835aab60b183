"""What waits for the caller: votes, consents, declarations, minutes, replies, ratifications, rights and instruments.

Publishes nothing.
"""
