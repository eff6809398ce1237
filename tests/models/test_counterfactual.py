"""The items without which a candidate would not be shown, checked by ranking anew without them."""

import numpy as np

from tests.cases.small_models import small_model
from tfkgrec.models import counterfactual as module
from tfkgrec.models.counterfactual import counterfactual


def rank_without(model, user, history, gone, item, taken):
    """By a plain sort of all scores, for the history as a request would bring it."""
    left = np.where(np.isin(history, gone), 0, history)
    scores = np.asarray(model.score_items(model.user_state(user, left), np.arange(model.num_items)[None]))[0]
    free = [i for i in range(1, model.num_items) if i == item or i not in taken]
    return sorted(free, key=lambda i: -scores[i]).index(item) + 1


def test_without_them_it_falls_out_and_with_any_of_them_back_it_does_not(monkeypatch):
    monkeypatch.setattr(module, "SHOWN", 5)  # of 50 items
    small = small_model("hkrm")
    model, found = small.model, []
    for user in small.users[3:6, None]:
        history = np.asarray(model.read_history(user))
        taken = history[history > 0]
        for item in np.setdiff1d(np.arange(1, model.num_items), taken)[::2]:
            rank, needed = counterfactual(model, int(user[0]), int(item), taken)
            assert rank == rank_without(model, user, history, [], item, taken)
            if len(needed):
                found.append(len(needed))
                assert rank <= 5 < rank_without(model, user, history, needed, item, taken)
                for back in needed:
                    gone = [one for one in needed if one != back]
                    assert rank_without(model, user, history, gone, item, taken) <= 5
    assert found and max(found) > 1


def test_of_a_model_without_histories_no_item_is_needed():
    rank, needed = counterfactual(small_model("mf").model, 1, 3, np.zeros(0, int))
    assert rank >= 1 and not len(needed)
