"""The clause table tells the truth."""

from pathlib import Path

import pytest
from django.conf import settings

from tiers import clauses
from tiers.profiles import PROFILES


def test_every_clause_names_a_system_of_its_tiers():
    for clause in clauses.load():
        for tier in clause.tiers:
            assert clause.app in (*PROFILES[tier].apps, "platform_core"), clause.code


def test_codes_are_unique_within_a_tier():
    for tier in PROFILES:
        codes = [clause.code for clause in clauses.of_tier(tier)]
        assert len(codes) == len(set(codes))
        assert len(codes) > 40


@pytest.mark.parametrize("clause", [c for c in clauses.load() if c.status == "done"], ids=lambda c: c.code)
def test_done_names_an_existing_test(clause):
    assert clause.tests, f"§{clause.code} is marked done without a test"
    for node in clause.tests:
        file, _, name = node.partition("::")
        assert f"def {name}(" in (Path(settings.BASE_DIR) / file).read_text(encoding="utf-8"), node


def test_conformance_page_is_up_to_date():
    text = (Path(settings.BASE_DIR) / "docs" / "conformance.md").read_text(encoding="utf-8")
    for clause in clauses.load():
        assert f"| §{clause.code} | {' '.join(clause.tiers)} | {clause.title} |" in text
        assert f"| {clause.app} | {clause.status_title} |" in text


def test_architecture_page_is_up_to_date():
    from tiers.management.commands.document_architecture import BEGIN, generated

    text = (Path(settings.BASE_DIR) / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2] == generated(), "run manage.py document_architecture"
