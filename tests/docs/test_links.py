"""Links between documents lead somewhere, and no document knows the machine it was written on."""

import re
from pathlib import Path

import pytest
from documents import ROOT, documents, name_of

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)[^)]*\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_MACHINE = re.compile(r"(?<![\w./])/(?:work|home|root|Users|tmp)/\w+")


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_the_links_of(document: Path) -> None:
    targets = _LINK.findall(_FENCED.sub("", document.read_text("utf-8")))
    missing = [t for t in targets if "://" not in t and not (document.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_no_machine_in(document: Path) -> None:
    assert _MACHINE.findall(document.read_text("utf-8")) == []


LAYERS = sorted(f"src/{path.name}" for path in (ROOT / "src").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", ["include/datalake", "src", "tests", "fuzz", "bench", "tools", *LAYERS])
def test_every_folder_says_what_it_is_for(folder: str) -> None:
    readme = ROOT / folder / "README.md"
    assert readme.is_file(), f"{folder} has no README.md"
    assert len(readme.read_text("utf-8").splitlines()) >= 3
