"""Real files taken into the registry: the rules and events of commands, set-based, every row accounted for.

Read in this order: `files` (what a form of file is, and the contract of what takes it), `forms` (all of them), `rows`,
`bodies` and `successions` (what the lines of ODS state), `taking` (one file, one transaction), `held` and `mergings`
(the mergers that follow from several files together), `reports` (what came of it).

A new form is a module with `FORMS`, and one line in `forms`.
"""
