"""What a history that holds all positives would do to a model's figures: whether a leak explains a published one.

python tools/leak_diagnosis.py --config configs/hkrm/ml-1m-paper.yaml [--set data.history=whole] [--seeds 0]

Never a result. The validation and test positives of a user stand in what the model reads, but for the pair's own item.
It is trained and judged so, on validation alone, and once more as it should be; nothing is kept.
"""

import argparse
import dataclasses
from collections.abc import Sequence

from tfkgrec.cli import run_main
from tfkgrec.config import Config
from tfkgrec.config.load import load_config
from tfkgrec.data.draws import draws_of
from tfkgrec.protocols.ctr.protocol import CtrProtocol
from tfkgrec.protocols.ctr.split import Splits, user_histories
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import Prepared, prepare
from tfkgrec.training.trainer import fit


def main(argv: Sequence[str] | None = None) -> int:
    """Print validation AUC and ACC with honest histories and with leaking ones, seed by seed."""
    parser = argparse.ArgumentParser(description="Validation figures with histories that hold all positives.")
    parser.add_argument("--config", required=True)
    parser.add_argument("--set", nargs="+", default=[], dest="overrides", metavar="key=value")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    options = parser.parse_args(argv)
    for seed in options.seeds:
        config = load_config(options.config, [*options.overrides, f"training.seed={seed}"])
        prepared = prepare(config)
        for what, one in (("training positives", prepared), ("all positives", leaking(prepared))):
            figures = validation_figures(one, config)
            said = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
            print(f"seed {seed}, histories of {what}: {said}", flush=True)
    return 0


def leaking(prepared: Prepared) -> Prepared:
    """The same pairs, with all positives of a user in the history."""
    protocol, dataset = prepared.protocol, prepared.dataset
    if not isinstance(protocol, CtrProtocol):
        raise ValueError("histories leak under the click protocol only")
    splits: Splits = protocol.splits
    draws = draws_of(dataset, protocol.training.seed, 1)
    everything = user_histories(dataset.interactions.positives, dataset.users.size, draws)
    leaked = dataclasses.replace(splits, train_history=everything)
    return Prepared(dataset, CtrProtocol(dataset, protocol.split, protocol.training, protocol.evaluation, leaked))


def validation_figures(prepared: Prepared, config: Config) -> dict[str, float]:
    """Of the config's model, trained from the start."""
    settled = prepared.settled(config)
    history = prepared.splits.train_history
    vectors = None if settled.pretraining is None else RunCache().embeddings(settled, prepared.dataset, history)
    model = prepared.model(settled, vectors)
    fit(model, prepared.protocol, settled.training, verbose=False)
    return prepared.protocol.validate(model)


if __name__ == "__main__":
    raise SystemExit(run_main(main))
