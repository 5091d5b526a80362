"""Figures of the source tree that tests/test_metrics.py bounds: `python tools/metrics.py`.

Only the five folders count as source; migrations count for sizes but not for names, which Alembic gives.
"""

import ast
import io
import re
import statistics
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = ("annotate", "db", "judge", "reports", "runner")
LONG_FUNCTION = 50
LONG_FILE = 450
MAX_MODULES = 12
MAX_CLI_MODULES = 14
MAX_MEANINGS = 3
REGISTRY_ENTRIES = frozenset({"page", "read", "write", "register", "upgrade", "downgrade"})
"""Functions that the modules of a registry share on purpose: console pages, formats, command groups, migrations."""
ENTRY_MODULES = frozenset({"__init__", "app", "script"})
"""Modules that Streamlit, the installed command or Python itself loads by their path."""
PLAIN_DECORATORS = frozenset(
    {
        "asynccontextmanager",
        "cache",
        "classmethod",
        "contextmanager",
        "dataclass",
        "final",
        "lru_cache",
        "property",
        "cached_property",
        "runtime_checkable",
        "staticmethod",
    }
)
"""Decorators that hand a definition to nobody who would call it."""
LINTER_COMMENTS = ("noqa", "type:", "pragma", "ruff:", "mypy:", "!")
VERBS = frozenset((REPOSITORY / "tools" / "verbs.txt").read_text("utf-8").split())
"""Verbs that a function may begin with; words that are nouns here as often (`label`, `sample`, `slice`) are left out."""


@dataclass(frozen=True)
class Function:
    """One function or method of the source tree."""

    path: Path
    name: str
    lines: int
    is_counted_by_name: bool
    """False for dunders, properties and the entries that a registry or framework names."""

    @property
    def begins_with_verb(self) -> bool:
        """Whether its name begins with a verb, or is a plain conversion `x_to_y`."""
        return self.name.strip("_").split("_")[0] in VERBS or "_to_" in self.name


@dataclass(frozen=True)
class Module:
    """One Python file, parsed once."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def n_lines(self) -> int:
        """Lines of the file, blank ones too."""
        return self.text.count("\n")

    @cached_property
    def words(self) -> frozenset[str]:
        """Every identifier that the file names anywhere but where it defines it, and every import's last part."""
        return frozenset(used_names(self.tree))


@dataclass(frozen=True)
class Metrics:
    """What a reader of the tree would measure; `rows` is the printed table."""

    n_functions: int
    function_median: float
    long_function_share: float
    long_files: tuple[str, ...]
    full_folders: tuple[str, ...]
    verb_share: float
    comments_per_100_lines: float
    test_to_source: float
    used_by_tests_alone: tuple[str, ...]
    unused: tuple[str, ...]
    ambiguous_names: tuple[str, ...]

    def rows(self) -> list[tuple[str, str]]:
        """Figure and value, in the order in which they are printed."""
        return [
            ("functions and methods", str(self.n_functions)),
            ("median lines of a function (at most 10)", f"{self.function_median:g}"),
            (f"functions over {LONG_FUNCTION} lines (under 1 %)", f"{self.long_function_share:.1%}"),
            (f"files over {LONG_FILE} lines (none)", ", ".join(self.long_files) or "none"),
            (
                f"folders over {MAX_MODULES} modules, cli {MAX_CLI_MODULES} (none)",
                ", ".join(self.full_folders) or "none",
            ),
            ("functions that begin with a verb (at least 55 %)", f"{self.verb_share:.1%}"),
            ("comments per 100 lines of code (at least 3)", f"{self.comments_per_100_lines:.1f}"),
            ("lines of tests to lines of source (at least 1)", f"{self.test_to_source:.2f}"),
            ("used by tests alone (none)", ", ".join(self.used_by_tests_alone) or "none"),
            ("used by nobody (none)", ", ".join(self.unused) or "none"),
            (
                f"public names with more than {MAX_MEANINGS} meanings (none)",
                ", ".join(self.ambiguous_names) or "none",
            ),
        ]


def load_modules(*folders: str) -> list[Module]:
    """Every Python file below the folders, parsed."""
    paths = sorted(path for folder in folders for path in (REPOSITORY / folder).rglob("*.py"))
    texts = [(path.relative_to(REPOSITORY), path.read_text("utf-8")) for path in paths]
    return [Module(path, text, ast.parse(text)) for path, text in texts]


