"""What every process has: a clock, a context, logs, metrics, tasks, faults."""
