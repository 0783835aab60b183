"""What waits for the caller: signatures and acceptances, by what missing them costs. Publishes nothing."""
