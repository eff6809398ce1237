"""The settings of EKPNet."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class EkpnetSettings(ModelSettings):
    """EKPNet. The paper's settings for MovieLens-1M are `preset: paper`."""

    name: Literal["ekpnet"] = "ekpnet"
    dim: int = number(32, min=1)  # d, width of every embedding
    num_hops: int = number(2, min=1)  # P
    history_length: int = number(24, min=1)  # T, history items whose ripples are read
    triples_per_item: int = number(2, min=1)  # of each of them and a hop; the paper's N = T times this
    semantic_attention: bool = True  # eqs 7-8; False = EKP_frame, or EKP_no
    feature_exploration: bool = True  # eqs 16-18; False = EKP_att, or EKP_no
    exploration_layers: int = number(3, min=1)  # L of eqs 17-18
    activation: Literal["tanh", "relu", "sigmoid"] = "tanh"  # of eq 17 (figure 7)
    lambda1: float = number(1e-3, min=0)  # of eq 24: the triples' term
    lambda2: float = number(1e-7, min=0)  # W and b
    lambda3: float = number(1e-3, min=0)  # vectors
    first_lambda1: float = number(1e-2, min=0)  # the same in training.first_stage
    first_lambda2: float = number(5e-3, min=0)
    first_lambda3: float = number(0.0, min=0)
    # Not in the paper, off in its preset; model.py tells what each one does.
    residual_semantics: bool = False  # psi(v) = v + gamma_e (gamma_r . v)
    item_bias: bool = True
    attribute_bias: bool = True
    history_hop: bool = True  # xi^p starts with the mean vector of the history items
    item_attributes: bool = True  # an item is v + the mean of the tails of its hop 1
    user_item_dot: bool = False  # add <u, i> to the logit
    ripple_item_dot: bool = True  # add xi^P . v_o to the logit of the last stage, too
    l2: float = number(2e-3, min=0)  # of the vectors in these products
    dropout: float = number(0.0, min=0, below=1)
