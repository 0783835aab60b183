"""The governing body of the tests about meetings."""

from tests.governance.meetings.conftest import met

__all__ = ["met"]
