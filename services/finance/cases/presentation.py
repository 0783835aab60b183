"""Builds the answers about a version of a case from its inputs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from libs.common.money import nearest_penny, pounds
from libs.common.rulepacks import RulePack
from services.finance.appraisals.affordability import affordability
from services.finance.appraisals.comparisons import best, incremental_table, passes
from services.finance.appraisals.inputs import Inputs, Line, LineType, Option, StoredLens, year_label
from services.finance.appraisals.sensitivity import (
    REALISATION,
    Measure,
    changed,
    inputs_of,
    measured,
    switching_factor,
    tornado,
    two_way,
    value_of,
)
from services.finance.appraisals.worth import Appraised, Measures, appraise, measure, present_values, unmonetised
from services.finance.case_contents.content import CaseContent
from services.finance.cases.errors import InputNotFound
from services.finance.cases.rules import (
    CONVENTIONS,
    band_of,
    decimal_text,
    digest_of,
    preferred_of,
    ratio_text,
    shift_of,
)
from services.finance.cases.views import (
    AffordabilityView,
    AppraisalView,
    BurdenView,
    ComparisonView,
    IncrementView,
    ItemView,
    LosersView,
    MeasuresView,
    OptionView,
    PartyShiftView,
    ProvenanceView,
    ScenarioView,
    SensitivityView,
    SunkView,
    SwingView,
    SwitchingValuesView,
    SwitchingValueView,
    TwoWayView,
    WorksView,
)
from services.finance.core.deflators import Deflator
from services.finance.core.flows import EXCHEQUER, HOUSEHOLDS
from services.finance.core.shifts import PartyShift


@dataclass(frozen=True, slots=True)
class CaseVersion:
    """A version of a case with all that an answer about it needs."""

    case: str
    version: int
    revision: int
    status: str
    organisation: str
    proposal: str | None
    content: CaseContent
    inputs: Inputs
    stated_at: datetime
    as_known: datetime | None
    bands: RulePack | None
    digest: str | None
    deflator: Deflator | None = None

    @property
    def forecast_prices(self) -> str:
        """A sentence where prices of some of the years are forecasts; empty where none is."""
        last = None if self.deflator is None else self.deflator.last_outturn
        if self.deflator is None or last is None or self.inputs.base_year + self.inputs.years - 1 <= last:
            return ""
        return f"Prices after {year_label(last)} are forecasts of {self.deflator.pack}."

    @property
    def inputs_digest(self) -> str:
        """The SHA-256 of the inputs."""
        return digest_of(self.inputs.model_dump(mode="json"))


def provenance(version: CaseVersion, lens: str | None = None) -> ProvenanceView:
    """Return what an answer was computed from."""
    return ProvenanceView(
        lens=lens or version.inputs.lens,
        packs=dict(version.inputs.packs),
        conventions=list(CONVENTIONS),
        causes=list(version.inputs.causes),
        inputs_digest=version.inputs_digest,
        as_known=version.as_known,
    )


def lens_of(inputs: Inputs, name: str | None = None) -> StoredLens:
    """Return a lens of a case; its own without a name. Raises InputNotFound."""
    lens = inputs.lens_named(name or inputs.lens)
    if lens is None:
        raise InputNotFound(f"{name}: the case has the lenses {', '.join(each.name for each in inputs.lenses)}")
    return lens


def option_of(version: CaseVersion, code: str | None, lens: str | None = None) -> Appraised:
    """Return an appraised option; the preferred one without a code. Raises InputNotFound."""
    appraised = appraise(version.inputs, lens_of(version.inputs, lens))
    found = preferred_of(appraised, code or version.content.preferred)
    if found is None:
        raise InputNotFound(f"{code or 'the case'}: no option beside business as usual has this code")
    return found


def measures_view(inputs: Inputs, lens: str, found: Measures) -> MeasuresView:
    """Return measures as they are shown."""
    eanc = nearest_penny(found.eanc)
    says = "benefit" if eanc >= 0 else "cost"
    return MeasuresView(
        lens=lens,
        pv_costs_pence=nearest_penny(found.pv_costs),
        pv_benefits_pence=nearest_penny(found.pv_benefits),
        npv_pence=nearest_penny(found.npv),
        bcr=ratio_text(found.bcr),
        passes_benchmark=passes(found, inputs.benchmark),
        eanc_pence=eanc,
        eanc=f"a net {says} of {pounds(abs(eanc))} a year over {inputs.years - 1} years",
        payback_year=found.payback,
        discounted_payback_year=found.discounted_payback,
    )


def _shown(inputs: Inputs, each: Appraised) -> MeasuresView:
    return measures_view(inputs, each.lens, each.measures)


def appraisal_view(version: CaseVersion) -> AppraisalView:
    """Return the appraisal of a version, with the digest of the answer."""
    inputs, content = version.inputs, version.content
    through = {lens.name: appraise(inputs, lens) for lens in inputs.lenses}
    own = through[inputs.lens]
    preferred = preferred_of(own, content.preferred)
    by_lens = defaultdict(list)
    for appraised in through.values():
        for each in appraised:
            by_lens[each.option.option].append(_shown(inputs, each))
    view = AppraisalView(
        case=version.case,
        version=version.version,
        status=version.status,
        organisation=version.organisation,
        title=content.title,
        base_year=content.base_year,
        years=inputs.years,
        realisation=str(inputs.realisation),
        realisation_source=content.realisation_source,
        benchmark=str(inputs.benchmark),
        preferred=None if preferred is None else preferred.option.option,
        options=[_option_view(version, each, by_lens[each.option.option]) for each in own],
        sunk=[SunkView(title=title, financial_year=year, amount_pence=pence) for title, year, pence in inputs.sunk],
        warnings=_warnings(inputs, own, version.forecast_prices),
        provenance=provenance(version),
        digest="",
    )
    digest = digest_of(
        view.model_dump(mode="json", exclude={"digest": True, "provenance": {"as_known"}, "status": True})
    )
    return view.model_copy(update={"digest": digest})


def _option_view(version: CaseVersion, each: Appraised, by_lens: list[MeasuresView]) -> OptionView:
    inputs, works = version.inputs, each.option.works
    values = {name: present_values(inputs, streams) for name, streams in each.by_input.items()}
    types: dict[str, Fraction] = defaultdict(Fraction)
    for line in each.option.lines:
        if line.is_benefit and line.line in values:
            types[line.type] += values[line.line]
    lower = None
    if inputs.lower_rate is not None:
        found = measure(each.increments, inputs.lower_rate.schedule(), inputs.health.schedule())
        lower = measures_view(inputs, each.lens, found)
    return OptionView(
        option=each.option.option,
        title=each.option.title,
        kind=each.option.kind,
        measures=_shown(inputs, each),
        by_lens=by_lens,
        lower_rate=lower,
        value_for_money=band_of(each.measures.bcr, version.bands),
        benefits_by_type={type_: nearest_penny(value) for type_, value in sorted(types.items())},
        items=_items(each, values),
        unmonetised=[line.title for line in unmonetised(each.option)],
        works=None
        if works is None
        else WorksView(
            planned_months=str(works.planned_months),
            expected_months=decimal_text(works.expected_months, 1),
            optimism_bias=decimal_text(works.bias, 4),
        ),
    )


def _items(each: Appraised, values: dict[str, Fraction]) -> list[ItemView]:
    items = [
        ItemView(
            input=line.line,
            title=line.title,
            type=line.type,
            kind=line.kind,
            contract=line.cause or None,
            value=str(line.value),
            present_value_pence=nearest_penny(values.get(line.line, Fraction(0))),
        )
        for line in each.option.lines
    ]
    return items + [
        ItemView(
            input=risk.risk,
            title=risk.title,
            type="risk",
            kind="risk",
            contract=None,
            value=str(risk.probability),
            present_value_pence=nearest_penny(values.get(risk.risk, Fraction(0))),
        )
        for risk in each.option.risks
    ]


def _warnings(inputs: Inputs, own: Sequence[Appraised], forecast_prices: str) -> list[str]:
    found = [forecast_prices] if forecast_prices else []
    if inputs.realisation != 1:
        found.append(f"Benefits count at a realisation of {decimal_text(inputs.realisation * 100, 2)} %.")
    found += _disagreement(inputs, own)
    if inputs.sunk:
        found.append("Sunk costs are listed and count nowhere.")
    return found


def _disagreement(inputs: Inputs, own: Sequence[Appraised]) -> list[str]:
    """Return a sentence where the highest NPV and the benchmark name different options."""
    highest = best(own)
    passing = [each.option.option for each in own if passes(each.measures, inputs.benchmark)]
    if highest is None or not passing or highest.option.option in passing:
        return []
    ratio, reached = decimal_text(inputs.benchmark, 0), ", ".join(passing)
    return [f"The highest NPV is that of {highest.option.option}; the benchmark of {ratio}:1 is reached by {reached}."]


def comparison_view(version: CaseVersion, lens: str | None) -> ComparisonView:
    """Return the incremental table through a lens."""
    inputs = version.inputs
    own = appraise(inputs, lens_of(inputs, lens))
    highest = best(own)
    return ComparisonView(
        case=version.case,
        version=version.version,
        highest_npv=None if highest is None else highest.option.option,
        pass_benchmark=[each.option.option for each in own if passes(each.measures, inputs.benchmark)],
        rows=[
            IncrementView(
                option=row.option,
                dominated_by=row.dominated_by,
                over=row.over,
                added_cost_pence=nearest_penny(row.added_cost),
                added_npv_pence=nearest_penny(row.added_npv),
                bcr=ratio_text(row.bcr),
            )
            for row in incremental_table(own, bau=inputs.bau.option)
        ],
        says=_disagreement(inputs, own),
        provenance=provenance(version, lens),
    )


def titles_of(option: Option) -> dict[str, str]:
    """Return the titles of an option's inputs by their codes."""
    found = {line.line: line.title for line in option.lines} | {risk.risk: risk.title for risk in option.risks}
    return found | {"realisation": "Realisation of the benefits"}


