"""The runs that a fusion is made of: ordinary ones on its split, below its folder, each resumed or done already."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfkgrec import registry
from tfkgrec.config import Config, build_config, load_config
from tfkgrec.config.section import show
from tfkgrec.errors import InputError
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.models.fusion.settings import SUFFIXES, FusionSettings
from tfkgrec.models.recommender import Recommender
from tfkgrec.progress import say
from tfkgrec.protocols.ctr.settings import CtrSplit
from tfkgrec.runs.version_0_1 import read_model
from tfkgrec.training.run_directory import RunDirectory

if TYPE_CHECKING:
    from tfkgrec.data.records import Dataset
    from tfkgrec.runs.cache import RunCache

OF_THE_MEMBER = ("data_dir", "history")
"""Keys of `data` that may differ: where the files lie, and what of a user's history a model reads."""


def member_configs(config: Config) -> dict[str, Config]:
    """The config of every member by the name of its model; none for a model that is not made of others.

    Raises:
        InputError: a member's file is of other data, or has no right settings; two members are the same model; fewer
            than two can do without a graph where there is to be none.
    """
    if not isinstance(config.model, FusionSettings):
        return {}
    found: dict[str, Config] = {}
    for member in config.model.members:
        one = _of_file(Path(member), config) if member.endswith(SUFFIXES) else _of_name(member, config)
        name = one.model.name
        if name in found:
            raise InputError(f"model.members: expected models of different kinds, found {name} twice")
        if isinstance(one.model, FusionSettings):
            raise InputError(f"model.members: {member}: expected a model that is not made of others, found {name}")
        found[name] = one
    if config.model.graph:
        return found
    found = {name: one for name, one in found.items() if not registry.model(name).needs_facts}
    if len(found) < 2:
        raise InputError(f"model.graph: expected true, as {len(found)} of the members can do without, found false")
    return found


def check_members(configs: Mapping[str, Config], dataset: "Dataset") -> None:
    """Raise `InputError`, before the first of them is trained, where the data lack what one of them needs."""
    for name in configs:
        if registry.model(name).needs_facts:
            dataset.check_item_heads()


def member_run(run: RunDirectory, name: str) -> RunDirectory:
    """Where the member's run lies."""
    return RunDirectory(run.path / "members" / name)


def train_members(
    config: Config, configs: Mapping[str, Config], run: RunDirectory, dataset: "Dataset", cache: "RunCache | None"
) -> dict[str, Recommender]:
    """The trained members, in the order of `configs`; what is done is read, what was cut off is resumed.

    Args:
        config: of the fusion.
        configs: theirs.
        dataset: of which they see no triple where the fusion is to do without.
    """
    from tfkgrec.runs.run import train_run  # which trains the fusion, and so imports this

    if isinstance(config.model, FusionSettings) and not config.model.graph:
        dataset = dataset.without_triples()
    trained = {}
    for number, (name, of_member) in enumerate(configs.items(), 1):
        own = member_run(run, name)
        title = f"\nmember {number} of {len(configs)}: {registry.model(name).title}"
        if own.metrics.exists():
            say(f"{title}, trained already")
        else:
            say(title)
            train_run(of_member, own, own.path.exists(), cache, dataset)
        trained[name] = read_model(own.model, name)
    return trained


def timing_with(configs: Mapping[str, Config], run: RunDirectory, own: dict[str, float]) -> dict[str, float]:
    """A run's timing with the training of its members in it; its own where it has none."""
    of_members = (read_metrics(member_run(run, name).metrics)["timing"]["train_seconds"] for name in configs)
    return {**own, "train_seconds": own["train_seconds"] + sum(of_members)}


def _of_name(name: str, config: Config) -> Config:
    """A model's own defaults on the fusion's data."""
    data = {key: value for key, value in config.data.to_dict().items() if value is not None}
    if data.get("history") == CtrSplit.history:
        del data["history"]  # nobody asked for another: each model has its own
    raw: dict[str, Any] = {"model": {"name": name}, "data": data}
    raw["training"] = {"seed": config.training.seed, "jit_compile": config.training.jit_compile}
    return _as_member(build_config(raw), config)


def _of_file(file: Path, config: Config) -> Config:
    """The config of a file, checked to be of the fusion's data."""
    one = load_config(file, data_dir=config.data.data_dir)
    found, wanted = one.data.to_dict(), config.data.to_dict()
    for key in dict.fromkeys([*wanted, *found]):
        if key not in OF_THE_MEMBER and found.get(key) != wanted.get(key):
            where, expected = f"{file}: data.{key}", show(wanted.get(key))
            raise InputError(f"{where}: expected {expected}, as the fusion has it, found {show(found.get(key))}")
    return _as_member(one, config)


def _as_member(one: Config, config: Config) -> Config:
    """On the fusion's split, without baselines of its own, of which the fusion has some."""
    training = replace(one.training, seed=config.training.seed, final_fit=False)
    return replace(one, training=training, evaluation=replace(config.evaluation, floors=()))
