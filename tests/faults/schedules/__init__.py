"""The backbone's decisions under seeded schedules of faults: who takes a step next, and what goes wrong then, is drawn.

`world` has what is durable, `actors` what runs, `schedule` draws the steps and the faults, `invariants` says what must
hold of the end. What decides is the product's own: `take_in`, `divide`, `reason_to_park`, `in_order_of_transactions`,
`link`, the envelope. What PostgreSQL and a bus do about it is modelled: a transaction is all or nothing, a row lock
waits, a bus tells at least once. `python -m tests.faults.schedules 100000` runs as many.
"""