def types_of(option: Option) -> dict[str, str]:
    """Return what an option's inputs are, by their codes: types of lines, risks, or the realisation."""
    found = {line.line: str(line.type) for line in option.lines} | {risk.risk: "risk" for risk in option.risks}
    return found | {REALISATION: REALISATION}


def switching_view(
    version: CaseVersion, option: str | None, *, of: Measure, threshold: Fraction, name: str | None, lens: str | None
) -> SwitchingValuesView:
    """Return the switching value of one input, or of each. Raises InputNotFound."""
    inputs, each = version.inputs, option_of(version, option, lens)
    names, titles = inputs_of(each), titles_of(each.option)
    if name is not None and name not in names:
        raise InputNotFound(f"{name}: {each.option.option} has the inputs {', '.join(names)}")
    rows, lines = [], {line.line for line in each.option.lines}
    for one in names if name is None else [name]:
        factor = switching_factor(inputs, each, one, of=of, threshold=threshold)
        value = value_of(inputs, each, one)
        found = None if factor is None else factor * value
        rows.append(
            SwitchingValueView(
                input=one,
                title=titles[one],
                value=str(value),
                switching_value=None if found is None else str(found),
                switching_pence=nearest_penny(found) if found is not None and one in lines else None,
                change=None if factor is None else decimal_text((factor - 1) * 100, 2),
            )
        )
    return SwitchingValuesView(
        case=version.case,
        version=version.version,
        option=each.option.option,
        measure=of,
        threshold=str(threshold),
        rows=rows,
        provenance=provenance(version, lens),
    )


