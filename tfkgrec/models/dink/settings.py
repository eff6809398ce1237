"""The settings of DINK."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, SettingError, number


@dataclass(frozen=True)
class DinkSettings(ModelSettings):
    """DINK. The paper's settings are `preset: paper`."""

    name: Literal["dink"] = "dink"
    dim: int = number(32, min=1)  # d, width of every embedding
    history_length: int = number(20, min=1)  # T, the latest T training positives
    num_neighbours: int = number(6, min=1)  # K, sampled once per entity
    aggregator: Literal["sum", "concat", "attention", "none"] = "attention"  # eqs 2, 3, 4-5; none = DINK-K
    interest_attention: bool = True  # eq 6; False = DINK-A
    mlp_layers: int = number(1, min=0)  # L of eqs 11-12
    prediction_layers: int = number(0, min=0)  # hidden layers of Algorithm 1's f; 0: eq 13, which is linear
    l2: float = number(2e-3, min=0)  # lambda of eq 14
    # Not in the paper, off in its preset; model.py tells what each one does.
    interest_dim: int | None = number(None, min=1)  # width of E(v_t) and h_T; null: dim
    include_center: bool = True  # add the centre vector in the attention aggregator (not in eq 5)
    item_bias: bool = True
    attribute_bias: bool = True
    user_item_dot: bool = False  # add <u, i> to the logit
    interest_item_dot: bool = False  # add <h_T, i> to the logit
    history_item_dot: bool = True  # add <mean_t v_t, i> to the logit
    item_attributes: bool = True  # in these products an item is v + the mean of its neighbours
    scale_attention: bool = False  # x_t = n a_t E(v_t), n visible steps
    dropout: float = number(0.0, min=0, below=1)

    def validate(self) -> None:
        narrow = self.interest_dim not in (None, self.dim)
        if narrow and (self.aggregator == "none" or self.interest_item_dot):
            raise SettingError(
                "interest_dim", f"expected null with aggregator: none or interest_item_dot, found {self.interest_dim}"
            )
