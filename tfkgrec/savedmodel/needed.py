"""Which few of a user's items keep a candidate among the first: without them it would not be shown.

Greedy by contribution: items go, the one that the score owes most to first, until the candidate is out. Then each that
need not have gone comes back, those that the score owes least to first. Every step ranks the catalogue anew, so what is
found is checked; a smaller set may exist, but no part of the found one does.
"""

from collections.abc import Callable

import tensorflow as tf

MOST = 32
"""Items that may go: more would be no reason that anybody reads, and every one costs a look at the catalogue."""

Rank = Callable[[tf.Tensor], tf.Tensor]
"""What is kept of a history, bool [T] -> the rank of the candidate then, int32; 1 is the first."""


def needed(rank: Rank, owed: tf.Tensor, shown: int) -> tuple[tf.Tensor, tf.Tensor]:
    """(rank as it is, which slots of the history it takes to fall out of the first `shown`, bool [T]).

    None where it is not among them anyway, and where it stays without the `MOST` that speak most for it.

    Args:
        owed: what the score owes to each slot [T].
    """
    order = tf.argsort(-owed, stable=True)
    place, size = tf.argsort(order), tf.size(owed)  # of every slot in the order
    speak_for = tf.minimum(tf.math.count_nonzero(owed > 0, dtype=tf.int32), MOST)
    nothing = tf.zeros_like(owed, tf.bool)

    def look(first: tf.Tensor, gone: tf.Tensor, back: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Rank once. `gone`: places of the order that have gone; `back`: which may come back, `size`: more may go.

        One look for both ways, since a graph holds the model as often as it is asked in it.
        """
        taking = back == size
        fewer = gone & (tf.range(size) != back)
        now = rank(tf.logical_not(tf.gather(fewer, place)))
        first, out, count = tf.where(first == 0, now, first), now > shown, tf.math.count_nonzero(gone, dtype=tf.int32)
        stays = taking & ((first > shown) | (~out & (count == speak_for)))
        more = tf.where(out, gone, tf.range(size) <= count)
        gone = tf.where(stays, nothing, tf.where(taking, more, tf.where(out, fewer, gone)))
        # The last one was needed, or it would not have gone.
        back = tf.where(taking, tf.where(out, count - 2, size), back - 1)
        return first, gone, back, stays | (back < 0)

    begin = (tf.constant(0), nothing, size, tf.constant(False))
    first, gone, _, _ = tf.while_loop(lambda *state: ~state[-1], look, begin)
    return first, tf.gather(gone, place)
