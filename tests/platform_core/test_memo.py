"""What a process remembers, and what makes it ask again."""

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.utils import translation

from platform_core import memo
from platform_core.models import DataScope, Role, User
from platform_core.models.user import RIGHTS
from tests.factories import UserFactory, divisions


@pytest.fixture
def remembering(settings):
    settings.ENVIRONMENT = "demo"
    cache.delete(memo._key(RIGHTS))
    yield
    memo.version_of.forget()


def counted(seconds=60, most=1000):
    asked = []

    @memo.remembered(seconds, most)
    def read(word):
        asked.append(word)
        return f"{word} {translation.get_language()}"

    return read, asked


def test_an_answer_is_kept_by_argument_and_language(remembering):
    read, asked = counted()
    assert [read("a"), read("a"), read("b")] == ["a zh-hans", "a zh-hans", "b zh-hans"] and asked == ["a", "b"]
    with translation.override("en"):
        assert read("a") == "a en"
    read.forget()
    read("a")
    assert asked == ["a", "b", "a", "a"]


def test_an_answer_ends_with_its_time_and_the_memory_with_its_size(remembering):
    read, asked = counted(seconds=0)
    read("a"), read("a")
    assert asked == ["a", "a"]
    read, asked = counted(most=2)
    for word in ("a", "b", "c", "a"):
        read(word)
    assert asked == ["a", "b", "c", "a"]


def test_tests_never_remember(settings):
    read, asked = counted()
    read("a"), read("a")
    assert settings.ENVIRONMENT == "test" and asked == ["a", "a"]


@pytest.mark.django_db(transaction=True)
def test_a_changed_right_or_scope_counts_at_the_next_request(remembering):
    """Another process would see the new version a second later; this one at once."""
    user = UserFactory()
    role = Role.objects.create(code="tester", name="tester")
    role.permissions.add(Permission.objects.get(codename="access_maintenance"))
    right = "platform_core.access_maintenance"
    again = lambda: User.objects.get(pk=user.pk)  # noqa: E731 - a request reads its user anew
    assert not again().has_perm(right) and again().scopes() == []
    user.groups.add(role)
    assert again().has_perm(right)
    DataScope.objects.create(user=user, region=divisions()[0])
    assert len(again().scopes()) == 1
    role.permissions.clear()
    assert not again().has_perm(right)
    role.permissions.add(Permission.objects.get(codename="access_maintenance"))
    assert again().has_perm(right)
    role.delete()
    assert not again().has_perm(right)
    user.data_scopes.all().delete()
    assert again().scopes() == []


def test_what_another_process_changes_counts_a_second_later(remembering):
    before = memo.version_of(RIGHTS)
    cache.set(memo._key(RIGHTS), before + 1)
    assert memo.version_of(RIGHTS) == before  # within its second
    memo.version_of.forget()
    assert memo.version_of(RIGHTS) == before + 1
