"""Embedded PostgreSQL starts whatever a crash, a stranger or a file system left, and ends nothing but its own."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.postgres.account import PostgresUnavailable
from deploy.postgres.processes import find_postgres_processes, wait_until_gone
from deploy.postgres.server import EmbeddedPostgres
from tests.deploy.conftest import AS_ORDINARY_USER, IS_ROOT, NAMESPACES_WORK, REPOSITORY, NewServer, begin
from tests.support.waiting import until


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _postmaster(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def _kill_everything(server: EmbeddedPostgres) -> None:
    for pid in find_postgres_processes(server.data):
        with suppress(ProcessLookupError):  # they end by themselves once the postmaster is gone
            os.kill(pid, signal.SIGKILL)
    assert wait_until_gone(server.data, within=10)


def test_the_first_start_makes_a_server_that_answers(any_folder: Path, new_server: NewServer) -> None:
    before = _mode(any_folder)
    server = new_server(any_folder / "postgres")
    server.start()
    assert server.run_sql("SHOW server_version_num").startswith("18")
    assert server.run_sql("SHOW timezone") == "UTC"
    assert server.run_sql("SHOW max_wal_size") == "512MB"
    assert server.run_sql("SHOW listen_addresses") == ""
    assert (
        server.run_sql("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'template1'") == "b|C.UTF-8"
    )
    assert _mode(any_folder) == before
    assert _mode(server.socket_folder) == 0o700
    assert _mode(server.data) == 0o700


def test_a_second_start_adopts_the_running_server(any_folder: Path, new_server: NewServer) -> None:
    first, second = new_server(any_folder / "postgres"), new_server(any_folder / "postgres")
    first.start()
    running = _postmaster(first)
    second.start()
    assert _postmaster(second) == running
    assert second.dsn("postgres") == first.dsn("postgres")


def test_stop_leaves_no_process_and_no_socket(any_folder: Path, new_server: NewServer) -> None:
    server = new_server(any_folder / "postgres")
    server.start()
    assert find_postgres_processes(server.data)
    server.stop()
    assert not find_postgres_processes(server.data)
    assert not server.socket_folder.exists()
    assert not (server.data / "postmaster.pid").exists()


def test_what_was_written_survives_kill_9_of_all_its_processes(any_folder: Path, new_server: NewServer) -> None:
    server = new_server(any_folder / "postgres")
    server.start()
    server.run_sql("CREATE TABLE ccg (code text); INSERT INTO ccg VALUES ('15N')")
    _kill_everything(server)
    server.start()
    assert server.run_sql("SELECT code FROM ccg") == "15N"


def test_a_busy_orphan_of_a_killed_postmaster_does_not_stop_the_next_start(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    server.start()
    busy = "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"
    client = subprocess.Popen(
        [str(server.programs / "psql"), "-X", "-h", str(server.socket_folder), "-U", "postgres", "-c", busy],
        stderr=subprocess.DEVNULL,
    )
    while "DO $$" not in server.run_sql("SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()"):
        assert client.poll() is None
    os.kill(_postmaster(server), signal.SIGKILL)
    server.start()
    assert server.run_sql("SELECT 1") == "1"
    client.wait(timeout=10)


@pytest.mark.parametrize("name", ["a folder of mine", "it's (one) & only; *", "Größe"])
def test_the_path_may_hold_spaces_and_signs(name: str, folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / name / "postgres")
    server.start()
    assert server.run_sql("SHOW data_directory") == str(server.data)


def test_the_path_may_be_800_characters_long(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder.joinpath(*["x" * 99] * 8))
    assert len(str(server.data)) > 800
    server.start()
    assert server.run_sql("SELECT 1") == "1"
    server.stop()


def test_a_folder_closed_to_others_is_used_without_opening_it(folder: Path, new_server: NewServer) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = new_server(closed / "postgres")
    if IS_ROOT and not NAMESPACES_WORK:
        with pytest.raises(PostgresUnavailable, match="Run as an ordinary user"):
            server.start()
    else:
        server.start()
        assert server.data.stat().st_uid == os.geteuid()
    assert _mode(closed) == 0o700


@pytest.mark.parametrize("sign", ['"', "$", "`", "\\"])
def test_a_path_that_a_shell_would_change_is_refused(sign: str, folder: Path) -> None:
    with pytest.raises(PostgresUnavailable, match="accepts no path with"):
        EmbeddedPostgres(folder / f"a{sign}b" / "postgres").start()
    assert list(folder.iterdir()) == []


def test_an_ordinary_user_starts_adopts_and_stops_it(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    # In one session, since two namespaces of the same user do not see each other's processes.
    lines = ("start", "start", "stop")
    script = " && ".join(f'"$0" -m deploy.postgres.server {line} "$1"' for line in lines)
    command = [*AS_ORDINARY_USER, "sh", "-c", script, sys.executable, str(server.folder)]
    assert subprocess.run(command, cwd=REPOSITORY, check=False, timeout=60).returncode == 0
    assert server.log.read_text().count("starting PostgreSQL 18") == 1
    assert not find_postgres_processes(server.data)


def test_root_without_the_right_to_trace_finds_the_processes_too(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    server.start()
    prefix = ("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", "--") if IS_ROOT else ()
    asked = (
        "import sys, pathlib, deploy.postgres.processes as p; "
        f"print({_postmaster(server)} in p.find_postgres_processes(pathlib.Path(sys.argv[1])))"
    )
    command = [*prefix, sys.executable, "-c", asked, str(server.data)]
    assert subprocess.check_output(command, cwd=REPOSITORY, text=True) == "True\n"


@pytest.mark.parametrize("stands_in_the_data_folder", [False, True])
def test_a_stranger_named_by_a_stale_pid_file_survives(
    stands_in_the_data_folder: bool, folder: Path, new_server: NewServer
) -> None:
    server = new_server(folder / "postgres")
    server.start()
    _kill_everything(server)
    stale = (server.data / "postmaster.pid").read_text().split("\n")
    # The same account as PostgreSQL's: of another's process it would see by itself that it is a stranger.
    owner = server.data.stat().st_uid if IS_ROOT else None
    stranger = subprocess.Popen(
        ["sleep", "600"], user=owner, cwd=server.data if stands_in_the_data_folder else "/", start_new_session=True
    )
    named = "\n".join([str(stranger.pid), *stale[1:]])
    try:
        for name in (server.data / "postmaster.pid", server.socket_folder / ".s.PGSQL.5432.lock"):
            name.write_text(named)
        server.start()
        assert server.run_sql("SELECT 1") == "1"
        _kill_everything(server)
        (server.data / "postmaster.pid").write_text(named)
        server.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_zombie_named_by_a_stale_pid_file_does_not_stop_the_start(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    server.start()
    _kill_everything(server)
    zombie = subprocess.Popen(["true"], user=server.data.stat().st_uid if IS_ROOT else None)
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    lines = (server.data / "postmaster.pid").read_text().split("\n")
    (server.data / "postmaster.pid").write_text("\n".join([str(zombie.pid), *lines[1:]]))
    server.start()
    assert server.run_sql("SELECT 1") == "1"
    assert zombie.wait() == 0


def test_four_starters_at_once_share_one_server(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    starters = [begin("start", server.folder) for _ in range(4)]
    assert [starter.wait(timeout=60) for starter in starters] == [0, 0, 0, 0]
    assert server.run_sql("SELECT 1") == "1"
    assert (server.log).read_text().count("starting PostgreSQL 18") == 1


@pytest.mark.parametrize("reached", ["PG_VERSION", "postgresql.conf", "base/5"])
async def test_a_starter_killed_while_making_the_data_folder_does_no_harm(
    reached: str, folder: Path, new_server: NewServer
) -> None:
    server = new_server(folder / "postgres")
    starter = begin("start", server.folder)

    async def is_being_made() -> bool:
        return bool(list(server.folder.glob(f"data.new-*/{reached}")))

    await until(is_being_made)
    starter.kill()
    starter.wait()
    server.start()
    assert server.run_sql("SELECT 1") == "1"
    server.stop()
    server.start()
    assert server.run_sql("SELECT 1") == "1"


def test_a_data_folder_removed_under_a_running_server_is_made_anew(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    server.start()
    server.run_sql("CREATE TABLE ccg (code text)")
    shutil.rmtree(server.folder)
    server.start()
    assert server.run_sql("SELECT count(*) FROM pg_tables WHERE tablename = 'ccg'") == "0"


def test_a_socket_folder_removed_under_a_running_server_is_made_anew(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    server.start()
    shutil.rmtree(server.socket_folder)
    server.start()
    assert server.run_sql("SELECT 1") == "1"


def test_a_socket_folder_open_to_others_is_refused(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    server.folder.mkdir()
    server.socket_folder.mkdir()
    server.socket_folder.chmod(0o755)
    with pytest.raises(PostgresUnavailable, match="mode 0700"):
        server.start()


def test_data_of_another_version_is_refused_by_name(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresUnavailable, match="PostgreSQL 17"):
        server.start()


def test_a_setting_that_postgresql_refuses_is_told_with_its_own_words(folder: Path, new_server: NewServer) -> None:
    new_server(folder / "postgres").start()
    EmbeddedPostgres(folder / "postgres").stop()
    with pytest.raises(PostgresUnavailable, match="max_connections"):
        EmbeddedPostgres(folder / "postgres", {"max_connections": "many"}).start()


def test_stop_makes_nothing_where_nothing_is(folder: Path) -> None:
    EmbeddedPostgres(folder / "postgres").stop()
    assert not (folder / "postgres").exists()


def test_a_role_enters_its_own_database_only(folder: Path, new_server: NewServer) -> None:
    server = new_server(folder / "postgres")
    server.start()
    for name in ("registry", "finance", "registry", "finance"):
        server.ensure_role(name)
        server.ensure_database(name, owner=name)
    server.run_sql("CREATE TABLE ccg (code text)", database="registry", user="registry")
    with pytest.raises(PostgresUnavailable, match="permission denied"):
        server.run_sql("SELECT 1", database="registry", user="finance")
    with pytest.raises(ValueError, match="not a plain name"):
        server.ensure_role('x"; DROP ROLE registry; --')
