"""What the rule packs say about posts and decision rights."""

from datetime import date

from services.governance.core.catalogue import PACKS, catalogue_on, delegation_pack_on, post_slug


def test_the_accountable_officer_alone_is_asserted_as_mandatory_for_a_ccg() -> None:
    catalogue = catalogue_on(date(2018, 4, 1), kind="ccg")
    assert catalogue.pack == "governing-body-posts-2013"
    assert catalogue.mandatory == {"accountable-officer": "Accountable officer"}
    assert {"chair", "chief-finance-officer", "lay-member-audit"} <= set(catalogue.posts)


def test_no_catalogue_is_in_force_after_ccgs_or_for_other_bodies() -> None:
    assert catalogue_on(date(2022, 6, 30), kind="ccg").pack
    assert catalogue_on(date(2022, 7, 1), kind="ccg").pack is None
    assert catalogue_on(date(2018, 4, 1), kind="trust").posts == {}


def test_every_pack_cites_its_source() -> None:
    assert all(pack.citation and pack.note for pack in PACKS)
    assert delegation_pack_on(date(2018, 4, 1)) == "decision-rights-local"
    assert delegation_pack_on(date(2012, 4, 1)) is None


def test_a_title_is_referred_to_by_its_letters_and_digits() -> None:
    assert post_slug(" Lay member, audit ") == "lay-member-audit"
    assert post_slug("–") == ""
