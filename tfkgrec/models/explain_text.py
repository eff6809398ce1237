"""An explanation as sentences for people, from the outputs of a model's `explain` signature.

The outputs say which model they are of (`explained_by`, docs/signatures.md), and that model's own template words them.
"""

from collections.abc import Callable, Mapping

import numpy as np

from tfkgrec import registry

EXPLAINED_BY = "explained_by"

Row = Mapping[str, np.ndarray]

USER_NAME = "user_name"  # where users have names

WITHOUT_REASONS = {"probability", "item_name", "known_user", "known_item", EXPLAINED_BY}
"""What every explanation has beside its reasons."""

OUTPUTS_OF_0_1 = {
    "attention": "dink",
    "ripple_attention": "ekpnet",
    "field_relation": "hkrm",
    "step_weight": "ksr",
    "path_weight": "rkan",
    "neighbour_weight": "kgcn",
}
"""Exports of version 0.1 have no `explained_by`: an output that tells, and its model. KGCN's is DINK's too: last."""


def explain_text(outputs: Mapping[str, np.ndarray], user: str, item: str, row: int = 0) -> list[str]:
    """The lines that explain why `user` gets `item`.

    Args:
        outputs: the arrays of `explain`, first dimension the batch.
        user, item: the raw ids asked about; a user who has a name is called by it.
        row: which of the batch.
    """
    this = {name: array[row] for name, array in outputs.items()}
    return _template(this)(this, str(this.pop(USER_NAME, "")) or user, item)


def _template(row: Row) -> Callable[[Row, str, str], list[str]]:
    """The template of the model that `row` is of; `_plain` where nobody knows it."""
    if EXPLAINED_BY in row:
        model = str(row[EXPLAINED_BY])
    else:
        model = next((name for output, name in OUTPUTS_OF_0_1.items() if output in row), "")
    spec = registry.models().get(model)
    return _plain if spec is None or spec.explain_text is None else registry.load(spec.explain_text)


def _plain(row: Row, user: str, item: str) -> list[str]:
    """A model without words of its own: what it said, as it said it; that it has no reasons, where it said nothing."""
    if not row.keys() - WITHOUT_REASONS:
        return [_no_reasons(row, user, item)]
    return [f"user {user}, item {item}:", *(f"  {name}: {np.asarray(row[name]).tolist()}" for name in sorted(row))]


def _no_reasons(row: Row, user: str, item: str) -> str:
    """Of a model that has no parts to name."""
    probability = f"(probability {row['probability']:.2f})"
    if not row.get("known_item", True):
        return f"item {item} {probability}: the model does not know this item, so it cannot say why"
    title = f"{row.get('item_name') or f'item {item}'} {probability}"
    if not row.get("known_user", True):
        return f"{title}: user {user} is unknown to the model, which gives no reasons anyway"
    return f"{title}: the model {row.get(EXPLAINED_BY, '')} gives no reasons: it has no parts to name"
