"""What each process that answers does before it answers."""

import subprocess
import sys

import pytest

PLACES = """
import ctypes, sys, threading
from sre_copilot.entrypoints.http.server import share_memory

libc = ctypes.CDLL(None)
if sys.argv[1] == "shared" and not share_memory():
    sys.exit("this C library has no mallopt")
everybody = threading.Barrier(8)

def work():
    everybody.wait()
    kept = [bytearray(2_000) for _ in range(2_000)]
    everybody.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def places(how: str) -> int:
    """From how many places eight threads take memory."""
    told = subprocess.run([sys.executable, "-c", PLACES, how], check=True, capture_output=True, text=True).stdout
    return told.count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other C libraries")
def test_all_threads_take_memory_from_one_place() -> None:
    assert places("each") > 1
    assert places("shared") == 1