def list_functions(module: Module) -> Iterator[Function]:
    """Functions and methods of the module, nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            is_given = node.name.startswith("__") or node.name in REGISTRY_ENTRIES or is_property(node)
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(
                module.path, node.name, lines, not is_given and "migrations" not in module.path.parts
            )


def is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the method is read as an attribute, which is named by a noun."""
    return any(
        ast.unparse(decorator).rpartition(".")[2] in {"property", "cached_property"}
        for decorator in node.decorator_list
    )


def used_names(tree: ast.Module) -> Iterator[str]:
    """Names that the file uses; the names of its own definitions are no use."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
            yield from (node.module or "").split(".")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


def count_comments(module: Module) -> tuple[int, int]:
    """Comments for readers, and lines that hold code: blank lines, comments and docstrings are none."""
    comments, code = 0, set[int]()
    ignored = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            comments += not token.string.lstrip("# ").startswith(LINTER_COMMENTS)
        elif token.type not in ignored:
            code.update(range(token.start[0], token.end[0] + 1))
    return comments, len(code - list_docstring_lines(module.tree))


def list_docstring_lines(tree: ast.Module) -> set[int]:
    """Lines of the bare strings that document a module, class, function or field."""
    lines = set[int]()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def find_full_folders(modules: list[Module]) -> Iterator[str]:
    """Folders with more modules than a reader takes in at a glance; `__init__.py` and migrations' versions apart."""
    counts: dict[Path, int] = defaultdict(int)
    for module in modules:
        counts[module.path.parent] += module.path.name != "__init__.py"
    for folder, n in sorted(counts.items()):
        if n > (MAX_CLI_MODULES if folder.name == "cli" else MAX_MODULES):
            yield f"{folder.as_posix()} ({n})"


@dataclass(frozen=True)
class Definition:
    """A function, class, method or constant, with the names that its own text uses."""

    name: str
    label: str
    """Where it stands, as it is printed; empty for a constant, which is followed but not listed."""
    uses: frozenset[str]


def collect_uses(node: ast.AST) -> frozenset[str]:
    """Names that a piece of code uses; a text that is one word counts, since registries look up by name."""
    uses = set[str]()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            uses.add(part.id)
        elif isinstance(part, ast.Attribute):
            uses.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
            uses.add(part.value)
    return frozenset(uses)


