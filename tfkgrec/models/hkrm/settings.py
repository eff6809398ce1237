"""The settings of HKRM."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, SettingError, number


@dataclass(frozen=True)
class HkrmSettings(ModelSettings):
    """HKRM. The paper's settings are `preset: paper`."""

    name: Literal["hkrm"] = "hkrm"
    fields: tuple[str, ...] | None = None  # relations by raw id or name; null: the max_fields that most items have
    max_fields: int = number(12, min=1)
    max_values: int = number(8, min=1)  # values of an item in a field; of more, a sample is drawn once
    dim: int = number(32, min=1)  # d, width of every embedding
    history_length: int = number(30, min=1)  # T, the latest T training positives are the query
    combine: Literal["mean", "sum"] = "mean"  # of a field's values (eq 3 sums)
    attribute_output: Literal["linear", "softmax"] = "linear"  # of the MLP of eqs 6-7; softmax: our first reading
    level: Literal["both", "item", "attribute"] = "item"  # eq 10; item = HKRM-Item, attribute = HKRM-Attr
    # eq 9: positive_only or cross_entropy; none = HKRM-woKL; contrastive is not in the paper
    distance_loss: Literal["cross_entropy", "positive_only", "contrastive", "none"] = "contrastive"
    margin: float = number(1.0, min=0)  # nats that the distributions of an irrelevant pair are pushed apart
    distance_weight: float = number(1.0, min=0)  # lambda1 of eq 13
    l2: float = number(0.0, min=0)  # lambda2 of eq 13, on the whole matrices E and R
    # Not in the paper, off in its preset; model.py tells what each one does.
    initial_spread: float | None = number(0.01, above=0)  # of the first vectors; null: Xavier
    item_bias: bool = True
    attribute_bias: bool = True
    item_attributes: bool = True  # an item's vector is e + sum_j p(a_j|item) o_j
    user_item_dot: bool | None = None  # add <u, t_s> to the logit; null: by_data.py
    dropout: float = number(0.0, min=0, below=1)
    pair_l2: float | None = number(None, min=0)  # squares of the batch's vectors, per labelled pair; null: by_data.py

    def validate(self) -> None:
        if self.fields is not None and not self.fields:
            raise SettingError("fields", "expected at least one relation, or null, found none")
