"""Forecasts of the quorum of a called meeting, item by item: who would have to come too, or who else may decide."""
