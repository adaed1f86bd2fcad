#!/usr/bin/env python3
"""The box in the middle: hands frames from one veth to another, and does one of attacks.ATTACKS to the mail of a network.

usage: box.py ATTACK VICTIMS      (in the network namespaces of tests/live/world.py; ends with SIGTERM)

It has no address. Frames are read from raw sockets, which stand in the namespaces `inner` (the client's side) and
`outer` (the server's). Whatever passes loses HOPS of its time to live; what the box says by itself begins with 64, as
such boxes do. When it takes bytes away or adds some, it shifts sequence numbers and acknowledgements behind them.
Connections of VICTIMS, an IPv4 network, are attacked, all others are only forwarded. At its end it resets those that
are open, so that nothing of them is sent again into the next capture."""
import ctypes, ipaddress, os, random, re, select, signal, socket, struct, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
from attacks import ATTACKS, GO_AHEAD, asks

HOPS = {'inner': 3, 'outer': 7}                     # that lie behind each side
PROTO = {25: 'smtp', 587: 'smtp', 143: 'imap', 110: 'pop3', 465: 'tls', 993: 'tls', 995: 'tls'}
FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16


def enter(space):
    """This thread, and the sockets it opens from now on, are in that network namespace."""
    with open('/run/netns/' + space) as f:
        if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), 'setns ' + space)


def raw(space):
    enter(space)
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind(('wire', 3))
    return s


