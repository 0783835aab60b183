"""Events between services: transactional outbox, event log, bus, consumers, parked events, rebuilds of projections."""
