"""Who is let in: tokens that count, and each way in which one does not."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from libs.common.http.problems import Unauthenticated, Unavailable
from libs.common.http.tokens import Keys, Verifier
from libs.common.identity import Caller, Role
from tests.support.edge import AUDIENCE, ISSUER, Tokens, tokens

__all__ = ["tokens"]

Change = Callable[[dict[str, Any]], dict[str, Any]]


def verifier(folder: Path, *keys: Any, audience: str = AUDIENCE) -> Verifier:
    file = folder / "keys.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))
    return Verifier(issuer=ISSUER, audience=audience, keys=Keys(f"file://{file}"))


@pytest.fixture
def key() -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": "good", "use": "sig"})


def signed(claims: dict[str, Any], key: Any, algorithm: str = "ES256", **header: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": key.kid, "typ": "at+jwt"} | header, claims, key, algorithms=[algorithm])


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


async def test_a_good_token_gives_its_holders_roles_and_organisations(
    tokens: Tokens, key: ECKey, tmp_path: Path
) -> None:
    claims = tokens.claims(subject="ada", organisations=("10G", "11G")) | {"roles": ["registrar", "emperor"]}
    caller = await verifier(tmp_path, key).caller(signed(claims, key))
    assert caller == Caller("ada", frozenset({Role.REGISTRAR}), frozenset({"10G", "11G"}), ISSUER)


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        ("RS256", lambda: RSAKey.generate_key(2048, parameters={"kid": "rsa"})),
        ("Ed25519", lambda: OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})),
    ],
)
async def test_the_other_allowed_algorithms_count_too(
    tokens: Tokens, tmp_path: Path, algorithm: str, make: Callable[[], Any]
) -> None:
    key = make()
    caller = await verifier(tmp_path, key).caller(signed(tokens.claims(), key, algorithm))
    assert caller.subject == "somebody"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda claims: claims | {"exp": time.time() - 61}, "expired"),
        (lambda claims: claims | {"nbf": time.time() + 65}, "not valid yet"),
        (lambda claims: claims | {"aud": "another-service"}, "not for"),
        (lambda claims: claims | {"aud": ["another-service", "and-another"]}, "not for"),
        (lambda claims: claims | {"aud": None}, "not for"),
        (lambda claims: claims | {"iss": "https://elsewhere.test"}, "another issuer"),
        (lambda claims: claims | {"sub": ""}, "no subject"),
        (lambda claims: claims | {"exp": "tomorrow"}, "missing or not a number"),
        (lambda claims: {name: value for name, value in claims.items() if name != "exp"}, "missing or not a number"),
    ],
)
async def test_a_token_whose_claims_are_wrong_does_not_count(
    tokens: Tokens, key: ECKey, tmp_path: Path, change: Change, words: str
) -> None:
    with pytest.raises(Unauthenticated, match=words):
        await verifier(tmp_path, key).caller(signed(change(tokens.claims()), key))


async def test_a_clock_a_little_off_is_forgiven(tokens: Tokens, key: ECKey, tmp_path: Path) -> None:
    late = tokens.claims() | {"exp": time.time() - 30, "nbf": time.time() + 30}
    assert (await verifier(tmp_path, key).caller(signed(late, key))).subject == "somebody"


async def test_a_token_signed_with_another_key_of_the_same_id_does_not_count(
    tokens: Tokens, key: ECKey, tmp_path: Path
) -> None:
    forged = ECKey.generate_key("P-256", parameters={"kid": "good"})
    with pytest.raises(Unauthenticated, match="signature is wrong"):
        await verifier(tmp_path, key).caller(signed(tokens.claims(), forged))


async def test_a_token_of_an_unknown_key_does_not_count(tokens: Tokens, key: ECKey, tmp_path: Path) -> None:
    stranger = ECKey.generate_key("P-256", parameters={"kid": "stranger"})
    with pytest.raises(Unauthenticated, match="does not have"):
        await verifier(tmp_path, key).caller(signed(tokens.claims(), stranger))


async def test_a_token_without_a_signature_does_not_count(tokens: Tokens, key: ECKey, tmp_path: Path) -> None:
    _, body, _ = signed(tokens.claims(), key).split(".")
    unsigned = encoded(b'{"alg":"none","typ":"at+jwt","kid":"good"}')
    with pytest.raises(Unauthenticated, match="algorithm"):
        await verifier(tmp_path, key).caller(f"{unsigned}.{body}.")


async def test_a_public_key_cannot_be_used_as_a_shared_secret(tokens: Tokens, key: ECKey, tmp_path: Path) -> None:
    parts = [{"alg": "HS256", "typ": "at+jwt", "kid": "good"}, tokens.claims()]
    signed_part = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    mark = hmac.digest(key.as_pem(private=False), signed_part.encode(), "sha256")
    with pytest.raises(Unauthenticated, match="algorithm"):
        await verifier(tmp_path, key).caller(f"{signed_part}.{encoded(mark)}")


@pytest.mark.parametrize("kind", ["logout+jwt", "", "JWE"])
async def test_a_token_of_another_kind_does_not_count(tokens: Tokens, key: ECKey, tmp_path: Path, kind: str) -> None:
    with pytest.raises(Unauthenticated, match="not an access token"):
        await verifier(tmp_path, key).caller(signed(tokens.claims(), key, typ=kind))


@pytest.mark.parametrize("nonsense", ["", "x", "a.b.c", "a" * 9_000, "ä.ö.ü", "." * 50])
async def test_nonsense_does_not_count(key: ECKey, tmp_path: Path, nonsense: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier(tmp_path, key).caller(nonsense)


async def test_a_verified_token_is_remembered_but_never_past_its_end(
    tokens: Tokens, key: ECKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = verifier(tmp_path, key)
    token = signed(tokens.claims() | {"exp": time.time() + 20}, key)
    caller = await verified.caller(token)
    assert await verified.caller(token) is caller
    real = time.time
    monkeypatch.setattr("libs.common.http.tokens.time", lambda: real() + 21)
    assert await verified.caller(token) is not caller  # verified anew, within the leeway
    monkeypatch.setattr("libs.common.http.tokens.time", lambda: real() + 100)
    with pytest.raises(Unauthenticated, match="expired"):
        await verified.caller(token)


class Rotating(Keys):
    """The issuer's keys, as a test changes them."""

    def __init__(self, *keys: Any) -> None:
        super().__init__("https://issuer.test/keys")
        self.served: Any = {"keys": [key.as_dict(private=False) for key in keys]}
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def _download(self) -> Any:
        self.asked += 1
        await self.gate.wait()
        if isinstance(self.served, Exception):
            raise self.served
        return self.served


