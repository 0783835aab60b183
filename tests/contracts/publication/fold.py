"""Merges releases a second way: by values, where `ocdsmerge` flattens them to paths."""

from typing import Any

from services.contracts.publication.records import EXTENSION_RULES, MERGE_RULES

_RULES = {**MERGE_RULES, **EXTENSION_RULES}


def folded(releases: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the releases say together."""
    whole: dict[str, Any] = {}
    for release in sorted(releases, key=lambda one: one["date"]):
        whole = _merged(whole, release, ())
        whole |= {"id": f"{release['ocid']}-{release['date']}", "date": release["date"], "tag": ["compiled"]}
    return whole


def _merged(before: Any, now: Any, path: tuple[str, ...]) -> Any:
    if _RULES.get(path) == "wholeListMerge":
        return now
    if isinstance(now, dict):
        old = before if isinstance(before, dict) else {}
        said = {name: value for name, value in now.items() if _RULES.get((*path, name)) != "omitWhenMerged"}
        return old | {name: _merged(old.get(name), value, (*path, name)) for name, value in said.items()}
    if isinstance(now, list) and all(isinstance(one, dict) and "id" in one for one in now):
        items = {one["id"]: one for one in before or ()}
        for one in now:
            items[one["id"]] = _merged(items.get(one["id"]), one, path)
        return list(items.values())
    return now
