"""The settings of the training form from one session to the next, as one line of text.

The run to fine-tune is left out: it belongs to a project.
"""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtWidgets import QComboBox

from segdesk.ui.panels.plan_form import PlanForm
from segdesk.ui.widgets.number_field import NumberField


def remembered(form: PlanForm) -> str:
    """The form as it stands."""
    fields: dict[str, Any] = {name: box.currentData() for name, box in _choices(form).items()}
    fields |= {name: field.value for name, field in _numbers(form).items()}
    return json.dumps(fields)


def recall(form: PlanForm, text: str) -> None:
    """Set the form as it stood; what is not understood, or not offered any more, stays as it is."""
    try:
        fields = json.loads(text)
    except ValueError:
        return
    if not isinstance(fields, dict):
        return
    for name, box in _choices(form).items():
        at = box.findData(fields.get(name))
        if at >= 0:
            box.setCurrentIndex(at)
            # As if it were chosen by hand: what hangs on it follows, and is then set itself.
            box.activated.emit(at)
    for name, field in _numbers(form).items():
        value = fields.get(name)
        if isinstance(value, int | float) and field.allows(value):
            field.set_value(value)


def _choices(form: PlanForm) -> dict[str, QComboBox]:
    return {
        "network": form.network,
        "budget": form.budget,
        "size": form.slice_size,
        "predict": form.predict,
        "validate": form.validate,
    }


def _numbers(form: PlanForm) -> dict[str, NumberField]:
    return {
        "epochs": form.epochs,
        "minutes": form.minutes,
        "filters": form.filters,
        "batch": form.batch,
        "rate": form.rate,
        "augmentation": form.augmentation,
    }
