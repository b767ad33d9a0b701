"""Faults under load: what is promised when processes are killed, the disk is full, or everybody sends at once.

| file | what happens there |
|---|---|
| `test_kills.py` | eight senders that retry, while the server, the worker and PostgreSQL are killed with SIGKILL |
| `test_same_moment.py` | eight clients with one new series at one moment; four writers of batches with shared series |
| `test_cascade.py` | a cascade of alerts from several real groups of services, read meanwhile; a storm beside another tenant |
| `test_full_disk.py` | PostgreSQL's disk fills up, and is freed again |

How it is put together:

* `caretaker.py` does what a service manager does: it starts `sre-copilot up` again where that was killed, and nothing else.
* `victims.py` finds the processes that are killed.
* `alerts.py` and `cascade.py` make what is sent, from a seed: parcels of events, each event with an id of its own.
* `senders.py` sends parcels over real HTTP until they are acknowledged, always the same bytes under the same id.
  `pace.py` sends and reads at fixed times instead, and `chaos.py` kills meanwhile.
* `homes.py` makes the tenants that receive them, `disk.py` a disk that is soon full.
* `oracle.py` looks into the database afterwards and says in words what is wrong. It knows nothing of how signals are
  taken in, only what was sent and what was answered; `expected.py` has its own idea of episodes.
* `stored.py` reads what the oracle looks at, `test_oracle.py` shows that it sees every kind of damage.
* `figures.py` keeps what was measured (`memory.py`, `pace.py`): with pytest's `record_property`, and in `build/faults.json`.

Nothing here is timed but what says so, and what is timed is asserted in the soak only (`SRE_COPILOT_SOAK=1`, `make soak`),
which also has the full counts. A failure names the seed; the same seed kills in the same order, though never at the very
same instruction.
"""

import os

SOAK = os.environ.get("SRE_COPILOT_SOAK") == "1"
"""Whether the full counts are asked for, and what is timed may fail."""
DEADLINE = 300.0
"""Seconds after which something that has not happened will not, on however busy a machine."""
