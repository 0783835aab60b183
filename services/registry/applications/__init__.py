"""Applications to merge: filed under the procedures in force, judged by their criteria, determined by NHS England.

Law: the procedures and criteria of `rules/procedures.toml` and `rules/ccg-mergers.toml`, each with its days.
Publishes MergerApplied and MergerApplicationDetermined.
"""
