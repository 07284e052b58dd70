"""How Django draws forms in this house: `{{ form }}` and `{{ field.as_field_group }}` use templates/forms/."""

from django.forms.renderers import TemplatesSetting


class HouseRenderer(TemplatesSetting):
    """Label above, help under, error by the field, summary with links on top."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
