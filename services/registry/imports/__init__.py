"""Imports public files into the registry: the rules and events of commands, set-based, every row accounted for.

Read in this order: `files/source_file` (what a file and a format are), `formats/catalogue` (all formats),
`formats/ods_bodies` and `formats/ods_successions` (what the lines of ODS state), `runner` (one file, one transaction),
`batches` (large files), `merger_records` and `mergers` (the mergers that follow from several files together), `report`;
`preview` shows what a file would change.
"""
