"""Events between services: outbox, log, bus, consumers; what fails is parked, what is lost is rebuilt."""
