"""Real ODS files taken into the registry: the rules and events of commands, set-based, every row accounted for.

Read in this order: `files` (which file is what, and of which day), `rows` (what a line says), `bodies` and
`successions` (what is stated because of it), `taking` (one file, one transaction), `reports` (what came of it).
"""
