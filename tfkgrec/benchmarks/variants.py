"""What the quality benchmark compares: the paper's settings and ours, fixed and fresh negatives, the ablations."""

from dataclasses import dataclass

from tfkgrec import registry
from tfkgrec.errors import InputError


@dataclass(frozen=True)
class Variant:
    """One row of the quality table.

    Attributes:
        label: for people.
        suffix: of the config file's name.
        overrides: as `--set` takes them.
    """

    label: str
    suffix: str = ""
    overrides: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The label as part of a path."""
        return self.label.replace(", ", "-").replace(" ", "-")


# The floors of a seed are the same whatever the model, so one variant measures them.
_NO_FLOORS = "evaluation.floors=[]"

_LABELLED_PAIRS = {
    "paper-fixed": Variant("paper, fixed negatives", "-paper", ("training.negatives=fixed", _NO_FLOORS)),
    "paper-fresh": Variant("paper, fresh negatives", "-paper", ("training.negatives=fresh", _NO_FLOORS)),
    "tuned-fixed": Variant(
        "tuned, fixed negatives", "", ("training.negatives=fixed", "training.negative_pool=catalogue", _NO_FLOORS)
    ),
    "tuned-fresh": Variant("tuned, fresh negatives", "", ("training.negatives=fresh",)),
}
_OTHERS = {"paper": Variant("paper", "-paper", (_NO_FLOORS,)), "tuned": Variant("tuned")}
AS_CONFIGURED = ("paper-fixed", "tuned-fresh", "paper", "tuned")  # a config as it stands


def variants_of(model: str) -> dict[str, Variant]:
    """The rows of a model's main table, by the name that the command line gives them."""
    return _LABELLED_PAIRS if registry.model(model).protocols[0] == "ctr" else _OTHERS


def ablations_of(model: str) -> dict[str, Variant]:
    """The rows of its table of ablations: our settings, or the paper's, with a part taken out."""
    spec = registry.model(model)
    ours = {name: Variant(f"tuned, {name}", "", (*overrides, _NO_FLOORS)) for name, overrides in spec.ablations.items()}
    papers = {
        name: Variant(name.replace("-", ", "), "-paper", (*overrides, _NO_FLOORS))
        for name, overrides in spec.paper_ablations.items()
    }
    return ours | papers


def variant(model: str, name: str) -> Variant:
    """The row called `name`.

    Raises:
        InputError: the model has no such row.
    """
    known = variants_of(model) | ablations_of(model)
    if name not in known:
        raise InputError(f"--variants: expected some of {', '.join(known)} for {model}, found {name!r}")
    return known[name]
