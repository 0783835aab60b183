"""Governing bodies: established, with their posts, dissolved.

Publishes BodyEstablished and BodyDissolved.
"""
