"""The settings of every model. The defaults are the paper's; what is not in the paper is off."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config.section import Section, SettingError, number


@dataclass(frozen=True)
class DinkSettings(Section):
    """DINK. The defaults are the paper's; what is not in the paper is off."""

    name: Literal["dink"] = "dink"
    dim: int = number(16, min=1)  # d, width of every embedding
    history_length: int = number(12, min=1)  # T, the latest T training positives
    num_neighbours: int = number(6, min=1)  # K, sampled once per entity
    aggregator: Literal["sum", "concat", "attention", "none"] = "attention"  # eqs 2, 3, 4-5; none = DINK-K
    interest_attention: bool = True  # eq 6; False = DINK-A
    mlp_layers: int = number(1, min=0)  # L of eqs 11-12
    l2: float = number(1e-6, min=0)  # lambda of eq 14
    # Not in the paper, all off by default; models/dink.py tells what each one does.
    interest_dim: int | None = number(None, min=1)  # width of E(v_t) and h_T; null: dim
    include_center: bool = False  # add the centre vector in the attention aggregator (not in eq 5)
    item_bias: bool = False
    attribute_bias: bool = False
    user_item_dot: bool = False  # add <u, i> to the logit
    interest_item_dot: bool = False  # add <h_T, i> to the logit
    history_item_dot: bool = False  # add <mean_t v_t, i> to the logit
    item_attributes: bool = False  # in these products an item is v + the mean of its neighbours
    scale_attention: bool = False  # x_t = n a_t E(v_t), n visible steps
    dropout: float = number(0.0, min=0, below=1)

    def settle(self) -> None:
        narrow = self.interest_dim not in (None, self.dim)
        if narrow and (self.aggregator == "none" or self.interest_item_dot):
            raise SettingError(
                "interest_dim", f"expected null with aggregator: none or interest_item_dot, found {self.interest_dim}"
            )


@dataclass(frozen=True)
class EkpnetSettings(Section):
    """EKPNet. The defaults are the paper's for MovieLens-1M; what is not in the paper is off."""

    name: Literal["ekpnet"] = "ekpnet"
    dim: int = number(16, min=1)  # d, width of every embedding
    num_hops: int = number(2, min=1)  # P
    history_length: int = number(8, min=1)  # T, history items whose ripples are read
    triples_per_item: int = number(4, min=1)  # of each of them and a hop; the paper's N = T times this
    semantic_attention: bool = True  # eqs 7-8; False = EKP_frame, or EKP_no
    feature_exploration: bool = True  # eqs 16-18; False = EKP_att, or EKP_no
    exploration_layers: int = number(3, min=1)  # L of eqs 17-18
    lambda1: float = number(1e-3, min=0)  # of eq 24: the triples' term
    lambda2: float = number(1e-7, min=0)  # W and b
    lambda3: float = number(1e-7, min=0)  # vectors
    first_lambda1: float = number(1e-2, min=0)  # the same in training.first_stage
    first_lambda2: float = number(5e-3, min=0)
    first_lambda3: float = number(0.0, min=0)
    # Not in the paper, all off by default; models/ekpnet.py tells what each one does.
    residual_semantics: bool = False  # psi(v) = v + gamma_e (gamma_r . v)
    item_bias: bool = False
    attribute_bias: bool = False
    history_hop: bool = False  # xi^p starts with the mean vector of the history items
    item_attributes: bool = False  # an item is v + the mean of the tails of its hop 1
    user_item_dot: bool = False  # add <u, i> to the logit
    ripple_item_dot: bool = False  # add xi^P . v_o to the logit of the last stage, too
    l2: float = number(0.0, min=0)  # of the vectors in these products
    dropout: float = number(0.0, min=0, below=1)


@dataclass(frozen=True)
class HkrmSettings(Section):
    """HKRM. The defaults are the paper's; what is not in the paper is off."""

    name: Literal["hkrm"] = "hkrm"
    fields: tuple[str, ...] | None = None  # relations by raw id or name; null: the max_fields that most items have
    max_fields: int = number(12, min=1)
    max_values: int = number(8, min=1)  # values of an item in a field; of more, a sample is drawn once
    dim: int = number(50, min=1)  # d, width of every embedding
    history_length: int = number(20, min=1)  # T, the latest T training positives are the query
    combine: Literal["mean", "sum"] = "mean"  # of a field's values (eq 3 sums)
    level: Literal["both", "item", "attribute"] = "both"  # eq 10; item = HKRM-Item, attribute = HKRM-Attr
    distance_loss: Literal["contrastive", "positive_only", "none"] = "contrastive"  # eq 9; none = HKRM-woKL
    margin: float = number(1.0, min=0)  # nats that the distributions of an irrelevant pair are pushed apart
    distance_weight: float = number(1.0, min=0)  # lambda1 of eq 13
    l2: float = number(1e-7, min=0)  # lambda2 of eq 13, on the whole matrices E and R
    # Not in the paper, all off by default; models/hkrm.py tells what each one does.
    initial_spread: float | None = number(None, above=0)  # of the first vectors; null: Xavier
    item_bias: bool = False
    attribute_bias: bool = False
    item_attributes: bool = False  # an item's vector is e + sum_j p(a_j|item) o_j
    user_item_dot: bool = False  # add <u, t_s> to the logit
    dropout: float = number(0.0, min=0, below=1)
    pair_l2: float = number(0.0, min=0)  # squares of the batch's vectors, per labelled pair

    def settle(self) -> None:
        if self.fields is not None and not self.fields:
            raise SettingError("fields", "expected at least one relation, or null, found none")


