"""The settings of RKAN."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, SettingError, number


@dataclass(frozen=True)
class RkanSettings(ModelSettings):
    """RKAN. The paper's settings are `preset: paper`. RKGE: pooling: max."""

    name: Literal["rkan"] = "rkan"
    dim: int = number(32, min=1)  # d, width of every node's vector and of a path's
    num_paths: int = number(8, min=0)  # S, paths drawn for a pair; 0: none, the path logit is a constant
    max_edges: Literal[3, 5, 7] = 3  # L, longest paths in training
    history_length: int = number(20, min=1)  # T, newest items that paths start with in ranking and serving
    redraw_paths: bool = True  # draw other paths every epoch
    near_attributes: int = number(16, min=0)  # middle nodes of an item that ranking and serving know: attributes
    near_users: int = number(16, min=0)  # and users who took it
    pooling: Literal["attention", "max", "average"] = "attention"  # of the paths, eqs 2-3; max = RKGE
    scale: Literal["dk", "sqrt_dk"] = "dk"  # of eq 2
    score: Literal["embedding", "path", "both"] = "both"  # what ranks; path and both re-rank the best
    rerank: int = number(100, min=1)  # by embedding that get path logits when the catalogue is ranked
    # Not in the paper, off in its preset; model.py tells what each one does.
    paths_from: Literal["all", "newest"] = "newest"  # newest: paths start with the T items before the candidate
    inner_product_in_logit: bool = True  # train <u, v>, too: the paper ranks by it, and never trains it
    item_bias: bool = True
    history_item_dot: bool = True  # add <sum_t a_t c_t, v>, the newest items with weights of their age
    item_attributes: bool = True  # in these products an item is v + the mean of its attributes
    l2: float = number(1e-3, min=0)  # of the vectors in these products
    dropout: float = number(0.0, min=0, below=1)

    def validate(self) -> None:
        trained = self.inner_product_in_logit
        for key in ("item_bias", "history_item_dot", "item_attributes"):
            if getattr(self, key) and not trained:
                raise SettingError(key, "expected inner_product_in_logit: true beside it, found false")
        if self.score == "both" and not trained:
            raise SettingError("score", "expected inner_product_in_logit: true with both, found false")
        if not self.num_paths and not (trained and self.score == "embedding"):
            raise SettingError(
                "num_paths", "expected at least 1, or inner_product_in_logit and score: embedding, found 0"
            )
