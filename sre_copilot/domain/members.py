"""What the members of open incidents say, each thing once, with the incidents in which a member says it as bits."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import inf
from uuid import UUID

import attrs

from sre_copilot.domain.bits import add, keep, numbers
from sre_copilot.domain.correlation import NOT_IDENTITY
from sre_copilot.domain.correlation_needs import Need
from sre_copilot.domain.label_shares import Shares, shares
from sre_copilot.domain.moments import MICROSECOND, microseconds
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Environment
from sre_copilot.domain.subjects import PLACE_LABELS, Spot, Subject
from sre_copilot.domain.word_sets import Similar, WordSets

BUCKET = timedelta(minutes=5) // MICROSECOND
KEPT = 512
"""How many spans are remembered."""


@attrs.define(kw_only=True, eq=False)
class Profile:
    """One open incident: when its members began, sorted and each moment once, and which sets of words they use."""

    number: int
    incident_id: UUID
    starts: "array[int]" = attrs.field(factory=lambda: array("q"))
    texts: int = 0
    opened_at: datetime | None = None
    detected: int | None = None

    def gap(self, moment: int) -> int:
        """Microseconds between a moment and the nearest start of a member, or the detection where there are none."""
        starts = self.starts
        if not starts:
            return abs(moment - (self.detected or 0))
        if moment >= starts[-1]:
            # So it is with nearly all that comes.
            return moment - starts[-1]
        place = bisect_left(starts, moment)
        after = starts[place] - moment
        return min(after, moment - starts[place - 1]) if place else after


@attrs.define(kw_only=True)
class Members:
    """Members by what correlation compares."""

    spots: dict[Spot, int] = attrs.field(factory=dict, init=False)
    services: dict[str, int] = attrs.field(factory=dict, init=False)
    served: int = attrs.field(default=0, init=False)
    """The incidents with a member of a service that somebody said."""
    environments: dict[Environment, int] = attrs.field(factory=dict, init=False)
    word_sets: WordSets = attrs.field(factory=WordSets, init=False)
    _with_label: dict[str, int] = attrs.field(factory=dict, init=False)
    _with_value: dict[str, dict[str, int]] = attrs.field(factory=dict, init=False)
    _users: list[int] = attrs.field(factory=list, init=False)
    """By the number of a word set: the incidents that use it."""
    _worded: int = attrs.field(default=0, init=False)
    _began: dict[int, int] = attrs.field(factory=dict, init=False)
    """By five minutes: the incidents in which a member began then."""
    _within: dict[tuple[int, int], int] = attrs.field(factory=dict, init=False)
    """The incidents in which a member began in a span of these, for spans that were asked for."""

    def join(self, profile: Profile, subject: Subject) -> bool:
        """Add a member to an incident, and say whether its spot is new there."""
        bit = 1 << profile.number
        add(self.services, subject.service, bit)
        if subject.service != UNKNOWN_SERVICE:
            self.served |= bit
        if subject.environment is not None:
            add(self.environments, subject.environment, bit)
        for key, value in subject.labels.items():
            if key not in NOT_IDENTITY:
                values = self._with_value.get(key)
                if values is None:
                    values = self._with_value[key] = {}
                saying = values.get(value, 0)
                if not saying & bit:
                    values[value] = saying | bit
                    add(self._with_label, key, bit)
        if subject.words:
            self._use(profile, subject.words)
        moment = microseconds(subject.started_at)
        place = bisect_left(profile.starts, moment)
        if place == len(profile.starts) or profile.starts[place] != moment:
            profile.starts.insert(place, moment)
            self.begin(profile, moment)
        return add(self.spots, subject.spot, bit)

    def begin(self, profile: Profile, moment: int) -> None:
        """Note that something of an incident began then."""
        if add(self._began, moment // BUCKET, 1 << profile.number):
            self._within.clear()

    def keep(self, alive: int, texts: int) -> None:
        """Forget all incidents and word sets but these."""
        keep(self.spots, alive)
        keep(self.services, alive)
        keep(self.environments, alive)
        keep(self._with_label, alive)
        keep(self._began, alive)
        self._within.clear()
        for key, values in list(self._with_value.items()):
            keep(values, alive)
            if not values:
                del self._with_value[key]
        self._users = [users & alive for users in self._users]
        self._worded &= alive
        self.served &= alive
        self.word_sets.keep(texts)

    def labels_like(self, subject: Subject, among: int) -> Shares:
        """Split incidents by the share of a newcomer's labels that agree with theirs."""
        plain: list[tuple[int, int]] = []
        places: list[int] = []
        with_label, with_value = self._with_label, self._with_value
        for key, value in subject.labels.items():
            having = with_label.get(key)
            if having is not None and (having := having & among):
                same = with_value[key].get(value, 0) & among
                if key not in PLACE_LABELS:
                    plain.append((having, same))
                elif same:
                    places.append(same)
        return shares(among, tuple(plain), tuple(places))

    def began_within(self, moment: int, gap: float) -> int:
        """Incidents, as bits, in which something began at most so far from a moment; some more may be among them."""
        if gap == inf:
            return -1
        span = int(moment - gap) // BUCKET, int(moment + gap) // BUCKET
        found = self._within.get(span)
        if found is None:
            if len(self._within) >= KEPT:
                self._within.clear()
            found = self._within[span] = self._began_from(*span)
        return found

    def _began_from(self, first: int, last: int) -> int:
        found = 0
        if last - first < len(self._began):
            for bucket in range(first, last + 1):
                found |= self._began.get(bucket, 0)
        else:
            for bucket, incidents in self._began.items():
                if first <= bucket <= last:
                    found |= incidents
        return found

    def with_words(self, similar: Similar, need: Need, among: int, profiles: Sequence[Profile | None]) -> int:
        """Those among some incidents, as bits, whose words are similar enough to what is similar to a newcomer's."""
        enough = among & ~self._worded if need.or_unknown else 0
        among &= self._worded
        if need.least <= 0:
            return enough | among
        sets = 0
        for similarity, mask in similar.levels:
            if similarity < need.least:
                break
            sets |= mask
        if sets.bit_count() <= among.bit_count():
            using = 0
            for number in numbers(sets):
                using |= self._users[number]
            return enough | among & using
        for number in numbers(among):
            profile = profiles[number]
            if profile is not None and profile.texts & sets:
                enough |= 1 << number
        return enough

    def _use(self, profile: Profile, words: frozenset[str]) -> None:
        number = self.word_sets.number(words)
        profile.texts |= 1 << number
        if number >= len(self._users):
            self._users.extend([0] * (number + 1 - len(self._users)))
        self._users[number] |= 1 << profile.number
        self._worded |= 1 << profile.number