def sensitivity_view(
    version: CaseVersion, option: str | None, *, change: Fraction, pair: tuple[str, str] | None, lens: str | None
) -> SensitivityView:
    """Return the tornado of an option, its scenarios, and a grid of two inputs. Raises InputNotFound."""
    inputs, each = version.inputs, option_of(version, option, lens)
    titles, types, names = titles_of(each.option), types_of(each.option), inputs_of(each)
    if missing := [name for name in pair or () if name not in names]:
        raise InputNotFound(f"{', '.join(missing)}: {each.option.option} has the inputs {', '.join(names)}")
    return SensitivityView(
        case=version.case,
        version=version.version,
        option=each.option.option,
        change=str(change),
        tornado=[
            SwingView(
                input=bar.name,
                title=titles[bar.name],
                type=types[bar.name],
                value=str(bar.value),
                low_npv_pence=nearest_penny(bar.low.npv),
                high_npv_pence=nearest_penny(bar.high.npv),
                low_bcr=ratio_text(bar.low.bcr),
                high_bcr=ratio_text(bar.high.bcr),
            )
            for bar in tornado(inputs, each, change=change)
        ],
        scenarios=_scenarios(version, lens),
        two_way=None if pair is None else _grid(inputs, each, pair, change),
        provenance=provenance(version, lens),
    )


def _grid(inputs: Inputs, each: Appraised, pair: tuple[str, str], change: Fraction) -> TwoWayView:
    factors = [1 - change, 1 - change / 2, Fraction(1), 1 + change / 2, 1 + change]
    rows = two_way(inputs, each, *pair, factors=factors)
    return TwoWayView(
        first=pair[0],
        second=pair[1],
        factors=[str(factor) for factor in factors],
        npv_pence=[[nearest_penny(found.npv) for found in row] for row in rows],
        bcr=[[ratio_text(found.bcr) for found in row] for row in rows],
    )


