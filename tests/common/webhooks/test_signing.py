"""Signatures are those of the Standard Webhooks specification, by the examples of its own libraries."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from libs.common.webhooks.signing import SigningScheme, new_secret, public_key, shown_secret, signature

EVENT, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SYMMETRIC = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
SEED = base64.b64decode("VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=")
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1A = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="


def test_both_schemes_sign_as_the_libraries_of_the_standard_do() -> None:
    assert signature(SigningScheme.SYMMETRIC, [SYMMETRIC], event=EVENT, timestamp=AT, body=BODY) == V1
    assert signature(SigningScheme.ED25519, [SEED], event=EVENT, timestamp=AT, body=BODY) == V1A


def test_a_former_secret_signs_beside_the_present_one() -> None:
    both = signature(SigningScheme.SYMMETRIC, [new_secret(), SYMMETRIC], event=EVENT, timestamp=AT, body=BODY).split(
        " "
    )
    assert len(both) == 2
    assert both[1] == V1


def test_a_symmetric_secret_is_shown_and_of_ed25519_only_the_public_half() -> None:
    assert shown_secret(SigningScheme.SYMMETRIC, SYMMETRIC) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert public_key(SigningScheme.SYMMETRIC, SYMMETRIC) is None
    assert shown_secret(SigningScheme.ED25519, SEED) is None
    shown = public_key(SigningScheme.ED25519, SEED)
    assert shown is not None
    assert shown.startswith("whpk_")
    verifies = Ed25519PublicKey.from_public_bytes(base64.b64decode(shown.removeprefix("whpk_")))
    verifies.verify(base64.b64decode(V1A.removeprefix("v1a,")), b"%b.%d.%b" % (EVENT.encode(), AT, BODY))


def test_secrets_are_random_and_long_enough() -> None:
    made = {new_secret() for _ in range(10)}
    assert len(made) == 10
    assert {len(one) for one in made} == {32}
