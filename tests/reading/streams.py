"""TCP segments into connections, and a connection into one list of chunks in the order of causes.

doc/measurement.md section 1 says where a connection begins and ends. Both streams are put together whole, in
memory: sorted by sequence number, the first copy of a byte wins, what nobody captured is a hole. Then both
are merged into one list: what a packet acknowledges lies before it.
"""
from dataclasses import dataclass
from packets import ACK, FIN, RST, SYN

HOUR, FIVE_MINUTES, MINUTE = 3600.0, 300.0, 60.0
A, B = 0, 1


def distance(a, b):
    """a - b of two sequence numbers, which wrap."""
    return (a - b + 0x80000000) % 0x100000000 - 0x80000000


class Connection:
    def __init__(self, first):
        self.ends = (first.src, first.dst)              # side 0 is whoever was seen first
        self.segments = []
        self.isn = [None, None]                         # initial sequence numbers, of the SYNs
        self.fins, self.reset, self.finished_at = set(), False, None
        self.right = set()                              # sides that have shown a right checksum

    def side(self, s):
        return A if s.src == self.ends[A] else B

    def add(self, s):
        side = self.side(s)
        if s.checksum == 'right':
            self.right.add(side)
        elif s.checksum == 'wrong' and side in self.right:
            return
        self.segments.append(s)
        if s.flags & SYN and self.isn[side] is None:
            self.isn[side] = s.seq
        if s.flags & FIN:
            self.fins.add(side)
        self.reset |= bool(s.flags & RST)
        if self.finished_at is None and (self.reset or len(self.fins) == 2):
            self.finished_at = s.time

    def continues(self, s):
        """Whether a segment of these endpoints still belongs to this connection (section 1)."""
        if s.checksum == 'wrong' and self.side(s) in self.right:
            return True                                 # ignored by add()
        silence = s.time - self.segments[-1].time
        if s.flags & SYN and self.is_new_syn(s):
            return False
        if self.finished_at is not None:
            return s.time - self.finished_at <= MINUTE
        return silence <= (FIVE_MINUTES if self.fins else HOUR)

    def is_new_syn(self, s):
        side = self.side(s)
        if self.isn[side] is not None:
            return s.seq != self.isn[side]
        if self.finished_at is not None:
            return True
        # Its SYN was not seen yet: this is it if it fits what was seen, captured out of order.
        own = [t.seq for t in self.segments if self.side(t) == side]
        acked = [t.ack for t in self.segments if self.side(t) != side and t.flags & ACK]
        return any(not 0 <= distance(q, s.seq) < 65536 for q in own + acked)


def connections(segments):
    """All connections, in the order of their first packets."""
    found, current = [], {}
    for s in segments:
        key = frozenset((s.src, s.dst)) if s.src != s.dst else (s.src,)
        c = current.get(key)
        if c is None or not c.continues(s):
            c = current[key] = Connection(s)
            found.append(c)
        c.add(s)
    return found


# --- one stream ---

@dataclass
class Chunk:
    side: int
    kind: str           # 'data', 'hole', 'fin', 'rst'
    start: int          # its place in the stream of its side; the first byte behind the SYN is 0
    data: bytes
    length: int
    number: int         # of the packet; None for a hole
    time: float
    ack: int            # how much of the other stream its sender had; None: not known
    ttl: int = 0
    begins: bool = True     # a segment begins here

    @property
    def end(self):
        return self.start + self.length


class Stream:
    """One direction: pieces without overlap, in order; and where a later copy said something else."""

    def __init__(self, side, base, segments, last_wins):
        self.side, self.base, self.pieces, self.conflicts = side, base, [], []
        self.fin = self.rst = None
        at = 0
        for s in segments:
            at += distance(s.seq + bool(s.flags & SYN), base + at)
            if s.flags & FIN and self.fin is None:
                self.fin = (at + s.length, s)
            if s.flags & RST:
                self.rst = self.rst or s
            elif s.length and at + s.length > 0 and at < 1 << 30:
                self.put(at, s, last_wins)
        self.end = max([p.end for p in self.pieces] + [0])

    def put(self, at, s, last_wins):
        """Takes of a segment what is not there yet. What was cut from it is not there."""
        data = s.data[:s.length]
        if at < 0:
            data, at = data[-at:], 0
        end = at + len(data)
        if self.pieces and at < self.pieces[-1].end:
            self.compare(at, data, s)
        if last_wins and len(data) == s.length and len(data) > 1:
            self.pieces = [q for p in self.pieces for q in without(p, at, end)]
        for p in sorted((p for p in self.pieces if p.end > at and p.start < end), key=lambda p: p.start):
            if p.start > at:
                self.insert(at, data[:p.start - at], s)
            data, at = data[max(0, p.end - at):], max(at, p.end)
        if data:
            self.insert(at, data, s)
        self.pieces.sort(key=lambda p: p.start)

    def insert(self, at, data, s):
        self.pieces.append(Chunk(self.side, 'data', at, data, len(data), s.number, s.time, s, s.ttl))

    def compare(self, at, data, s):
        """Section 5: a copy that is cut or has a wrong checksum is never a conflict; nor is a keep-alive's byte."""
        if len(data) < s.length or s.checksum == 'wrong' or len(data) == 1:
            return
        old = self.bytes(at, at + len(data))
        differs = [i for i, (a, b) in enumerate(zip(old, data)) if a is not None and a != b]
        if differs:
            self.conflicts.append((at, at + len(data), at + differs[0], at + differs[-1] + 1))

    def bytes(self, start, end):
        """The bytes of a range, None for each that is not there."""
        out = [None] * (end - start)
        for p in self.pieces:
            for i in range(max(p.start, start), min(p.end, end)):
                out[i - start] = p.data[i - p.start]
        return out