def is_called_by_framework(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a decorator of others, a registry or Python itself calls it by another way than its name."""
    decorators = {
        ast.unparse(decorator).partition("(")[0].rpartition(".")[2] for decorator in node.decorator_list
    }
    is_dunder = node.name.startswith("__")
    return is_dunder or node.name in REGISTRY_ENTRIES or not decorators <= PLAIN_DECORATORS


def list_methods(module: Module, owner: ast.ClassDef) -> Iterator[Definition]:
    """Methods that only our code can call: a class on top of another one may answer to that one's framework."""
    if owner.bases:
        return
    for node in owner.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_called_by_framework(node):
            yield Definition(node.name, f"{module.path.as_posix()}:{owner.name}.{node.name}", frozenset())


def read_definitions(module: Module) -> tuple[list[Definition], frozenset[str]]:
    """A module's definitions, and the names that it uses as soon as it is imported."""
    definitions, at_once = list[Definition](), set[str]()
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            label = f"{module.path.as_posix()}:{node.name}"
            definitions.append(Definition(node.name, label, collect_uses(node)))
            if isinstance(node, ast.ClassDef):
                definitions += list_methods(module, node)
            if is_called_by_framework(node):
                at_once.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            definitions += [Definition(name, "", collect_uses(node)) for name in names]
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            at_once |= collect_uses(node)
    return definitions, frozenset(at_once)


def find_live_names(definitions: list[Definition], roots: set[str]) -> set[str]:
    """Every name that code can come to from the roots, over definitions of that name."""
    uses = defaultdict[str, set[str]](set)
    for definition in definitions:
        uses[definition.name] |= definition.uses - {definition.name}
    live, waiting = set(roots), list(roots)
    while waiting:
        for name in uses.get(waiting.pop(), set()) - live:
            live.add(name)
            waiting.append(name)
    return live


def list_imports(modules: list[Module]) -> frozenset[str]:
    """Paths of everything that the modules import, as the folder writes them: `judge/lab/calibration`."""
    paths = set[str]()
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                base = node.module.removeprefix("secondreader.").replace(".", "/")
                paths |= {base, *(f"{base}/{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                paths |= {alias.name.removeprefix("secondreader.").replace(".", "/") for alias in node.names}
            elif isinstance(node, ast.Constant) and str(node.value).startswith("secondreader."):
                # a registry imports by name, so that a command loads the one module that it needs
                paths.add(str(node.value).removeprefix("secondreader.").replace(".", "/"))
    return frozenset(paths)


def list_documented(page: str) -> frozenset[str]:
    """Functions that docs/python-api.md makes public: a heading names them, ``### `agree(frame)` ``, an example calls them.

    Neither a mention in a sentence nor a heading alone is enough; tests/test_python_api.py runs the examples.
    """
    named = set(re.findall(r"^#{2,4} `(?:\w+\.)*(\w+)\(", page, re.MULTILINE))
    examples = ast.parse("\n".join(re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)))
    calls = [node.func for node in ast.walk(examples) if isinstance(node, ast.Call)]
    called = {call.attr if isinstance(call, ast.Attribute) else ast.unparse(call) for call in calls}
    return frozenset(named & called)


def find_unused(source: list[Module], others: list[Module], documented: str) -> tuple[list[str], list[str]]:
    """Functions, classes, methods and modules that the product cannot come to: those that others name, and the rest.

    The product starts at what a module does on import, what a framework calls, and what `documented` (the text of
    docs/python-api.md) makes public. An import alone is no use, nor is a call by something that is itself unused.
    """
    code = [module for module in source if "migrations" not in module.path.parts]
    read = [read_definitions(module) for module in code]
    definitions = [definition for own, _ in read for definition in own]
    public = list_documented(documented)
    live = find_live_names(definitions, {*public, *(name for _, at_once in read for name in at_once)})
    elsewhere = frozenset[str]().union(*(module.words for module in others))
    tests_alone, unused = list[str](), list[str]()
    for definition in definitions:
        if definition.label and definition.name not in live:
            (tests_alone if definition.name in elsewhere else unused).append(definition.label)
    imports, tested = list_imports(source), list_imports(others)
    for module, (own, _) in zip(code, read, strict=True):
        path = module.path.with_suffix("").as_posix()
        is_public = any(definition.name in public for definition in own)
        if path not in imports and module.path.stem not in ENTRY_MODULES and not is_public:
            (tests_alone if path in tested else unused).append(module.path.as_posix())
    return tests_alone, unused


def find_ambiguous_names(source: list[Module]) -> Iterator[str]:
    """Public names that more than three modules define, each with a meaning of its own."""
    homes: dict[str, int] = defaultdict(int)
    for module in source:
        for name in {
            node.name
            for node in module.tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
        }:
            homes[name] += 1
    for name, n in sorted(homes.items()):
        if n > MAX_MEANINGS and name not in REGISTRY_ENTRIES:
            yield f"{name} ({n})"


def measure() -> Metrics:
    """Measure the tree as it stands."""
    source, tests = load_modules(*FOLDERS), load_modules("tests")
    functions = [function for module in source for function in list_functions(module)]
    named = [function for function in functions if function.is_counted_by_name]
    comments, code = (
        sum(column) for column in zip(*(count_comments(module) for module in source), strict=True)
    )
    documented = (
        (REPOSITORY / "docs" / "python-api.md").read_text("utf-8")
        if (REPOSITORY / "docs" / "python-api.md").exists()
        else ""
    )
    tests_alone, unused = find_unused(source, tests + load_modules("benchmarks", "tools"), documented)
    return Metrics(
        n_functions=len(functions),
        function_median=statistics.median(function.lines for function in functions),
        long_function_share=sum(function.lines > LONG_FUNCTION for function in functions) / len(functions),
        long_files=tuple(m.path.as_posix() for m in source if m.n_lines > LONG_FILE),
        full_folders=tuple(find_full_folders(source)),
        verb_share=sum(function.begins_with_verb for function in named) / len(named),
        comments_per_100_lines=100 * comments / code,
        test_to_source=sum(m.n_lines for m in tests) / sum(m.n_lines for m in source),
        used_by_tests_alone=tuple(tests_alone),
        unused=tuple(unused),
        ambiguous_names=tuple(find_ambiguous_names(source)),
    )


def main() -> None:
    """Print the figures, one a line."""
    for name, value in measure().rows():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
