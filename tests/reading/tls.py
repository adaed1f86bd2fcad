"""TLS as seen from outside: records of both sides, and section 3 of doc/measurement.md applied to them."""
import re, struct
from dataclasses import dataclass

RETRY = bytes.fromhex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c')    # RFC 8446 4.1.3
CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
NAMES = {2: 'SSLv2', 0x300: 'SSLv3', 0x301: 'TLSv1.0', 0x302: 'TLSv1.1', 0x303: 'TLSv1.2', 0x304: 'TLSv1.3'}
# Suites without encryption (IANA: TLS_*_NULL_*, and the integrity-only ones of RFC 9150), with the length of their MAC.
NULL = {0x0001: 16, 0x0002: 20, 0x003b: 32, 0x002c: 20, 0x002d: 20, 0x002e: 20, 0x00b0: 32, 0x00b1: 48, 0x00b4: 32, 0x00b5: 48,
        0x00b8: 32, 0x00b9: 48, 0xc001: 20, 0xc006: 20, 0xc00b: 20, 0xc010: 20, 0xc015: 20, 0xc039: 20, 0xc03a: 32, 0xc03b: 48,
        0xc0b4: 32, 0xc0b5: 48, 0x0000: 0, 0x0082: 20, 0x0083: 32}
CLIENT, SERVER = 0, 1
FINISHED, ALERT_SIZE, CLIENT_SHARE = 45, 19, 50         # the lengths section 3 names


def begins(b):
    """Whether bytes at the start of a line are TLS: True, False, or None when it takes more of them."""
    if not b:
        return None
    if b[0] in (CCS, ALERT, HANDSHAKE, DATA):
        head = b[1:3]
        if head[:1] not in (b'', b'\x03') or (len(head) == 2 and head[1] > 4):
            return False
        return True if len(b) >= 3 else None
    if b[0] & 0x80:                                     # SSLv2: a two-byte length, then CLIENT-HELLO
        if len(b) < 5 and b[2:3] in (b'', b'\1'):
            return None
        return b[2] == 1 and (b[3] == 3 or b[3:5] == b'\0\2')
    return False


def hello_within(b):
    """Where a hello begins behind other bytes; 0: nowhere."""
    found = re.search(rb'\x16\x03[\0-\4]..[\1\2]', b, re.S)
    return found.start() if found else 0


@dataclass
class Record:
    side: int
    kind: int           # -1: SSLv2; 0: bytes that were lost where records should be
    version: int
    length: int
    body: bytes         # what was captured of it
    ack: int            # how much of the other stream its sender had
    start: int
    gap: bool           # bytes were lost right before it


