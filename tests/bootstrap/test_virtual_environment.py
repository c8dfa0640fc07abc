"""Set-up: which .venv is created again, what is already installed, and the sets of requirements."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap import virtual_environment
from bootstrap.virtual_environment import PROJECT, SETS, SetUpError, is_installed, problem_of
from tests.ports import NOBODY

HERE = "{}.{}".format(*sys.version_info)


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An environment as the venv module leaves it, of the Python that runs the tests."""
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / f"lib/python{HERE}/site-packages/pip").mkdir(parents=True)
    configure(venv)
    return venv


def configure(venv: Path, *, version: str = f"{HERE}.1", place: Path | None = None) -> None:
    (venv / "pyvenv.cfg").write_text(
        f"home = /usr/bin\nversion = {version}\ncommand = /usr/bin/python3 -m venv {place or venv}\n"
    )


class TestAnEnvironment:
    """Which can be used, and which is created again."""

    def test_one_that_is_as_it_was_made_can_be_used(self, venv: Path) -> None:
        assert problem_of(venv) is None

    def test_one_reached_through_a_link_can_be_used(self, venv: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(venv)

        assert problem_of(tmp_path / "link") is None

    def test_a_missing_one_is_no_problem(self, tmp_path: Path) -> None:
        assert problem_of(tmp_path / ".venv") is None

    def test_one_whose_interpreter_was_removed_cannot(self, venv: Path) -> None:
        (venv / "bin" / "python").unlink()
        (venv / "bin" / "python").symlink_to("/nowhere/python3")

        assert problem_of(venv) == "its Python is gone"

    def test_one_that_is_a_link_to_nothing_cannot(self, tmp_path: Path) -> None:
        (tmp_path / ".venv").symlink_to("/nowhere")

        assert problem_of(tmp_path / ".venv") == "its Python is gone"

    def test_one_whose_interpreter_became_another_version_cannot(self, venv: Path) -> None:
        configure(venv, version="3.8.20")

        assert problem_of(venv) == f"its Python was 3.8 and is {HERE} now"

    def test_one_that_was_moved_cannot(self, venv: Path, tmp_path: Path) -> None:
        configure(venv, place=tmp_path / "elsewhere" / ".venv")

        assert problem_of(venv) == f"it was made in {tmp_path}/elsewhere/.venv and moved"

    def test_one_of_an_old_python_cannot(self, venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(virtual_environment, "OLDEST", (3, 99))

        assert problem_of(venv) == f"its Python is {HERE}, and 3.99 or newer is needed"

    def test_one_of_another_python_than_asked_for_cannot(self, venv: Path) -> None:
        assert problem_of(venv, sys.version_info[:2]) is None
        assert problem_of(venv, (3, 99)) == f"its Python is {HERE}, and PYTHON is 3.99"

    def test_one_without_pip_cannot(self, venv: Path) -> None:
        (venv / f"lib/python{HERE}/site-packages/pip").rmdir()

        assert problem_of(venv) == "it has no pip"

    def test_a_new_one_is_made_in_its_place_and_a_linked_one_is_left_alone(
        self, venv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        link = tmp_path / "project" / ".venv"
        link.parent.mkdir()
        link.symlink_to(venv)
        (venv / f"lib/python{HERE}/site-packages/pip").rmdir()
        monkeypatch.setattr(virtual_environment, "_make", lambda path: path.mkdir())
        monkeypatch.setattr(virtual_environment, "is_installed", lambda *_: True)

        virtual_environment.set_up("local", venv=link)

        assert (link.is_symlink(), link.is_dir(), (venv / "pyvenv.cfg").exists()) == (False, True, True)
        said = capsys.readouterr().out.splitlines()
        assert said[0] == ".venv is created again: it has no pip."
        assert said[1].startswith(f"Creating .venv with Python {HERE}.")


class TestWhatIsInstalled:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        project = tmp_path / "project"
        project.mkdir()
        for file in SETS.values():
            (project / file).write_text(file)
        return project

    @pytest.fixture
    def installed(self, venv: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        """Installs a set, without uv or a package index."""
        monkeypatch.setattr(virtual_environment, "_has_uv", lambda *_: True)
        monkeypatch.setattr(virtual_environment, "_fetch", lambda *_: None)
        monkeypatch.setattr(virtual_environment, "_uv_settings", lambda _: {})

        return lambda wanted: virtual_environment._install(wanted, venv, project)

    def test_nothing_is_in_a_new_environment(self, venv: Path, project: Path) -> None:
        assert not is_installed("deploy", venv, project)

    def test_a_larger_set_holds_the_smaller_ones(
        self, venv: Path, project: Path, installed: Callable[[str], None]
    ) -> None:
        installed("local")

        assert [is_installed(name, venv, project) for name in SETS] == [True, True, True, True, False]

    @pytest.mark.parametrize("file", [SETS["local"], SETS["deploy"], SETS["uv"]])
    def test_it_is_installed_again_when_a_file_of_its_own_changes(
        self, venv: Path, project: Path, installed: Callable[[str], None], file: str
    ) -> None:
        installed("local")
        (project / file).write_text("changed")

        assert not is_installed("local", venv, project)

    def test_a_file_that_was_only_touched_or_is_of_a_larger_set_changes_nothing(
        self, venv: Path, project: Path, installed: Callable[[str], None]
    ) -> None:
        installed("local")
        (project / SETS["local"]).touch()
        (project / SETS["dev"]).write_text("changed")

        assert is_installed("local", venv, project)


class TestTheNetwork:
    """pip and uv themselves, in front of an index that is not there."""

    NOWHERE = f"{NOBODY}/simple"

    @pytest.mark.parametrize(
        "command",
        [
            [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "six"],
            [str(Path(sys.executable).with_name("uv")), "pip", "install", "--dry-run", "--no-cache", "six<1"],
        ],
        ids=["pip", "uv"],
    )
    def test_without_it_one_line_says_so(
        self, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        nowhere = {"PIP_INDEX_URL": self.NOWHERE, "UV_DEFAULT_INDEX": self.NOWHERE, "PIP_RETRIES": "0"}
        for name, value in {
            **nowhere,
            "UV_HTTP_RETRIES": "0",
            "PIP_NO_INDEX": "",
            "PIP_FIND_LINKS": "",
        }.items():
            monkeypatch.setenv(name, value)
        python = {"UV_PYTHON": sys.executable}

        with pytest.raises(SetUpError) as error:
            virtual_environment._fetch(command, python)

        assert str(error.value) == (
            "the package index cannot be reached: a network is needed the first time, and when the "
            "requirements change."
        )

    def test_any_other_failure_is_reported_as_it_is(self) -> None:
        with pytest.raises(SetUpError, match="no such option: --wrong"):
            virtual_environment._fetch([sys.executable, "-m", "pip", "install", "--wrong"], {})

    def test_uv_uses_the_mirror_that_pip_uses_unless_told_otherwise(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
        monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
        assert virtual_environment._uv_settings(sys.executable)["UV_DEFAULT_INDEX"] == (
            "https://mirror.example/simple"
        )

        monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example/simple")
        assert "UV_DEFAULT_INDEX" not in virtual_environment._uv_settings(sys.executable)


def pins(file: str) -> dict[str, str]:
    text = (PROJECT / file).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+ .*?)\\?$", text, re.MULTILINE))


class TestTheRequirements:
    @pytest.mark.parametrize("file", SETS.values())
    def test_each_package_is_pinned_with_hashes_and_no_index_is_named(self, file: str) -> None:
        text = (PROJECT / file).read_text()
        entries = [
            entry
            for entry in text.replace("\\\n", " ").splitlines()
            if entry.strip() and not entry.strip().startswith(("#", "--only-binary"))
        ]

        assert [
            entry for entry in entries if not re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:", entry)
        ] == []
        assert "://" not in text

    @pytest.mark.parametrize("file", SETS.values())
    def test_installing_runs_no_build(self, file: str) -> None:
        assert (PROJECT / file).read_text().startswith("--only-binary :all:\n")

    @pytest.mark.parametrize(("smaller", "larger"), [("deploy", "ops"), ("ops", "local"), ("local", "dev")])
    def test_a_larger_set_holds_the_smaller_one_in_the_same_versions(self, smaller: str, larger: str) -> None:
        assert pins(SETS[smaller]).items() <= pins(SETS[larger]).items()

    def test_pulumi_up_needs_neither_moto_nor_a_linter(self) -> None:
        assert (
            pins(SETS["deploy"]).keys() & {"moto", "flask", "cfn-lint", "ruff", "pytest", "cryptography"}
            == set()
        )

    def test_pulumi_installs_with_its_own_pip_into_the_same_environment(self) -> None:
        assert "toolchain: pip\n    virtualenv: .venv\n" in (PROJECT / "Pulumi.yaml").read_text()


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def press(*_: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(virtual_environment, "set_up", press)

    assert virtual_environment.main(["dev"]) == 130
    assert capsys.readouterr().err == "interrupted; the next run continues\n"
