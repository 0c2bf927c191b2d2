"""Each check in tools/ finds what it is there for: it is given trees with one breach each."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


def run(check: str, tree: Path, *arguments: str) -> subprocess.CompletedProcess:
    program = [sys.executable, TOOLS / check] if check.endswith(".py") else [TOOLS / check]
    return subprocess.run([*program, tree, *arguments], capture_output=True, text=True, check=False)


def write(tree: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tree


GOOD = {
    "include/datalake/error.h": "#ifndef E\n#define E\n#include <stddef.h>\n#endif\n",
    "include/datalake/lake.h": "#ifndef L\n#define L\n#include <datalake/error.h>\n#endif\n",
    "src/base/memory.h": "#ifndef M\n#define M\n#include <datalake/error.h>\n#endif\n",
    "src/base/memory.c": '#include "base/memory.h"\n#include <stdlib.h>\n',
    "src/io/io.h": '#ifndef I\n#define I\n#include "base/memory.h"\n#endif\n',
    "src/lake/open.c": '#include <datalake/lake.h>\n#include "io/io.h"\n#include "base/memory.h"\n',
    "src/cli/main.c": '#include <datalake/lake.h>\n#include <unistd.h>\n#include "table.h"\n',
    "src/cli/table.h": "#ifndef T\n#define T\ntypedef int t;\n#endif\n",
}


@pytest.mark.parametrize("check", ["check_includes.py", "check_banned.py", "check_sizes.py", "check_headers.sh"])
def test_a_good_tree_passes(tmp_path, check):
    result = run(check, write(tmp_path, GOOD))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("src/base/memory.c", '#include "io/io.h"', 'base may not include "io/io.h"'),
        ("src/io/io.c", '#include "lake/open.h"', '"lake/open.h" is not a header under src/'),
        ("src/io/io.c", '#include "io.h"', '"io.h" is not a header under src/'),
        ("src/io/io.c", '#include "memory.h"', '"memory.h" is not a header under src/'),
        ("src/cli/main.c", '#include "base/memory.h"', 'cli may not include "base/memory.h"'),
        ("src/io/io.c", "#include <datalake/lake.h>", "io may not include <datalake/lake.h>"),
        ("src/lake/open.c", "#include <sqlite3.h>", "<sqlite3.h> belongs to manifest, not to lake"),
        ("src/lake/open.c", "#include <fcntl.h>", "<fcntl.h> is known neither as a system header of lake"),
        ("src/lake/open.c", "#include <lz4.h>", "<lz4.h> is known neither"),
        ("src/extra/new.c", "#include <stdio.h>", "the folder src/extra has no row"),
        ("include/datalake/text.h", '#include "base/memory.h"', "a public header may not include"),
    ],
)
def test_includes_finds(tmp_path, file, line, message):
    result = run("check_includes.py", write(tmp_path, GOOD | {file: GOOD.get(file, "") + line + "\n"}))
    assert result.returncode == 1
    assert message in result.stderr
    assert file in result.stderr


def test_includes_finds_a_third_party_header_in_two_files(tmp_path):
    twice = {"src/manifest/a.c": "#include <sqlite3.h>\n", "src/manifest/b.c": "#  include <sqlite3.h>\n"}
    result = run("check_includes.py", write(tmp_path, GOOD | twice))
    assert result.returncode == 1
    assert "<sqlite3.h> is included by more than one file: src/manifest/a.c, src/manifest/b.c" in result.stderr


def test_includes_lets_a_third_party_header_into_one_file_of_each_folder_that_may(tmp_path):
    once_each = {"src/parquet/a.c": "#include <zlib.h>\n", "src/ingest/a.c": "#include <zlib.h>\n"}
    assert run("check_includes.py", write(tmp_path, GOOD | once_each)).returncode == 0
    result = run("check_includes.py", write(tmp_path, {"src/ingest/b.c": "#include <zlib.h>\n"}))
    assert result.returncode == 1
    assert "<zlib.h> is included by more than one file: src/ingest/a.c, src/ingest/b.c" in result.stderr


def test_includes_finds_a_cycle_in_its_table(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    import check_includes

    assert check_includes.check_cycles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) != []
    assert check_includes.check_cycles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_the_table_of_the_design_is_the_one_that_is_checked(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    import check_includes

    rows = re.findall(r"^\| `src/(\w+)/` \|[^|]*\|([^|]*)\|", (ROOT / "docs/ARCHITECTURE.md").read_text("utf-8"), re.M)
    assert {folder: cell.split() for folder, cell in rows if folder in check_includes.MAY_INCLUDE} == {
        folder: targets or ["–"] for folder, targets in check_includes.MAY_INCLUDE.items()
    }


@pytest.mark.parametrize(
    ("file", "code", "function"),
    [
        ("src/lake/a.c", "void f(char *d)\n{\n    strcpy(d, s);\n}\n", "strcpy"),
        ("src/cli/a.c", "int x = atoi (text);\n", "atoi"),
        ("src/lake/a.c", 'void f(void)\n{\n    fprintf(stderr, "x");\n}\n', "fprintf"),
        ("src/parquet/a.c", "void *p = malloc(n);\n", "malloc"),
        ("src/base/thread.c", "void *p = calloc(n, 1);\n", "calloc"),
        ("src/manifest/a.c", "int file = open(path, 0);\n", "open"),
        ("src/base/a.c", "struct tm *t = localtime_r(&now, &tm);\n", "localtime_r"),
        ("src/column/a.c", "double d = strtod(text, &end);\n", "strtod"),
        ("src/ingest/a.c", "void f(void)\n{\n    abort();\n}\n", "abort"),
        ("src/lake/a.c", "/* TODO: later */\n", "TODO"),
    ],
)
def test_banned_finds(tmp_path, file, code, function):
    result = run("check_banned.py", write(tmp_path, GOOD | {file: code}))
    assert result.returncode == 1
    assert re.search(rf"^{re.escape(file)}:\d+: {function}: ", result.stderr)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("src/lake/a.c", "/* strcpy(a, b) */ // atoi(x)\n"),
        ("src/lake/a.c", 'const char *text = "strcpy(a, b) \\" malloc(1)";\n'),
        (
            "src/lake/a.c",
            "int f(struct io io)\n{\n    return io.ops->open(io.context, path) + io.ops->rename(a, b);\n}\n",
        ),
        ("src/lake/ops.h", "struct ops {\n    int (*remove)(void *);\n};\n"),
        ("src/lake/a.c", "int64_t now = operation_time(x);\n"),
        ("src/base/memory_linux.c", "void *p = malloc(n);\n"),
        ("src/io/number.c", "double d = strtod(text, &end);\n"),
        ("src/io/io_system.c", "int file = open(path, 0);\n"),
        ("src/cli/main.c", 'int main(void)\n{\n    printf("x");\n    exit(1);\n}\n'),
    ],
)
def test_banned_lets_pass(tmp_path, file, code):
    result = run("check_banned.py", write(tmp_path, GOOD | {file: code}))
    assert (result.returncode, result.stderr) == (0, "")


def test_sizes_finds_long_functions_and_files(tmp_path):
    lines = "    x++;\n"
    files = {
        "src/io/long.c": f"static int fits(int x)\n{{\n{lines * 98}}}\n\nstatic int too_long(int a,\n"
        f"                    int b)\n{{\n{lines * 99}}}\n",
        "src/io/file.c": "int x;\n" * 801,
        "src/io/file.h": "int x;\n" * 121,
        "include/datalake/big.h": "int x;\n" * 301,
        "include/datalake/fits.h": "int x;\n" * 300,
    }
    result = run("check_sizes.py", write(tmp_path, files))
    assert result.returncode == 1
    assert "src/io/long.c:105: too_long has 101 lines, 100 at most" in result.stderr
    assert "src/io/file.c: 801 lines, 800 at most" in result.stderr
    assert "src/io/file.h: 121 lines, 120 at most" in result.stderr
    assert "include/datalake/big.h: 301 lines, 300 at most" in result.stderr
    assert "fits" not in result.stderr


def test_headers_finds_one_that_needs_another_first(tmp_path):
    needy = {"src/io/needy.h": "#ifndef N\n#define N\nint64_t x(void);\n#endif\n"}
    result = run("check_headers.sh", write(tmp_path, GOOD | needy))
    assert result.returncode == 1
    assert "io/needy.h: does not compile alone as c11 by gcc" in result.stderr


def test_headers_finds_one_that_is_not_cpp(tmp_path):
    not_cpp = {"include/datalake/c_only.h": "#ifndef C\n#define C\nint f(int class);\n#endif\n"}
    result = run("check_headers.sh", write(tmp_path, GOOD | not_cpp))
    assert result.returncode == 1
    assert "datalake/c_only.h: does not compile alone as c++17 by g++" in result.stderr
    assert "c11" not in result.stderr


def test_headers_finds_one_without_a_guard(tmp_path):
    result = run("check_headers.sh", write(tmp_path, GOOD | {"src/io/twice.h": "enum twice { TWICE };\n"}))
    assert result.returncode == 1
    assert "io/twice.h: does not compile alone as c11 by gcc" in result.stderr


API = """#ifndef A
#define A
#define LAKE_API __attribute__((visibility("default")))
#define LAKE_MUST_CHECK
/* LAKE_API int lake_in_a_comment(void); */
LAKE_API int lake_one(int a);
LAKE_API LAKE_MUST_CHECK int lake_two(const char *text,
                                      int (*callback)(void *));
#endif
"""


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("lake_one\nlake_two\n", None),
        ("lake_one\n", "lake_two is not in tools/exported_symbols.txt"),
        ("lake_one\nlake_three\nlake_two\n", "lake_three is in the list but not there"),
    ],
)
def test_exports_compares_headers_with_the_list(tmp_path, listed, message):
    result = run(
        "check_exports.py", write(tmp_path, {"include/datalake/a.h": API, "tools/exported_symbols.txt": listed})
    )
    assert result.returncode == (1 if message else 0)
    assert message is None or message in result.stderr


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_exports_compares_a_library_with_the_list(tmp_path):
    tree = write(tmp_path, {"include/datalake/a.h": API, "tools/exported_symbols.txt": "lake_one\nlake_two\n"})
    source = write(tmp_path, {"a.c": "int lake_one(int a) { return a; }\nint leaked(void) { return 0; }\n"}) / "a.c"
    library = tmp_path / "liba.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    result = run("check_exports.py", tree, "--library", str(library))
    assert result.returncode == 1
    assert "liba.so: lake_two is in the list but not there" in result.stderr
    assert "liba.so: leaked is not in tools/exported_symbols.txt" in result.stderr
