"""A target is on the public internet, whatever its name leads to, and no answer of it holds up or fools the sender."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from libs.common.webhooks.attempts import RETRY_AFTER_SECONDS, Outcome, outcome_of, pause_after
from libs.common.webhooks.targets import Answer, Reach, Targets, Undelivered, may_be_reached, refusal_of
from tests.common.webhooks.conftest import Target, listening

PUBLIC = ["8.8.8.8", "1.1.1.1", "151.101.1.140", "2606:4700::1111", "2a00:1450:4009::1"]
REFUSED = [
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1"),
    *("192.0.0.8", "192.0.0.9", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1"),
    *("2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fe80::1", "fec0::1", "ff0e::1"),
]


def test_only_addresses_of_the_public_internet_are_reached() -> None:
    assert [one for one in PUBLIC if not may_be_reached(ip_address(one), Reach.PUBLIC)] == []
    assert [one for one in REFUSED if may_be_reached(ip_address(one), Reach.PUBLIC)] == []
    here = {one for one in REFUSED if may_be_reached(ip_address(one), Reach.LOOPBACK)}
    assert here == {"127.0.0.1", "::1"}
    assert not any(may_be_reached(ip_address(one), Reach.NONE) for one in (*PUBLIC, *REFUSED))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://partner.example/", "https"),
        ("ftp://partner.example/", "https"),
        ("partner.example", "URL"),
        ("https://", "URL"),
        ("https://partner.example:99999/", "URL"),
        ("https://[::1", "URL"),
        ("https://partner.example/ä", "ASCII"),
        ("https://partner.example/a b", "ASCII"),
        ("https://user:password@partner.example/", "password"),
        ("https://partner.example/#part", "fragment"),
        ("https://localhost/", "public"),
        ("https://127.0.0.1/", "public"),
        ("https://[::1]/", "public"),
        ("https://169.254.169.254/latest", "public"),
        ("https://10.1.2.3/", "public"),
    ],
)
def test_what_is_no_target_is_refused_with_the_reason(url: str, why: str) -> None:
    assert why in (refusal_of(url, Reach.PUBLIC) or "")


def test_a_target_on_this_machine_is_for_where_that_is_allowed() -> None:
    for url in ("http://localhost:8080/x", "http://127.0.0.1/", "https://[::1]:8443/"):
        assert refusal_of(url, Reach.LOOPBACK) is None
        assert refusal_of(url, Reach.PUBLIC)
    assert refusal_of("http://partner.example/", Reach.LOOPBACK)
    assert refusal_of("https://partner.example:8443/footprint?key=1", Reach.PUBLIC) is None


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1", "127.0.0.1"])
async def test_a_name_is_refused_for_the_address_that_it_leads_to(target: Target, host: str) -> None:
    targets = Targets(Reach.PUBLIC, seconds=5)
    with pytest.raises(Undelivered, match=r"^its address is not on the public internet$"):
        await targets.post(target.address.replace("127.0.0.1", host), {}, b"{}")
    await targets.close()
    assert target.connections == 0


async def post(target: Target, *, seconds: float = 0.3) -> Answer:
    targets = Targets(Reach.LOOPBACK, seconds=seconds)
    try:
        return await targets.post(f"{target.address}/hook", {"webhook-id": "1"}, b'{"a":1}')
    finally:
        await targets.close()


async def test_a_connection_is_kept_between_posts(target: Target) -> None:
    targets = Targets(Reach.LOOPBACK, seconds=5)
    for _ in range(3):
        assert (await targets.post(target.address, {}, b"{}")).status == 204
    await targets.close()
    assert (len(target.taken), target.connections) == (3, 1)


async def test_a_redirect_is_not_followed(target: Target, other: Target) -> None:
    async def redirect(_: int, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 307 Elsewhere\r\nLocation: {other.address}/\r\nContent-Length: 0\r\n\r\n".encode())

    target.behave = redirect
    outcome = outcome_of(await post(target))
    assert (outcome.is_delivered, outcome.error) == (False, "it answered 307 and redirects are not followed")
    assert other.connections == 0


async def test_an_endless_body_is_not_read_to_its_end(target: Target) -> None:
    sent = 0

    async def endless(_: int, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            sent += 65_536
            await writer.drain()

    target.behave = endless
    assert (await post(target)).status == 200
    assert sent < 50_000_000


async def test_a_target_that_does_not_answer_is_given_up_in_time(target: Target) -> None:
    target.behave = target.silent
    with pytest.raises(Undelivered, match=r"^it did not answer within 0.3 s$"):
        await post(target)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"220 mail.example ESMTP\r\n", "it answered no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", "it answered no HTTP"),
        (b"", "it answered no HTTP"),
    ],
    ids=["mail", "endless header", "nothing"],
)
async def test_what_is_no_answer_is_no_delivery_and_none_of_it_is_shown(
    target: Target, answer: bytes, why: str
) -> None:
    async def lie(_: int, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    target.behave = lie
    with pytest.raises(Undelivered) as error:
        await post(target, seconds=2)
    assert str(error.value) == why


async def test_a_dead_target_is_said_to_be() -> None:
    server = await listening(gone := Target())
    server.close()
    await server.wait_closed()
    with pytest.raises(Undelivered, match=r"^no connection could be made$"):
        await post(gone)


async def test_the_certificate_has_to_be_of_the_name(tmp_path: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(*files)
    server = await listening(target := Target(), ssl=server_side)
    port = target.address.rpartition(":")[2]
    targets = Targets(Reach.LOOPBACK, seconds=5, trusted=ssl.create_default_context(cafile=files[0]))
    assert (await targets.post(f"https://localhost:{port}/", {}, b"{}")).status == 204
    with pytest.raises(Undelivered, match=r"^its certificate was not accepted$"):
        await targets.post(f"https://127.0.0.1:{port}/", {}, b"{}")
    await targets.close()
    server.close()


def test_only_2xx_is_a_delivery_and_410_ends_it() -> None:
    assert {status for status in range(100, 600) if outcome_of(Answer(status)).is_delivered} == set(range(200, 300))
    assert {status for status in range(100, 600) if outcome_of(Answer(status)).is_gone} == {410}


def test_the_pauses_are_those_of_the_standard_with_jitter_and_what_the_target_asks_for() -> None:
    failed = Outcome("it answered 500")
    for failures, planned in enumerate(RETRY_AFTER_SECONDS, start=1):
        pauses = [pause_after(failures, failed, RETRY_AFTER_SECONDS) or 0 for _ in range(20)]
        assert all(planned <= pause <= 1.2 * planned for pause in pauses)
        assert len(set(pauses)) > 1
    assert pause_after(10, failed, RETRY_AFTER_SECONDS) is None
    assert 75 * 3600 < sum(RETRY_AFTER_SECONDS) < 76 * 3600
    assert pause_after(1, Outcome("it answered 429", retry_after=600), RETRY_AFTER_SECONDS) == 600
    assert pause_after(1, Outcome("it answered 503", retry_after=10**8), RETRY_AFTER_SECONDS) == 86_400
