"""The SQL of what governance believes of bodies, posts and rights, by the names of facets.

`believed` returns what follows JOIN or LEFT JOIN: `JOIN {believed(post_time, "s", Facet.STANDS, "p.id")}`. By default
`$1` is the day and `$2` the instant. The conditions alone are in `libs.common.temporal.believed`.
"""

from libs.common.temporal.believed import about, holds
from libs.common.temporal.timeline import Timeline
from services.governance.core.models import Facet


def believed(timeline: Timeline, row: str, facet: Facet, subject: str, *, day: str = "$1", known: str = "$2") -> str:
    """Join what is believed about a facet of a subject of the timeline."""
    joined = f"{row}.subject_id = {subject} AND {about(row, facet)} AND {holds(row, day, known)}"
    return f"{timeline.beliefs} {row} ON {joined}"
