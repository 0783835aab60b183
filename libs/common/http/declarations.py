"""Declares which organisations a command binds: its caller must act for every one of them.

The commands enforce it, once they know the codes; OpenAPI's text and the test that walks every command come from the
declaration. An entry is a field of the body (`customers`, `parts.code`), a parameter of the path (`{code}`), or words
for codes that are stored ("the contract's customers").
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_IN_THE_REQUEST = re.compile(r"[a-z_]+(\.[a-z_]+)*|\{[a-z_]+\}")


@dataclass(frozen=True, slots=True)
class Binding:
    """The organisations that a command binds; `one_of_because` and `none_because` say why it is not all of some."""

    organisations: tuple[str, ...] = ()
    one_of_because: str = ""
    none_because: str = ""

    @property
    def in_the_request(self) -> tuple[str, ...]:
        """The entries that are fields of the body or parameters of the path."""
        return tuple(entry for entry in self.organisations if _IN_THE_REQUEST.fullmatch(entry))

    def sentence(self) -> str:
        """Return OpenAPI's sentence."""
        if self.none_because:
            return f"Binds no organisation: {self.none_because}."
        named = [f"`{entry}`" if entry in self.in_the_request else entry for entry in self.organisations]
        listed = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
        if self.one_of_because:
            return f"The caller acts for at least one of {listed}, because {self.one_of_because}."
        return f"The caller acts for every organisation that this binds: {listed}."


_BINDINGS: dict[Callable[..., Any], Binding] = {}


def binds(*organisations: str) -> Callable[[Endpoint], Endpoint]:
    """Declare that a command binds these organisations, and that its caller must act for every one."""
    return _declared(Binding(organisations))


def binds_one_of(*organisations: str, because: str) -> Callable[[Endpoint], Endpoint]:
    """Declare that acting for one of these organisations is enough, and why."""
    return _declared(Binding(organisations, one_of_because=because))


def binds_none(*, because: str) -> Callable[[Endpoint], Endpoint]:
    """Declare that a command binds no organisation, and why."""
    return _declared(Binding(none_because=because))


def binding_of(endpoint: Callable[..., Any]) -> Binding | None:
    """Return what an endpoint declares, or None."""
    return _BINDINGS.get(endpoint)


def _declared(binding: Binding) -> Callable[[Endpoint], Endpoint]:
    if not (binding.organisations or binding.none_because):
        raise TypeError("name the organisations that the command binds, or why it binds none")

    def declare(endpoint: Endpoint) -> Endpoint:
        _BINDINGS[endpoint] = binding
        return endpoint

    return declare
