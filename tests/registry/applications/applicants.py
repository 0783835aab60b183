"""An application to merge as a test files it, and what is done to it."""

from typing import Any

from libs.common.identity import Role
from tests.support.registry_client import RegistryClient


def an_application(successor: str, *applicants: str, **others: Any) -> dict[str, Any]:
    """The body of an application that lacks nothing."""
    return {
        "successor": successor,
        "successor_name": f"NHS {successor} CCG",
        "applicants": list(applicants),
        "filed_by": applicants[0],
        "constitution": "https://example.org/constitution",
        "accountable_officer": "P-1",
    } | others


async def apply(
    registry: RegistryClient, successor: str, *applicants: str, expect: int = 201, **others: Any
) -> dict[str, Any]:
    """File it, as somebody who keeps the governance of all that file it."""
    answer: dict[str, Any] = await registry.call(
        "POST",
        "/merger-applications",
        Role.GOVERNANCE_LEAD,
        organisations=tuple({others.get("filed_by", applicants[0]), *applicants}),
        json=an_application(successor, *applicants, **others),
        expect=expect,
    )
    return answer


async def determine(
    registry: RegistryClient, reference: str, outcome: str, *, expect: int = 200, **others: Any
) -> dict[str, Any]:
    """Determine it, as NHS England."""
    version = (await registry.call("GET", f"/merger-applications/{reference}"))["version"]
    path = f"/merger-applications/{reference}/determination"
    return await registry.change(path, version=version, body={"outcome": outcome, **others}, expect=expect)


def conditions(*terms: str) -> list[dict[str, str]]:
    """Conditions of an approval, each with words of its own."""
    return [{"condition": term, "words": f"The words of {term}"} for term in terms]


async def make_scheme(
    registry: RegistryClient, merger: str, sort: str, *, expect: int = 201, **others: Any
) -> dict[str, Any]:
    """Make a transfer scheme of a merger, or give a nil return."""
    body = {"sort": sort, **others}
    answer: dict[str, Any] = await registry.call("POST", f"/mergers/{merger}/schemes", json=body, expect=expect)
    return answer


async def meet(registry: RegistryClient, merger: str, number: int, on: str, *, expect: int = 201) -> dict[str, Any]:
    """Give evidence that a condition is met."""
    body = {"met_on": on, "evidence_type": "minute", "evidence": "A minute"}
    path = f"/mergers/{merger}/conditions/{number}/evidence"
    answer: dict[str, Any] = await registry.call("POST", path, json=body, expect=expect)
    return answer


def fields(refused: dict[str, Any]) -> set[str]:
    """The fields that a refusal is about."""
    return {reason["field"] for reason in refused["reasons"]}


def messages(refused: dict[str, Any]) -> str:
    """What a refusal says."""
    return " / ".join(reason["message"] for reason in refused["reasons"])
