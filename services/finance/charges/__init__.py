"""Support charges that an allowance has to carry, from the events of contracts. Publishes nothing."""
