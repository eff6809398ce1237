"""The Python door: from data frames or files to a trained model that recommends, explains, is judged and exported.

    m = tfkgrec.fit(ratings, triples, model="hkrm", names=movies)
    m.recommend(users, k=10)
    m.explain(user, item)
    m.evaluate()
    m.save("runs/x")
    m.export("export")
    m = tfkgrec.load("runs/x")

Behind it is the run of `tfkgrec train`, with the files of one.
"""

import functools
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from tfkgrec import registry
from tfkgrec.client.calls import Ids
from tfkgrec.client.calls import ids as as_texts
from tfkgrec.config import Config, build_config
from tfkgrec.datasets.own_files.sources import AS_FOUND, Source, open_table
from tfkgrec.errors import InputError
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.evaluation.summary import flatten
from tfkgrec.files import aside_of, check_folder, write_aside
from tfkgrec.models.explain_text import explain_text
from tfkgrec.progress import say
from tfkgrec.runs.first_config import Files, choose, config_text, look
from tfkgrec.tf_logging import quiet_import
from tfkgrec.training.run_directory import RunDirectory

if TYPE_CHECKING:
    from tfkgrec.models.recommender import Recommender
    from tfkgrec.offline.in_process import InProcess

__all__ = ["TrainedModel", "fit", "load"]


def fit(
    interactions: Source,
    triples: Source | None = None,
    *,
    model: str | None = None,
    names: Source | None = None,
    item_table: Source | None = None,
    item_links: Source | None = None,
    columns: Mapping[str, str] | None = None,
    positive_at: float | None = None,
    settings: Sequence[str] = (),
    run_dir: str | Path | None = None,
    start: str | Path | None = None,
) -> "TrainedModel":
    """Train a model on one's own data; which columns are which, and what is not given, is found by looking.

    Args:
        interactions: who had to do with what: users, items and perhaps ratings and times; a data frame, or whatever
            `data.interactions` of a config may be.
        triples: head, relation, tail. Without facts there is matrix factorisation and the like.
        model: its name; None: one that suits the data.
        names: of items, for people.
        item_table: in place of triples: a row for every item, whose columns are facts of it.
        item_links: item, entity, where the triples call items otherwise.
        columns: which of `interactions` are user, item, rating and timestamp, where looking does not tell.
        positive_at: a rating at or above it is a positive; None: found by looking.
        settings: any of a config's, as `--set` takes them: ["training.epochs=5", "model.dim=16"].
        run_dir: where the run goes, a new folder; None: a temporary one, until `save`.
        start: a finished run of the same model, such as last week's, from whose weights this one starts.

    Raises:
        InputError: one line.
    """
    for data in (interactions, triples, names, item_table, item_links):
        if not (data is None or isinstance(data, str | Path) or hasattr(data, "__arrow_c_stream__")):
            found = type(data).__name__
            raise InputError(
                f"fit: expected data frames or paths, found {found} (tfkgrec.fit_model trains a Keras model)"
            )
    if triples is not None and item_table is not None:
        raise InputError("fit: expected triples or item_table, found both")
    run = RunDirectory(Path(tempfile.mkdtemp(prefix="tfkgrec-") if run_dir is None else run_dir))
    run.check_start(resume=False)
    trained = TrainedModel(run, temporary=run_dir is None)
    given = {"interactions": interactions, "triples": triples, "item_table": item_table}
    given |= {"item_links": item_links, "item_names": names}
    files = Files(**{role: _file(run, role, data) for role, data in given.items() if data is not None})
    config = _config(files, columns or {}, positive_at, model, settings)
    with quiet_import():
        from tfkgrec.runs.run import train_run

    train_run(config, run, start=start)
    return trained


def load(run_dir: str | Path) -> "TrainedModel":
    """The model of a finished run, of `fit`, of `tfkgrec train` or of version 0.1."""
    run = RunDirectory(Path(run_dir))
    run.check()
    return TrainedModel(run)


