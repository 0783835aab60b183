"""Every command of the registry is refused to who does not act for all that it binds."""

import asyncio

from tests.security.registry_cases import CASES, prepare
from tests.security.walk import STALE, commands_of, walk, without_a_case
from tests.support.platform import Platform


async def test_every_command_needs_its_role_and_every_organisation_that_it_binds(platform: Platform) -> None:
    left_out = without_a_case(platform.apps["registry"], CASES)
    assert [name for name, binding in left_out.items() if binding is None or not binding.none_because] == []
    await prepare(platform)
    await walk(platform, "registry", CASES)


async def test_the_right_is_asked_for_before_anything_is_locked(platform: Platform) -> None:
    await prepare(platform)
    await platform.caught_up()
    locked = ("organisation", "merger", "merger_application", "cluster", "care_model", "reorganisation")
    bindings = commands_of(platform.apps["registry"])
    async with platform.database("registry").connect() as holding, holding.transaction():
        for table in locked:
            await holding.execute(f"SELECT FROM {table} FOR UPDATE")
        async with asyncio.timeout(30):
            for case in CASES:
                request = case.request()
                binding = bindings[case.operation]
                others = () if binding and binding.one_of_because else case.binds[1:]
                caller = platform.tokens.header(case.role, organisations=others)
                stale = {} if case.version is None else STALE
                answer = await platform.clients["registry"].request(
                    **request | {"headers": {**request["headers"], **caller, **stale}}
                )
                assert answer.status_code == (404 if case.hidden else 403), f"{case.operation}: {answer.text}"
