"""When to leave a contract: what each exit on offer costs through every lens, the best day, what a missed one costs.

Terms, notice days and prices are contracts' own, heard; the replacement and the horizon are the assessment's inputs,
which an organisation states in versions. Publishes ExitAssessed for a version that its author publishes.
"""
