"""The mergers of CCGs of 1 April 2020, as NHS England's workbook has them; tests/data compares them with it."""

from datetime import date

THE_DAY = date(2020, 4, 1)

MERGERS: dict[str, tuple[str, ...]] = {
    "16C": ("00C", "00K", "00M"),
    "18C": ("05F", "05J", "05T", "06D"),
    "26A": ("06M", "06V", "06W", "06Y", "07J"),
    "27D": ("01C", "01R", "02D", "02F"),
    "36J": ("02N", "02R", "02W"),
    "36L": ("07V", "08J", "08P", "08R", "08T", "08X"),
    "42D": ("03D", "03E", "03M"),
    "52R": ("04E", "04H", "04K", "04L", "04M", "04N"),
    "70F": ("09G", "09H", "09X"),
    "71E": ("03T", "04D", "04Q", "99D"),
    "72Q": ("07N", "07Q", "08A", "08K", "08L", "08Q"),
    "78H": ("03V", "04G"),
    "84H": ("00D", "00J"),
    "91Q": ("09C", "09E", "09J", "09W", "10A", "10D", "10E", "99J"),
    "92A": ("09L", "09N", "09Y", "99H"),
    "92G": ("11E", "12D", "99N"),
    "93C": ("07M", "07R", "07X", "08D", "08H"),
    "97R": ("09F", "09P", "99K"),
}
"""The 18 successors, with the 74 CCGs that became them."""

FOOTPRINTS: dict[str, dict[str, str]] = {
    "42D": {"03D": "QHM", "03E": "QWO", "03M": "QOQ", "42D": "QOQ"},
    "92A": {"09L": "QNX", "09N": "QXU", "09Y": "QXU", "99H": "QXU", "92A": "QXU"},
}
"""The STPs of the CCGs in the two mergers that cross footprints."""
