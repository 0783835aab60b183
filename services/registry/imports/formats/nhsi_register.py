"""NHS Improvement's register of organisations (May 2018), and the list of commissioning support units."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationKindChanged,
    OrganisationMoved,
    OrganisationRenamed,
    OrganisationSucceeded,
)
from services.registry.core.kinds import Kind
from services.registry.imports.files.repeats import decided
from services.registry.imports.files.values import Unusable, code_of, iso_day, iso_last_day
from services.registry.imports.formats.csv_tables import Reading, Row, Table
from services.registry.imports.formats.partners import kind_by_name, kind_of_trust

_REGISTERED_ON = date(2018, 5, 31)
_CSUS_LISTED_ON = date(2022, 3, 7)
_KINDS = {
    "local-authority": Kind.LOCAL_AUTHORITY,
    "commissioner": Kind.CCG,
    "independent-provider": Kind.INDEPENDENT_PROVIDER,
    "pathology-jv": Kind.JOINT_VENTURE,
    "alb": Kind.ARMS_LENGTH_BODY,
}
_NATIONAL = {"Care Quality Commission": Kind.CQC, "NHS England": Kind.NHS_ENGLAND}


def _register(reading: Reading) -> Iterator[Event]:
    """Yield what is registered of each body; of several rows with one code, the open or later closed one's."""
    rows: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    for line, row in reading.rows():
        rows[row["code"]].append((line, row))
    for code, entries in rows.items():
        first = min(line for line, _ in entries)
        try:
            row = decided(entries, code, _precedence, "which is open or closes later", reading.report)
            yield from list(_registered(reading, row))
        except ValueError as reason:
            reading.report.refuse(first, code, str(reason))


def _precedence(row: Row) -> tuple[bool, str, str]:
    closure = row["closure_date"]
    return not closure or iso_last_day(closure) is None, closure, str(sorted(row.items()))


def _registered(reading: Reading, row: Row) -> Iterator[Event]:
    code, name, sort = row["code"], row["name"], row["organisation_type"]
    kind = _kind(sort, name)
    closure = iso_last_day(row["closure_date"]) if row["closure_date"] else None
    if closure is not None:
        closed_on = _first_day_without(closure)
        yield from reading.seen(code, name, kind, on=closed_on - timedelta(days=1))
        yield OrganisationClosed(code=code, effective_on=closed_on, **reading.saying)
    else:
        yield from reading.seen(code, name, kind)
    if row["successor_code"]:
        yield OrganisationSucceeded(
            code=code,
            successor=code_of(row["successor_code"]),
            effective_on=_first_day_without(iso_day(row["closure_date"])),
            **reading.saying,
        )


def _kind(sort: str, name: str) -> Kind:
    if sort == "provider":
        return kind_of_trust(name)
    if sort == "other":
        return Kind.CSU if name.endswith("CSU") else kind_by_name(name)
    if sort not in _KINDS:
        raise Unusable(f"{sort!r} is no type of organisation")
    return _NATIONAL.get(name, _KINDS[sort])


def _first_day_without(closure: date) -> date:
    """Return the first day on which a body did not operate: the closure on the first of a month.

    The register gives the day of a merger for some bodies and the last day open for others; both lie on a month's turn.
    """
    return closure if closure.day == 1 else closure + timedelta(days=1)


def _csus(reading: Reading) -> Iterator[Event]:
    """Yield the names and addresses of support units. The list has closed ones too, so it opens none."""

    def row(one: Row) -> Iterator[Event]:
        code, address = code_of(one["ods_code"]), [part.strip() for part in one["address"].split(",")]
        since = {"code": code, "effective_on": reading.day, **reading.saying}
        yield OrganisationKindChanged(kind=Kind.CSU, **since)
        yield OrganisationRenamed(new_name=one["name"], **since)
        yield OrganisationMoved(address="\n".join([*address, one["postcode"]]), **since)

    return reading.each(row)


FORMS = (
    Table(
        "NHS Improvement's register, May 2018",
        "nhsi",
        "code name organisation_type closure_date successor_code",
        _register,
        _REGISTERED_ON,
    ).form(),
    Table("commissioning support units", "nhse", "ods_code name address postcode", _csus, _CSUS_LISTED_ON).form(),
)
