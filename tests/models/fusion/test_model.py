"""A fusion is the weighed sum of what its members say, and takes nothing else into account."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.cases.small_models import small_model
from tests.data import small
from tfkgrec.models.build import build_model
from tfkgrec.models.fusion.model import Fusion, newest
from tfkgrec.models.mf.settings import MfSettings
from tfkgrec.models.recommender import outputs


def fused() -> Fusion:
    """With weights drawn at random."""
    return small_model("fusion").model


def test_is_the_weighed_sum_of_its_members():
    case, model = small_model("fusion"), fused()
    parts = []
    for name in model.member_names:
        member = model.members[name]
        state = member.user_state(case.users)
        if name == "counts":
            parts.append(np.asarray(member.parts(state, case.items)))
        else:
            parts.append(np.asarray(member.score_items(state, case.items))[..., None])
    x, s = np.concatenate(parts, axis=-1), model.part_sum
    mean, scale, weight = (np.asarray(v) for v in (s.mean, s.inverse_deviation, s.weight))
    expected = ((x - mean) * scale * weight).sum(-1) + np.asarray(s.bias)
    assert x.shape[-1] == 3 + model.members["counts"].part_sum.num_parts
    assert_allclose(case.logits(case.users, case.items), expected, atol=1e-4)


def test_only_the_weights_of_the_sum_can_be_trained():
    assert {v.path.partition("/")[2] for v in fused().trainable_variables} == {"part_sum/weight", "part_sum/bias"}


def test_an_explanation_adds_up_and_holds_the_members_own():
    case, model = small_model("fusion"), fused()
    user, item = case.users, case.items[:, 2]
    why = outputs(model.explain(user, item))
    adds = [np.asarray(value) for name, value in why.items() if name.endswith("_adds")]
    assert len(adds) == len(model.member_names)
    assert_allclose(sum(adds) + np.asarray(why["constant"]), why["logit"], atol=1e-4)
    own = outputs(model.members["dink"].explain(user, item))
    own.pop("logit")
    for name, value in own.items():
        assert_array_equal(why[f"dink_{name}"], value)
    counted = [why["counts_popularity"], why["counts_similar"]]
    counted += [np.sum(why[f"counts_{name}"], axis=1) for name in ("shared", "value_popularity")]
    assert_allclose(np.sum(counted, axis=0), why["counts_adds"], atol=1e-4)


def test_the_newest_of_a_history_whichever_side_is_padded():
    history = np.array([[1, 2, 3, 0, 0], [0, 0, 0, 4, 5], [0, 6, 0, 7, 8], [0, 0, 0, 0, 0]], np.int32)
    assert_array_equal(newest(history, 2), [[2, 3], [4, 5], [7, 8], [0, 0]])
    assert_array_equal(newest(history, 4)[:3], [[0, 1, 2, 3], [0, 0, 4, 5], [0, 6, 7, 8]])
    assert newest(history, 5) is history


def test_members_know_the_same_items():
    one = small.dataset(users=30)
    history = small_model("mf").protocol.splits.train_history
    members = {"mf": build_model(MfSettings(dim=2), one, history, 0), "dink": small_model("dink").model}
    if members["mf"].num_items == members["dink"].num_items:
        members["mf"].num_items += 1
    with pytest.raises(ValueError, match="`members` should know the same items"):
        Fusion(members)
