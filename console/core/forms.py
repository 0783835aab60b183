"""Reads the fields of a form, and says of each that cannot be read why."""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from starlette.datastructures import FormData, UploadFile

from console.core.services import Reason, Refusal

MOST_BYTES = 20 * 1024 * 1024
MOST_FIELDS = 2_000
AN_AMOUNT = "an amount in pounds, such as 1,250.50 or 2.3m"
"""What a field of money takes, in words."""
_POUNDS = re.compile(r"£?\s*([0-9][0-9,]{0,19}(?:\.[0-9]{1,9})?)\s*(k|m|bn|thousand|million|billion)?", re.IGNORECASE)
_TIMES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9}


@dataclass(slots=True)
class Form:
    """The fields of a form; what could not be read is in `reasons`, each beside its field."""

    data: FormData
    files: dict[str, bytes] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """Return a text field, without the space around it."""
        given = self.data.get(name)
        return given.strip() if isinstance(given, str) else default

    def __getitem__(self, name: str) -> str:
        return self.get(name)

    def text(self, name: str, label: str, *, longest: int = 4_000) -> str:
        """Return a text that must be given; `label` begins the sentence where it is not."""
        given = self.get(name)
        if not given:
            self.reasons.append(Reason(f"{label} is missing", name))
        elif len(given) > longest:
            self.reasons.append(Reason(f"{label} must have {longest:,} characters or fewer", name))
        return given

    def all(self, name: str) -> list[str]:
        """Return the values of a field that may be given several times, such as checkboxes."""
        return [one for one in self.data.getlist(name) if isinstance(one, str)]

    def day(self, name: str, label: str = "The day", *, needed: bool = False) -> date | None:
        """Return the day of three fields `name-day`, `name-month`, `name-year`; None where none is given."""
        parts = [self.get(f"{name}-{part}") for part in ("year", "month", "day")]
        if not any(parts):
            if needed:
                self.reasons.append(Reason(f"{label} is missing", name))
            return None
        try:
            return date(*(int(part) for part in parts))
        except ValueError:
            self.reasons.append(Reason(f"{label} must be a real day, such as 27 3 2021", name))
            return None

    def iso_day(self, name: str, label: str = "The day", *, needed: bool = False) -> str | None:
        """Return a day as the services write it; None where none is given."""
        given = self.day(name, label, needed=needed)
        return given.isoformat() if given else None

    def pence(self, name: str, label: str) -> int | None:
        """Return an amount that is written in pounds as pence; None where none is given."""
        given = self.get(name)
        pence = pence_of(given) if given else None
        if given and pence is None:
            self.reasons.append(Reason(f"{label} must be {AN_AMOUNT}", name))
        return pence

    def file(self, name: str) -> bytes | None:
        """Return the content of a file; None where none was chosen."""
        return self.files.get(name)

    @property
    def refusal(self) -> Refusal | None:
        """The fields that could not be read, as a refusal; None where all could."""
        return Refusal("There is a problem", reasons=tuple(self.reasons)) if self.reasons else None


def pence_of(written: str) -> int | None:
    """Return an amount in pence of "£2.3m", "2,300,000" or "2300000.50"; None where it is no whole number of pence."""
    read = _POUNDS.fullmatch(written.strip())
    if read is None:
        return None
    pence = Decimal(read[1].replace(",", "")) * _TIMES.get((read[2] or "").lower(), 1) * 100
    return int(pence) if pence == pence.to_integral_value() else None


async def read_files(data: FormData) -> dict[str, bytes]:
    """Return the content of the files of a form, by field; the form's temporary files are closed."""
    files = {
        name: await given.read() for name, given in data.items() if isinstance(given, UploadFile) and given.filename
    }
    await data.close()
    return files
