"""Whether two runs name the same reasons: a model beside itself, beside itself numbered otherwise, beside another."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.cases.small_models import small_model
from tfkgrec.runs import stability
from tfkgrec.runs.stability import FIRST, Other, measure_stability
from tfkgrec.runs.stability import _numbers as numbers


@pytest.fixture
def asked(monkeypatch):
    """Pairs of a model that reads whole histories, of which the first items are compared."""
    monkeypatch.setattr(stability, "FIRST", 1)
    model = small_model("counts").model
    user = np.arange(1, 9, dtype=np.int32)
    return model, user, np.array([3, 5, 8, 13, 21, 34, 2, 1], np.int32)


def beside(model, users, items, user, item, other=None):
    there = Other("b", 2, other or model, None, users, items)
    return measure_stability(model, [there], [(user, item)])["b"]


def test_beside_itself_everything_is_the_same(asked):
    model, user, item = asked
    found = beside(model, np.arange(100), np.arange(model.num_items), user, item)
    assert found["seed"] == 2
    assert found["orders"]["contributions"]["first"] == {"mean": 1.0, "error": 0.0}
    assert_allclose(found["orders"]["contributions"]["correlation"]["mean"], 1.0)
    assert 0 < found["chance"]["mean"] < 1


def test_what_the_other_run_does_not_know_is_not_compared(asked):
    model, user, item = asked
    users = np.where(np.arange(100) < 4, np.arange(100), 0)
    whole = beside(model, np.arange(100), np.arange(model.num_items), user[:3], item[:3])
    assert beside(model, users, np.arange(model.num_items), user, item) == whole


def test_items_are_compared_by_what_they_are(asked):
    """Each user beside the one most like them: of their histories what both have is compared, by hand."""
    model, user, item = asked
    user = np.arange(1, model.sizes.num_users, dtype=np.int32)
    item, history = np.resize(item, len(user)), np.asarray(model.read_history(user))
    both = [[len(np.intersect1d(a[a > 0], b[b > 0])) for b in history] for a in history]
    like = np.array([0, *(np.argmax(both - 99 * np.eye(len(user)), axis=1) + 1)])
    found = beside(model, like, np.arange(model.num_items), user, item)
    firsts = []
    for one, candidate in zip(user, item, strict=True):
        own, its = owed(model, one, candidate), owed(model, like[one], candidate)
        shared = own.keys() & its.keys()
        if len(shared) > 1:
            best = [max(shared, key=lambda i, of=of: of[i]) for of in (own, its)]
            firsts.append(float(best[0] == best[1]))
    assert len(firsts) > 1
    assert_allclose(found["orders"]["contributions"]["first"]["mean"], np.mean(firsts))


def owed(model, user, item):
    """Item of the history -> what the score owes to it."""
    history, orders = stability._orders(model, None, np.array([user], np.int32), np.array([item], np.int32))
    pairs = zip(history[0].tolist(), orders["contributions"][0].tolist(), strict=True)
    return {taken: value for taken, value in pairs if taken and taken != item}


def test_lines_are_numbered_from_one(tmp_path):
    (tmp_path / "a.txt").write_text("x\ny\nz\n")
    (tmp_path / "b.txt").write_text("z\nw\nx\n")
    assert numbers(tmp_path / "a.txt", tmp_path / "b.txt").tolist() == [0, 3, 0, 1]
    assert FIRST == 5
