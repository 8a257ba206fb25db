"""The face is cheap to import and keeps what it promises."""

import subprocess
import sys

from paddle_course import answers
from paddle_course.runtime import ROOT


def test_importing_the_face_imports_nothing_heavy():
    heavy = "{'paddle', 'matplotlib', 'jinja2', 'rich', 'numpy'} & set(sys.modules)"
    code = f"import sys; from paddle_course import answers; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_name_of_the_face_is_there():
    assert {"Answer", "Question", "Table", "curves", "write", "terminal", "record", "layer_table"} <= set(
        answers.__all__
    )
    assert all(callable(getattr(answers, name)) for name in answers.__all__)