class Attempt:
    """One try of TLS on a connection. feed() takes chunks in the order of causes."""

    def __init__(self, kind, time):
        self.kind, self.began = kind, time              # 'implicit' or 'starttls'
        self.records = []
        self.text = [None, None]                        # what came at a record's place and is no record
        self.lost = [False, False]                      # where the next record begins is not known
        self.gap = False                                # a header or a handshake message was lost
        self.junk = [False, False]
        self.open = [None, None]                        # the record that is being read, and how much of it is to come
        self.head = [b'', b'']
        self.closed = set()
        self.acks, self.last = [0, 0], [time, time]
        self.v2 = [False, False]
        self.pending_gap = [False, False]

    def feed(self, side, chunk, data):
        """Reads one chunk. Returns the bytes that are text at a place where a record should begin, or b''."""
        if chunk.ack is not None:
            self.acks[side] = max(self.acks[side], chunk.ack)
        if chunk.kind in ('fin', 'rst'):
            self.closed.add((chunk.kind, side))
        elif chunk.kind == 'hole':
            self.skip(side, chunk.length)
        elif not self.junk[side]:
            self.last[side] = chunk.time
            return self.read(side, chunk, data)
        return b''

    def skip(self, side, n):
        """A hole: the body of a record may lie in it; a header that does is lost, and with it the place of the next."""
        if self.open[side]:
            record, left = self.open[side]
            if record.kind in (HANDSHAKE, CCS, -1) or n >= left:
                self.gap = True
            if n <= left:
                self.open[side] = (record, left - n) if left > n else None
                return
            n -= left
        if any(r.side == side for r in self.records):
            self.records.append(Record(side, 0, 0, max(n - 5, 0), b'', None, 0, True))
        self.open[side], self.head[side] = None, b''
        self.lost[side] = self.gap = self.pending_gap[side] = True

    def read(self, side, chunk, data):
        at, origin = 0, chunk.end - len(data)
        if self.lost[side]:
            if begins(data) is not True or data[0] == 0x80 or not chunk.begins:
                return b''
            self.lost[side] = False
        while at < len(data):
            if self.open[side]:
                record, left = self.open[side]
                record.body += data[at:at + left]
                left, at = left - len(data[at:at + left]), at + min(left, len(data) - at)
                self.open[side] = (record, left) if left else None
                continue
            head = self.head[side] + data[at:]
            size, record = self.header(side, head, chunk, origin + at - len(self.head[side]))
            if record is None and size == 0:            # more is needed
                self.head[side] = head
                return b''
            if record is None:
                self.head[side] = b''
                if all(9 <= c < 127 for c in head[:4]):
                    self.text[side] = head
                    return head
                self.junk[side] = True
                return b''
            at += size - len(self.head[side])
            self.head[side] = b''
            self.records.append(record)
            self.open[side] = (record, record.length) if record.length else None
        return b''

    def header(self, side, head, chunk, start):
        """(bytes of the header, Record); (0, None) if it takes more bytes, (-1, None) if it is none."""
        gap, first = self.pending_gap[side], not any(r.side == side for r in self.records)
        is_v2 = self.v2[side] or (head[0] & 0x80 and (side == CLIENT or any(r.kind == -1 for r in self.records)))
        if is_v2 and (first or self.v2[side]):
            if len(head) < 3:
                return 0, None
            n = struct.unpack('>H', head[:2])[0]
            size, n = (2, n & 0x7fff) if head[0] & 0x80 else (3, n & 0x3fff)
            if first and side == CLIENT:
                if len(head) < 5:
                    return 0, None
                self.v2[side] = head[3:5] == b'\0\2'    # a hello of the old form may ask for TLS
            elif first:
                self.v2[side] = True
            self.pending_gap[side] = False
            return size, Record(side, -1, 2, n, b'', chunk.ack, start, gap)
        ok = begins(head)
        if ok is False:
            return -1, None
        if ok is None or len(head) < 5:
            return 0, None
        kind, version, length = struct.unpack('>BHH', head[:5])
        if kind > DATA or length > 18432:
            return -1, None
        self.pending_gap[side] = False
        return 5, Record(side, kind, version, length, b'', chunk.ack, start, gap)


# --- the two hellos ---

@dataclass
class Hello:
    version: int
    ciphers: list
    alpn: list
    early: bool
    record: Record


def messages(records, side):
    """(type, body, record it ends in) of the handshake messages of a side that travel in clear."""
    # Behind ChangeCipherSpec only a hello does: TLS 1.3 sends it right behind a HelloRetryRequest.
    data, owner, changed = b'', [], False
    for r in records:
        if r.side != side:
            continue
        changed |= r.kind == CCS
        if r.kind == HANDSHAKE and (not changed or r.body[:1] in (b'\1', b'\2') and r.body[1:2] == b'\0'):
            data += r.body
            owner += [r] * len(r.body)
        elif r.kind == -1 and r.body[:1] == b'\1':
            yield 1, b'', r
    at = 0
    while at + 4 <= len(data):
        n = int.from_bytes(data[at + 1:at + 4], 'big')
        yield data[at], data[at + 4:at + 4 + n], owner[min(at + 3 + n, len(data) - 1)]
        at += 4 + n


