from paddle_course.answers import code_lines


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
