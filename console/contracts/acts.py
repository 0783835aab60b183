"""What a party does about a contract by a form: serve notice and withdraw it, sign, accept an end, consent."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from starlette.responses import Response

from console.contracts.shaping import Json, left_to_sign, newest_notice, part_of, parties_of, proposals_of
from console.core.acts import Act, Fact, act_routes, plain
from console.core.forms import Form
from console.core.page import Page, Route, get
from console.core.services import Answer, Question
from console.core.words import day, pounds, words

ROLE: Final = "contract_lead"
FACTS: Final[Mapping[str, Fact]] = {
    "title": ("Title", plain),
    "status": ("Status", words),
    "annual_pence": ("Charge a year", pounds),
    "starts_on": ("First day of service", day),
    "ends_on": ("Last day of service", day),
    "notice_months": ("Months of notice", plain),
}


def _path(page: Page, below: str = "") -> str:
    return f"/contracts/{page.path['reference']}{below}"


def _contract(page: Page, *below: str) -> list[Question]:
    return [page.now("contracts", _path(page)), *(page.now("contracts", _path(page, one)) for one in below)]


def _given(**fields: Any) -> dict[str, Any]:
    """Return what was given; a day as the API writes it."""
    return {name: value for name, value in fields.items() if value}


def _sides(page: Page, contract: Json) -> dict[str, Any]:
    """Return for which sides the caller may act: where it is both, the form asks for which."""
    customers = [one for one in contract["customers"] if page.person.may(ROLE, one["code"])]
    supplier = contract["supplier"] if page.person.may(ROLE, contract["supplier"]["code"]) else None
    return {"own_customers": customers, "own_supplier": supplier, "asks_side": bool(customers and supplier)}


def _context(title: str, *names: str) -> Callable[[Page, Sequence[Answer]], dict[str, Any]]:
    def context(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
        record = answers[0]
        sides = _sides(page, record.body) if record.ok else {}
        parties = parties_of(record.body) if record.ok else {}
        named = dict(zip(names, answers[1:], strict=False))
        return {"title": title, "reference": page.path["reference"], "parties": parties, **named, **sides}

    return context


def _recorded(what: str) -> Callable[[Page, Answer], Response]:
    def done(page: Page, _: Answer) -> Response:
        about = page.path.get("notice") or page.path.get("termination")
        return page.redirect(page.link(_path(page, f"/recorded/{what}"), about=about))

    return done


def _serves(page: Page, form: Form) -> tuple[str, Json]:
    return _path(page, "/notices"), _given(
        reason=form.text("reason", "The reason"),
        form=form["form"],
        last_day=form.iso_day("last_day", "The last day of service"),
        served_on=form.iso_day("served_on", "The day of service"),
        functions=form.all("functions"),
        leaving=form.all("leaving"),
        document=form["document"],
        proof=form["proof"],
        minute=form["minute"],
        note=form["note"],
        served_by=form["served_by"],
    )


def _noticing(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
    shown = _context("Serve notice", "leaving", "reasons")(page, answers)
    record, leaving, reasons = answers
    listed = reasons.get("reasons", ())
    wanted = page.query.get("exit_on")
    offered = (one["last_day"] for one in leaving.get("offered", ()) if one["exit_on"] == wanted)
    last_day = next(offered, None)
    return {
        **shown,
        "reason_options": [("", "Choose a reason"), *((one["code"], one["title"]) for one in listed)],
        "reason_words": {one["code"]: one["title"] for one in listed},
        "function_options": [(one["function"], words(one["function"])) for one in record.get("lines", ())],
        "leaver_options": [(one["code"], f"{one['name']} ({one['code']})") for one in shown.get("own_customers", ())],
        "last_day": date.fromisoformat(last_day) if last_day else None,
        "newest": newest_notice,
        "part_of": part_of,
    }


NOTICE: Final = Act(
    form="contracts/notice.html",
    check="contracts/notice_check.html",
    service="contracts",
    reads=lambda page: [*_contract(page, "/exits"), page.now("contracts", "/exit-reasons")],
    command=_serves,
    context=_noticing,
    done=_recorded("notice"),
    facts=FACTS,
)

WITHDRAWAL: Final = Act(
    form="contracts/withdrawal.html",
    check="contracts/withdrawal_check.html",
    service="contracts",
    reads=lambda page: _contract(page, "/exits"),
    command=lambda page, form: (
        _path(page, f"/notices/{page.path['notice']}/withdrawal"),
        _given(agreement=form["agreement"], party=form["party"]),
    ),
    context=_context("Withdraw a notice", "leaving"),
    done=_recorded("withdrawal"),
    facts=FACTS,
)


def _signing(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
    shown = _context("Sign a contract")(page, answers)
    missing = left_to_sign(answers[0].body) if answers[0].ok else []
    return {**shown, "missing": missing, "own_options": _own(page, missing, shown["parties"])}


def _own(page: Page, codes: Iterable[str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return for whom the caller can act: for all at once, or for one."""
    own = [code for code in codes if page.person.may(ROLE, code)]
    return [("", "All for whom you act"), *((code, f"{names.get(code, code)} ({code})") for code in own)]


SIGNATURE: Final = Act(
    form="contracts/signature.html",
    check="contracts/signature_check.html",
    service="contracts",
    reads=lambda page: _contract(page),
    command=lambda page, form: (
        _path(page, "/signature"),
        _given(
            party=form["party"],
            signed_on=form.iso_day("signed_on", "The day of signature"),
            document=form["document"],
            authority=form["authority"],
        ),
    ),
    context=_signing,
    done=_recorded("signature"),
    facts=FACTS,
)


