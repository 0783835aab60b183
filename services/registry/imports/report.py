"""Reports an import as text and as JSON: what was imported, each line that was not, and what is odd."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date

MOST_REFUSED = 1_000
"""The most lines of a file that are refused one by one; with one more, the file as a whole is."""
MOST_FINDINGS = 10_000
"""The most findings of a file that are listed; the others are counted."""
_SHOWN = 20
_LONGEST_CODE, _LONGEST_REASON = 40, 300


class FileRefused(ValueError):
    """A file that cannot be imported as a whole; the message says why."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A line, or with line 0 a whole file, that was not imported, with the reason."""

    file: str
    line: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class RowWarning:
    """A finding about what was imported as it is: `sort` names its type, `code` the body."""

    file: str
    sort: str
    code: str
    words: str


@dataclass(slots=True)
class FileReport:
    """The result of one file. `events` counts what was published: 0 where all of it was known."""

    file: str
    form: str
    stated_on: date
    lines: int = 0
    events: int = 0
    new_organisations: int = 0
    mergers: int = 0
    not_taken: list[NotTaken] = field(default_factory=list)
    findings: list[RowWarning] = field(default_factory=list)
    findings_left_out: int = 0

    def refuse(self, line: int, code: str, reason: str) -> None:
        """Note that a line could not be imported. Raises FileRefused after too many of them: reading then stops."""
        if len(self.not_taken) >= MOST_REFUSED:
            first = self.not_taken[0]
            raise FileRefused(
                f"more than {MOST_REFUSED} lines cannot be imported, so it was read up to line {line} only; "
                f"the first of them is line {first.line}: {first.reason}"
            )
        self.not_taken.append(NotTaken(self.file, line, excerpt(code, _LONGEST_CODE), excerpt(reason, _LONGEST_REASON)))

    def find(self, sort: str, code: str, words: str) -> None:
        """Note a finding about something that was imported."""
        if len(self.findings) >= MOST_FINDINGS:
            self.findings_left_out += 1
            return
        self.findings.append(RowWarning(self.file, sort, excerpt(code, _LONGEST_CODE), excerpt(words, _LONGEST_REASON)))


def excerpt(text: str, longest: int) -> str:
    """Return a text of a file as a message may repeat it: its beginning, if it is long."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


@dataclass(slots=True)
class ImportReport:
    """The result of a folder."""

    files: list[FileReport] = field(default_factory=list)
    files_not_taken: list[NotTaken] = field(default_factory=list)
    faults: int = 0
    """The number of files at which the import itself failed."""

    def not_taken(self) -> list[NotTaken]:
        """Return every file and line that was not imported."""
        return [*self.files_not_taken, *(one for file in self.files for one in file.not_taken)]

    def findings(self) -> list[RowWarning]:
        """Return all findings, in the order of the files."""
        return [one for file in self.files for one in file.findings]

    def findings_left_out(self) -> int:
        """Return the number of findings that are counted and not listed."""
        return sum(file.findings_left_out for file in self.files)

    def as_json(self) -> str:
        """Return the whole report as JSON."""
        whole = {
            "files": [
                {
                    **asdict(file),
                    "not_taken": len(file.not_taken),
                    "findings": len(file.findings) + file.findings_left_out,
                    "stated_on": file.stated_on.isoformat(),
                }
                for file in self.files
            ],
            "not_taken": [asdict(one) for one in self.not_taken()],
            "findings": [asdict(one) for one in self.findings()],
        }
        return json.dumps(whole, indent=1)

    def as_text(self, *, every_line: bool) -> str:
        """Return the report as text; without `every_line` long lists are cut short."""
        lines = ["", f"{'file':<36}{'as of':<12}{'lines':>8}{'new':>8}{'mergers':>9}{'events':>9}{'not taken':>11}"]
        lines += [
            f"{one.file:<36}{one.stated_on.isoformat():<12}{one.lines:>8}{one.new_organisations:>8}"
            f"{one.mergers:>9}{one.events:>9}{len(one.not_taken):>11}"
            for one in self.files
        ]
        not_taken = [(one.reason, _where(one)) for one in self.not_taken()]
        lines += _listed("not taken", not_taken, every_line=every_line)
        findings = [(one.sort, f"{one.file} {one.code}: {one.words}") for one in self.findings()]
        lines += _listed("findings", findings, every_line=every_line)
        if left_out := self.findings_left_out():
            lines.append(f"  {left_out} further findings are not listed: at most {MOST_FINDINGS} of a file are")
        return "\n".join(lines)


def _where(one: NotTaken) -> str:
    return f"{one.file}:{one.line} {one.code}: {one.reason}" if one.line else f"{one.file}: {one.reason}"


def _listed(what: str, entries: list[tuple[str, str]], *, every_line: bool) -> list[str]:
    """Return the number of entries of each type, and then each entry, or the first of them."""
    lines = ["", f"{len(entries)} {what}{':' if entries else ''}"]
    lines += [f"{count:>8}  {sort}" for sort, count in Counter(sort for sort, _ in entries).most_common()]
    shown = entries if every_line else entries[:_SHOWN]
    lines += [f"  {words}" for _, words in shown]
    if len(shown) < len(entries):
        lines.append(f"  ... and {len(entries) - len(shown)} more: --every-line or --json lists them all")
    return lines
