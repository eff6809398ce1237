"""What the quality benchmark compares: the paper's settings and ours, fixed and fresh negatives, the ablations."""

from dataclasses import dataclass

from tfkgrec import registry
from tfkgrec.errors import InputError


@dataclass(frozen=True)
class Variant:
    """One row of the quality table.

    Attributes:
        name: on the command line and in results.json.
        label: for people.
        suffix: of the config file's name.
        overrides: as `--set` takes them.
        as_configured: whether it is that config as it stands, baselines aside.
    """

    name: str
    label: str
    suffix: str = ""
    overrides: tuple[str, ...] = ()
    as_configured: bool = False

    @property
    def folder(self) -> str:
        """The label as part of a path."""
        return self.label.replace(", ", "-").replace(" ", "-")

    @property
    def is_default(self) -> bool:
        """Whether these are the settings to look at first: ours, as they stand."""
        return self.as_configured and not self.suffix


# The baselines of a seed are the same whatever the model, so one variant measures them.
_NO_BASELINES = "evaluation.floors=[]"

_FIXED, _FRESH, _ANY_ITEM = (
    "training.negatives=fixed",
    "training.negatives=fresh",
    "training.negative_pool=catalogue",
)
_OF_CLICKS = (
    Variant("paper-fixed", "paper, fixed negatives", "-paper", (_FIXED, _NO_BASELINES), as_configured=True),
    Variant("paper-fresh", "paper, fresh negatives", "-paper", (_FRESH, _NO_BASELINES)),
    Variant("tuned-fixed", "tuned, fixed negatives", "", (_FIXED, _ANY_ITEM, _NO_BASELINES)),
    Variant("tuned-fresh", "tuned, fresh negatives", "", (_FRESH,), as_configured=True),
)
_OF_OTHERS = (
    Variant("paper", "paper", "-paper", (_NO_BASELINES,), as_configured=True),
    Variant("tuned", "tuned", as_configured=True),
)
_OF_SUMS = (Variant("tuned", "tuned", as_configured=True),)
"""Of models that no epoch trains, and so no negatives."""


def variants_of(model: str) -> dict[str, Variant]:
    """The rows of a model's main table, by name."""
    spec = registry.model(model)
    clicks = _OF_CLICKS if spec.stages else _OF_SUMS
    return {row.name: row for row in (clicks if spec.protocols[0] == "ctr" else _OF_OTHERS)}


def ablations_of(model: str) -> dict[str, Variant]:
    """The rows of its table of ablations, by name: our settings, or the paper's, with a part taken out."""
    spec = registry.model(model)
    ours = [
        Variant(name, f"tuned, {name}", "", (*overrides, _NO_BASELINES)) for name, overrides in spec.ablations.items()
    ]
    papers = [
        Variant(name, name.replace("-", ", "), "-paper", (*overrides, _NO_BASELINES))
        for name, overrides in spec.paper_ablations.items()
    ]
    return {row.name: row for row in (*ours, *papers)}


def rows_of(model: str) -> dict[str, Variant]:
    """All of both tables."""
    return variants_of(model) | ablations_of(model)


def row_named(model: str, name: str) -> Variant:
    """The row called `name`; one that is no more has no settings."""
    return rows_of(model).get(name, Variant(name, name))


def variant(model: str, name: str) -> Variant:
    """The row called `name`.

    Raises:
        InputError: the model has no such row.
    """
    known = rows_of(model)
    if name not in known:
        raise InputError(f"--variants: expected some of {', '.join(known)} for {model}, found {name!r}")
    return known[name]
