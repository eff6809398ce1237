"""Which rows are asked for: models x datasets x variants, by what there are configs for where nobody names any."""

from collections.abc import Sequence
from dataclasses import dataclass

from tfkgrec import registry
from tfkgrec.benchmarks.places import Places, configs_of
from tfkgrec.benchmarks.plan import Asked
from tfkgrec.benchmarks.variants import Variant, ablations_of, variant, variants_of
from tfkgrec.errors import InputError

BASELINE = "mf"  # measured with everything


@dataclass(frozen=True)
class Wanted:
    """What the command line names; None: all there are.

    Attributes:
        ablations: whether the rows of ablations are wanted too; None: in the whole matrix they are.
    """

    models: Sequence[str] | None = None
    datasets: Sequence[str] | None = None
    variants: Sequence[str] | None = None
    ablations: bool | None = None

    @property
    def with_ablations(self) -> bool:
        whole = self.models is None and self.datasets is None and self.variants is None
        return whole if self.ablations is None else self.ablations


def models() -> list[str]:
    """What can be measured, MF aside, which is measured with everything; models of other packages, too."""
    return [name for name in registry.models() if name != BASELINE]


def asked_for(wanted: Wanted, places: Places) -> list[Asked]:
    """The rows, in the order of the tables: the models of a dataset stand together.

    Raises:
        InputError: no such variant, or no config for it: a mistake shows before any work.
    """
    asked = []
    for model in _models(wanted, places):
        found = wanted.datasets or configs_of(model, places.configs)
        if not found:
            raise InputError(f"{places.configs / model}: expected configs of {model}, such as lastfm.yaml, found none")
        if wanted.models is None:  # then only what there is
            found = [name for name in found if name in configs_of(model, places.configs)]
        for dataset in found:
            asked += [(model, dataset, row) for row in _rows(wanted, model, dataset, places)]
    if not asked:
        raise InputError(f"{places.configs}: expected configs of models, such as dink/lastfm.yaml, found none")
    order = list(dict.fromkeys(dataset for _, dataset, _ in asked))
    return sorted(asked, key=lambda one: order.index(one[1]))


def _models(wanted: Wanted, places: Places) -> list[str]:
    """Those named, or those that there are configs of."""
    if wanted.models is not None:
        return list(wanted.models)
    return [name for name in models() if configs_of(name, places.configs)]


def _rows(wanted: Wanted, model: str, dataset: str, places: Places) -> list[Variant]:
    names = list(wanted.variants or variants_of(model))
    names += [name for name in ablations_of(model) if wanted.with_ablations and name not in names]
    rows = [variant(model, name) for name in names]
    if wanted.variants is None:
        rows = _with_config(rows, model, dataset, places)
    for row in sorted(rows, key=lambda row: row.suffix):  # ours first
        places.check_config(model, dataset, row)
    return rows


def _with_config(rows: list[Variant], model: str, dataset: str, places: Places) -> list[Variant]:
    """The rows that can be measured where nobody asked for any by name: not every config has a paper's beside it."""
    there = {row.suffix for row in rows if places.config(model, dataset, row).exists()}
    if "" not in there:
        return rows  # the check says what lacks
    for suffix in dict.fromkeys(row.suffix for row in rows if row.suffix not in there):
        print(f"left out: {model} on {dataset} with the settings of its paper, as there is no {dataset}{suffix}.yaml")
    return [row for row in rows if row.suffix in there]
