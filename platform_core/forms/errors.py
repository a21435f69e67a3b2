"""A broken rule on the form that asked for it."""

from __future__ import annotations

from django.forms import Form

from platform_core.errors import DomainError


def blame(form: Form, error: DomainError) -> None:
    """Show the message at the field it names, or at the form where it has no such field."""
    field = error.details.get("field")
    form.add_error(field if field in form.fields else None, error.message)
