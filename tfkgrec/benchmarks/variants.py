"""What the quality benchmark compares: the paper's settings and ours, fixed and fresh negatives, the ablations."""

from dataclasses import dataclass

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
        "tuned, fixed negatives", "", ("training.negatives=fixed", "training.negatives_from=catalogue", _NO_FLOORS)
    ),
    "tuned-fresh": Variant("tuned, fresh negatives", "", ("training.negatives=fresh",)),
}
_OTHERS = {"paper": Variant("paper", "-paper", (_NO_FLOORS,)), "tuned": Variant("tuned")}
AS_CONFIGURED = ("paper-fixed", "tuned-fresh", "paper", "tuned")  # a config as it stands
PROTOCOL_OF = {"ksr": "S", "rkan": "R"}  # the others: C

# The papers' own names for a model without one of its parts: model -> name -> overrides of our settings.
_ABLATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "dink": {
        "dink-k": ("model.aggregator=none", "model.interest_dim=null"),
        "dink-a": ("model.interest_attention=false",),
        "dink-sum": ("model.aggregator=sum",),
        "dink-cat": ("model.aggregator=concat",),
    },
    "ekpnet": {
        "ekp_no": ("model.semantic_attention=false", "model.feature_exploration=false"),  # much like RippleNet
        "ekp_att": ("model.feature_exploration=false",),
        "ekp_frame": ("model.semantic_attention=false",),
    },
    "hkrm": {  # each says its level: our settings may be at the item level already
        "hkrm-full": ("model.level=both",),
        "hkrm-item": ("model.level=item", "model.distance_loss=none"),
        "hkrm-attr": ("model.level=attribute",),
        "hkrm-wokl": ("model.level=both", "model.distance_loss=none"),
    },
    "ksr": {
        "gru": ("model.knowledge=none", "model.train_items=true", "pretraining=null"),
        "gru++": ("model.knowledge=none",),
        "entity-item": ("model.knowledge=item",),  # the entity's vector on the item's side, and no memory
        "shared-values": ("model.shared_values=true",),
    },
    "rkan": {
        "rkge": ("model.pooling=average",),
        "no-paths": ("model.num_paths=0", "model.score=embedding"),
    },
    "kgcn": {
        "kgcn-concat": ("model.aggregator=concat",),
        "kgcn-neighbour": ("model.aggregator=neighbour",),
    },
}
# The same of the paper's settings, where a paper compares with it; and Adam, which gets further in half the epochs.
_ADAM = tuple(f"training.{x}" for x in ("optimizer=adam", "learning_rate=1e-3", "learning_rate_decay=0.6", "epochs=6"))
_PAPER_ABLATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "ksr": {
        "paper-gru++": ("model.knowledge=none",),
        "paper-adam": _ADAM,
        "paper-adam-gru++": ("model.knowledge=none", *_ADAM),
    }
}


def variants_of(model: str) -> dict[str, Variant]:
    """The rows of a model's main table, by the name that the command line gives them."""
    return _LABELLED_PAIRS if PROTOCOL_OF.get(model, "C") == "C" else _OTHERS


def ablations_of(model: str) -> dict[str, Variant]:
    """The rows of its table of ablations: our settings, or the paper's, with a part taken out."""
    ours = {
        name: Variant(f"tuned, {name}", "", (*overrides, _NO_FLOORS))
        for name, overrides in _ABLATIONS.get(model, {}).items()
    }
    papers = {
        name: Variant(name.replace("-", ", "), "-paper", (*overrides, _NO_FLOORS))
        for name, overrides in _PAPER_ABLATIONS.get(model, {}).items()
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
