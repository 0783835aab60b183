"""Paths of finance and of its pages, made of what an address names."""

from urllib.parse import quote


def joined(*parts: str | int) -> str:
    """Return a path of these parts, each quoted: none can reach beyond its own place."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def version_path(case: str, version: str) -> str:
    """Return the path of a version of a case, in finance."""
    return joined("cases", case, "versions", version)
