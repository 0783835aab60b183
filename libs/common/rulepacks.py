"""Rule packs: law, procedures, rates and thresholds as dated files with a citation, never as literals in code."""

import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator


class RulePack(BaseModel):
    """One rule, rate or procedure for a period of days. Every computed result names the pack's `id`.

    `subject` is what it governs (such as `running-cost-allowance`), `citation` where it is written, `stated_at` when
    its source stated it. A `binding` pack refuses, an `advisory` one warns; an `inactive` pack is used only for "what
    if".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    subject: str
    title: str
    citation: str
    effective_from: date
    effective_to: date | None = None
    stated_at: AwareDatetime | None = None
    weight: Literal["binding", "advisory"] = "binding"
    status: Literal["active", "inactive"] = "active"
    note: str = ""
    values: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "RulePack":
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError(f"{self.id} ends before it begins")
        return self

    def known_at(self, instant: datetime | None) -> bool:
        """Whether the pack was stated by an instant (None: now); one without `stated_at` is known always."""
        return instant is None or self.stated_at is None or self.stated_at <= instant

    def rules_on(self, day: date) -> bool:
        """Whether the pack is active and in force on a day; `effective_to` is its last one."""
        last = self.effective_to or date.max
        return self.status == "active" and self.effective_from <= day <= last


def load_packs(folder: Path) -> tuple[RulePack, ...]:
    """Read every pack of a folder's `*.toml` files (`[[pack]]` tables), ordered by subject and first day.

    Raises ValueError if a pack is incomplete or an id occurs twice: a wrong pack must prevent the start.
    """
    packs: dict[str, RulePack] = {}
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("pack", []):
            pack = RulePack.model_validate(entry)
            if pack.id in packs:
                raise ValueError(f"{path.name}: the pack {pack.id} occurs twice")
            packs[pack.id] = pack
    return tuple(sorted(packs.values(), key=lambda pack: (pack.subject, pack.effective_from, pack.id)))


def in_force(packs: Iterable[RulePack], day: date, *, subject: str, as_known: datetime | None = None) -> list[RulePack]:
    """Return the active packs on a subject that are in force on a day, the latest to begin first.

    As known at an instant: without those stated after it. None is now, when every pack is known.
    """
    found = [pack for pack in packs if pack.subject == subject and pack.rules_on(day) and pack.known_at(as_known)]
    return sorted(found, key=lambda pack: (pack.effective_from, pack.id), reverse=True)
