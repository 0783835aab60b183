"""Evidence: what each source said, who rules, where sources disagree, and what is odd in it.

Sources have ranks (`rules/sources.toml`): a lower one never changes what a higher one said.
Publishes SourceReported and SuccessionReported.
"""
