"""Series: the figures of bodies through the years, as each body had them and on the boundaries of any day.

The statutory series is each body's own, never restated; at a merger the successor's gain is what its predecessors had
(absorption accounting). The management series has the same figures on the boundaries of a day, as if those bodies had
always been; a planned one follows mergers too that are only agreed. A bridge leads from one to the other, line by line,
to the penny. Publishes nothing.
"""
