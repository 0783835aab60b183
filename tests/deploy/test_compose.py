"""The compose file is one by the Compose specification, and everything it refers to is there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"


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


def test_services_volumes_and_ports_that_are_named_exist_once(compose: dict[str, Any]) -> None:
    services = compose["services"]
    published = []
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        published += [port.split(":")[0] for port in service.get("ports", [])]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in compose["volumes"], volume
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
            assert (ROOT / "services" / service["build"]["args"]["SERVICE"]).is_dir()
    assert len(published) == len(set(published))


def test_each_service_waits_for_its_own_migrations(compose: dict[str, Any]) -> None:
    for name in ("registry", "contracts", "finance", "governance"):
        waits = compose["services"][name]["depends_on"]
        assert waits[f"{name}-migrations"] == {"condition": "service_completed_successfully"}


def test_no_secret_has_a_default() -> None:
    secrets = re.findall(r"\$\{(\w*PASSWORD\w*)(.*?)\}", FILE.read_text(encoding="utf-8"))
    assert secrets
    assert all(rest.startswith(":?") for _, rest in secrets)


def test_every_setting_that_it_gives_exists(compose: dict[str, Any]) -> None:
    from libs.common.settings import Settings

    known = {name.upper() for name in Settings.model_fields}
    for name in ("registry", "contracts", "finance", "governance"):
        assert set(compose["services"][name]["environment"]) <= known, name
