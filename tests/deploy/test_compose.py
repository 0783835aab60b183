"""The compose file is one by the Compose specification, and everything it refers to is there."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.settings import Settings as ConsoleSettings
from deploy.branches.__main__ import BranchSettings
from deploy.branches.servers import SETTINGS
from deploy.kafka import Broker
from libs.common.service.settings import Settings
from tests.support.platform import SERVICES, service

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPLETED, HEALTHY = {"condition": "service_completed_successfully"}, {"condition": "service_healthy"}
GATHERER, BRANCHES, PLANS, CONSOLE = "provenance", "branches", "plans", "console"
SERVERS = ("postgres", "kafka", *SERVICES, GATHERER, BRANCHES, "branches-postgres", CONSOLE)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def test_it_is_valid_by_the_specifications_own_schema() -> None:
    program = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [program, "--builtin-schema", "vendor.compose-spec", FILE],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_services_and_files_and_volumes_that_are_named_exist(compose: dict[str, Any]) -> None:
    services, mounted = compose["services"], set()
    for name, each in services.items():
        assert set(each.get("depends_on", {})) <= set(services), name
        for volume in each.get("volumes", []):
            source, target = volume.split(":")[:2]
            assert target.startswith("/"), volume
            if source.startswith("."):
                assert (ROOT / source).is_file(), volume
            else:
                mounted.add(source)
        assert ("build" in each) is not ("image" in each), name
        if "build" in each:
            assert (ROOT / each["build"]["context"]).is_dir()
            assert (ROOT / each["build"]["dockerfile"]).is_file()
            assert (ROOT / "services" / each["build"].get("args", {}).get("SERVICE", "")).is_dir()
    assert mounted == set(compose["volumes"])


def test_published_ports_are_those_that_people_and_programs_call_each_its_own(compose: dict[str, Any]) -> None:
    published = {name: each["ports"] for name, each in compose["services"].items() if "ports" in each}
    assert set(published) == {*SERVICES, GATHERER, BRANCHES, CONSOLE}
    [inside] = {port.rpartition(":")[2] for ports in published.values() for port in ports}
    assert inside == "8000"
    assert len({port for ports in published.values() for port in ports}) == len(published)
    for image in {each["build"]["dockerfile"] for each in compose["services"].values() if "build" in each}:
        assert f"EXPOSE {inside}" in (ROOT / image).read_text(encoding="utf-8")


def test_each_service_waits_for_its_migrations_its_topic_and_those_that_it_hears(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in SERVICES:
        wanted = {f"{name}-migrations", f"{name}-topics", *(f"{heard}-topics" for heard in service(name).hears)}
        assert services[name]["depends_on"] == dict.fromkeys(wanted, COMPLETED)
        assert services[f"{name}-migrations"]["depends_on"] == {"postgres": HEALTHY}
        assert services[f"{name}-topics"]["depends_on"] == {"kafka": HEALTHY}


def test_what_serves_has_a_health_check_and_a_restart_and_everything_has_limits(compose: dict[str, Any]) -> None:
    for name, each in compose["services"].items():
        assert {"mem_limit", "cpus", "restart"} <= set(each), name
        assert ("healthcheck" in each) is (name in SERVERS), name
        if "build" in each:
            assert each["read_only"] is True
            assert (each["cap_drop"], each["security_opt"]) == (["ALL"], ["no-new-privileges:true"])


def test_each_secret_is_asked_for_and_none_has_a_default() -> None:
    secrets = re.findall(r"\$\{(\w*PASSWORD\w*)(.*?)\}", FILE.read_text(encoding="utf-8"))
    owners = ("postgres", *SERVICES, BRANCHES, PLANS)
    assert {name for name, _ in secrets} == {f"{name.upper()}_PASSWORD" for name in owners}
    assert all(rest.startswith(":?") for _, rest in secrets)
    assert re.findall(r"(?i)password=(?!\.\.\.)\S+", FILE.read_text(encoding="utf-8")) == []


def test_every_setting_that_it_gives_exists_and_every_needed_one_is_given(compose: dict[str, Any]) -> None:
    known = {name.upper(): field for name, field in Settings.model_fields.items()}
    needed = {name for name, field in known.items() if field.is_required()}
    for name in SERVICES:
        given = compose["services"][name]["environment"]
        assert needed <= set(given) <= set(known), name
        assert (given["BUS"], given["TOKEN_AUDIENCE"]) == ("kafka", f"footprint-{name}")
        for job in (f"{name}-migrations", f"{name}-topics"):
            assert compose["services"][job]["environment"]["DATABASE_URL"] == given["DATABASE_URL"]


def test_the_console_is_given_its_settings_and_reaches_who_answers_it(compose: dict[str, Any]) -> None:
    given = compose["services"][CONSOLE]["environment"]
    known = {f"CONSOLE_{name.upper()}": field for name, field in ConsoleSettings.model_fields.items()}
    assert {name for name, field in known.items() if field.is_required()} <= set(given) <= set(known)
    reached = {url.removeprefix("http://").partition(":")[0] for name, url in given.items() if name.endswith("_URL")}
    assert reached - {"${CONSOLE_PUBLIC_URL"} == {*SERVICES, GATHERER, BRANCHES}


def test_branches_are_given_every_database_of_life_and_a_throwaway_server(compose: dict[str, Any]) -> None:
    given = compose["services"][BRANCHES]["environment"]
    known = {name.upper(): field for name, field in BranchSettings.model_fields.items()}
    assert {name for name, field in known.items() if field.is_required()} <= set(given) <= set(known)
    life = {name: compose["services"][name]["environment"]["DATABASE_URL"] for name in SERVICES}
    assert json.loads(given["LIFE_URLS"]) == life
    assert re.search(r"@([\w-]+):5432/postgres$", given["DATABASE_URL"])[1] == "branches-postgres"  # type: ignore[index]
    command = compose["services"]["branches-postgres"]["command"]
    assert {f"{name}={value}" for name, value in SETTINGS.items()} <= set(command)


def test_plans_are_beside_life_and_every_database_there_is_made_with_its_role(compose: dict[str, Any]) -> None:
    plans = compose["services"][BRANCHES]["environment"]["PLANS_URL"]
    urls = [plans, *(compose["services"][name]["environment"]["DATABASE_URL"] for name in SERVICES)]
    named = [re.search(r"//(\w+):\$\{(\w+).*@postgres:5432/(\w+)$", url).groups() for url in urls]  # type: ignore[union-attr]
    assert named == [(name, f"{name.upper()}_PASSWORD", name) for name in (PLANS, *SERVICES)]
    script = (ROOT / "deploy" / "create_databases.sh").read_text(encoding="utf-8")
    [made] = re.findall(r"^for role in (.*); do$", script, flags=re.MULTILINE)
    assert set(made.split()) == {PLANS, *SERVICES}
    assert {f"{name.upper()}_PASSWORD" for name in made.split()} < set(compose["services"]["postgres"]["environment"])


def test_the_addresses_that_settings_name_are_services_of_the_file(compose: dict[str, Any]) -> None:
    kafka = compose["services"]["kafka"]["environment"]
    for name in SERVICES:
        given = compose["services"][name]["environment"]
        assert f"PLAINTEXT://{given['KAFKA_BOOTSTRAP']}" == kafka["KAFKA_ADVERTISED_LISTENERS"]
        assert re.search(r"@(\w+):5432/(\w+)$", given["DATABASE_URL"]).groups() == ("postgres", name)  # type: ignore[union-attr]


def test_each_job_and_service_calls_its_own_program(compose: dict[str, Any]) -> None:
    for name in SERVICES:
        for job, command in ((f"{name}-migrations", "migrate"), (f"{name}-topics", "topics")):
            assert compose["services"][job]["command"] == ["python", "-m", f"services.{name}", command]
            assert compose["services"][job]["build"] == compose["services"][name]["build"]
        assert compose["services"][name]["build"]["args"] == {"SERVICE": name}


def test_a_real_broker_knows_every_setting_that_kafka_gets(compose: dict[str, Any], kafka: Broker) -> None:
    given = set(compose["services"]["kafka"]["environment"]) - {"CLUSTER_ID", "KAFKA_HEAP_OPTS"}
    names = {name.removeprefix("KAFKA_").lower().replace("_", ".") for name in given}
    values = kafka.log.read_text(errors="replace").partition("KafkaConfig values:")[2]
    known = set(re.findall(r"^\s+([a-z.]+) = ", values, flags=re.MULTILINE))
    assert len(known) > 100
    assert names <= known
