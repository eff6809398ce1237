"""The triples' term of EKPNet's loss (eq 22)."""

import numpy as np
import pytest

from tests.harness import gradients, sigmoid
from tfkgrec.layers.triple_loss import triple_loss

G, P, N, D = 4, 2, 3, 5


def inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [*rng.normal(size=(3, G, P, N, D)).astype(np.float32) * 0.5, rng.random((G, P, N)) < 0.7]


def test_by_hand():
    """Two users with one triple each: the even one corrupts its tail with the other's."""
    head, relation = np.zeros((2, 1, 1, 1)), np.ones((2, 1, 1, 1))
    tail = np.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    # s = 1 - (0 + 1 - 1)^2 = 1 and 1 - (1 - 3)^2 = -3: (1 - .7311)^2 + (1 - .0474)^2 = .0723 + .9074
    # corrupted, tails swapped: sigmoid(-3)^2 + sigmoid(1)^2 = .0022 + .5345; in all 1.5164 over two triples
    found = triple_loss(*(x.astype(np.float32) for x in (head, relation, tail)), np.ones((2, 1, 1), bool))
    assert float(found) == pytest.approx(1.5165 / 2, abs=1e-4)


def test_equals_the_reference():
    head, relation, tail, exists = inputs()

    def score(h, r, t):
        return sigmoid(1 - np.sum((h.astype(np.float64) + r - t) ** 2))

    total = 0.0
    for g, p, n in np.argwhere(exists):
        here, other = (g, p, n), ((g - 1) % G, p, n)
        total += (1 - score(head[here], relation[here], tail[here])) ** 2
        if exists[other]:
            h, t = (head[here], tail[other]) if n % 2 == 0 else (head[other], tail[here])
            total += score(h, relation[here], t) ** 2
    assert float(triple_loss(head, relation, tail, exists)) == pytest.approx(total / exists.sum(), rel=1e-5)


def test_a_corruption_that_changes_nothing_does_not_count():
    head, relation, tail, exists = (x[:1] for x in inputs())  # one user: the next one is the same
    exists = np.ones_like(exists)
    score = sigmoid(1 - np.sum((head + relation - tail) ** 2, axis=-1))
    assert float(triple_loss(head, relation, tail, exists)) == pytest.approx(np.mean((1 - score) ** 2), rel=1e-5)


def test_without_triples_it_is_zero_forth_and_back():
    *vectors, exists = inputs()
    nothing = np.zeros_like(exists)
    assert float(triple_loss(*vectors, nothing)) == 0
    assert all((gradient == 0).all() for gradient in gradients(lambda *v: triple_loss(*v, nothing), *vectors))
