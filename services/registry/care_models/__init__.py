"""Care models at a place: planned, delayed, live, ended.

Publishes CareModelStated.
"""
