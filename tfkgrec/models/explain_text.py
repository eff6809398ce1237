"""An explanation as sentences for people, from the outputs of a model's `explain` signature.

The outputs say which model they are of (`explained_by`, docs/signatures.md), and that model's own template words them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tfkgrec import registry

EXPLAINED_BY = "explained_by"

Row = Mapping[str, np.ndarray]

USER_NAME = "user_name"  # where users have names

WITHOUT_REASONS = {"probability", "item_name", "known_user", "known_item", "new_item", EXPLAINED_BY}
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


SHOWN = 10  # items, as savedmodel/needed.py counts
MOST_PARTS = 5  # that are named; the others are summed up
MOST_OF_TOP = 2  # facts that are named of an item of the history
LEAST = 0.005
"""A part that moves the logit by less is not worth a line: it would read 0.00."""

Part = tuple[float, str]
"""What something adds to the logit, and what it is."""


class Opening(NamedTuple):
    """How an explanation begins."""

    title: str  # the item and its probability
    only: str | None  # all that there is to say, where the model knows the item or the user not


def opening(row: Row, user: str, item: str, stranger: str, word: str = "probability") -> Opening:
    """The item and its probability, or `word`; `stranger`: what follows where the user is unknown to the model."""
    new = "; new, known by its facts alone" if row.get("new_item", False) else ""
    figure = f"({word} {row['probability']:.2f}{new})"
    title = f"{row.get('item_name') or f'item {item}'} {figure}"
    if not row.get("known_item", True):
        return Opening(title, f"item {item} {figure}: the model does not know this item, so it cannot say why")
    unknown = f"{title}: user {user} is unknown to the model, {stranger}"
    return Opening(title, None if row.get("known_user", True) else unknown)


def history_lines(
    row: Row,
    title: str,
    weight: np.ndarray | None = None,
    note: Callable[[int], str] | None = None,
    verb: str = "liked",
    likely: bool = True,
) -> list[str]:
    """`title`, and the items of the history: what the logit owes to each, and how much the model looked at it.

    Uses history_item, history_name [T] str; contribution [T] and what goes with it. Where there is none, the items by
    `weight` [T], called what they are: looked at.

    Args:
        note: what else there is to say of the item in a place.
        verb: what people do with items.
        likely: whether the answer is yes; of one that is no the reasons are what speaks against it.
    """
    steps = [step for step, raw in enumerate(row["history_item"]) if raw]
    names = {step: str(row["history_name"][step] or f"item {row['history_item'][step]}") for step in steps}
    notes = {step: note(step) if note else "" for step in steps}
    if "contribution" not in row:
        return looked_at(f"{title}; what the model looked at:", weight, {s: names[s] + notes[s] for s in steps})
    seen = {step: "" if weight is None else f" (looked at: {weight[step]:.0%}{notes[step]})" for step in steps}
    owed = _of_top_items(row)
    told_of = {step: names[step] + owed.get(str(row["history_item"][step]), "") + seen[step] for step in steps}
    parts = [(float(row["contribution"][step]), told_of[step]) for step in steps]
    told = for_and_against(parts, f"{title} because you {verb}:", f"{title} in spite of what you {verb}:", likely)
    return [*told, _without(row, names, verb, likely)] if told else [f"{title}: nothing that you {verb} changes it"]


def _without(row: Row, names: Mapping[int, str], verb: str, likely: bool) -> str:
    """What the probability would be without the item that speaks most for the answer, and without all of them."""
    speaks_for = {step: float(row["contribution"][step]) * (1 if likely else -1) for step in names}
    most = max(names, key=lambda step: speaks_for[step])
    once = row["probability"] - row["contribution_probability"][most]
    none = row["probability"] - row["history_contribution_probability"]
    one = f"{once:.2f} without {names[most]}, " if speaks_for[most] >= LEAST else ""
    return f"it would be {one}{none:.2f} without all that you {verb}"


def fact_lines(row: Row, likely: bool = True) -> list[str]:
    """What the logit owes to the facts of the candidate; a fact that is there twice counts once, with both.

    Uses fact_relation, fact_entity [F] str; fact_contribution [F]. No line where there are none.
    """
    if "fact_contribution" not in row:
        return []
    total = by_fact(*(row[f"fact_{part}"] for part in ("relation", "entity", "contribution")))
    parts = [(amount, text) for text, amount in total.items() if not text.endswith(" ")]
    return for_and_against(parts, "and for what is known of it:", "and in spite of what is known of it:", likely)


def by_fact(relation: np.ndarray, entity: np.ndarray, amount: np.ndarray) -> dict[str, float]:
    """What facts [F] are called -> what they add; one without a name is its relation and a space."""
    total: dict[str, float] = {}
    for one, name, owed in zip(relation, entity, amount, strict=True):
        if one or name:
            total[f"{one} {name}"] = total.get(f"{one} {name}", 0.0) + float(owed)
    return total


def _of_top_items(row: Row) -> dict[str, str]:
    """Raw id of an item of the history -> what its own facts have in its contribution, greatest first.

    Uses top_item [N], top_fact_relation, top_fact_entity [N, F] str, top_fact_contribution [N, F], where there are any.
    """
    told = {}
    for place, raw in enumerate(row.get("top_item", ())):
        total = by_fact(*(row[f"top_fact_{part}"][place] for part in ("relation", "entity", "contribution")))
        greatest = sorted(total.items(), key=lambda fact: -abs(fact[1]))[:MOST_OF_TOP]
        named = ", ".join(f"{text.strip()} {amount:+.2f}" for text, amount in greatest if abs(amount) >= LEAST)
        told[str(raw)] = f", its {named}" if raw and named else ""
    return told


def for_and_against(parts: Iterable[Part], because: str, in_spite: str, likely: bool = True) -> list[str]:
    """`because` and the parts that speak for the answer, then those in spite of which it is given, greatest first.

    `in_spite` begins where there are none of the first kind; parts that are next to nothing are left away.
    """
    ordered = sorted((part for part in parts if abs(part[0]) >= LEAST), key=lambda part: -abs(part[0]))
    speak_for = [part for part in ordered if (part[0] > 0) == likely]
    against = [part for part in ordered if (part[0] > 0) != likely]
    lines = [because, *_summed_up(speak_for)] if speak_for else []
    return [*lines, "in spite of:" if lines else in_spite, *_summed_up(against)] if against else lines


def _summed_up(parts: Sequence[Part]) -> list[str]:
    lines = [f"  {amount:+.2f} {text}" for amount, text in parts[:MOST_PARTS]]
    rest = parts[MOST_PARTS:]
    return [*lines, f"  {sum(amount for amount, _ in rest):+.2f} {len(rest)} more"] if rest else lines


def looked_at(title: str, weight: np.ndarray | None, names: Mapping[int, str]) -> list[str]:
    """`title`, and what has a weight, heaviest first; the others are summed up."""
    if weight is None:
        return [title]
    heaviest = sorted(names, key=lambda place: -weight[place])
    lines = [f"  {weight[place]:4.0%} {names[place]}" for place in heaviest[:MOST_PARTS]]
    rest = heaviest[MOST_PARTS:]
    more = [f"  {sum(weight[place] for place in rest):4.0%} {len(rest)} more"] if rest else []
    return [title, *lines, *more]


def explain_text(outputs: Mapping[str, np.ndarray], user: str, item: str, row: int = 0) -> list[str]:
    """The lines that explain why `user` gets `item`.

    Args:
        outputs: the arrays of `explain`, first dimension the batch.
        user, item: the raw ids asked about; a user who has a name is called by it.
        row: which of the batch.
    """
    this = {name: array[row] for name, array in outputs.items()}
    return _template(this)(this, str(this.pop(USER_NAME, "")) or user, item) + _needed(this)


def _needed(row: Row) -> list[str]:
    """Without which items it would not be shown, where that was asked.

    Uses rank; needed_item, needed_name [N] ("" pads).
    """
    if not row.get("rank", 0):
        return []
    title, first = f"it is number {row['rank']} of what you have not taken", f"among the first {SHOWN}"
    if row["rank"] > SHOWN:
        return [f"{title}, not {first}"]
    pairs = zip(row["needed_name"], row["needed_item"], strict=True)
    names = [str(name or f"item {raw}") for name, raw in pairs if raw]
    if not names:
        return [f"{title}; it would be {first} without those of your items that speak for it, too"]
    *others, last = names
    return [f"{title}; without {', '.join(others)}{' and ' * bool(others)}{last} it would not be {first}"]


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
    title, only = opening(row, user, item, "which gives no reasons anyway")
    return only or f"{title}: the model {row.get(EXPLAINED_BY, '')} gives no reasons: it has no parts to name"
