"""Formats the account of what happened as text for the terminal."""

from collections.abc import Iterator, Sequence

from deploy.demo.account import Account, Happening, MergerAccount


def as_text(account: Account) -> str:
    """Format the account briefly: the counts, the mergers with consequences, and what happened besides."""
    return "\n".join(_lines(account))


def _lines(account: Account) -> Iterator[str]:
    yield "What happened"
    for day, count in account.ccgs_open.items():
        mergers = [merger for merger in account.mergers if merger.day == day]
        plural = "merger" if len(mergers) == 1 else "mergers"
        yield f"  {day:%d %b %Y}  {count:3} CCGs open" + (f" after {len(mergers)} {plural}" if mergers else "")
    for merger in account.shown_in_full:
        yield from _merger(merger)
    if account.beside:
        yield ""
        yield "Beside the mergers"
        yield from _listed(account.beside, dated=True)
    yield ""
    yield (
        f"{len(account.mergers)} mergers left {account.ccgs_in_the_end} CCGs. What another service did because of a "
        "merger has the merger's event as its causationid."
    )


def _merger(merger: MergerAccount) -> Iterator[str]:
    yield ""
    yield f"{merger.day:%d %b %Y}  {', '.join(merger.predecessors)} became {merger.successor}"
    yield f"    [registry {merger.event_id}]"
    yield from _listed(merger.consequences)


def _listed(lines: Sequence[Happening], *, dated: bool = False) -> Iterator[str]:
    for line in lines:
        yield f"  - {f'{line.day:%d %b %Y}  ' if dated else ''}{line.sentence}"
        yield f"    [{line.service} {line.event_id}]"
