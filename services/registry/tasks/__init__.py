"""What of a merger waits for too long, and what the undoing of a succession leaves: findings of due work."""
