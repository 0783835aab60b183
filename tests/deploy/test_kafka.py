"""A broker of our own: started, adopted, killed and stopped; its jars are those of the list and no others."""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.kafka import Broker, BrokerUnavailable
from deploy.kafka.broker import JARS
from deploy.kafka.jars import Jar, JarsUnavailable, cache_folder, ensure_jars, read_lock
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import BusUnavailable, KafkaAccess
from tests.deploy.conftest import REPOSITORY

PASSWORD = "a demo's password"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a space, without a broker in the end."""
    place = tmp_path / "a broker"
    yield place
    Broker(place).kill()


def command(verb: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.kafka", verb, str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_what_was_kept_is_there_after_a_kill_and_after_a_stop(folder: Path) -> None:
    started = command("start", folder)
    assert started.returncode == 0, started.stderr
    broker = Broker(folder)
    first = broker.pid
    assert started.stdout.strip() == broker.bootstrap
    access = KafkaAccess(broker.bootstrap)
    assert await create_topic(access, "lamps")

    broker.start()
    assert broker.pid == first

    broker.kill()
    assert broker.pid is None
    broker.start()
    assert broker.pid not in (first, None)
    assert not await create_topic(KafkaAccess(broker.bootstrap), "lamps")

    stopped = command("stop", folder)
    assert (stopped.returncode, stopped.stdout, broker.pid) == (0, "", None)
    assert command("stop", folder).returncode == 0


def test_a_command_that_is_none_is_explained(tmp_path: Path) -> None:
    done = command("restart", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "start|stop FOLDER" in done.stderr


def test_a_broker_that_cannot_start_says_why(folder: Path) -> None:
    with pytest.raises(BrokerUnavailable, match=r"no-such-protocol|NO-SUCH-PROTOCOL"):
        Broker(folder, {"listener.security.protocol.map": "CLIENTS:no-such-protocol"}).start()


def test_every_jar_of_the_list_has_its_hash_and_a_changed_one_is_fetched_again(tmp_path: Path) -> None:
    jars = read_lock(JARS)
    assert len({jar.name for jar in jars}) == len(jars) == 45
    [small] = [jar for jar in jars if jar.artifact == "jspecify"]
    shutil.copy(ensure_jars([small])[0], tmp_path)
    damaged = tmp_path / small.name
    damaged.write_bytes(damaged.read_bytes() + b"!")
    assert ensure_jars([small], tmp_path) == [damaged]
    assert damaged.read_bytes() == (cache_folder() / small.name).read_bytes()


def test_a_jar_that_is_not_the_one_on_the_list_is_not_used(tmp_path: Path) -> None:
    [small] = [jar for jar in read_lock(JARS) if jar.artifact == "jspecify"]
    other = Jar(small.group, small.artifact, small.version, "0" * 64)
    with pytest.raises(JarsUnavailable, match="instead of 0000"):
        ensure_jars([other], tmp_path)
    assert not (tmp_path / small.name).exists()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, for the broker (with its key) and for clients (without)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a broker")]), datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "broker.pem").write_bytes(private + signed)
    (folder / "ca.pem").write_bytes(signed)
    return folder / "broker.pem", folder / "ca.pem"


async def test_clients_sign_in_over_tls_by_scram_or_plain_and_nobody_else_is_let_in(
    folder: Path, tmp_path: Path
) -> None:
    keys, ca = certificate(tmp_path)
    broker = Broker(
        folder,
        {
            "listener.security.protocol.map": "CLIENTS:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.clients.plain.sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule"
            f' required user_footprint="{PASSWORD}";',
            "listener.name.clients.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "listener.name.clients.ssl.keystore.type": "PEM",
            "listener.name.clients.ssl.keystore.location": str(keys),
        },
        format_arguments=("--add-scram", f"SCRAM-SHA-512=[name=footprint,password={PASSWORD}]"),
    )
    broker.start()

    def access(mechanism: str, **others: str) -> KafkaAccess:
        given = {"ca_file": str(ca), "user": "footprint", "password": PASSWORD, "topic_prefix": uuid.uuid4().hex}
        return KafkaAccess(broker.bootstrap, security="sasl_ssl", mechanism=mechanism, **{**given, **others})

    for mechanism in ("SCRAM-SHA-512", "PLAIN"):
        allowed = access(mechanism)
        assert await create_topic(allowed, "lamps")
        bus = KafkaBus(allowed)
        assert await bus.last("lamps") is None
        await bus.close()
        with pytest.raises(BusUnavailable, match=r"(?i)authentication"):
            await create_topic(access(mechanism, password="another"), "lamps")
    with pytest.raises(BusUnavailable, match=r"(?i)certificate"):
        await create_topic(access("PLAIN", ca_file=""), "lamps")
    with pytest.raises(BusUnavailable):
        await create_topic(KafkaAccess(broker.bootstrap), "lamps")
