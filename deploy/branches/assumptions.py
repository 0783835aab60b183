"""Callers that a branch's front signs: valid in that branch alone, and never in life.

An assumed caller plays whoever has to agree: a neighbour, a supplier, NHS England. It commands and reads nothing, since
to assume a supplier would otherwise show its rivals' prices. The key is in the memory of the process, and the audience
is one branch's, so that no other branch and no service of life takes such a token.
"""

import re
import time
import uuid
from dataclasses import replace

from fastapi import FastAPI
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key
from starlette.middleware import Middleware

from deploy.branches.sight import AsBounded, Sight, bounded_for_this_request
from libs.common.errors import Forbidden, Reason
from libs.common.http.problems import Unauthenticated, Unprocessable
from libs.common.http.tokens import Keys, Verifier
from libs.common.identity import EVERY_ORGANISATION, Caller, Role

HEADER = "Assume"
ISSUER = "footprint:branches"
_SECONDS = 60
_FORM = re.compile(r"([a-z_]+)@(\*|[A-Z0-9]{3,10}(?:,[A-Z0-9]{3,10}){0,49})(?:; *subject=([!-:<-~]{1,200}))?")
_ROLES = (Role.REGISTRAR, Role.NHS_ENGLAND, Role.CONTRACT_LEAD, Role.FINANCE_LEAD, Role.GOVERNANCE_LEAD)
_NATIONAL = (Role.REGISTRAR, Role.NHS_ENGLAND)


class AssumptionRefused(Unprocessable):
    """This caller cannot be assumed.

    Send `Assume: contract_lead@15A`: a role that decides, and the organisations that it acts for, or `*` for a national
    one; `; subject=...` after it where the token of one person counts, as in a vote.
    """


class AssumedReadsNothing(Forbidden):
    """An assumed caller reads nothing.

    It commands, and gets the status, Location and ETag. Read with your own token alone: leave `Assume` away.
    """


def assumed_caller(header: str) -> Caller:
    """Return the caller that the header assumes. Raises AssumptionRefused with every reason."""
    named = _FORM.fullmatch(header.strip())
    if named is None:
        raise _refused("written as role@CODE or role@CODE,CODE")
    role, codes, subject = named[1], named[2].split(","), named[3]
    if role not in _ROLES:
        raise _refused(f"{role} is no role that decides: {', '.join(_ROLES)}")
    if codes == [EVERY_ORGANISATION] and role not in _NATIONAL:
        raise _refused(f"{role} acts for organisations by code; {' and '.join(_NATIONAL)} act for every one")
    return Caller(subject or f"assumed:{role}@{named[2]}", frozenset({Role(role)}), frozenset(codes))


def _refused(why: str) -> AssumptionRefused:
    return AssumptionRefused(f"{HEADER}: {why}", reasons=[Reason(why, HEADER)])


class BranchKey(Keys):
    """The key with which this process signs callers of its branches."""

    def __init__(self) -> None:
        self._key_id = uuid.uuid4().hex
        self._signing = ECKey.generate_key("P-256", parameters={"kid": self._key_id, "use": "sig", "alg": "ES256"})

    async def key(self, key_id: str) -> Key:
        """Return the key. Raises Unauthenticated for any other."""
        if key_id != self._key_id:
            raise Unauthenticated("the token is signed with a key that this process does not have")
        return self._signing

    def token(self, caller: Caller, branch_id: str) -> str:
        """Return a token for this caller in one branch, valid for a minute."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": caller.subject,
            "aud": audience(branch_id),
            "iat": now,
            "nbf": now,
            "exp": now + _SECONDS,
            "jti": uuid.uuid4().hex,
            "roles": sorted(caller.roles),
            "organisations": sorted(caller.organisations),
        }
        return jwt.encode({"alg": "ES256", "kid": self._key_id, "typ": "at+jwt"}, claims, self._signing)


def audience(branch_id: str) -> str:
    """Return the audience of tokens for one branch alone; no later branch of its name has its id."""
    return f"branch:{branch_id}"


class BranchVerifier(Verifier):
    """Verifies tokens in a branch: the front's own for this branch, and life's, whose callers read what they may."""

    def __init__(self, life: Verifier, own: Verifier, issuer: str, sight: Sight) -> None:
        self._life, self._own, self._life_issuer, self._sight = life, own, issuer, sight

    async def caller(self, token: str) -> Caller:
        """Return the caller. Raises Unauthenticated, or Unavailable if life's keys cannot be fetched.

        One that the front signed has life's issuer: a person's account is recorded with it.
        """
        if not _is_own(token):
            return await bounded_for_this_request(self._sight, await self._life.caller(token))
        return replace(await self._own.caller(token), issuer=self._life_issuer)


def _is_own(token: str) -> bool:
    """Whether a token says that the front signed it; whether it did is verified by the key."""
    try:
        payload = jws.extract_compact(token.encode()).payload
    except (JoseError, ValueError):
        return False
    return f'"iss":"{ISSUER}"'.encode() in payload.replace(b" ", b"")


def trust(app: FastAPI, key: BranchKey, branch_id: str, sight: Sight) -> None:
    """Let a branch's service take what the front signs for that branch, and bound what all others read in it.

    Before the app's first request.
    """
    own = Verifier(issuer=ISSUER, audience=audience(branch_id), keys=key)
    for layer in app.user_middleware:
        life = layer.kwargs.get("verifier")
        if isinstance(life, Verifier):
            layer.kwargs["verifier"] = BranchVerifier(life, own, app.state.settings.token_issuer, sight)
    app.user_middleware.insert(0, Middleware(AsBounded, sight=sight))
