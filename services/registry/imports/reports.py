"""What came of an import, for people and as JSON: what was taken, and every line that was not, with the reason."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date

from services.registry.imports.rows import NotTaken

_SHOWN = 20


@dataclass(slots=True)
class FileReport:
    """What came of one file. `events` counts what was told: nothing, where all of it was known."""

    file: str
    form: str
    stated_on: date
    lines: int = 0
    events: int = 0
    new_organisations: int = 0
    mergers: int = 0
    not_taken: list[NotTaken] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What came of a folder."""

    files: list[FileReport] = field(default_factory=list)
    files_not_taken: list[NotTaken] = field(default_factory=list)

    def not_taken(self) -> list[NotTaken]:
        """Return every file and line that was not taken."""
        return [*self.files_not_taken, *(one for file in self.files for one in file.not_taken)]

    def as_json(self) -> str:
        """Return the whole report as JSON."""
        whole = {
            "files": [
                {**asdict(file), "not_taken": len(file.not_taken), "stated_on": file.stated_on.isoformat()}
                for file in self.files
            ],
            "not_taken": [asdict(one) for one in self.not_taken()],
        }
        return json.dumps(whole, indent=1)

    def as_text(self, *, every_line: bool) -> str:
        """Return the report for people; without `every_line` the long lists of lines not taken are cut short."""
        lines = ["", f"{'file':<36}{'as of':<12}{'lines':>8}{'new':>8}{'mergers':>9}{'events':>9}{'not taken':>11}"]
        lines += [
            f"{one.file:<36}{one.stated_on.isoformat():<12}{one.lines:>8}{one.new_organisations:>8}"
            f"{one.mergers:>9}{one.events:>9}{len(one.not_taken):>11}"
            for one in self.files
        ]
        not_taken = self.not_taken()
        reasons = Counter(one.reason for one in not_taken)
        lines += ["", f"{len(not_taken)} not taken{':' if not_taken else ''}"]
        lines += [f"{count:>8}  {reason}" for reason, count in reasons.most_common()]
        lines += ["", *(_line(one) for one in (not_taken if every_line else not_taken[:_SHOWN]))]
        if len(not_taken) > _SHOWN and not every_line:
            lines.append(f"  ... and {len(not_taken) - _SHOWN} more: --every-line or --json lists them all")
        return "\n".join(lines)


def _line(one: NotTaken) -> str:
    where = f"{one.file}:{one.line} {one.code}" if one.line else one.file
    return f"  {where}: {one.reason}"