def checksum(data):
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data[:len(data) & ~1])) + (data[-1] << 8 if len(data) & 1 else 0)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Segment:
    """A TCP segment in Ethernet and IPv4, taken apart."""
    def __init__(self, frame):
        self.ethernet, ip = frame[:14], frame[14:]
        head = (ip[0] & 15) * 4
        self.ttl, self.ident, self.source, self.target = ip[8], ip[4:6], ip[12:16], ip[16:20]
        tcp = ip[head:struct.unpack_from('>H', ip, 2)[0]]
        self.ports = struct.unpack_from('>HH', tcp)
        self.seq, self.ack = struct.unpack_from('>II', tcp, 4)
        self.flags, self.window, size = tcp[13], tcp[14:16], (tcp[12] >> 4) * 4
        self.options, self.data = tcp[20:size], tcp[size:]

    def frame(self):
        tcp = struct.pack('>HHIIBB2sHH', *self.ports, self.seq & 0xffffffff, self.ack & 0xffffffff, (20 + len(self.options)) * 4, self.flags, self.window, 0, 0)
        tcp += self.options + self.data
        sum_ = checksum(self.source + self.target + struct.pack('>HH', 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack('>H', sum_) + tcp[18:]
        ip = struct.pack('>BBH2sHBBH4s4s', 0x45, 0, 20 + len(tcp), self.ident, 0x4000, self.ttl, 6, 0, self.source, self.target)
        return self.ethernet + ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:] + tcp


def no_sack(options):
    """Blocks of SACK would name sequence numbers: the option is overwritten, so that nobody uses it."""
    out, at = bytearray(options), 0
    while at < len(out) and out[at]:
        if out[at] == 1:
            at += 1
            continue
        if out[at] in (4, 5):
            out[at:at + out[at + 1]] = b'\1' * out[at + 1]
        else:
            at += max(out[at + 1], 2)
    return bytes(out)


class Side:
    """What one end sends: `first` is its initial sequence number, `next` what it sends next, `given` what the other end
    waits for; edits are (where, bytes taken away, bytes put there); `made` is what became of segments, for when they
    are sent again."""
    def __init__(self): self.first, self.next, self.given, self.edits, self.made = 0, 0, 0, [], {}
    def number(self, seq): return (seq - self.first) & 0xffffffff

    def seq(self, seq):
        """The number that the other end sees."""
        return seq + sum(added - taken for at, taken, added in self.edits if self.number(seq) >= at + taken)

    def ack(self, ack):
        """The number of this end for one that the other end acknowledges."""
        shift = 0
        for at, taken, added in self.edits:
            seen = self.number(ack)
            if seen < at + shift + added:
                return self.first + at if seen > at + shift else ack - shift
            shift += added - taken
        return ack - shift


class Flow:
    def __init__(self, box, segment):
        self.box, self.proto = box, PROTO.get(segment.ports[1])
        self.tls, self.asked, self.waiting, self.broken, self.over = self.proto == 'tls', False, False, False, False
        self.client, self.server, self.last = Side(), Side(), {}

    def forged(self, name, flags, data=b''):
        """A segment of the box to the side of that name, in the name of the other end."""
        other, mine, theirs = ('outer', self.server, self.client) if name == 'inner' else ('inner', self.client, self.server)
        s = Segment(self.last[other].frame())
        s.seq, s.ack, s.flags, s.options, s.data = mine.given, theirs.next, flags, b'', data
        s.ttl, s.ident = 64, struct.pack('>H', random.randrange(65536))
        mine.given += len(data)
        self.box.send(name, s)

    def answer(self, data):
        """The client's segment is taken away, and answered in the name of the server."""
        s = self.last['inner']
        self.forged('inner', PUSH | ACK, data)
        self.client.edits.append((self.client.number(s.seq), len(s.data), 0))
        self.server.edits.append((self.server.number(self.server.next), 0, len(data)))
        self.asked = False

    def reset(self):
        self.over = True
        for name in ('inner', 'outer'):
            self.forged(name, RST | ACK)

    def pass_on(self, name, s):
        """A segment that came in on `name`, as it goes on; None when it ends here."""
        mine, theirs = (self.client, self.server) if name == 'inner' else (self.server, self.client)
        if s.flags & SYN:
            mine.first = mine.next = s.seq
            s.options = no_sack(s.options)
        end = s.seq + len(s.data) + bool(s.flags & (SYN | FIN))
        new = mine.number(s.seq) >= mine.number(mine.next)
        if mine.number(end) > mine.number(mine.next):
            mine.next = end & 0xffffffff
        self.last[name] = s
        if self.over:
            return None
        if s.data:
            if new or s.seq not in mine.made:
                mine.made[s.seq] = self.change(name, s)
            if mine.made[s.seq] is None:
                return None
            s.seq, s.data = mine.seq(s.seq), mine.made[s.seq]
        else:
            s.seq = mine.seq(s.seq)
        s.ack = theirs.ack(s.ack)
        mine.given = s.seq + len(s.data) + bool(s.flags & (SYN | FIN))
        return s

    def change(self, name, s):
        """The payload that goes on."""
        client, server = self.box.attack
        if name == 'inner':
            self.asked |= bool(asks(self, s.data))
            data = client(self, s.data)
        else:
            data = server(self, s.data)
            if self.asked and not self.tls and data == s.data and re.match(GO_AHEAD[self.proto], data):
                self.tls = True
            self.asked = False
        if data is not None and len(data) != len(s.data):
            side = self.client if name == 'inner' else self.server
            side.edits.append((side.number(s.seq), len(s.data), len(data)))
        return data


class Box:
    def __init__(self, attack, victims):
        self.attack, self.victims, self.flows = ATTACKS[attack], ipaddress.ip_network(victims), {}
        self.sockets = {name: raw(name) for name in ('inner', 'outer')}

    def send(self, name, segment): self.put(name, segment.frame())

    def put(self, name, frame):
        try:
            self.sockets[name].send(frame)
        except OSError:                                 # the other side is gone, or its queue is full: a lost packet
            pass

    def handle(self, name, frame):
        other = 'outer' if name == 'inner' else 'inner'
        kind = frame[12:14]
        if kind == b'\x86\xdd':
            frame = frame[:21] + bytes([max(frame[21] - HOPS[name], 1)]) + frame[22:]
        if kind != b'\x08\x00' or frame[23] != 6:
            return self.put(other, frame)
        s = Segment(frame)
        s.ttl = max(s.ttl - HOPS[name], 1)
        ends = (s.source, s.ports[0], s.target, s.ports[1])
        key = ends if name == 'inner' else ends[2:] + ends[:2]
        if s.flags & (SYN | ACK) == SYN and name == 'inner' and ipaddress.ip_address(s.source) in self.victims:
            self.flows[key] = Flow(self, s)
        flow = self.flows.get(key)
        if flow:
            s = flow.pass_on(name, s)
        if s:
            self.send(other, s)

    def run(self):
        names = {s.fileno(): name for name, s in self.sockets.items()}
        while True:
            for fd in select.select(list(names), [], [])[0]:
                frame, address = self.sockets[names[fd]].recvfrom(65536)
                if address[2] != socket.PACKET_OUTGOING:
                    self.handle(names[fd], frame)

    def end(self, *_):
        for flow in self.flows.values():
            if not flow.over and len(flow.last) == 2:
                flow.reset()
        os._exit(0)


def main():
    box = Box(*sys.argv[1:])
    signal.signal(signal.SIGTERM, box.end)
    print('ready', flush=True)
    box.run()


if __name__ == '__main__':
    main()
