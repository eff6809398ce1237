"""The settings of sequential recommendation."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import Section, TrainingConfig, number


@dataclass(frozen=True)
class SequentialSplit(Section):
    """What is held out of every user's sequence."""

    next: Literal["item", "session"] = "item"  # the last item, or all of the last session, a session being a day
    train_share: float = number(1.0, min=0, max=1)  # of every user's training items, the newest that are kept


@dataclass(frozen=True)
class SequentialTraining(TrainingConfig):
    """What is learned from sequences, whose examples are the predicted positions."""

    loss: Literal["bpr", "sampled_softmax", "softmax"] = "bpr"  # tasks/sequential.py
    num_negatives: int = number(1, min=1)  # of each position (bpr), or shared by the batch (sampled_softmax)
    target: Literal["next", "any_future"] = "next"  # the item that came next, or any later one, drawn every epoch
    predict_first: bool = False  # predict a user's first item, too: what unknown users are shown
