"""Settings searched with Optuna on the validation split: pruned, resumable, by several processes at a time.

A study lies in a folder: `study.log` (what all processes share), `study.json` (what it began with), and, written anew
after every trial, `trials.csv`, `best.yaml` (a config for `tfkgrec train`) and `hparams/` for TensorBoard.

What a trial tries depends on the seed and on the trials that have ended, so a search of one process that is killed and
given again ends as one that nobody disturbed: the trial that was under way is marked as killed and counts as none.
"""

import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import optuna
import pandas as pd
from optuna.storages.journal import JournalFileBackend

from tfkgrec.benchmarks.hparams import write_trials
from tfkgrec.benchmarks.search_space import Choice
from tfkgrec.config import Config
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.files import is_running, write_text
from tfkgrec.progress import say
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import read_dataset
from tfkgrec.runs.trial import tried
from tfkgrec.training.callbacks import Progress

State = optuna.trial.TrialState
ENDED = (State.COMPLETE, State.PRUNED, State.FAIL)
FIGURE, PROCESS, KILLED = "validation", "process", "killed"
WARM_UP_EPOCHS, WARM_UP_TRIALS = 3, 5
"""Nothing is pruned before: neither in a trial's first epochs nor in a study's first trials."""


@dataclass(frozen=True)
class Search:
    """A study.

    Attributes:
        folder: where it lies.
        config_of: overrides, as `--set` has them -> the config; raises `InputError` where they do not fit.
        choices: what is searched.
        seed: of the sampler; processes on one study need different ones.
    """

    folder: Path
    config_of: Callable[[Sequence[str]], Config]
    choices: list[Choice]
    seed: int = 0

    def run(self, trials: int) -> optuna.Study:
        """Go on until the study has so many trials, those of other processes and earlier days included."""
        config = self.config_of([])
        self._check_same(config)
        study = self.study()
        _mark_killed(study)
        dataset, cache = read_dataset(config), RunCache(self.folder / "shared")
        while ended(study) < trials:
            study.sampler = self._sampler(ended(study))
            study.optimize(lambda trial: self._objective(trial, dataset, cache), n_trials=1, catch=(InputError,))
            self.write(study)
        self.write(study)
        return study

    def study(self) -> optuna.Study:
        """Begun, or gone on with."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        return optuna.create_study(
            study_name="tfkgrec",
            storage=optuna.storages.JournalStorage(JournalFileBackend(str(self.folder / "study.log"))),
            sampler=self._sampler(0),
            pruner=optuna.pruners.MedianPruner(WARM_UP_TRIALS, WARM_UP_EPOCHS),
            direction="maximize",
            load_if_exists=True,
        )

    def _sampler(self, trials: int) -> optuna.samplers.BaseSampler:
        """What chooses, after so many trials."""
        seed = int(np.random.SeedSequence([self.seed, trials]).generate_state(1)[0])
        return optuna.samplers.TPESampler(seed=seed, constant_liar=True)

    def _objective(self, trial: optuna.Trial, dataset: Dataset, cache: RunCache) -> float:
        keras.utils.clear_session()
        trial.set_user_attr(PROCESS, [socket.gethostname(), os.getpid()])
        overrides = [f"{choice.key}={_text(choice.suggest(trial))}" for choice in self.choices]
        best = [float("-inf")]  # of the last stage

        def watch(progress: Progress) -> None:
            best[0] = progress.best
            trial.report(progress.best, progress.epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        config, fitted = tried(self.config_of(overrides), dataset, cache, watch)
        trial.set_user_attr("config", config.to_yaml())
        trial.set_user_attr("epochs", fitted.progress.epoch)
        say(f"trial {trial.number}: {best[0]:.4f}  {' '.join(overrides)}", trial=trial.number, validation=best[0])
        return best[0]

    def _check_same(self, config: Config) -> None:
        """What a study began with is what it goes on with: figures of other data are none to compare."""
        now = {"config": config.to_dict(), "space": [[c.key, c.kind, list(c.values)] for c in self.choices]}
        now = json.loads(json.dumps(now, default=str))
        file = self.folder / "study.json"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_text(file, json.dumps(now, indent=1))
        elif json.loads(file.read_text()) != now:
            raise InputError(
                f"{self.folder}: expected the config and the space that this study began with, found others"
            )

    def write(self, study: optuna.Study) -> None:
        """The table of trials, the best config, TensorBoard's HParams."""
        killed = study.user_attrs.get(KILLED, [])
        rows = [
            {
                "trial": t.number,
                "state": KILLED if t.number in killed else t.state.name.lower(),
                FIGURE: t.value,
                **t.params,
            }
            for t in study.get_trials()
        ]
        write_text(self.folder / "trials.csv", pd.DataFrame(rows, dtype=object).to_csv(index=False))
        done = study.get_trials(states=(State.COMPLETE,))
        if done:
            best = study.best_trial
            found = f"trial {best.number} of {len(rows)}, {FIGURE} {best.value:.4f}"
            said = f"# tfkgrec tune: {found}; no test split was read\n"
            write_text(self.folder / "best.yaml", said + best.user_attrs["config"])
            shown: Mapping[str, Any] = {
                f"trial-{t.number}": ({k: _text(v) for k, v in t.params.items()}, {FIGURE: t.value}) for t in done
            }
            write_trials(self.folder / "hparams", {"validation figure": FIGURE}, shown)


def ended(study: optuna.Study) -> int:
    """How many trials count: those that ran to an end, whatever it was."""
    killed = study.user_attrs.get(KILLED, [])
    return sum(trial.number not in killed for trial in study.get_trials(states=ENDED))


def _mark_killed(study: optuna.Study) -> None:
    """Trials under way in a process of this machine that is no more will not end."""
    for trial in study.get_trials(states=(State.RUNNING,)):
        host, process = trial.user_attrs.get(PROCESS, ("", 0))
        if host == socket.gethostname() and not is_running(process):
            study.set_user_attr(KILLED, sorted({*study.user_attrs.get(KILLED, []), trial.number}))
            study.tell(trial.number, state=State.FAIL)


def _text(value: object) -> str:
    """As `--set` has it."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
