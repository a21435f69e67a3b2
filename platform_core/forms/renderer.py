"""How form fields look, everywhere."""

from django.forms.renderers import TemplatesSetting


class PlatformFormRenderer(TemplatesSetting):
    """Our field template, found like any other template."""

    field_template_name = "platform_core/_field.html"
