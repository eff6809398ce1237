"""EKPNet in a planted world, whose best possible AUC is known: both stages, and the ablations."""

from dataclasses import replace

from tests.planted import trained
from tfkgrec.config import StageConfig
from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.evaluation.ctr import auc
from tfkgrec.models.ekpnet import presets
from tfkgrec.models.ekpnet.settings import EkpnetSettings
from tfkgrec.protocols.ctr.baselines import popularity
from tfkgrec.protocols.ctr.settings import CtrTraining
from tfkgrec.protocols.ctr.split import split_ctr

RAW, TRUTH = draw_world(600, 300, 45)
DATASET = assemble(RAW, 0, inverse_relations=True)
SPLITS = split_ctr(DATASET, 0)

# Without XLA, whose compilation would take longer than the training.
TRAINING = CtrTraining(epochs=8, patience=8, learning_rate=1e-2, batch_size=1024, jit_compile=False)
TERMS = ("residual_semantics", "item_bias", "attribute_bias", "history_hop", "item_attributes", "ripple_item_dot")
PAPER = EkpnetSettings(**{**presets.PAPER["model"], "dim": 8})
TUNED = replace(PAPER, l2=3e-3, user_item_dot=True, **dict.fromkeys(TERMS, True))
STAGES = replace(TRAINING, epochs=4, first_stage=StageConfig(epochs=6, patience=6, learning_rate=2e-2))


def auc_of(settings: EkpnetSettings, training=TRAINING, splits=SPLITS) -> float:
    """AUC on the true test pairs of an EKPNet trained on `splits`."""
    scorer = trained(settings, training, DATASET, splits)
    return auc(SPLITS.test.label, scorer.score(SPLITS.test.user, SPLITS.test.item))


def floor() -> float:
    return auc(SPLITS.test.label, popularity(SPLITS).score(SPLITS.test.user, SPLITS.test.item))


def test_comes_near_the_best_possible_and_leaves_popularity_behind():
    found = auc_of(TUNED)
    assert found > TRUTH.best_auc - 0.07
    assert found > floor() + 0.1
    assert found < TRUTH.best_auc + 0.01  # nobody honest beats the truth


def test_the_papers_model_in_its_two_stages_leaves_popularity_behind():
    assert auc_of(PAPER, STAGES) > floor() + 0.03