async def test_a_new_key_of_the_issuer_is_fetched_when_it_is_met_but_not_for_every_stranger(
    tokens: Tokens, key: ECKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Rotating(key)
    verified = Verifier(issuer=ISSUER, audience=AUDIENCE, keys=keys)
    await verified.caller(signed(tokens.claims(), key))
    new = ECKey.generate_key("P-256", parameters={"kid": "new"})
    keys.served = {"keys": [new.as_dict(private=False)]}
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await verified.caller(signed(tokens.claims(), new))
    assert keys.asked == 1
    real = time.monotonic
    monkeypatch.setattr("libs.common.http.tokens.monotonic", lambda: real() + 31)
    assert (await verified.caller(signed(tokens.claims(), new))).subject == "somebody"
    assert keys.asked == 2


async def test_all_who_come_while_the_keys_are_fetched_wait_for_them(tokens: Tokens, key: ECKey) -> None:
    keys = Rotating(key)
    keys.gate.clear()
    verified = Verifier(issuer=ISSUER, audience=AUDIENCE, keys=keys)
    asked = [
        asyncio.create_task(verified.caller(signed(tokens.claims(subject=str(number)), key))) for number in range(5)
    ]
    await asyncio.sleep(0)
    keys.gate.set()
    assert [caller.subject for caller in await asyncio.gather(*asked)] == ["0", "1", "2", "3", "4"]
    assert keys.asked == 1


async def test_the_last_keys_count_on_while_the_issuer_is_away(
    tokens: Tokens, key: ECKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Rotating(key)
    verified = Verifier(issuer=ISSUER, audience=AUDIENCE, keys=keys)
    await verified.caller(signed(tokens.claims(), key))
    keys.served = OSError("away")
    real = time.monotonic
    monkeypatch.setattr("libs.common.http.tokens.monotonic", lambda: real() + 3600)
    assert (await verified.caller(signed(tokens.claims(subject="ada"), key))).subject == "ada"
    assert keys.asked == 2
    monkeypatch.setattr("libs.common.http.tokens.monotonic", lambda: real() + 90_000)
    with pytest.raises(Unavailable):
        await verified.caller(signed(tokens.claims(subject="bob"), key))


async def test_an_issuer_that_never_answered_is_our_trouble_and_not_the_callers(tokens: Tokens, key: ECKey) -> None:
    keys = Rotating(key)
    keys.served = OSError("away")
    with pytest.raises(Unavailable):
        await Verifier(issuer=ISSUER, audience=AUDIENCE, keys=keys).caller(signed(tokens.claims(), key))