def without(p, start, end):
    """What is left of a piece outside of a range."""
    if p.end <= start or p.start >= end:
        return [p]
    left, right = p.data[:max(0, start - p.start)], p.data[end - p.start:] if p.end > end else b''
    return [Chunk(p.side, 'data', at, d, len(d), p.number, p.time, p.ack, p.ttl)
            for at, d in ((p.start, left), (end, right)) if d]


class Reading:
    """A connection as its ends saw it: `chunks` of both sides in the order of causes."""

    def __init__(self, connection, last_wins=False):
        c = self.connection = connection
        self.segments = [[s for s in c.segments if c.side(s) == side] for side in (A, B)]
        self.bases = [self.base(side) for side in (A, B)]
        self.streams = [Stream(side, self.bases[side], self.segments[side], last_wins) for side in (A, B)]
        self.first = [0, 0]                             # where each stream begins
        queues = [self.queue(side) for side in (A, B)]
        self.chunks = list(merge(queues))

    def skip(self, side, n):
        """Leaves out the first bytes of a stream."""
        self.first[side] = n
        for p in self.chunks:
            if p.side == side and p.start < n:
                left = min(n - p.start, p.length)
                p.start, p.data, p.length = p.start + left, p.data[left:], p.length - left
        self.chunks = [p for p in self.chunks if p.length or p.kind in ('fin', 'rst')]
        self.streams[side].pieces = [p for p in self.streams[side].pieces if p.length]

    def base(self, side):
        """The sequence number of the first byte: behind the SYN; else the lowest that was sent or acknowledged."""
        if self.connection.isn[side] is not None:
            return (self.connection.isn[side] + 1) % 0x100000000
        own = [s.seq for s in self.segments[side] if not s.flags & RST]
        acked = [s.ack for s in self.segments[1 - side] if s.flags & ACK]
        candidates = own + acked or [0]
        return candidates[0] + min(distance(q, candidates[0]) for q in candidates)

    def acked(self, side, s):
        """How much of the other stream the sender of a segment had."""
        if not s.flags & ACK:
            return None
        near = self.streams[1 - side].end
        return near + distance(s.ack, (self.bases[1 - side] + near) % 0x100000000)

    def queue(self, side):
        """The chunks of one side, holes among them."""
        stream, other = self.streams[side], self.segments[1 - side]
        out, at = [], 0

        def hole(upto):
            if upto > at:
                out.append(Chunk(side, 'hole', at, b'', upto - at, None, None, None))
        for p in stream.pieces:
            hole(p.start)
            s = p.ack
            p.begins = (s.seq + bool(s.flags & SYN) - self.bases[side] - p.start) % 0x100000000 == 0
            p.ack = self.acked(side, s)
            out.append(p)
            at = p.end
        ends = [near for near in (self.acked(1 - side, s) for s in other) if near is not None]
        ends += [stream.end]
        if stream.fin:
            ends = [min(e, stream.fin[0]) for e in ends] + [stream.fin[0]]
        else:
            # Without its FIN, one more than was seen may be the FIN itself.
            ends = [e - 1 if e == stream.end + 1 else e for e in ends]
        cut = [s for s in self.segments[side] if len(s.data) < s.length and not s.flags & RST]
        ends += [stream.end + max(distance((s.seq + s.length) % 0x100000000, (self.bases[side] + stream.end) % 0x100000000), 0) for s in cut]
        plausible = [e for e in ends if e <= stream.end + (1 << 24)]
        hole(max(plausible))
        at = max(at, max(plausible))
        if stream.fin:
            s = stream.fin[1]
            out.append(Chunk(side, 'fin', at, b'', 0, s.number, s.time, self.acked(side, s), s.ttl))
        if stream.rst:
            s = stream.rst
            out.append(Chunk(side, 'rst', at, b'', 0, s.number, s.time, None, s.ttl))
        return out


def merge(queues):
    """Two lists into one. Who has acknowledged the other's head comes behind it; else the order of capture."""
    queues = [list(q) for q in queues]
    while queues[A] and queues[B]:
        a, b = queues[A][0], queues[B][0]
        a_first, b_first = knows(queues[B], a), knows(queues[A], b)
        if a_first == b_first:
            a_first = number(queues[A]) <= number(queues[B])
            if b_first and 'hole' in (a.kind, b.kind):      # the hole was acknowledged, so it lies before
                a_first = a.kind == 'hole'
        yield queues[A].pop(0) if a_first else queues[B].pop(0)
    yield from queues[A] + queues[B]


def number(queue):
    """The place in the capture of the first chunk of a queue that was captured."""
    return next((c.number for c in queue if c.number is not None), float('inf'))


def knows(queue, chunk):
    """Whether the first captured chunk of a queue was sent when all or part of `chunk` had arrived."""
    first = next((c for c in queue if c.number is not None), None)
    return first is not None and first.ack is not None and first.kind != 'rst' and first.ack > chunk.start
