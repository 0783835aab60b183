"""Imports public files into the registry: the rules and events of commands, set-based, every row accounted for.

Read in this order: `formats/source_file` (what a format is), `formats/catalogue` (all of them), `formats/ods_bodies`
and `formats/ods_successions` (what the lines of ODS state), `runner` (one file, one transaction), `merger_records` and
`mergers` (the mergers that follow from several files together), `report`; `preview` shows what a file would change.
"""
