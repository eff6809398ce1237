"""KGCN in synthetic data: it learns more than what is popular."""

from tests.planted import trained
from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.evaluation.ctr import auc
from tfkgrec.models.kgcn.settings import KgcnSettings
from tfkgrec.protocols.ctr.baselines import popularity
from tfkgrec.protocols.ctr.settings import CtrTraining
from tfkgrec.protocols.ctr.split import split_ctr


def test_leaves_popularity_behind():
    dataset = assemble(draw_world(300, 150, 20, seed=0)[0], 0)
    splits = split_ctr(dataset, 0)
    settings = KgcnSettings(dim=8, num_neighbours=4, item_bias=True, pair_l2=1e-2)
    training = CtrTraining(epochs=12, patience=4, learning_rate=2e-2, batch_size=512, jit_compile=False)
    found = trained(settings, training, dataset, splits).score(splits.test.user, splits.test.item)
    floor = popularity(splits).score(splits.test.user, splits.test.item)
    assert auc(splits.test.label, found) > auc(splits.test.label, floor) + 0.05
