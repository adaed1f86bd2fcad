"""Traffic of many sessions whose verdicts are known: copies of goldens, each of a client of its own.

A Kind is a golden with one session over IPv4; its server gets an address of its own, so that no kind tells anything of
another one. `Traffic` gives packets in the order of time and keeps the truth.
"""
import collections, heapq, os, socket, sqlite3, struct
import golden, interleave

HEADER = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)
SECOND = 1000000
HOUR = 3600 * SECOND

SUMS = ("SELECT hour, server_port, v.word, sum(sessions) FROM rate JOIN word AS v ON v.kind = 'verdict' AND v.code = verdict"
        " GROUP BY 1, 2, 3")

# golden: verdict, server port
NAMES = collections.OrderedDict([
    ('smtp-starttls-tls13', ('starttls', 25)), ('smtp-clear', ('clear', 25)), ('smtp-greeting-only', ('incomplete', 25)),
    ('imap-login', ('clear_auth', 143)), ('pop3-stls', ('starttls', 110)), ('pop3-user-pass', ('clear_auth', 110)),
    ('imap-preauth', ('clear', 143)), ('smtp-submission-starttls', ('starttls', 587)),
])


def ends(frame):
    """(source, destination) of a TCP segment over IPv4 and Ethernet."""
    at = 14 + 4 * (frame[14] & 15)
    return (frame[26:30], frame[at:at + 2]), (frame[30:34], frame[at + 2:at + 4])


class Kind:
    def __init__(self, name, number):
        self.name, (self.verdict, self.port) = name, NAMES[name]
        packets = interleave.read_pcap(os.path.join(golden.PCAPS, name + '.pcap'))
        start = packets[0][0]
        client = ends(packets[0][2])[0]
        self.server = socket.inet_aton('10.9.%d.1' % number)
        self.pieces = []
        for us, wire, frame in packets:
            frame = bytearray(frame)
            assert frame[12:14] == b'\x08\x00' and frame[14] == 0x45 and frame[23] == 6
            from_client = ends(frame)[0] == client
            frame[50:52] = b'\0\0'              # no checksum: neither right nor wrong
            if from_client:
                a, b, c = bytes(frame[:26]), self.server, bytes(frame[36:])
            else:
                a, b, c = bytes(frame[:26]) + self.server, bytes(frame[34:36]), bytes(frame[38:])
            self.pieces.append((us - start, struct.pack('<II', len(frame), wire), a, b, c))
        self.lasts = self.pieces[-1][0]

    @staticmethod
    def client(number):
        return '11.%d.%d.%d' % (number // 250 >> 8 & 255, number // 250 & 255, 1 + number % 250)

    def packets(self, start, client, number=None):
        """[(µs, record)] of a session that begins then, of client number `client`; number: of the session, if that is another."""
        address = struct.pack('>I', 0x0b000000 + client // 250 * 256 + 1 + client % 250)
        port = struct.pack('>H', 20000 + (client if number is None else number) % 20000)
        out = []
        for us, lengths, a, b, c in self.pieces:
            us += start
            head = struct.pack('<II', us // SECOND, us % SECOND) + lengths
            out.append((us, head + a + address + b + port + c))
        return out


def kinds():
    return [Kind(name, i + 1) for i, name in enumerate(NAMES)]


class Traffic:
    """Sessions that begin at times that rise; `until(t)` gives the packets before t, as bytes. clients: how many there are
    that come again and again; 0: each session has one of its own."""
    def __init__(self, all_kinds, clients=0):
        self.kinds, self.clients, self.heap, self.n, self.packets = all_kinds, clients, [], 0, 0
        self.truth = collections.Counter()      # (hour, server port, kind): sessions

    def session(self, start, kind):
        self.truth[start // HOUR * 3600, kind.port, kind.name] += 1
        for i, (us, record) in enumerate(kind.packets(start, self.n % self.clients if self.clients else self.n, self.n)):
            heapq.heappush(self.heap, (us, self.n, i, record))
        self.n += 1

    def differences(self, db):
        """Where the sums of a database are not the truth, as sentences."""
        want, got = collections.Counter(), collections.Counter()
        for (hour, port, name), n in self.truth.items():
            want[hour, port, NAMES[name][0]] += n
        c = sqlite3.connect(db)
        for hour, port, verdict, n in c.execute(SUMS):
            got[hour, port, verdict] += n
        bad = [r for r, in c.execute('PRAGMA integrity_check') if r != 'ok']
        c.close()
        return (['sums are %s, not %s' % (sorted((got - want).items())[:3], sorted((want - got).items())[:3])] if got != want else []) + bad

    def until(self, us=None):
        out = []
        while self.heap and (us is None or self.heap[0][0] < us):
            out.append(heapq.heappop(self.heap)[3])
        self.packets += len(out)
        return b''.join(out)
