"""No constraint or trigger of the house without a test here that tries to break it."""

import re
from pathlib import Path

from django.apps import apps
from pgtrigger.registry import registered

HERE = Path(__file__).parent
OURS = ("accounts", "events", "checklists", "cases", "mdk")


def test_every_constraint_and_trigger_is_attacked() -> None:
    tried = set(re.findall(r'"([a-z0-9_]+)"', "".join(p.read_text() for p in HERE.glob("test_*.py"))))
    names = {constraint.name for label in OURS for model in apps.get_app_config(label).get_models()
             for constraint in model._meta.constraints}  # fmt: skip
    names |= {trigger.name for _model, trigger in registered()}
    assert names - tried == set()
