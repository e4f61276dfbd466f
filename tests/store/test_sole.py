"""Two web programs never work on one store at once."""

import subprocess
import sys

import pytest
from sqlalchemy import Engine

from server.store import sole
from server.store.engine import create_engine

HOLD = """
import sys
from server.store import sole
from server.store.engine import create_engine
with sole.alone(create_engine(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def refuses_a_second_until_the_first_is_gone(url: str) -> None:
    engine: Engine = create_engine(url)
    with subprocess.Popen([sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(sole.AnotherWebProgram), sole.alone(engine, wait_s=0.1):
            pass
        first.kill()
    for _ in range(2):
        with sole.alone(engine):
            pass
    engine.dispose()


def test_of_a_file(tmp_path):
    refuses_a_second_until_the_first_is_gone(f"sqlite:///{tmp_path / 'store.sqlite'}")


@pytest.mark.slow
def test_of_a_server(new_database):
    refuses_a_second_until_the_first_is_gone(new_database())
