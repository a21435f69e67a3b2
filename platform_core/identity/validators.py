"""Password policy beyond Django's own validators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from platform_core.models import User


class CharacterClassesValidator:
    """At least `classes` of: capital letters, small letters, digits, other signs."""

    def __init__(self, classes: int = 3) -> None:
        self.classes = classes

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError when the password is too uniform."""
        tests = (str.isupper, str.islower, str.isdigit, lambda sign: not sign.isalnum())
        if sum(any(test(sign) for sign in password) for test in tests) < self.classes:
            raise ValidationError(self.get_help_text(), code="password_too_uniform")

    def get_help_text(self) -> str:
        """What the form tells."""
        return _("Use at least %(count)d of: capital letters, small letters, digits, other signs.") % {
            "count": self.classes
        }


class HistoryValidator:
    """Not one of the last PASSWORD_HISTORY passwords."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError when the password was used before."""
        if user is None or user.pk is None:
            return
        former = user.former_passwords.values_list("password", flat=True)[: settings.PASSWORD_HISTORY]
        if any(check_password(password, encoded) for encoded in former):
            raise ValidationError(self.get_help_text(), code="password_used_before")

    def get_help_text(self) -> str:
        """What the form tells."""
        return ngettext(
            "Do not repeat the last password.",
            "Do not repeat one of the last %(count)d passwords.",
            settings.PASSWORD_HISTORY,
        ) % {"count": settings.PASSWORD_HISTORY}
