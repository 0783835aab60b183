"""Taking a safeguard away for one test: a function of the product, compiled anew from its own source with a change."""

import inspect
import textwrap
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

import pytest


def changed(
    patch: pytest.MonkeyPatch,
    owner: ModuleType | type,
    name: str,
    changes: Mapping[str, str],
    *,
    also: tuple[ModuleType, ...] = (),
) -> None:
    """Let the function `name` of `owner`, and of the modules that import it, have other source text in these places.

    AssertionError where the source has no such place: then the safeguard went elsewhere, and this test has to follow.
    """
    function = inspect.unwrap(getattr(owner, name))
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in changes.items():
        assert source.count(old) == 1, f"{name} has {source.count(old)} times {old!r}"
        source = source.replace(old, new)
    made: dict[str, Callable[..., Any]] = {}
    # The future import keeps the annotations from being looked up: a name may be in use for typing only.
    exec(f"from __future__ import annotations\n{source}", function.__globals__, made)
    for place in (owner, *also):
        patch.setattr(place, name, made[name])


def held_only_if(safe: bool) -> AbstractContextManager[Any]:
    """Expect the invariants of the block to hold with the safeguard, and to be found broken without it."""
    return nullcontext() if safe else pytest.raises(AssertionError)


with_and_without = pytest.mark.parametrize("safe", [True, False], ids=["with-it", "without-it"])
