"""Data flows one way: a module imports only from rooms above its own (README, the map)."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

import tfkgrec
from tfkgrec import registry

ROOT = Path(tfkgrec.__file__).parent
ROOMS = ["errors", "files", "storage", "console", "progress", "tf_logging", "types", "registry", "keras_names"]
ROOMS += ["config", "cli"]
ROOMS += ["data", "datasets", "layers", "evaluation", "kge", "models", "tasks", "training", "protocols", "runs"]
ROOMS += ["protos", "runtime", "savedmodel", "serving", "client", "pictures", "offline", "beam", "benchmarks"]
COMMANDS = {"__init__", "__main__", "train", "evaluate", "pretrain", "export", "serve", "recommend", "explain"}
COMMANDS |= {
    "benchmark",
    "quickstart",
    "data_stats",
    "init",
    "trained",
    "vectors",
    "similar",
    "compare",
    "report",
    "tune",
    "batch_recommend",
    "add_items",
    "prepare",
    "prepare_data",
    "plan",
}
ALONE = {  # rooms that must not need the others
    "protos": {"errors", "protos"},
    "runtime": {"errors", "protos", "runtime"},
    "serving": {"errors", "files", "tf_logging", "protos", "runtime", "serving"},
    "client": {"errors", "protos", "client"},
    "layers": {"types", "layers"},
}
SEE_CONFIG_WHOLE = {"config", "cli", "runs", "benchmarks"} | COMMANDS
FILES = sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, list[str]]]:
    """(module, names) of every import of tfkgrec, also of those inside functions and under TYPE_CHECKING."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tfkgrec":
            names = [alias.name for alias in node.names]
            found += [(f"tfkgrec.{name}", []) for name in names] if node.module == "tfkgrec" else [(node.module, names)]
        if isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names if alias.name.startswith("tfkgrec.")]
    return found


def type_checking_only(path: Path) -> set[str]:
    """Modules imported under `if TYPE_CHECKING`, where the registry names the classes that specs hold."""
    blocks = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.If)]
    guarded = [b for b in blocks if isinstance(b.test, ast.Name) and b.test.id == "TYPE_CHECKING"]
    return {n.module or "" for b in guarded for n in ast.walk(b) if isinstance(n, ast.ImportFrom)}


def test_every_file_is_in_a_room_or_a_command():
    assert {room_of(path) for path in FILES} <= {*ROOMS, *COMMANDS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_come_from_above(path):
    room = room_of(path)
    if room in COMMANDS or path.name == "__main__.py":
        return
    free = type_checking_only(path) if room == "registry" else set()
    for module, names in imports(path):
        if module in free:
            continue
        other = module.split(".")[1]
        if other == "__version__":
            continue
        assert other in ROOMS, f"{module} is a command: only commands may import it"
        assert ROOMS.index(other) <= ROOMS.index(room), f"{module} lies below"
        if room in ALONE:
            assert other in ALONE[room], f"{room} should do without {module}"
        if module == "tfkgrec.config" and room not in SEE_CONFIG_WHOLE:
            assert "Config" not in names, "the whole Config is opened in runs/, which hands sections down"


@pytest.mark.parametrize("room", ROOMS)
def test_no_circles(room):
    """Every module can be the first to be imported."""
    modules = [path for path in FILES if room_of(path) == room and path.name != "__main__.py"]
    names = [".".join(("tfkgrec", *path.relative_to(ROOT).with_suffix("").parts)) for path in modules]
    graph = {name.removesuffix(".__init__"): path for name, path in zip(names, modules, strict=True)}
    state: dict[str, str] = {}

    def visit(module: str, above: tuple[str, ...]) -> None:
        if state.get(module) == "done" or module not in graph:
            return
        assert module not in above, f"circle: {' -> '.join((*above, module))}"
        for other, imported in _at_import(graph[module]):
            for name in (other, *(f"{other}.{one}" for one in imported)):
                if name != module and not module.startswith(f"{name}."):
                    visit(name, (*above, module))
        state[module] = "done"

    for module in graph:
        visit(module, ())


def _at_import(path: Path) -> list[tuple[str, list[str]]]:
    """What importing the module imports: no imports inside functions, none for the type checker."""
    body = ast.parse(path.read_text()).body
    return [
        (node.module, [alias.name for alias in node.names])
        for node in body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tfkgrec")
    ]


def test_layers_kge_and_models_know_no_tensorflow():
    """They run on every Keras backend."""
    for path in [*ROOT.glob("layers/*.py"), *ROOT.glob("kge/*.py"), *ROOT.glob("models/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0].startswith("tensorflow") for name in names), path


def test_looking_at_the_registry_imports_nothing_heavy():
    script = (
        "import sys\n"
        "from tfkgrec import registry\n"
        "registry.models(), registry.protocols(), registry.datasets(), registry.kge_methods()\n"
        "print(*{'keras', 'tensorflow', 'pandas', 'numpy', 'scipy', 'grpc'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"


@functools.cache
def functions() -> list[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (path, node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Of its code, without the docstring."""
    first = node.body[0]
    has_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return node.end_lineno - node.lineno + 1 - (first.end_lineno - first.lineno + 1 if has_text else 0)


def test_no_function_is_long():
    """None over 60 lines, and none over 40 of code without a comment that begins with "long"."""
    assert [f"{path}: {node.name}" for path, node in functions() if node.end_lineno - node.lineno >= 60] == []
    for path, node in functions():
        if _lines(node) > 40:
            lines = path.read_text().splitlines()[node.lineno - 1 : node.end_lineno]
            assert any("# long" in line for line in lines), f"{path}: {node.name} is long for no reason given"


def test_no_model_takes_more_than_fourteen_arguments():
    makers = [(path, node) for path, node in functions() if path.name == "model.py" and node.name == "__init__"]
    assert len(makers) == len(registry.models())
    for path, node in makers:
        assert len(node.args.args) + len(node.args.kwonlyargs) - 1 <= 14, path