@dataclass(frozen=True)
class KsrSettings(Section):
    """KSR. The defaults are the paper's; what is not in the paper is off.

    GRU: knowledge: none, train_items: true and no pre-training; GRU++: knowledge: none with pre-trained items.
    """

    name: Literal["ksr"] = "ksr"
    dim: int = number(50, min=1)  # L_E = L_K, width of entities, relations and memory slots
    item_dim: int = number(256, min=1)  # width of the items' own vectors
    hidden_dim: int = number(256, min=1)  # L_H, state of the GRU
    history_length: int = number(100, min=1)  # T, positions of a row in training, newest items read in serving
    gamma: float = number(10.0, above=0)  # sharpness of the read, eq 6
    knowledge: Literal["memory", "item", "none"] = "memory"  # item: e_i on the item's side, no memory; none: GRU(++)
    shared_values: bool = False  # one value matrix for all users, section 5.2
    train_items: bool = False  # learn the items' vectors further; the paper fixes them
    train_knowledge: bool = False  # the same for entities and relations
    query_layers: int = number(1, min=0)  # tanh layers of the query's MLP, before a linear one
    output_layers: int = number(1, min=1)  # tanh layers of both MLPs of eq 10
    min_relation_triples: int = number(1000, min=1)  # relations of fewer triples of items get no slot (paper: 5,000)
    # Not in the paper, all off by default; models/ksr.py tells what each one does.
    output_dim: int | None = number(None, min=1)  # width of both MLPs; null: L_H + L_E, as in the paper
    slot_write: Literal["every", "own"] = "every"  # own: only into slots of relations that the item has
    gate_bias: bool = False  # a learned bias of every slot's gate
    item_bias: bool = False
    dropout: float = number(0.0, min=0, below=1)


@dataclass(frozen=True)
class RkanSettings(Section):
    """RKAN. The defaults are the paper's; what is not in the paper is off. RKGE: pooling: average."""

    name: Literal["rkan"] = "rkan"
    dim: int = number(32, min=1)  # d, width of every node's vector and of a path's
    num_paths: int = number(16, min=0)  # S, paths drawn for a pair; 0: none, the path logit is a constant
    max_edges: Literal[3, 5, 7] = 3  # L, longest paths in training
    history_length: int = number(30, min=1)  # T, newest items that paths start with in ranking and serving
    redraw_paths: bool = True  # draw other paths every epoch
    near_attributes: int = number(16, min=0)  # middle nodes of an item that ranking and serving know: attributes
    near_users: int = number(16, min=0)  # and users who took it
    pooling: Literal["attention", "average"] = "attention"  # eqs 2-3; average = RKGE
    scale: Literal["dk", "sqrt_dk"] = "dk"  # of eq 2
    score: Literal["embedding", "path", "both"] = "embedding"  # what ranks; path and both re-rank the best
    rerank: int = number(200, min=1)  # by embedding that get path logits when the catalogue is ranked
    # Not in the paper, all off by default; models/rkan.py tells what each one does.
    paths_from: Literal["all", "newest"] = "all"  # newest: paths start with the T items before the candidate
    inner_product_in_logit: bool = False  # train <u, v>, too: the paper ranks by it, and never trains it
    item_bias: bool = False
    history_item_dot: bool = False  # add <sum_t a_t c_t, v>, the newest items with weights of their age
    item_attributes: bool = False  # in these products an item is v + the mean of its attributes
    l2: float = number(0.0, min=0)  # of the vectors in these products
    dropout: float = number(0.0, min=0, below=1)

    def settle(self) -> None:
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


@dataclass(frozen=True)
class KgcnSettings(Section):
    """KGCN with one hop, a baseline. The defaults are the paper's for Last.FM; what is not in the paper is off."""

    name: Literal["kgcn"] = "kgcn"
    dim: int = number(16, min=1)  # d, width of every embedding
    num_neighbours: int = number(8, min=1)  # K, sampled once per item
    aggregator: Literal["sum", "concat", "neighbour"] = "sum"
    l2: float = number(1e-4, min=0)  # lambda, on the whole matrices
    # Not in the paper, off by default; models/kgcn.py tells what each one does.
    item_bias: bool = False
    pair_l2: float = number(0.0, min=0)  # squares of the batch's vectors, per labelled pair


@dataclass(frozen=True)
class MfSettings(Section):
    """Matrix factorisation with item bias: the floor that every model has to clear."""

    name: Literal["mf"] = "mf"
    dim: int = number(64, min=1)
    item_bias: bool = True
    l2: float = number(1e-6, min=0)


ModelSettings = DinkSettings | EkpnetSettings | HkrmSettings | KsrSettings | RkanSettings | KgcnSettings | MfSettings
MODEL_SETTINGS: dict[str, type[Section]] = {
    "dink": DinkSettings,
    "ekpnet": EkpnetSettings,
    "hkrm": HkrmSettings,
    "ksr": KsrSettings,
    "rkan": RkanSettings,
    "kgcn": KgcnSettings,
    "mf": MfSettings,
}
