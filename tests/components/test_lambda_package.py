"""The code archive: complete, reproducible, cached, small."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from components.lambda_package import TARGET, PackageArgs, PackagingError, build

PROJECT = Path(__file__).parents[2]
SERVICES = {"sqs", "pinpoint"}


def package(cache: Path, *sources: Path, **changes: object) -> PackageArgs:
    arguments = {
        "sources": [*(sources or [PROJECT / "handler"]), PROJECT / "contract"],
        "requirements": PROJECT / "handler" / "requirements.txt",
        "services": SERVICES,
        "cache": cache,
        **changes,
    }
    return PackageArgs(**arguments)  # pyright: ignore[reportArgumentType] - changes are the test's own


@pytest.fixture(scope="module")
def cache() -> Path:
    """The project's own cache, shared with `make local` and `pulumi up`: wheels are downloaded once."""
    build(package(PROJECT / ".cache"))
    return PROJECT / ".cache"


@pytest.fixture(scope="module")
def archive(cache: Path) -> Path:
    return build(package(cache))


@pytest.fixture
def offline_cache(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with the wheels but no archive, on a machine without a package index."""
    copy = tmp_path / "cache"
    shutil.copytree(cache / "wheels", copy / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return copy


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the handler that a test may change."""
    copy = tmp_path / "elsewhere" / "handler"
    shutil.copytree(PROJECT / "handler", copy)
    return copy


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_inputs_make_the_same_bytes(archive: Path, offline_cache: Path, sources: Path) -> None:
    again = build(package(offline_cache, sources))

    assert again != archive
    assert (again.name, digest(again)) == (archive.name, digest(archive))


def test_a_checkout_with_other_line_endings_makes_the_same_bytes(
    archive: Path, offline_cache: Path, sources: Path
) -> None:
    """As git creates it on Windows without .gitattributes."""
    requirements = sources / "requirements.txt"
    for file in [*sources.rglob("*.py"), requirements]:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    again = build(package(offline_cache, sources, requirements=requirements))

    assert (again.name, digest(again)) == (archive.name, digest(archive))


def test_git_checks_out_every_file_with_lf(tmp_path: Path) -> None:
    """Even if it is configured for CRLF."""
    sources = ["handler/processor.py", "handler/requirements.txt", "Makefile", ".gitattributes"]
    config = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    for file in sources:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / file, tmp_path / file)
    git = [shutil.which("git") or "git", *config]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*git, "add", "."], cwd=tmp_path, check=True)
    for file in sources:
        (tmp_path / file).unlink()
    subprocess.run([*git, "checkout", "-q", "--", "."], cwd=tmp_path, check=True)

    assert [file for file in sources if b"\r" in (tmp_path / file).read_bytes()] == []


def test_it_is_built_offline_once_the_wheels_are_cached(offline_cache: Path) -> None:
    assert zipfile.ZipFile(build(package(offline_cache))).testzip() is None


def test_an_existing_archive_is_not_built_again(offline_cache: Path) -> None:
    first = build(package(offline_cache))
    written = first.stat().st_mtime_ns
    shutil.rmtree(offline_cache / "wheels")

    assert build(package(offline_cache)).stat().st_mtime_ns == written


def test_a_changed_handler_makes_another_archive(archive: Path, offline_cache: Path, sources: Path) -> None:
    with (sources / "processor.py").open("a") as module:
        module.write("# a change\n")

    changed = build(package(offline_cache, sources))

    assert changed.name != archive.name
    assert digest(changed) != digest(archive)


def test_compiled_files_and_times_of_the_sources_change_nothing(
    archive: Path, offline_cache: Path, sources: Path
) -> None:
    (sources / "__pycache__").mkdir(exist_ok=True)
    (sources / "__pycache__" / "events.cpython-313.pyc").write_bytes(b"compiled here")
    (sources / "events.py").touch()

    assert digest(build(package(offline_cache, sources))) == digest(archive)


def test_a_failed_download_is_an_error_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)

    with pytest.raises(PackagingError, match=r"Cannot download .*: .*package index") as error:
        build(package(tmp_path))

    assert "\n" not in str(error.value)
    assert list((tmp_path / "wheels").iterdir()) == []


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(PackagingError, match="Cannot download"):
        build(package(tmp_path, requirements=requirements))


