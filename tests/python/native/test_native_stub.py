"""What _native.pyi says is there is there, and takes what it says; and nothing else is there."""

import ast
from pathlib import Path

import pytest
from dl_datalake import _native as native

STUB = ast.parse((Path(native.__file__).parent / "_native.pyi").read_text())
CLASSES = {
    node.name: node
    for node in STUB.body
    if isinstance(node, ast.ClassDef) and not any(ast.unparse(base) == "Protocol" for base in node.bases)
}


def functions(owner: ast.AST) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in owner.body if isinstance(node, ast.FunctionDef)}


def parameters(function: ast.FunctionDef) -> list[str]:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    return [argument.arg for argument in arguments if argument.arg != "self"]


def test_classes_have_the_same_members():
    for name, node in CLASSES.items():
        said = set(functions(node)) - {"__init__"}
        there = {
            member for member in vars(getattr(native, name)) if not member.startswith("__") or member.startswith("__a")
        }
        there |= {"__len__"} & set(vars(getattr(native, name)))
        assert said == there, name
        with pytest.raises(TypeError):
            type("Derived", (getattr(native, name),), {})


def test_the_module_has_the_same_names():
    said = set(CLASSES) | set(functions(STUB))
    said |= {node.target.id for node in STUB.body if isinstance(node, ast.AnnAssign)}
    assert said == {name for name in vars(native) if not name.startswith("__") or name == "__version__"}


@pytest.mark.parametrize(
    "method", [name for name, node in functions(CLASSES["Lake"]).items() if parameters(node) and name != "__init__"]
)
def test_methods_take_the_same_keywords(lake: native.Lake, method: str):
    call = getattr(lake, method)
    for name in parameters(functions(CLASSES["Lake"])[method]):
        with pytest.raises(TypeError) as caught:
            call(**{name: object(), "nonsense": 1})
        assert "no argument 'nonsense'" in str(caught.value), name


def test_the_constructor_and_functions_do(tmp_path: Path):
    for call, node in (
        (native.Lake, functions(CLASSES["Lake"])["__init__"]),
        *((getattr(native, n), f) for n, f in functions(STUB).items()),
    ):
        for name in parameters(node):
            with pytest.raises(TypeError, match="no argument 'nonsense'"):
                call(**{name: object(), "nonsense": 1})


def test_it_is_one_binary_for_all_pythons():
    assert ".abi3." in Path(native.__file__).name
