"""Common to every process: clock, context, logs, metrics, background tasks, faults."""
