"""Evidence: what each source states, which one rules, where sources disagree, and what is odd in them.

Sources have ranks (`rules/sources.toml`): a lower one never changes what a higher one states.
Publishes SourceReported and SuccessionReported.
"""

from services.registry.core.settlement import FOLLOWING
from services.registry.evidence import anomalies, conflicts

FOLLOWING.extend((conflicts.store, anomalies.store))
