"""A new row of a rule pack changes an answer without code; every pack that is shipped can be read over HTTP."""

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.common.rulepacks import load_packs
from services.finance.core.deflators import deflator_of, vintages
from services.finance.core.packs import PACKS
from tests.finance.appraisals.schedules import RULES
from tests.support.finance_client import kind

BENCHMARK = """
[[pack]]
id = "estates-2014-of-a-test"
subject = "savings-benchmark"
title = "Savings from sharing estates"
citation = "This test"
effective_from = 2014-04-01
[pack.values]
functions.estates = { low = "0.10", high = "0.20" }
"""
VINTAGE = """
[[pack]]
id = "gdp-deflators-of-a-test"
subject = "deflator"
title = "A later vintage"
citation = "This test"
effective_from = 2015-04-01
stated_at = 2031-06-30T00:00:00Z
[pack.values.indices]
"2015-16" = "80"
"2016-17" = "100"
[pack.values.forecast_growth_percent]
"2017-18" = "2"
"2018-19" = "1.5"
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The packs as they are shipped, with a new row in two of them."""
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    for name, row in (("benchmarks.toml", BENCHMARK), ("deflators.toml", VINTAGE)):
        (folder / name).write_text((folder / name).read_text(encoding="utf-8") + row, encoding="utf-8")
    return folder


async def test_a_new_row_changes_an_estimate_without_code(
    client: httpx.AsyncClient, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def estimate() -> Any:
        asked = {"baseline": "estates:1000", "as_at": "2016-04-01"}
        [estates] = (await client.get("/v1/estimates", params=asked)).json()["functions"]
        return estates["saving"] and (estates["saving"]["low_pence"], estates["saving"]["high_pence"])

    assert await estimate() is None
    monkeypatch.setattr("services.finance.estimates.api.PACKS", load_packs(rules))
    assert await estimate() == (100, 200)


def test_a_new_vintage_takes_the_place_of_those_before_it_once_it_is_known(rules: Path) -> None:
    packs = load_packs(rules)
    latest, *others = vintages(packs, as_known=None)
    assert latest.id == "gdp-deflators-of-a-test"
    assert others == vintages(PACKS, as_known=None)
    assert vintages(packs, as_known=others[0].stated_at) == others
    deflator = deflator_of(latest)
    assert deflator.real(102, of=2017, base=2015) == 80
    assert deflator.indices[2018] == Fraction(102) * Fraction("1.015")
    assert deflator.last_outturn == 2016


def test_a_forecast_that_does_not_follow_the_outturn_is_refused(rules: Path) -> None:
    file = rules / "deflators.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"2017-18" = "2"\n', ""), encoding="utf-8")
    with pytest.raises(ValueError, match="2018-19 does not follow"):
        deflator_of(vintages(load_packs(rules), as_known=None)[0])


async def test_every_pack_is_read_with_its_values(client: httpx.AsyncClient) -> None:
    for pack in PACKS:
        shown = (await client.get(f"/v1/rule-packs/{pack.id.upper()}")).json()
        assert (shown["id"], shown["citation"]) == (pack.id, pack.citation)
        assert shown["values"].keys() == pack.values.keys()
    missing = await client.get("/v1/rule-packs/gdp-deflators-1997-11")
    assert (missing.status_code, kind(missing)) == (404, "rule-pack-not-found")
