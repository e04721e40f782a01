"""Run the code example of a question, and its check, in a process of its own.

python tests/examples.py questions/flask/basics.yaml [ID ...]
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.bank.loading import load
from bot.bank.model import Question

TIME_LIMIT = 60  # seconds

_RUN = """
import pathlib
code, check = (pathlib.Path(name).read_text(encoding="utf-8") for name in ("app.py", "check.txt"))
namespace = {"__name__": "app", "__file__": str(pathlib.Path("app.py").resolve())}
import sys, types
module = types.ModuleType("app")
module.__dict__.update(namespace)
sys.modules["app"] = module
exec(compile(code, "app.py", "exec"), module.__dict__)
exec(compile(check, "check", "exec"), module.__dict__)
"""


@dataclass(frozen=True)
class Outcome:
    """How an example ended: `trouble` is empty when it ran and its check held."""

    question: str
    trouble: str


def run(question: Question) -> Outcome:
    """The example is a module called `app` in an empty folder, with nothing of this process's environment."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(question.code or "", encoding="utf-8")
        Path(folder, "check.txt").write_text(question.check or "", encoding="utf-8")
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "PYTHONUTF8": "1"}
        try:
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", _RUN],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=TIME_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(question.id, f"did not end within {TIME_LIMIT} seconds")
        return Outcome(question.id, done.stderr.strip() or f"exit {done.returncode}" if done.returncode else "")


if __name__ == "__main__":
    wanted = set(sys.argv[2:])
    failed = 0
    for one in load([sys.argv[1]]).written:
        if one.question.code and (not wanted or one.question.id in wanted):
            outcome = run(one.question)
            failed += bool(outcome.trouble)
            print(f"{outcome.question}: {outcome.trouble or 'ran'}", flush=True)
    sys.exit(1 if failed else 0)
