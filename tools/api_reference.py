#!/usr/bin/env python3
"""Makes docs/API.md, the reference of the Python package, of its docstrings; with --check only says whether it is current.

The package is read, not imported (griffe of build/venv), so nothing has to be built. Public is what no underscore hides;
of a module with `__all__`, what that lists. tests/docs/test_api_reference.py holds what each docstring must say.
"""

import argparse
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "dl_datalake"
HEAD = """\
# API reference of the Python package

Made of the docstrings by `tools/api_reference.py`; [PYTHON.md](PYTHON.md) is the manual. Times are UTC; a time that is given may be text as `dl` takes it, a
`date`, a `datetime` (without a zone: UTC), a pandas or NumPy timestamp, or whole epoch milliseconds. Errors are those of `dl_datalake.errors`.
"""
# In the order in which people meet them; others follow by name.
FIRST = (
    "client.dl_client",
    "storage.reader",
    "storage.writer",
    "metadata.manifest",
    "ingest.pipeline",
    "features.manager",
)


def load(sources: Path) -> griffe.Module:
    """The package as it is written."""
    loaded = griffe.load(
        PACKAGE,
        search_paths=[str(sources)],
        docstring_parser="google",
        allow_inspection=False,
        resolve_aliases=True,
    )
    assert isinstance(loaded, griffe.Module)
    return loaded


# ---- what is public ----


def is_own(member: griffe.Object | griffe.Alias) -> bool:
    """Whether it is defined where it stands, and not imported there."""
    return not member.is_alias


def is_hidden(path: str) -> bool:
    """Whether a module of this path, or one around it, begins with an underscore."""
    return any(part.startswith("_") for part in path.split("."))


def public_modules(package: griffe.Module) -> list[griffe.Module]:
    """The package itself and every module of it, the well-known ones first."""
    found = [package]
    stack = [package]
    while stack:
        for name, module in stack.pop().modules.items():
            if not name.startswith("_") and is_own(module):
                found.append(module)
                stack.append(module)
    return sorted(found, key=lambda module: (_place(module), module.path))


def _place(module: griffe.Module) -> int:
    name = module.path.removeprefix(f"{PACKAGE}.")
    if module.path == PACKAGE:
        return -1
    return FIRST.index(name) if name in FIRST else len(FIRST)


def _with_hidden_bases(cls: griffe.Class) -> list[griffe.Object]:
    """The class's own members, and those of bases that have no public name."""
    own = [member for member in cls.members.values() if is_own(member)]
    for base in cls.resolved_bases:
        if isinstance(base, griffe.Class) and is_hidden(base.parent.path if base.parent is not None else ""):
            own.extend(member for member in _with_hidden_bases(base) if member.name not in cls.members)
    return own


def public_members(holder: griffe.Module | griffe.Class) -> list[griffe.Object]:
    """Classes, functions and attributes, in the order of the source. What a module exports from elsewhere is its own, too; but the
    package as a whole, which exports all, has only what lives in modules of no public name.
    """
    if isinstance(holder, griffe.Class):
        return [member for member in _with_hidden_bases(holder) if not member.name.startswith("_")]
    exported = {str(name) for name in holder.exports or ()}
    members = []
    for name, member in holder.members.items():
        if isinstance(member, griffe.Module) or (exported and name not in exported) or name.startswith("_"):
            continue
        if is_own(member):
            members.append(member)
        elif exported and (holder.path != PACKAGE or is_hidden(member.target_path.rpartition(".")[0])):
            members.append(member.final_target)
    return members


def contents(package: griffe.Module) -> list[tuple[griffe.Module, list[griffe.Object]]]:
    """Each public module with what is described there: each thing once, where people meet it first. What else is in a module of which
    another exports is that one's own affair.
    """
    described: set[str] = set()
    found = []
    for module in public_modules(package):
        members = public_members(module)
        if any(member.canonical_path in described for member in members):
            continue
        described.update(member.canonical_path for member in members)
        if members or module is package:
            found.append((module, members))
    return found


def public_objects(package: griffe.Module) -> Iterator[griffe.Object]:
    """Every module, class, function and attribute that a user may name."""
    for module, members in contents(package):
        yield module
        for member in members:
            yield member
            if isinstance(member, griffe.Class):
                yield from public_members(member)


# ---- Markdown ----


def signature(function: griffe.Function, name: str) -> str:
    """As it is called: without self, a parameter a line where one line is too short."""
    parts, is_keyword_only = [], False
    for parameter in function.parameters:
        if parameter.name in ("self", "cls"):
            continue
        kind = parameter.kind
        if kind is griffe.ParameterKind.keyword_only and not is_keyword_only:
            parts.append("*")
        is_keyword_only |= kind in (griffe.ParameterKind.keyword_only, griffe.ParameterKind.var_positional)
        parts.append(_parameter(parameter))
    returns = f" -> {function.returns}" if function.returns is not None else ""
    line = f"{name}({', '.join(parts)}){returns}"
    if len(line) <= 110:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){returns}"