def test_downloaded_wheels_are_kept(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", " ".join(map(str, (cache / "wheels").iterdir())))

    build(package(tmp_path))

    (downloaded,) = (tmp_path / "wheels").iterdir()
    expected = cache / "wheels" / downloaded.name
    assert {wheel.name for wheel in downloaded.iterdir()} == {wheel.name for wheel in expected.iterdir()}


def test_a_wheel_that_the_archive_cannot_unpack_is_refused(offline_cache: Path) -> None:
    for wheels in (offline_cache / "wheels").iterdir():
        with zipfile.ZipFile(wheels / "odd-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("odd-1.0.data/purelib/odd.py", "")

    with pytest.raises(PackagingError, match=r"odd-1\.0\.data has modules in purelib"):
        build(package(offline_cache))


def test_an_archive_that_lambda_would_refuse_is_not_written(
    offline_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.lambda_package.MAX_UNZIPPED_BYTES", 1_000)

    with pytest.raises(PackagingError, match="AWS Lambda accepts at most 1000"):
        build(package(offline_cache))

    assert not (offline_cache / "archives").exists()


def test_a_package_without_modules_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(PackagingError, match="has no Python modules"):
        build(package(tmp_path, tmp_path / "empty"))


def test_every_requirement_is_pinned_by_hash_and_names_no_index() -> None:
    requirements = (PROJECT / "handler" / "requirements.txt").read_text()
    lines = [line for line in requirements.replace("\\\n", " ").splitlines() if line[:1].isalnum()]

    assert lines
    assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []
    assert "://" not in requirements


def test_it_has_the_models_of_its_services_only(archive: Path) -> None:
    names = zipfile.ZipFile(archive).namelist()
    models = {
        name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2
    }

    assert models == SERVICES


def test_it_is_small(archive: Path) -> None:
    assert archive.stat().st_size < 2_500_000


def test_every_file_is_readable_by_the_functions_user_and_has_the_same_time(archive: Path) -> None:
    infos = zipfile.ZipFile(archive).infolist()

    assert {info.external_attr >> 16 for info in infos} == {0o100644}
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)


def test_the_authorizers_archive_holds_its_compiled_modules_for_lambda_and_stays_small(cache: Path) -> None:
    authorizer = build(
        package(cache, requirements=PROJECT / "handler" / "requirements-authorizer.txt", services=set())
    )

    names = zipfile.ZipFile(authorizer).namelist()
    compiled = [name for name in names if name.endswith(".so")]
    assert compiled
    assert [name for name in compiled if "aarch64" not in name and "abi3" not in name] == []
    assert [name for name in names if name.startswith(("boto3/", "botocore/"))] == []
    assert authorizer.stat().st_size < 8_000_000


def test_it_holds_no_program_for_another_platform(archive: Path) -> None:
    """It is pure Python, so it also runs in the local run."""
    binaries = [n for n in zipfile.ZipFile(archive).namelist() if n.endswith((".so", ".pyd", ".dylib"))]

    assert binaries == []
    assert TARGET.architecture == "arm64"


def test_it_holds_no_more_of_the_sdk_than_the_handler_uses(archive: Path) -> None:
    """Every cold start would compile boto3 again (docs/adr/0031)."""
    packages = {name.split("/")[0] for name in zipfile.ZipFile(archive).namelist()}

    assert "botocore" in packages
    assert [name for name in packages if name.startswith(("boto3", "s3transfer"))] == []


def run_from(archive: Path, task_root: Path, program: str) -> Any:
    """What a program prints that sees the unpacked archive, as on Lambda, and nothing else to import."""
    with zipfile.ZipFile(archive) as unpacked:
        unpacked.extractall(task_root)
    run = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, sys.argv[1])\n{program}",
            task_root,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"},
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_handler_runs_from_the_archive_alone(archive: Path, tmp_path: Path) -> None:
    program = (
        "import botocore.session, json\n"
        "from handler import processor\n"
        "session = botocore.session.Session()\n"
        "clients = [session.create_client(s, region_name='eu-west-1').meta.service_model.service_name"
        " for s in ('sqs', 'pinpoint')]\n"
        "print(json.dumps([processor.lambda_handler.__name__, clients, botocore.__file__]))\n"
    )

    handler, clients, botocore_file = run_from(archive, tmp_path, program)

    assert (handler, clients) == ("lambda_handler", ["sqs", "pinpoint"])
    assert Path(botocore_file).is_relative_to(tmp_path)


def test_a_service_whose_model_the_archive_lacks_is_named_as_the_cause(archive: Path, tmp_path: Path) -> None:
    program = (
        "import json\n"
        "from handler.aws_calls import AwsService, CallError, CallLimits\n"
        "limits = CallLimits(connect_seconds=1, read_seconds=1, attempts=1)\n"
        "try: AwsService('firehose', region='eu-west-1', limits=limits).call('put_record_batch')\n"
        "except CallError as error: print(json.dumps(error.cause))\n"
    )

    assert run_from(archive, tmp_path, program) == "no_model"
