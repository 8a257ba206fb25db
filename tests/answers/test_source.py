import time

from paddle_course.answers import code_lines, timed


def documented(x: int) -> int:
    """One line.

    And more.
    """
    # a comment

    text = """two
    lines"""
    return len(text) + x  # code with a comment


class Both:
    """A class."""

    def plain(self) -> None:
        pass


def test_only_code_counts():
    assert code_lines(documented) == 4
    assert code_lines(Both) == 3
    assert code_lines(Both.plain) == 2  # indented


def test_a_program_is_timed_by_its_fastest_run():
    runs = iter((0.03, 0.0, 0.03))

    def program():
        time.sleep(next(runs))
        yield "a"
        yield "b"

    made, seconds = timed(program, times=3)
    assert made == ["a", "b"] and seconds < 0.02