def _parameter(parameter: griffe.Parameter) -> str:
    stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
    text = stars.get(parameter.kind, "") + parameter.name
    if parameter.annotation is not None:
        text += f": {parameter.annotation}"
    if parameter.default is not None and parameter.kind not in stars:
        text += f" = {parameter.default}" if parameter.annotation is not None else f"={parameter.default}"
    return text


def sections_of(member: griffe.Object) -> list[griffe.DocstringSection]:
    return list(member.docstring.parse("google")) if member.docstring is not None else []


def _items(section: griffe.DocstringSection) -> Iterator[str]:
    for item in section.value:
        text = " ".join(item.description.split())
        is_error = isinstance(section, griffe.DocstringSectionRaises)
        label = str(item.annotation) if is_error else getattr(item, "name", "")
        yield f"- `{label}`: {text}" if label else f"- {text}"


def _examples(section: griffe.DocstringSection) -> Iterator[str]:
    for kind, text in section.value:
        if kind is griffe.DocstringSectionKind.examples:
            yield f"```pycon\n{text}\n```\n"
        else:
            yield f"{text.strip()}\n"


def _admonition(section: griffe.DocstringSection) -> str:
    """ "Example:" and the like."""
    text = section.value.description.strip("\n")
    shown = f"```pycon\n{text}\n```" if text.lstrip().startswith(">>>") else text
    return f"**{section.title}**\n\n{shown}\n"


def describe(member: griffe.Object) -> str:
    """The docstring: its text, then arguments, result, errors and examples."""
    out = []
    for section in sections_of(member):
        if section.kind is griffe.DocstringSectionKind.text:
            out.append(section.value.strip() + "\n")
        elif section.kind is griffe.DocstringSectionKind.examples:
            out.extend(_examples(section))
        elif section.kind is griffe.DocstringSectionKind.admonition:
            out.append(_admonition(section))
        else:
            title = {"parameters": "args"}.get(section.kind.value, section.kind.value).capitalize()
            out.append(f"**{title}**\n\n" + "\n".join(_items(section)) + "\n")
    return "\n".join(out)


def _function(function: griffe.Function, name: str, level: int) -> str:
    head = f"{'#' * level} `{name}`\n\n```py\n{signature(function, name)}\n```\n"
    return f"{head}\n{describe(function)}"


def _attribute(attribute: griffe.Attribute, name: str, level: int) -> str:
    kind = f" (`{attribute.annotation}`)" if attribute.annotation is not None else ""
    return f"{'#' * level} `{name}`{kind}\n\n{describe(attribute)}"


def is_typed_only(cls: griffe.Class) -> bool:
    """Whether it is of the extension, whose stub says by its types what most methods do."""
    return cls.canonical_path.startswith(f"{PACKAGE}._native.")


def _class(cls: griffe.Class) -> str:
    hidden = {base.name for base in cls.resolved_bases if base.parent is not None and is_hidden(base.parent.path)}
    bases = ", ".join(f"`{base}`" for base in cls.bases if str(base) not in hidden)
    head = f"### class `{cls.name}`" + (f" ({bases})" if bases else "") + "\n"
    out = [head, describe(cls)]
    made = cls.members.get("__init__")
    if isinstance(made, griffe.Function) and made.docstring is None:
        out.insert(1, f"```py\n{signature(made, cls.name)}\n```\n")
    elif isinstance(made, griffe.Function):
        out.append(_function(made, cls.name, 4))
    members = [member for member in public_members(cls) if member.docstring or is_typed_only(cls)]
    out.extend(_member(member, f"{cls.name}.{member.name}", 4) for member in members)
    return "\n".join(out)


def _member(member: griffe.Object, name: str, level: int) -> str:
    if isinstance(member, griffe.Class):
        return _class(member)
    if isinstance(member, griffe.Function):
        return _function(member, name, level)
    assert isinstance(member, griffe.Attribute)
    return _attribute(member, name, level)


def _module(module: griffe.Module, members: list[griffe.Object], sources: Path) -> str:
    place = Path(str(module.filepath)).resolve().relative_to(sources.parent.resolve())
    out = [f"## `{module.path}`\n", describe(module), f"Source: [{place.as_posix()}](../{place.as_posix()})\n"]
    out.extend(_member(member, member.name, 3) for member in members if member.docstring)
    return "\n".join(out)


def reference(sources: Path) -> str:
    """The whole document."""
    text = "\n".join([HEAD, *(_module(module, members, sources) for module, members in contents(load(sources)))])
    lines = [line.rstrip() for line in text.splitlines()]
    squeezed = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(squeezed).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the document is not current")
    arguments = parser.parse_args()
    document = arguments.tree / "docs/API.md"
    made = reference(arguments.tree / "python")
    if not arguments.check:
        document.write_text(made, encoding="utf-8")
        return
    stored = document.read_text("utf-8") if document.exists() else ""
    if stored != made:
        difference = difflib.unified_diff(
            stored.splitlines(), made.splitlines(), "docs/API.md", "docstrings", "", "", 0
        )
        print("\n".join(list(difference)[:20]), file=sys.stderr)
        sys.exit("api_reference: docs/API.md is not current: run build/venv/bin/python tools/api_reference.py")


if __name__ == "__main__":
    main()
