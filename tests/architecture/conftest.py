"""The fixtures of the registry, for tests that look at how it works inside."""

from tests.registry.conftest import registry, tokens, url

__all__ = ["registry", "tokens", "url"]
