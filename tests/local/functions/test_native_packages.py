"""Compiled packages of an archive are replaced by this machine's; others are not."""

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from local.functions.native_packages import NativePackageError, replace_native_packages

COMPILED = "cffi"


def unpack(
    root: Path,
    *,
    name: str = COMPILED,
    version: str | None = None,
    purelib: str = "false",
    module: str = "cffi",
) -> None:
    """Writes a package as in an archive for another machine."""
    version = version or distribution(name).version
    metadata = root / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (metadata / "WHEEL").write_text(f"Wheel-Version: 1.0\nRoot-Is-Purelib: {purelib}\n")
    foreign = f"_{module}_backend.cpython-313-aarch64-linux-gnu.so"
    (root / foreign).write_bytes(b"for another processor")
    (root / module).mkdir()
    (root / module / "__init__.py").write_text("of_the_archive = True\n")
    record = [f"{foreign},,", f"{module}/__init__.py,,", f"{metadata.name}/WHEEL,,", "../../bin/tool,,"]
    (metadata / "RECORD").write_text("\n".join(record))


def imported(root: Path, statement: str) -> str:
    """The output of a Python that can import only from this directory."""
    program = f"import sys; sys.path.insert(0, {str(root)!r}); {statement}"
    command = [sys.executable, "-I", "-S", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_compiled_package_can_be_imported_afterwards(tmp_path: Path) -> None:
    unpack(tmp_path)

    replace_native_packages(tmp_path)

    backend = imported(tmp_path, "import _cffi_backend; print(_cffi_backend.__file__)")
    assert Path(backend).parent == tmp_path
    assert imported(tmp_path, "import cffi; print(hasattr(cffi, 'of_the_archive'))") == "False"


def test_nothing_of_the_archives_build_is_left(tmp_path: Path) -> None:
    unpack(tmp_path)

    replace_native_packages(tmp_path)

    assert [path for path in tmp_path.rglob("*.so") if path.read_bytes() == b"for another processor"] == []


def test_a_pure_python_package_stays_as_in_the_archive(tmp_path: Path) -> None:
    unpack(tmp_path, purelib="true")

    replace_native_packages(tmp_path)

    assert imported(tmp_path, "import cffi; print(cffi.of_the_archive)") == "True"


def test_another_version_on_this_machine_is_an_error_of_one_line(tmp_path: Path) -> None:
    unpack(tmp_path, version="0.1")

    with pytest.raises(NativePackageError) as refused:
        replace_native_packages(tmp_path)

    installed = distribution(COMPILED).version
    assert str(refused.value) == (
        f"the archive holds cffi 0.1, but {installed} is installed here: "
        "install requirements-local.txt again (make local does)"
    )


def test_a_package_missing_on_this_machine_is_an_error_of_one_line(tmp_path: Path) -> None:
    unpack(tmp_path, name="gtm-pixel-nowhere", version="1.0", module="nowhere")

    with pytest.raises(
        NativePackageError, match=r"holds gtm-pixel-nowhere 1\.0, which is missing here: install"
    ):
        replace_native_packages(tmp_path)
