"""How fast RecBole's model trains and ranks: run by the Python of `--peer-python`, which has RecBole, not this package.

Takes a JSON object with `model`, `folder`, `name` (RecBole's atomic files lie in folder/name/), `seconds`, `settings`
(RecBole's own); prints a line of JSON behind `measured row: `, as own_process.py reads it.
"""

import importlib
import json
import resource
import sys
import time
from typing import Any


def measure(model: str, folder: str, name: str, seconds: float, settings: dict[str, Any]) -> dict[str, Any]:
    """Labelled pairs or predicted positions a second, users ranked a second, and the peak of memory in MiB."""
    began = time.perf_counter()
    torch = importlib.import_module("torch")
    config_of = importlib.import_module("recbole.config").Config
    data, utils = (importlib.import_module(f"recbole.{part}") for part in ("data", "utils"))
    config = config_of(model=model, dataset=name, config_dict={"data_path": folder, **settings})
    utils.init_seed(config["seed"], config["reproducibility"])
    dataset = data.create_dataset(config)
    train, _, test = data.data_preparation(config, dataset)
    network = utils.get_model(config["model"])(config, train._dataset).to(config["device"])
    if hasattr(network, "relation_Matrix"):  # KSR's, which is read in double precision and multiplied in single
        network.relation_Matrix = network.relation_Matrix.float()
    optimizer = torch.optim.Adam(network.parameters())
    if hasattr(train, "set_mode"):  # of the knowledge-aware: the interactions, without steps on triples alone
        train.set_mode(utils.KGDataLoaderState.RS)
    pairs_per_row = 2 if str(getattr(network, "input_type", "")).endswith("PAIRWISE") else 1

    def steps() -> Any:
        while True:
            yield from train

    def step(batch: Any) -> int:
        optimizer.zero_grad()
        loss: Any = network.calculate_loss(batch)
        (sum(loss, torch.tensor(0.0)) if isinstance(loss, tuple) else loss).backward()
        optimizer.step()
        return len(batch) * pairs_per_row

    batches = steps()
    step(next(batches))
    started = time.perf_counter()
    pairs, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        pairs += step(next(batches))
    return {
        "train_examples_per_second": round(pairs / (time.perf_counter() - begun)),
        "rank_users_per_second": _ranked(network, test, seconds, torch),
        "start_seconds": round(started - began, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _ranked(network: Any, test: Any, seconds: float, torch: Any) -> float | None:
    """Users a second whose whole catalogue is scored; None for a model that scores pairs alone."""
    network.eval()
    users, begun = 0, time.perf_counter()
    try:
        with torch.no_grad():
            while time.perf_counter() - begun < seconds:
                for batch in test:
                    network.full_sort_predict(batch[0])
                    users += len(batch[0])
                    if time.perf_counter() - begun >= seconds:
                        break
    except (NotImplementedError, AttributeError):
        return None
    return round(users / (time.perf_counter() - begun), 1)


if __name__ == "__main__":
    print("measured row: " + json.dumps(measure(**json.loads(sys.argv[1]))))
