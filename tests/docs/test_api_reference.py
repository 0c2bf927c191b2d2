"""docs/API.md is made of the docstrings, and each docstring says what a caller needs to know."""

import ast
import sys
from pathlib import Path

import griffe
import pytest
from documents import ROOT

sys.path.append(str(ROOT / "tools"))

import api_reference

SOURCES = ROOT / "python"


def test_the_reference_is_current() -> None:
    stored = (ROOT / "docs/API.md").read_text("utf-8")
    assert stored == api_reference.reference(SOURCES), "run build/venv/bin/python tools/api_reference.py"


@pytest.mark.parametrize(
    "name",
    [
        "DataLakeClient",
        "DataLakeClient.read_ohlc",
        "ParquetReader.read_range",
        "ParquetWriter.write_ohlc",
        "ManifestManager.list_entries",
        "DataType.register",
        "IngestPipeline.verify_integrity",
        "FeatureStore.upload_feature",
        "Scan",
        "Table",
        "NotFoundError",
        "MissingExtraError",
    ],
)
def test_the_reference_has(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs/API.md").read_text("utf-8")


# ---- what a docstring must say ----


def lacks(member: griffe.Object) -> list[str]:
    """What is missing in the docstring of one public thing."""
    if member.docstring is None:
        return [f"{member.path}: no docstring"]
    if not isinstance(member, griffe.Function):
        return []
    found = {section.kind.value: section for section in api_reference.sections_of(member)}
    out = _arguments(member, found)
    returned = str(member.returns) if member.returns is not None else "None"
    if (
        returned not in ("None", "NoReturn")
        and "property" not in member.labels
        and not {"returns", "yields"} & set(found)
    ):
        out.append(f"{member.path}: says nothing of what it returns")
    if _raises(member) and "raises" not in found:
        out.append(f"{member.path}: says nothing of what it raises")
    return out


def _arguments(function: griffe.Function, found: dict[str, griffe.DocstringSection]) -> list[str]:
    section = found.get("parameters")
    described = [item.name.lstrip("*") for item in section.value] if section is not None else []
    named = [parameter.name for parameter in function.parameters if parameter.name not in ("self", "cls")]
    if described == named:
        return []
    return [f"{function.path}: takes {named}, describes {described}"]


def _raises(function: griffe.Function) -> bool:
    """Whether an error is raised in its own lines."""
    source = function.source
    tree = ast.parse(f"if True:\n{source}" if source[:1].isspace() else source)
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


def is_checked(member: griffe.Object) -> bool:
    """The table of the extension is described by its stub, in a line a method."""
    return not member.path.startswith("dl_datalake._native.") and not isinstance(member, griffe.Attribute)


def test_every_public_name_says_what_it_takes_gives_and_raises() -> None:
    objects = [member for member in api_reference.public_objects(api_reference.load(SOURCES)) if is_checked(member)]
    assert len(objects) > 60
    assert [line for member in objects for line in lacks(member)] == []


def test_examples_are_python() -> None:
    """Each can be typed: what stands behind >>> is parsed."""
    n_examples = 0
    for member in api_reference.public_objects(api_reference.load(SOURCES)):
        text = member.docstring.value if member.docstring is not None else ""
        lines = [line.strip() for line in text.splitlines()]
        code = [line[4:] for line in lines if line.startswith((">>> ", "... "))]
        try:
            ast.parse("\n".join(code))
        except SyntaxError as error:
            pytest.fail(f"{member.path}: {error}")
        n_examples += bool(code)
    assert n_examples > 20


# ---- these tests themselves ----

GOOD = '''"""A module."""

__all__ = ["One", "two"]


class One:
    """A class.

    Example:
        >>> One()
    """

    def method(self, a: int, *, b: str = "x") -> int:
        """Does it.

        Args:
            a: First.
            b: Second.

        Returns:
            The sum.

        Raises:
            ValueError: Never mind.
        """
        raise ValueError(a)


def two() -> None:
    """Does nothing."""


def three() -> None: ...
'''


def package_of(tmp_path: Path, text: str) -> Path:
    (tmp_path / "dl_datalake").mkdir()
    (tmp_path / "dl_datalake/__init__.py").write_text('"""A package."""\n', encoding="utf-8")
    (tmp_path / "dl_datalake/part.py").write_text(text, encoding="utf-8")
    return tmp_path


def complaints(sources: Path) -> list[str]:
    return [line for member in api_reference.public_objects(api_reference.load(sources)) for line in lacks(member)]


def test_a_good_module_passes(tmp_path: Path) -> None:
    sources = package_of(tmp_path, GOOD)
    assert complaints(sources) == []
    made = api_reference.reference(sources)
    for line in (
        "### class `One`",
        'One.method(a: int, *, b: str = "x") -> int'.replace('"', "'"),
        "- `b`: Second.",
        "- `ValueError`: Never mind.",
        ">>> One()",
        "### `two`",
    ):
        assert line in made
    assert "three" not in made


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('    """A class.\n\n    Example:\n        >>> One()\n    """\n', "", "dl_datalake.part.One: no docstring"),
        ("            b: Second.\n", "", "takes ['a', 'b'], describes ['a']"),
        ("            b: Second.\n", "            c: Second.\n", "takes ['a', 'b'], describes ['a', 'c']"),
        ("        Returns:\n            The sum.\n\n", "", "says nothing of what it returns"),
        ("        Raises:\n            ValueError: Never mind.\n", "", "says nothing of what it raises"),
        ('    """Does nothing."""\n', "    pass\n", "dl_datalake.part.two: no docstring"),
    ],
)
def test_what_lacks_is_found(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in GOOD
    (complaint,) = complaints(package_of(tmp_path, GOOD.replace(before, after)))
    assert said in complaint