def _scenarios(version: CaseVersion, lens: str | None) -> list[ScenarioView]:
    found = []
    for stated in version.content.scenarios:
        each = option_of(version, stated.option, lens)
        factors = {name: Fraction(factor) for name, factor in stated.factors.items()}
        measures = measured(version.inputs, changed(each, factors))
        shown = measures_view(version.inputs, each.lens, measures)
        found.append(
            ScenarioView(scenario=stated.scenario, title=stated.title, option=each.option.option, measures=shown)
        )
    return found


@dataclass(frozen=True, slots=True)
class Means:
    """What organisations have, by code and the year's start: budgets, and draws on funds; `read` are those one sees."""

    budgets: Mapping[tuple[str, int], int]
    drawn: Mapping[tuple[str, int], int]
    read: frozenset[str]


def payers_of(version: CaseVersion) -> list[str]:
    """Return the organisations that pay or save by some option: those whose books an option can touch."""
    options = version.inputs.options
    payers = {line.payer for option in options for line in option.lines if _is_cash(line)}
    return sorted((payers | {risk.payer for option in options for risk in option.risks}) - {HOUSEHOLDS, EXCHEQUER})


def affordability_view(version: CaseVersion, option: str | None, *, pack: RulePack, means: Means) -> AffordabilityView:
    """Return what an option means to the books of each organisation that pays or saves by it, by year."""
    inputs, each = version.inputs, option_of(version, option)
    concerned = {line.payer for line in (*each.option.lines, *inputs.bau.lines) if _is_cash(line)}
    concerned |= {risk.payer for risk in (*each.option.risks, *inputs.bau.risks)}
    rows = []
    for organisation in (code for code in payers_of(version) if code in concerned):
        burden = affordability(inputs, each.option, organisation, dividend=Fraction(str(pack.values["dividend"])))
        rows += [
            BurdenView(
                organisation=organisation,
                financial_year=year_label(inputs.base_year + year),
                cash_pence=nearest_penny(burden.cash[year]),
                capital_pence=nearest_penny(burden.capital[year]),
                depreciation_pence=nearest_penny(burden.depreciation[year]),
                dividend_pence=nearest_penny(burden.dividend[year]),
                vat_pence=nearest_penny(burden.vat[year]),
                revenue_effect_pence=nearest_penny(burden.revenue_effect[year]),
                **_against(means, organisation, inputs.base_year + year, nearest_penny(burden.cash[year])),
            )
            for year in range(inputs.years)
        ]
    shown = provenance(version)
    shown.packs["capital-charges"] = pack.id
    return AffordabilityView(
        case=version.case, version=version.version, option=each.option.option, rows=rows, provenance=shown
    )


def _against(means: Means, organisation: str, year: int, cash: int) -> dict[str, int | None]:
    """Return what the year's budget and the draws on funds have for an option's cash."""
    drawn = means.drawn.get((organisation, year), 0) if organisation in means.read else None
    return {
        "budget_pence": means.budgets.get((organisation, year)),
        "fund_pence": drawn,
        "asked_of_budget_pence": None if drawn is None else cash - drawn,
    }


def _is_cash(line: Line) -> bool:
    return line.type in {LineType.COST, LineType.CASH_RELEASING}


def losers_view(version: CaseVersion, option: str | None, lens: str | None) -> LosersView:
    """Return who gains and who loses by an option within a lens: UK society where none is named."""
    each = option_of(version, option)
    found = shift_of(version.inputs, each.option, lens_of(version.inputs, lens or "uk_society"))
    return LosersView(
        case=version.case,
        version=version.version,
        option=each.option.option,
        lens=found.lens,
        gainers=[_party_view(party) for party in found.gainers],
        losers=[_party_view(party) for party in found.losers],
        net_pence=nearest_penny(found.net),
        counted_saving_pence=nearest_penny(found.counted_saving),
        shifted=found.shifted,
        provenance=provenance(version, found.lens),
    )


def _party_view(shift: PartyShift) -> PartyShiftView:
    return PartyShiftView(
        party=shift.party,
        gain_pence=nearest_penny(shift.gain),
        by_year={str(year): nearest_penny(amount) for year, amount in shift.by_year if amount},
    )
