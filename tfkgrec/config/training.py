"""The settings of training, evaluation and export."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config.section import Section, SettingError, number

Floor = Literal["popularity", "item_knn", "item_knn_newest", "mf", "bpr"]
# What `evaluation.floors` may name under a protocol; all of them by default.
FLOORS: dict[str, tuple[Floor, ...]] = {
    "C": ("popularity", "item_knn", "mf"),
    "S": ("popularity", "item_knn", "bpr"),
    "R": ("popularity", "item_knn", "item_knn_newest", "bpr"),
}


@dataclass(frozen=True)
class StageConfig(Section):
    """The first stage of a model that learns in two (EKPNet)."""

    epochs: int = number(20, min=1)
    patience: int = number(5, min=1)
    learning_rate: float = number(1e-2, above=0, max=10)


@dataclass(frozen=True)
class TrainingConfig(Section):
    """How the parameters are learned."""

    epochs: int = number(50, min=1)
    patience: int = number(8, min=1)  # epochs without a better validation AUC before training stops
    batch_size: int = number(2048, min=1)  # labelled pairs (protocol S: positions) a step, padding included
    items_per_user: int = number(8, min=1)  # M: labelled items of one user in a row of the batch
    learning_rate: float = number(1e-3, above=0, max=10)
    learning_rate_decay: float = number(1.0, above=0, max=1)  # after every epoch the rate is multiplied by this
    optimizer: Literal["adam", "adagrad"] = "adam"
    first_stage: StageConfig | None = None  # null: a model with two stages trains in its last one only
    negatives: Literal["fixed", "fresh"] = "fresh"  # drawn once, as the papers do, or again every epoch
    # items that fresh ones are drawn from; liked: those with a training positive, so that an item without any stays
    # unknown to the model instead of becoming its surest negative (protocol C)
    negatives_from: Literal["catalogue", "liked"] = "catalogue"
    # protocol S, whose examples are the predicted positions of sequences
    loss: Literal["bpr", "sampled_softmax", "softmax"] = "bpr"  # tasks/sequential.py
    num_negatives: int = number(1, min=1)  # of each position (bpr), or shared by the batch (sampled_softmax)
    predict: Literal["next", "later"] = "next"  # the item that came next, or any later one, drawn every epoch
    predict_first: bool = False  # predict a user's first item, too: what strangers are shown
    # all protocols
    jit_compile: Literal["auto"] | bool = "auto"  # XLA; auto asks the trainer to choose for the device
    calibrate: bool = False  # fit the curve from logits to probabilities on the validation split
    unknown_user_rate: float = number(0.0, min=0, max=1)  # share of rows trained as if the user were unknown
    seed: int = number(0, min=0, max=2**31 - 1)  # fixes ids, split, negatives, initialisation, order

    def settle(self) -> None:
        if self.batch_size < self.items_per_user:
            found = f"{self.batch_size} < {self.items_per_user}"
            raise SettingError("batch_size", f"expected at least training.items_per_user, found {found}")
        if self.negatives == "fixed" and self.negatives_from != "catalogue":
            raise SettingError(
                "negatives_from", f"expected catalogue with negatives: fixed, found {self.negatives_from}"
            )


@dataclass(frozen=True)
class EvaluationConfig(Section):
    """What is measured beside AUC and ACC."""

    floors: tuple[Floor, ...] | None = None  # judged on the model's own candidates; null: the protocol's, see FLOORS
    top_k: bool = False  # rank the full catalogue too
    batch_users: int = number(256, min=1)  # users scored at once: bounds the memory


@dataclass(frozen=True)
class ExportConfig(Section):
    """What the SavedModel fixes."""

    k_max: int = number(100, min=1)  # length of the lists that `recommend` returns
