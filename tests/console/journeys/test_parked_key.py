"""An operator finds a parked key, sees that its cause is still there, removes it, and resumes the key."""

import time

from deploy.postgres.server import EmbeddedPostgres
from tests.console.browser import People
from tests.support.demo import Demo

CODE, NAME = "ZQP", "Journey of a parked key"
_SOON = 60.0
_CAUSE = f"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF new.value = '{NAME}' THEN RAISE EXCEPTION 'finance cannot store this name'; END IF; RETURN new; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON known_organisation_statement FOR EACH ROW EXECUTE FUNCTION refuse()
"""
_CURE = "DROP FUNCTION refuse() CASCADE"


async def test_a_parked_key_is_found_and_resumed_once_its_cause_is_gone(browser: People, console_demo: Demo) -> None:
    server = EmbeddedPostgres(console_demo.folder / "var" / "postgres")
    server.run_sql(_CAUSE, database="finance", user="finance")
    opened = {"code": CODE, "name": NAME, "kind": "supplier", "effective_on": "2020-04-01"}
    assert console_demo.send("POST", "/registry/v1/organisations", user="registrar", json=opened).status_code == 201
    _wait_until_parked(console_demo)

    tab = await browser.as_person("operator")
    page = tab.page
    await tab.open("/operations")
    assert "1 event, 1 key" in await tab.text()
    await page.get_by_role("link", name="Finance", exact=True).last.click()
    assert "finance cannot store this name" in await tab.text()
    await page.get_by_role("link", name=f"Resume {CODE} of registry").click()
    assert "The cause is still there" in await tab.text()
    server.run_sql(_CURE, database="finance", user="finance")
    await page.reload()
    assert "The cause is still there" not in await tab.text()
    await page.get_by_role("button", name="Resume the key").click()
    resumed = await tab.text()
    assert "1 event applied; none stays parked" in resumed
    assert "No event is parked." in resumed
    assert tab.faults == []


def _wait_until_parked(demo: Demo) -> None:
    deadline = time.monotonic() + _SOON
    while not demo.send("GET", "/finance/v1/operations/parked", user="operator").json()["items"]:
        assert time.monotonic() < deadline, "finance parks nothing"
        time.sleep(0.1)
