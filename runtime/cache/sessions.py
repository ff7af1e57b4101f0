"""The sequences that are kept between requests, and which of them serves the next prompt.

A prompt goes on from the longest beginning that any session shares with it: in place where little is overwritten, by a
copy otherwise. No answer depends on which session served it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from mellum_ls.runtime.cache.kv_cache import KVCache
from mellum_ls.runtime.mtp import MtpFollower

# A session that would lose more than this many positions is kept as it is, and another goes on instead.
WORTH_KEEPING = 256
# Ids of a slice that is compared: few enough to stay in the processor's nearer cache.
_COMPARED = 1024


@dataclass(slots=True, eq=False)
class Session:
    """A cache and the ids of the positions in it; between steps there are `cache.length` of them."""

    cache: KVCache
    follower: MtpFollower | None = None
    """The MTP layer's side of it; None where that drafts nothing."""
    ids: list[int] = field(default_factory=list)
    head: list[int] | None = None
    """What `ids` begins with, or all of it where that is less; never changed."""

    @property
    def num_bytes(self) -> int:
        """Device memory held."""
        return self.cache.num_bytes + (0 if self.follower is None else self.follower.num_bytes)

    def extended(self, hidden: Tensor, ids: Sequence[int]) -> None:
        """Note that the cache now holds `ids` too; `hidden` [len(ids), H] are the model's states of them."""
        self.ids.extend(ids)
        if self.follower is not None:
            self.follower.follow(hidden)

    def adopt(self, other: Session, length: int) -> int:
        """Take over the first `length` positions of another session; those known here must be the same.

        Return how many positions there are then; it may be fewer, and never fewer than there were.
        """
        reached = self.cache.adopt(other.cache, length)
        self.ids = other.ids[:reached]
        if other.follower is None:
            self.follower = None  # it would lack what lies before
        elif self.follower is not None:
            self.follower.adopt(other.follower, reached)
        return reached

    def keep_up(self, coming: int) -> None:
        """Let the MTP layer see what the cache holds, if it still will when so many tokens more have come."""
        if self.follower is not None and not self.follower.forgets(coming):
            self.follower.keep_up(self.ids)

    def truncate(self, length: int) -> int:
        """Forget all positions from `length` on; return how many there are then, which may be fewer: see KVCache."""
        if length < self.cache.length:
            length = self.cache.truncate(length)
            if self.follower is not None:
                self.follower.truncate(length)
            del self.ids[length:]
        return length


@dataclass(slots=True, eq=False)
class Lease:
    """A session that a request has to itself until it gives it back; others may copy from it between steps."""

    owner: str
    session: Session
    kept: int = 0
    """Positions of the prompt that the session held already."""
    in_use: bool = True


class SessionCache:
    """Sessions of all editing places, within `max_bytes` of device memory; the least recently used go first."""

    def __init__(self, new_session: Callable[[], Session], *, max_sessions: int, max_bytes: int) -> None:
        self._new_session = new_session
        self._max_sessions, self._max_bytes = max_sessions, max_bytes
        self._leases: list[Lease] = []  # the least recently used first

    def __len__(self) -> int:
        return len(self._leases)

    @property
    def num_bytes(self) -> int:
        """Device memory held by all sessions."""
        return sum(lease.session.num_bytes for lease in self._leases)

    @property
    def num_tokens(self) -> int:
        """Positions held by all sessions."""
        return sum(len(lease.session.ids) for lease in self._leases)

    def take(
        self, owner: str, prompt: Sequence[int], anchors: Collection[int] = (), head: list[int] | None = None
    ) -> Lease:
        """A session that holds the longest beginning of the prompt that is to be had.

        `head` is what the prompt begins with: the same list for as long as that does not change, so that ids which a
        session has from it need not be compared.
        A session of the same owner goes on in place, unless much of it would be lost: then it stays for the day when
        the user comes back, and what it shares with the prompt is copied to a new one, as it is from other owners'.
        """
        # At least the prompt's last token is left to compute: its hidden state gives the first new token.
        shared = [(min(self._shared(lease.session, prompt, head), len(prompt) - 1), lease) for lease in self._leases]
        own = [(length, lease) for length, lease in shared if self._in_place(lease, owner, length)]
        kept, lease = max(own, key=_length, default=(0, None))
        others = [(length, other) for length, other in shared if other is not lease]
        longest, source = max(others, key=_length, default=(0, None))
        if lease is None:
            lease = Lease(owner, self._new_session())
        else:
            self._leases.remove(lease)
        lease.in_use = True
        lease.kept = lease.session.truncate(kept)
        if source is not None and longest > lease.kept:
            lease.kept = lease.session.adopt(source.session, longest)
        lease.session.cache.anchors = anchors
        # All that it holds from now on is of this prompt, or behind it.
        lease.session.head = head
        self._leases.append(lease)
        self._trim()
        return lease

    def give_back(self, lease: Lease) -> None:
        """The request that had this session is over."""
        lease.in_use = False
        self._trim()

    def clear(self) -> None:
        """Drop all sessions that are not in use, and their memory."""
        self._leases = [lease for lease in self._leases if lease.in_use]

    @staticmethod
    def _shared(session: Session, prompt: Sequence[int], head: list[int] | None) -> int:
        """Number of leading ids of the prompt that the session holds."""
        known = 0 if head is None or session.head is not head else min(len(session.ids), len(head))
        return common_prefix(session.ids, prompt, known)

    @staticmethod
    def _in_place(lease: Lease, owner: str, shared: int) -> bool:
        """Whether a prompt that shares this much may overwrite the rest of a session."""
        return lease.owner == owner and not lease.in_use and len(lease.session.ids) - shared <= WORTH_KEEPING

    def _trim(self) -> None:
        """Evict the least recently used until the limits hold; the most recent one always stays."""
        for lease in [lease for lease in self._leases[:-1] if not lease.in_use]:
            if len(self) <= self._max_sessions and self.num_bytes <= self._max_bytes:
                break
            self._leases.remove(lease)


def _length(found: tuple[int, Lease | None]) -> int:
    return found[0]


def common_prefix(left: Sequence[int], right: Sequence[int], known: int = 0) -> int:
    """Number of leading ids that are equal, of which `known` are known to be.

    Compares slices, which takes microseconds for thousands of ids.
    """
    limit = min(len(left), len(right))
    low = known  # equal up to low
    while low < limit and left[low : low + _COMPARED] == right[low : low + _COMPARED]:
        low += _COMPARED
    high = min(low + _COMPARED, limit)  # not equal up to high, or all is
    if low >= limit or left[low:high] == right[low:high]:
        return limit
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low