def hello(body, record, server):
    """A ClientHello or ServerHello; what is cut off is not known."""
    h = Hello(int.from_bytes(body[:2], 'big') or record.version, [], [], False, record)
    try:
        at = 35 + body[34]
        if server:
            h.ciphers, at = [struct.unpack('>H', body[at:at + 2])[0]], at + 3
        else:
            n = struct.unpack('>H', body[at:at + 2])[0]
            h.ciphers, at = [struct.unpack('>H', body[i:i + 2])[0] for i in range(at + 2, at + 2 + n, 2)], at + 2 + n
            at += 1 + body[at]
        at += 2
        while at + 4 <= len(body):
            kind, n = struct.unpack('>HH', body[at:at + 4])
            value = body[at + 4:at + 4 + n]
            if kind == 43 and server:
                h.version = struct.unpack('>H', value)[0]
            elif kind == 16:
                i = 2
                while i < len(value):
                    h.alpn.append(value[i + 1:i + 1 + value[i]].decode('latin-1'))
                    i += 1 + value[i]
            elif kind == 42:
                h.early = True
            at += 4 + n
    except (IndexError, struct.error):
        pass
    return h


# --- section 3 ---

class Judged:
    """What an attempt came to: `state` is 'completed', 'failed', 'open' or 'null' (a suite without encryption)."""

    def __init__(self, attempt, sides, packets, capture_end):
        a = self.attempt = attempt
        self.records, self.end = a.records, capture_end
        self.sides, self.packets = sides, packets       # who sent payload, and who was seen at all
        self.of = [[r for r in a.records if r.side == side] for side in (CLIENT, SERVER)]
        self.client_hello = self.server_hello = None
        for kind, body, record in messages(a.records, CLIENT):
            if kind == 1:
                self.client_hello = hello(body, record, False)
        for kind, body, record in messages(a.records, SERVER):
            if kind == 2 and body[2:34] != RETRY:
                self.server_hello = hello(body, record, True)
        self.version = self.server_hello.version if self.server_hello else None
        self.alpn = (self.client_hello.alpn if self.client_hello else [])
        self.chosen_alpn = (self.server_hello.alpn if self.server_hello else [])
        self.mac = NULL.get(self.server_hello.ciphers[0]) if self.server_hello and self.server_hello.ciphers else None
        self.state = self.judge()

    def judge(self):
        ssl2 = any(r.kind == -1 for r in self.of[SERVER])
        if ssl2:
            self.version = 2
        if self.mac is not None:
            return 'null'
        done = self.ssl2() if ssl2 else self.handshake()
        if done is None:
            done = 'completed' if self.midstream() else None
        return done or ('failed' if self.failure_seen() else 'open')

    def after(self, side, kind, record):
        """Records of a kind that a side sent when it had the record (of the other side)."""
        return [r for r in self.of[side] if r.kind == kind and r.ack is not None and r.ack > record.start]

    def handshake(self):
        clear = [r for side in (CLIENT, SERVER) for r in self.clear_alerts(side)]
        if self.server_hello and self.version == 0x304:
            return self.tls13(clear)
        if self.server_hello:
            if any(self.fatal(r) for r in clear):
                return 'failed'
            if not self.of[CLIENT]:
                return self.server_alone()
            return 'completed' if self.changed(CLIENT) and self.changed(SERVER) else None
        if clear and any(self.fatal(r) for r in clear):
            return 'failed'
        # The ServerHello was lost, or only the client was seen: the same rule on its records.
        whole = not any(r.gap for r in self.of[CLIENT])
        if whole and self.of[CLIENT] and (not self.of[SERVER] or self.of[SERVER][0].gap or self.attempt.gap):
            long = [r for r in self.of[CLIENT] if r.kind == DATA and r.length >= FINISHED]
            if self.client_hello and self.client_hello.early:   # sent when nothing had been received
                long = [r for r in long if r.ack is not None and r.ack > self.client_hello.record.ack]
            if self.client_hello and (self.changed(CLIENT) or long):
                return 'completed'
        return None

    def clear_alerts(self, side):
        """Alerts before the side's ChangeCipherSpec; with TLS 1.3 that message says nothing, and length tells."""
        found, changed = [], False
        for r in self.of[side]:
            changed |= r.kind == CCS and self.version != 0x304
            if r.kind == ALERT and not changed and r.length == 2:
                found.append(r)
        return found

    @staticmethod
    def fatal(r):
        return r.body[:1] != b'\x01'

    def changed(self, side):
        """ChangeCipherSpec, followed by an encrypted handshake record."""
        kinds = [r.kind for r in self.of[side]]
        return CCS in kinds and HANDSHAKE in kinds[kinds.index(CCS) + 1:]

    def tls13(self, clear):
        hello = self.server_hello.record
        if clear:
            return 'failed'
        if not self.of[CLIENT]:
            return self.server_alone()
        mine = self.after(CLIENT, DATA, hello)
        at = self.records.index(hello)
        theirs = [r for r in self.records[at + 1:] if r.side == SERVER and r.kind == DATA]
        if mine and mine[0].length <= ALERT_SIZE and not mine[0].gap and not self.attempt.gap:
            return 'failed'                             # it answers the server's flight with an alert
        finished = next((r for r in mine if r.length >= FINISHED), None)
        if not finished or not any(r.length >= FINISHED for r in theirs) and self.sides[SERVER]:
            return None
        # A refused client certificate: after the client's flight nothing but alerts, and the end.
        i = self.records.index(finished)
        rest = self.records[i + 1:]
        turn = next((k for k, r in enumerate(rest) if r.side == SERVER), len(rest))
        answers = [r for r in rest if r.side == SERVER]
        later = [r for r in rest[turn:] if r.side == CLIENT]
        closed = any(side == SERVER for _, side in self.attempt.closed)
        if answers and closed and all(r.length <= ALERT_SIZE for r in answers) and all(r.length <= ALERT_SIZE for r in later):
            return 'failed'
        return 'completed'

    def server_alone(self):
        """Only the server was seen: a later record longer than an alert, and 50 bytes acknowledged behind the ClientHello."""
        hello = self.server_hello.record
        later = self.of[SERVER][self.of[SERVER].index(hello) + 1:]
        enough = hello.ack is not None and self.attempt.acks[SERVER] >= hello.ack + CLIENT_SHARE
        answers = [r for r in later if enough and r.ack is not None and r.ack >= hello.ack + CLIENT_SHARE]
        if self.attempt.closed and answers and all(r.kind == DATA and r.length <= ALERT_SIZE for r in answers):
            return 'failed'                             # a refused client certificate
        return 'completed' if enough and any(r.length > ALERT_SIZE and r.kind in (DATA, HANDSHAKE) for r in later) else None

    def ssl2(self):
        """CLIENT-MASTER-KEY and at least one further record from each side."""
        master = next((i for i, r in enumerate(self.records) if r.side == CLIENT and r.kind == -1 and r.body[:1] == b'\2'), None)
        if master is None:
            return None
        return 'completed' if {r.side for r in self.records[master + 1:]} == {CLIENT, SERVER} else None

    def midstream(self):
        """Three well-formed encrypted records in a row in each direction seen; only in mid-stream or after a gap."""
        if self.client_hello and not self.attempt.gap:
            return False
        if self.server_hello and not self.attempt.gap:
            return False
        seen = [side for side in (CLIENT, SERVER) if self.sides[side]]
        return all(self.row(side) >= 3 for side in seen)

    def row(self, side):
        best = n = 0
        changed = False
        for r in self.of[side]:
            changed |= r.kind == CCS
            good = r.kind == DATA or (changed and r.kind in (HANDSHAKE, ALERT))
            n = (0 if r.gap else n) + 1 if good else 0
            best = max(best, n)
        return best

    def failure_seen(self):
        """Section 2, tls_failed: an alert, a FIN or RST, an answer that is not TLS, 30 s without an answer."""
        a = self.attempt
        if any(self.clear_alerts(side) for side in (CLIENT, SERVER)) or a.text[SERVER] or a.junk[SERVER]:
            return True
        if a.gap or not (self.client_hello or self.server_hello):
            return False                                # what was lost may have settled it
        if a.closed:
            return True
        unanswered = self.of[CLIENT] and not self.of[SERVER]
        return bool(unanswered and self.end - a.last[CLIENT] >= 30 and self.packets[SERVER])
