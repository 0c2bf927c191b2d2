"""A disk whose power can be cut at any instant.

A raw image lies on an XFS filesystem with reflinks (itself in a sparse file, on a loop device), and an ext4 filesystem inside
that image, on a second loop device, is where programs write. Cloning the image takes some milliseconds and is atomic: it is
what the disk held at that instant. What only the page cache of the inner filesystem knew is not in it, which is what a
power cut means and what kill -9 cannot show. Loop devices are detached by the kernel when their mount goes.

    with Disk(scratch) as disk:
        … programs write below disk.root …
        image = disk.cut()
        with disk.mounted(image) as root:
            … what is there after the cut …
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OUTER_BYTES = 2 << 30  # sparse: what is written takes room, no more
INNER_BYTES = 512 << 20
PROGRAMS = {"mkfs.xfs": "xfsprogs", "mkfs.ext4": "e2fsprogs", "mount": "mount", "umount": "mount", "losetup": "mount"}


def run(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(str(word) for word in command)}: {done.stderr.strip() or done.stdout.strip()}")


def what_is_missing() -> str:
    """Why there can be no such disk on this machine; "" where there can."""
    if os.name != "posix" or not Path("/proc/self/mounts").exists():
        return "it needs Linux"
    if os.geteuid() != 0:
        return "it needs root, to mount"
    packages = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    if packages:
        return f"packages are missing: {' '.join(sorted(packages))}"
    if not Path("/dev/loop-control").exists():
        return "there are no loop devices (/dev/loop-control)"
    try:
        with tempfile.TemporaryDirectory(prefix="dl-power-") as scratch, Disk(Path(scratch)) as disk:
            disk.cut()
    except OSError as error:
        return str(error)
    return ""


class Disk:
    """The two filesystems, below a directory of the caller's; `root` is where to write."""

    def __init__(self, scratch: Path) -> None:
        self._outer = scratch / "outer"
        self.root = scratch / "disk"
        self._after = scratch / "after"
        self._outer_image = scratch / "outer.img"
        self._inner_image = self._outer / "inner.img"
        self._mounts: list[Path] = []
        self._n_cuts = 0

    def __enter__(self) -> "Disk":
        try:
            self._make()
        except BaseException:
            self._unmount_all()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._unmount_all()

    def _make(self) -> None:
        make_sparse(self._outer_image, OUTER_BYTES)
        run("mkfs.xfs", "-q", "-m", "reflink=1", self._outer_image)
        self._mount(self._outer_image, self._outer)
        make_sparse(self._inner_image, INNER_BYTES)
        run("mkfs.ext4", "-q", "-F", self._inner_image)
        self._mount(self._inner_image, self.root)

    def _mount(self, image: Path, place: Path) -> None:
        place.mkdir(exist_ok=True)
        run("mount", "-o", "loop", image, place)
        self._mounts.append(place)

    def _unmount(self, place: Path) -> None:
        run("umount", place)
        self._mounts.remove(place)

    def _unmount_all(self) -> None:
        for place in reversed(self._mounts.copy()):
            self._unmount(place)

    def clear(self) -> None:
        """Forgets all that was written."""
        for path in self.root.iterdir():
            if path.is_file():
                path.unlink()
            elif path.name != "lost+found":
                shutil.rmtree(path)
        os.sync()

    def cut(self) -> Path:
        """What the disk holds at this instant, as an image."""
        self._n_cuts += 1
        image = self._outer / f"cut-{self._n_cuts}.img"
        run("cp", "--reflink=always", self._inner_image, image)
        return image

    @contextmanager
    def mounted(self, image: Path) -> Iterator[Path]:
        """The disk after the power is back; the image is used up."""
        self._mount(image, self._after)
        try:
            yield self._after
        finally:
            self._unmount(self._after)
            image.unlink()


def make_sparse(path: Path, size: int) -> None:
    with path.open("xb") as file:
        file.truncate(size)
