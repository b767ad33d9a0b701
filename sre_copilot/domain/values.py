"""Values that are made by the thousand: frozen for everyone who writes code, without the time that this costs while it runs.

A frozen object sets each of its fields through `object.__setattr__`, which takes two to three times as long as setting
them. Types are checked before anything is merged, and then a value can't be changed any more than other frozen ones.
Those with few fields take them by place too, which costs half of what it costs by name.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import frozen as quick_value
else:
    from functools import partial

    from attrs import define

    quick_value = partial(define, unsafe_hash=True)

__all__ = ["quick_value"]
