"""Chooses what to answer with by the client's Accept headers (RFC 9110, 12.5)."""

from collections.abc import Sequence


def preferred(header: str, offers: Sequence[str]) -> str | None:
    """Return the offer that the client prefers, the first of equal ones; None if it excludes all of them.

    An empty header takes anything. The most specific range that matches an offer decides its weight; 0 excludes it.
    """
    ranges = [_read(part) for part in header.lower().split(",") if part.strip()] or [("*/*", 1.0)]
    weights = {offer: _weight(offer, ranges) for offer in offers}
    best = max(offers, key=lambda offer: weights[offer])
    return best if weights[best] > 0 else None


def _read(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip() for piece in part.split(";"))
    weight = next((value for name, _, value in (one.partition("=") for one in parameters) if name.strip() == "q"), "1")
    try:
        return media, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return media, 0.0


def _weight(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    for covering in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        given = [weight for media, weight in ranges if media == covering]
        if given:
            return max(given)
    return 0.0


def accepts_coding(header: str, coding: str) -> bool:
    """Whether Accept-Encoding takes this content coding (RFC 9110, 12.5.3); without the header a client gets none."""
    weights = dict(map(_read, header.lower().split(",")))
    return weights.get(coding, weights.get(f"x-{coding}", weights.get("*", 0.0))) > 0
