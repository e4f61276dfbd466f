"""What the kiosk's program freed is given back: it holds no more than before."""

import subprocess
import sys

KEPT_KB = 400
"""Of itself glibc keeps at least twice as much of what these threads freed."""
WORK = """
import threading
from pathlib import Path
from kiosk.memory import give_back_what_is_freed

def held():
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0])

def work():
    for size in (4_000_000, 1_000_000, 3_000_000) * 3:
        together.wait()
        pieces = bytearray(size), bytearray(b"x" * size)
        together.wait()
        del pieces

give_back_what_is_freed()
together = threading.Barrier(6)
threads = [threading.Thread(target=work) for _ in range(6)]
before = held()
for one in threads:
    one.start()
for one in threads:
    one.join()
print(held() - before)
"""


def test_pieces_that_were_sent_are_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert int(done.stdout) < KEPT_KB