def _file(run: RunDirectory, role: str, data: Source) -> Path:
    """Where the data lie: a frame is written into the run, as the readers see it."""
    if isinstance(data, str | Path):
        return Path(data).expanduser().absolute()
    frame, path = open_table(data, role).frame, (run.tables / f"{role}.parquet").absolute()
    write_aside(path, lambda aside: frame.to_parquet(aside, index=False))
    return path


def _config(
    files: Files, columns: Mapping[str, str], positive_at: float | None, model: str | None, settings: Sequence[str]
) -> Config:
    """What `tfkgrec init` would write for these files, with the caller's settings; says what was chosen, and why."""
    if model is not None:
        registry.model(model)
    pairs, facts = look(files, columns, AS_FOUND)
    chosen = choose(pairs, facts, positive_at, model)
    for choice in (chosen.protocol, chosen.model, chosen.positive_at):
        say(choice.why)
    text = config_text(files, pairs, facts, chosen, AS_FOUND.encoding, Path.cwd())
    return build_config(yaml.safe_load(text), settings)


class TrainedModel:
    """A trained model and its run.

    Attributes:
        run: its folder, with the files of docs/run-directory.md.
        temporary: whether the folder goes when the model does.
    """

    def __init__(self, run: RunDirectory, temporary: bool = False) -> None:
        self.run = run
        self._gone = weakref.finalize(self, shutil.rmtree, run.path, ignore_errors=True) if temporary else None
        self._opened: InProcess | None = None

    def __repr__(self) -> str:
        kept = "" if self._gone is None else ", not saved"
        return f"<{self.config.model.name} on {self.config.data.dataset}: {self.run.path}{kept}>"

    @property
    def config(self) -> Config:
        """All settings of the run."""
        with quiet_import():
            from tfkgrec.runs.version_0_1 import read_config

        return read_config(self.run.config)

    @functools.cached_property
    def model(self) -> "Recommender":
        """The Keras model that was judged."""
        with quiet_import():
            from tfkgrec.runs.version_0_1 import read_model

        return read_model(self.run.model, self.config.model.name)

    @property
    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json."""
        return read_metrics(self.run.metrics)

    def recommend(
        self, users: Ids | None = None, k: int = 10, *, exclude: Sequence[object] = (), only: Sequence[object] = ()
    ) -> pd.DataFrame:
        """The `k` best items for each of the users, without what they have taken: user, rank, item, name, score.

        Ids are texts; where all that the model knows are whole numbers, they come as such, to be merged with others.

        Args:
            users: raw ids, texts or numbers; one that the model does not know gets what is popular. None: all users.
            exclude, only: items that are left out, and those that alone are listed: by id, or by a fact such as
                "genre=Drama".
        """
        answers = self._answers(k)
        answers.check_k(k)
        from tfkgrec.offline.lists import lists_of

        everybody = answers.users()
        asked = everybody if users is None else [_text(user) for user in as_texts("users", users)]
        found = lists_of(answers, asked, k, exclude, only)[0].to_pandas()
        return _numbered(found, {"user": [*everybody, *asked], "item": answers.items()})

    def similar(self, items: Ids, k: int = 10) -> pd.DataFrame:
        """The items most like each of `items` by the model's vectors: like, rank, item, name, score (the cosine).

        An item that the model does not know has no rows.
        """
        answers = self._answers(k)
        answers.check_k(k)
        from tfkgrec.offline.lists import as_table

        asked = [_text(item) for item in as_texts("items", items)]
        found = as_table(asked, answers.similar(asked, k)).to_pandas().rename(columns={"user": "like"})
        return _numbered(found, {"like": [*answers.items(), *asked], "item": answers.items()})

    def explain(self, user: object, item: object) -> "Explanation":
        """Why the item has its score for the user: as a text, and as a picture (`plot`)."""
        (whom,), (what,) = as_texts("user", [user]), as_texts("item", [item])
        return Explanation(self._answers().explain([whom], [what]), _text(whom), _text(what))

    def evaluate(self, data: Source | None = None) -> pd.DataFrame:
        """The model's test figures in the first row, those of the baselines below.

        Args:
            data: other interactions to judge it on, such as next month's. None: the figures that the run was judged
                by once it was trained; to read its test split again is for `tfkgrec evaluate`.
        """
        metrics = self.metrics if data is None else self._judged(data)
        floors = {name: {k: v for k, v in own.items() if k != "validation"} for name, own in metrics["floors"].items()}
        rows = {metrics["model"]: metrics["test"], **floors}
        return pd.DataFrame({name: flatten(row) for name, row in rows.items()}).T

    def save(self, run_dir: str | Path) -> Path:
        """Keep the run in a new folder, which `load` and all commands read."""
        target = Path(run_dir)
        check_folder(target)
        RunDirectory(target).check_start(resume=False)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = aside_of(target)
        try:
            shutil.copytree(self.run.path, aside)
            aside.replace(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        self.run, self._opened = RunDirectory(target), None
        if self._gone is not None:
            self._gone()
            self._gone = None
        return target

    def export(self, export_dir: str | Path = "export", refit: bool = False) -> Path:
        """Write it as a SavedModel for TF Serving; the folder of the new version. `refit`: trained on everything."""
        from tfkgrec.export import export_run

        return export_run(self.run.path, export_dir, refit=refit)

    def add_items(self, items: Source, triples: Source, export_dir: str | Path = "export") -> Path:
        """Export it with items that it never met, by their facts and without training; the folder of the new version.

        Args:
            items: item, and perhaps name and entity (what the triples call it).
            triples: head, relation, tail.
        """
        from tfkgrec.add_items import add_items

        added = add_items(self.run.path, items, triples, export_dir)
        for line in added.report:
            print(line)
        return added.path

    def _answers(self, k: int | None = None) -> "InProcess":
        """What answers, with lists as long as are asked for."""
        if self._opened is None or (k or 0) > self._opened.k_max:
            with quiet_import():
                from tfkgrec.offline.in_process import open_in_process

            self._opened = open_in_process(self.run.path, k and max(k, self.config.export.k_max))
        return self._opened

    def _judged(self, data: Source) -> dict[str, Any]:
        from tfkgrec.runs.others import judge_others, told

        metrics = judge_others(self.config, self.run, self.model, data)
        say(told(metrics["data"]))
        return metrics


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why an item has its score for a user: `print` tells it, `plot` draws it.

    Attributes:
        outputs: what the signature `explain` says of the pair, arrays [1, ...].
        user, item: their raw ids.
    """

    outputs: Mapping[str, np.ndarray]
    user: str
    item: str

    def __repr__(self) -> str:
        return "\n".join(explain_text(self.outputs, self.user, self.item))

    def plot(self, file: str | Path | None = None) -> Any:
        """A matplotlib Figure (extra `plots`), which a notebook shows as the last line of a cell.

        Args:
            file: a .png or .svg that it is also written into, with its words.

        Raises:
            InputError: a model that has no parts to draw, another kind of file, or no matplotlib.
        """
        from tfkgrec.pictures.explanation import check_kind, draw_explanation, explanation_figure

        if file is not None:
            check_kind(Path(file))
            draw_explanation(Path(file), self.outputs, self.user, self.item, str(self))
        return explanation_figure(self.outputs, self.user, self.item)


def _numbered(found: pd.DataFrame, ids: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """With whole numbers in those columns of which all `ids` are such."""
    return found.astype({column: "int64" for column, own in ids.items() if all(map(_is_number, own))})


def _is_number(raw: str) -> bool:
    """Whether a text is a whole number as it would be written: "7", and not "007"."""
    return raw.isascii() and raw.isdigit() and len(raw) < 19 and str(int(raw)) == raw


def _text(raw: str | bytes) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw
