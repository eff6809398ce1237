"""What runs over one split need alike, made once for all of them: baselines, pre-trained vectors.

Both can take longer than the training of a model does.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tfkgrec.config import Config
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.evaluation.report import write_metrics
from tfkgrec.files import read_json
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.kge.pretrain import pretrain
from tfkgrec.progress import phase, say
from tfkgrec.runs.fingerprint import digest_arrays
from tfkgrec.training.backend import use_xla
from tfkgrec.training.contract import Metrics, TrainingProtocol


class RunCache:
    """Reads from a folder what another run has left there, and makes and keeps what is not there.

    Like a finished run, what is kept does not know that the code has changed since: delete the folder to start anew.

    Args:
        folder: None keeps nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def baselines(self, config: Config, protocol: TrainingProtocol) -> dict[str, Metrics]:
        """The config's baselines, in its order: name -> part -> figures. A model is none of itself."""
        names = [name for name in config.evaluation.floors or () if name != config.model.name]
        return each_baseline(names, lambda name: self._baseline(name, config, protocol))

    def _baseline(self, name: str, config: Config, protocol: TrainingProtocol) -> Metrics:
        """What the folder holds of it, or what is measured now."""
        if self.folder is None:
            return protocol.baselines([name])[name]
        training = config.training  # what baselines that are trained take over of it
        taken_over = [training.seed, training.learning_rate_decay, getattr(training, "negative_pool", None)]
        taken_over.append(getattr(config.evaluation, "top_k", None))
        key = digest_arrays(protocol.splits, more=[config.data.protocol, *taken_over])
        file = self.folder / f"{config.data.dataset}-{name}-{key}.json"
        if file.exists():
            return read_json(file)
        found = protocol.baselines([name])[name]
        write_metrics(file, found)
        return found

    def embeddings(self, config: Config, dataset: Dataset, history: History) -> PretrainedEmbeddings:
        """What the config's `pretraining` section asks for."""
        settings = config.pretraining
        if self.folder is None or settings is None or settings.vectors is not None:
            return pretrained(config, dataset, history)
        dim = [getattr(config.model, name, None) for name in ("dim", "item_dim")]  # where the section names no width
        key = digest_arrays(history, dataset.graph, more=[config.data.protocol, config.training.seed, settings, dim])
        file = self.folder / f"{config.data.dataset}-vectors-{key}.npz"
        if file.exists():
            say(f"vectors: {file}")
            return PretrainedEmbeddings.load(file, dataset, history)
        embeddings = pretrained(config, dataset, history)
        embeddings.save(file, dataset, history)
        return embeddings


def each_baseline(names: Iterable[str], measure: Callable[[str], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """name -> what `measure` says of it; one that fails, for want of memory say, is a line and is left out."""
    found = {}
    for name in names:
        try:
            with phase(f"baseline {name}"):
                found[name] = measure(name)
        except Exception as error:  # whatever it is, it is no reason to lose the others, or the model
            reason = f"{error}".strip().partition("\n")[0]
            say(f"baseline {name} left out: {type(error).__name__}{f': {reason}' if reason else ''}")
    return found


def pretrained(config: Config, dataset: Dataset, history: History) -> PretrainedEmbeddings:
    """Learn (or read) what the config's `pretraining` section asks for; the model's widths are the default of its own.

    Raises:
        InputError: no `pretraining` section, or what `pretrain` raises.
    """
    if config.pretraining is None:
        raise InputError("pretraining: expected this section (or --set pretraining.knowledge=transe), found null")
    training, dim = config.training, getattr(config.model, "dim", None)
    jit_compile = use_xla(training.jit_compile)
    item_dim = getattr(config.model, "item_dim", dim)
    return pretrain(
        config.pretraining, dataset, history, dim=dim, item_dim=item_dim, seed=training.seed, jit_compile=jit_compile
    )