def _accepting(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
    shown = _context("Accept an offer to end a contract", "offers")(page, answers)
    offers = answers[1].get("terminations", ())
    offer = next((one for one in offers if one["termination"] == page.path["termination"]), None)
    return {**shown, "offer": offer, "part_of": part_of}


ACCEPTANCE: Final = Act(
    form="contracts/acceptance.html",
    check="contracts/acceptance_check.html",
    service="contracts",
    reads=lambda page: _contract(page, "/terminations"),
    command=lambda page, form: (
        _path(page, f"/terminations/{page.path['termination']}/acceptance"),
        _given(document=form["document"], minute=form["minute"], party=form["party"]),
    ),
    context=_accepting,
    done=_recorded("acceptance"),
    facts=FACTS,
)


def _consenting(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
    shown = _context("Consent to a novation", "novation")(page, answers)
    return {**shown, "own_options": _own(page, answers[1].get("missing", ()), shown["parties"])}


CONSENT: Final = Act(
    form="contracts/consent.html",
    check="contracts/consent_check.html",
    service="contracts",
    reads=lambda page: _contract(page, "/novation"),
    command=lambda page, form: (
        _path(page, "/novation/consents"),
        _given(party=form["party"], document=form["document"], authority=form["authority"]),
    ),
    context=_consenting,
    done=_recorded("consent"),
    facts=FACTS,
)

_WEIGHT: Final = "weight-"


def _agreeing(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
    shown = _context("Agree to what another customer proposes", "consents")(page, answers)
    subject = page.path.get("kind", "coordinator")
    proposals = proposals_of(answers[1].get("consents", ()), answers[0].body) if answers[0].ok else []
    proposal = next((one for one in proposals if one.subject == subject), None)
    missing = proposal.missing if proposal else ()
    return {**shown, "subject": subject, "proposal": proposal, "own_options": _own(page, missing, shown["parties"])}


def _agreed(form: Form) -> dict[str, Any]:
    names = ("from_day", "coordinating_commissioner", "party", "document", "authority")
    return _given(**{name: form[name] for name in names})


def _agrees_to_shares(page: Page, form: Form) -> tuple[str, Json]:
    weights = {name.removeprefix(_WEIGHT): form[name] for name in form.data if name.startswith(_WEIGHT)}
    table = {"weights": {code: int(weight) for code, weight in weights.items() if weight.isdecimal()}}
    total = int(form["total"]) if form["total"].isdecimal() else None
    shares = _given(total=total, basis=form["basis"], **table)
    return _path(page, f"/shares/{page.path['kind']}/acceptance"), {**shares, **_agreed(form)}


SHARES: Final = Act(
    form="contracts/agreement.html",
    check="contracts/agreement_check.html",
    service="contracts",
    reads=lambda page: _contract(page, "/consents"),
    command=_agrees_to_shares,
    context=_agreeing,
    done=_recorded("agreement"),
    facts=FACTS,
)

COORDINATOR: Final = Act(
    form="contracts/agreement.html",
    check="contracts/agreement_check.html",
    service="contracts",
    reads=lambda page: _contract(page, "/consents"),
    command=lambda page, form: (_path(page, "/coordinator"), _agreed(form)),
    context=_agreeing,
    done=_recorded("agreement"),
    facts=FACTS,
)

_WORDS: Final = {
    "agreement": "The agreement is recorded",
    "notice": "Notice is served",
    "withdrawal": "The withdrawal is recorded",
    "signature": "The signature is recorded",
    "acceptance": "The offer is accepted",
    "consent": "The consent is recorded",
}


async def recorded(page: Page) -> Response:
    """Show that an act was recorded, and what comes of it."""
    what = page.path["what"]
    if what not in _WORDS:
        return page.not_found("There is no such act.")
    contract, leaving, offers, novation = await page.ask(*_contract(page, "/exits", "/terminations", "/novation"))
    if not contract.ok:
        return page.unanswered(contract)
    about, endings = page.query.get("about"), offers.get("terminations", ())
    notices = [one for one in leaving.get("notices", ()) if about in (None, one["notice"])]
    return page.render(
        "contracts/recorded.html",
        title=_WORDS[what],
        what=what,
        reference=page.path["reference"],
        contract=contract,
        leaving=leaving,
        notice=newest_notice({"notices": notices}),
        offer=next((one for one in endings if one["termination"] == about), None),
        part_of=part_of,
        missing=left_to_sign(contract.body),
        parties=parties_of(contract.body),
        offers=offers,
        novation=novation,
    )


_ADDRESSES: Final = {
    "/contracts/{reference}/notice": NOTICE,
    "/contracts/{reference}/notices/{notice}/withdrawal": WITHDRAWAL,
    "/contracts/{reference}/signature": SIGNATURE,
    "/contracts/{reference}/terminations/{termination}/acceptance": ACCEPTANCE,
    "/contracts/{reference}/novation/consents": CONSENT,
    "/contracts/{reference}/shares/{kind}/acceptance": SHARES,
    "/contracts/{reference}/coordinator": COORDINATOR,
}
ROUTES: list[Route] = [
    *(route for address, act in _ADDRESSES.items() for route in act_routes(address, act)),
    get("/contracts/{reference}/recorded/{what}", recorded),
]
