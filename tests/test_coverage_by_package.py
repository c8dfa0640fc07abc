"""The summary of `make coverage`."""

from tests.coverage_by_package import table


def summary(lines: int, covered_lines: int, branches: int, covered_branches: int) -> dict[str, object]:
    return {
        "summary": {
            "num_statements": lines,
            "covered_lines": covered_lines,
            "num_branches": branches,
            "covered_branches": covered_branches,
            "percent_covered": 99.9,
        }
    }


def test_files_are_summed_up_by_package_and_in_all() -> None:
    files = {
        "__main__.py": summary(5, 5, 0, 0),
        "handler/events.py": summary(10, 9, 4, 4),
        "handler/tokens/keys.py": summary(10, 10, 4, 2),
    }

    assert [line.split() for line in table({"files": files})] == [
        ["Package", "Statements", "Branches"],
        ["__main__.py", "5/5", "100.00%", "-"],
        ["handler", "19/20", "95.00%", "6/8", "75.00%"],
        ["all", "24/25", "96.00%", "6/8", "75.00%"],
    ]
