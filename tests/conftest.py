"""How the tests are run: what a worker is given, and what it imports before."""

import gc
import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# XLA's later passes make faster programs, not other numbers, and take longer than a test's few steps.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

TOGETHER = {
    "planted_run": ("test_bad_input", "test_end_to_end", "runs/test_run", "savedmodel/test_what_is_left_out"),
    "exported_anew": ("runtime/test_signature_defs", "savedmodel/test_exporter", "savedmodel/test_model_card"),
    "wheel": ("test_packaging", "test_quickstart"),
    "real data": ("cases/test_datasets", "datasets/test_real_counts", "protocols/test_real_baselines"),
    "conformance": tuple(f"serving/conformance/{path.stem}" for path in HERE.glob("serving/conformance/test_*.py")),
}
"""What takes seconds to make -> the files that share it, and so a worker of `pytest -n`."""

LONG = ("cases/", "test_configs", "runs/", "savedmodel/", "benchmarks/", "test_", "kge/", "models/", "training/")
"""Files that take longest, which begin first, so that the workers end together (`--no-loadscope-reorder`)."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """`--dist loadfile`, but for TOGETHER."""
    from xdist.scheduler import LoadFileScheduling

    together = {f"tests/{file}.py": shared for shared, files in TOGETHER.items() for file in files}

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return together.get(file, file)

    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/serving --target localhost:8500` asks that server what tests/serving/conformance/ asks ours."""
    group = parser.getgroup("serving")
    group.addoption("--target", metavar="HOST:PORT", help="gRPC address of a server of the conformance models")
    group.addoption("--rest-target", metavar="HOST:PORT", help="its REST address; none: REST is not asked")


def pytest_configure(config: pytest.Config) -> None:
    """Load the fixtures, and TensorFlow with them, where tests run: not in the process that hands them out."""
    if not config.getoption("numprocesses", None):
        gc.disable()  # what modules make is no garbage
        config.pluginmanager.import_plugin("tests.shared")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        file = str(item.path.relative_to(HERE))
        return next((place for place, start in enumerate(LONG) if file.startswith(start)), len(LONG))

    items.sort(key=turn)  # stable


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
