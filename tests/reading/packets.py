"""Captures: files into TCP segments. Link layers, tunnels and fragments are peeled off until a TCP header shows.

Only what doc/measurement.md section 1 needs: the innermost addresses are the session's. What cannot be read is left out.
"""
import gzip, ipaddress, struct
from dataclasses import dataclass

MAX_TUNNELS = 8
TAGS = {0x8100: 2, 0x88a8: 2, 0x9100: 2, 0x9200: 2, 0x9300: 2, 0x893f: 6, 0x8926: 4}     # bytes before the next EtherType
FIN, SYN, RST, ACK = 1, 2, 4, 16


@dataclass
class Segment:
    number: int         # its place in the capture
    time: float
    src: tuple          # (address as text, port)
    dst: tuple
    seq: int
    ack: int
    flags: int
    data: bytes         # the payload that was captured
    length: int         # the payload that was on the wire
    checksum: str       # 'right', 'wrong' or 'unknown' (a cut segment, or a checksum of zero)
    ttl: int
    id: int = None      # of IPv4
    window: int = 0
    clock: int = None   # its TCP timestamp


def clock_of(options):
    """The TSval among TCP options (RFC 7323), or None."""
    while options and options[0]:
        n = 1 if options[0] == 1 else options[1] if len(options) > 1 else 0
        if not n or n > len(options):
            return None
        if options[0] == 8 and n == 10:
            return struct.unpack('>I', options[2:6])[0]
        options = options[n:]
    return None


# --- files ---

def records(path):
    """(time, link type, bytes, length on the wire) of each packet; stops silently where the file is damaged."""
    with open(path, 'rb') as f:
        data = f.read()
    if data[:2] == b'\x1f\x8b':
        data = gzip.decompress(data)
    if data[:4] == b'\x0a\x0d\x0d\x0a':
        yield from pcapng(data)
    elif data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1', b'\xa1\xb2\xc3\xd4', b'\xa1\xb2\x3c\x4d', b'\x34\xcd\xb2\xa1'):
        yield from pcap(data)


def pcap(data):
    order = '<' if data[0] in (0xd4, 0x4d, 0x34) else '>'
    magic, = struct.unpack(order + 'I', data[:4])
    unit = 1e-9 if magic == 0xa1b23c4d else 1e-6
    link = struct.unpack(order + 'I', data[20:24])[0] & 0xffff
    head = 24 if magic == 0xa1b2cd34 else 16                # Kuznetzov's variant has 8 bytes more
    at = 24
    while at + head <= len(data):
        sec, part, kept, wire = struct.unpack(order + 'IIII', data[at:at + 16])
        body = data[at + head:at + head + kept]
        if len(body) < kept:
            return
        yield sec + part * unit, link, body, wire
        at += head + kept


def pcapng(data):
    at, order, interfaces = 0, '<', []
    while at + 12 <= len(data):
        kind = data[at:at + 4]
        if kind == b'\x0a\x0d\x0d\x0a':
            order = '<' if data[at + 8:at + 12] == b'\x4d\x3c\x2b\x1a' else '>'
            interfaces = []
        kind, size = struct.unpack(order + 'II', data[at:at + 8])
        body = data[at + 8:at + size - 4]
        if size < 12 or at + size > len(data):
            return
        at += size
        if kind == 1:                                       # interface description
            interfaces.append((struct.unpack(order + 'H', body[:2])[0], resolution(body[8:], order)))
        elif kind == 6:                                     # enhanced packet
            number, high, low, kept, wire = struct.unpack(order + 'IIIII', body[:20])
            link, unit = interfaces[number]
            yield ((high << 32) + low) * unit, link, body[20:20 + kept], wire
        elif kind == 2:                                     # the old packet block
            number, _, high, low, kept, wire = struct.unpack(order + 'HHIIII', body[:20])
            link, unit = interfaces[number]
            yield ((high << 32) + low) * unit, link, body[20:20 + kept], wire
        elif kind == 3 and interfaces:                      # simple packet: no time
            wire, = struct.unpack(order + 'I', body[:4])
            yield 0.0, interfaces[0][0], body[4:4 + wire], wire


def resolution(options, order):
    at = 0
    while at + 4 <= len(options):
        code, size = struct.unpack(order + 'HH', options[at:at + 4])
        if code == 9 and size:
            n = options[at + 4]
            return 2.0 ** -(n & 0x7f) if n & 0x80 else 10.0 ** -n
        if code == 0:
            break
        at += 4 + (size + 3) // 4 * 4
    return 1e-6


# --- layers ---

class Peeler:
    """Takes one packet after the other; keeps the fragments that wait for their others."""

    def __init__(self):
        self.fragments = {}

    def segment(self, number, time, link, data):
        """The Segment of a packet, or None."""
        self.tunnels = 0
        try:
            found = self.link(link, data)
        except (IndexError, struct.error, KeyError):
            return None
        return found and Segment(number, time, *found)

    def link(self, link, data):
        if link == 1:
            return self.ethernet(data)
        if link in (12, 14, 101, 228, 229):
            return self.ip(data)
        if link in (0, 108):                                # BSD loopback: a family of either byte order
            return self.ip(data[4:])
        if link == 113:
            return self.ethertype(struct.unpack('>H', data[14:16])[0], data[16:])
        if link == 276:
            return self.ethertype(struct.unpack('>H', data[0:2])[0], data[20:])
        if link == 239:
            return self.nflog(data)
        if link in (9, 50):
            return self.ppp(data)
        if link == 104:                                     # C-HDLC; PPP in HDLC framing has ff there
            return self.ppp(data) if data[0] == 0xff else self.ethertype(struct.unpack('>H', data[2:4])[0], data[4:])
        if link == 51:
            return self.ppp(data[6:])
        return None

    def nflog(self, data):
        at = 4
        while at + 4 <= len(data):
            for order in '<>':                              # written in the byte order of the host
                size, kind = struct.unpack(order + 'HH', data[at:at + 4])
                if 4 <= size <= len(data) - at and kind < 64:
                    break
            else:
                return None
            if kind == 9:
                return self.ip(data[at + 4:at + size])
            at += (size + 3) // 4 * 4
        return None

    def ppp(self, data):
        if data[0] in (0xff, 0x0f, 0x8f) and data[:1] != b'\x21':
            if data[1] in (0x03, 0x00):
                data = data[2:] if data[0] == 0xff else data
        kind = data[0] if data[0] & 1 else struct.unpack('>H', data[:2])[0]
        data = data[1:] if data[0] & 1 else data[2:]
        if kind in (0x21, 0x57):
            return self.ip(data)
        return self.mpls(data) if kind in (0x281, 0x283) else None

    def ethernet(self, data):
        return self.ethertype(struct.unpack('>H', data[12:14])[0], data[14:])

    def ethertype(self, kind, data):
        while True:
            if kind in TAGS:
                n = TAGS[kind]
                kind, data = struct.unpack('>H', data[n:n + 2])[0], data[n + 2:]
            elif kind == 0x8909:                            # Cisco metadata: its length is in 8 bytes units less one
                n = 6 if len(data) > 6 else 0
                kind, data = struct.unpack('>H', data[n:n + 2])[0], data[n + 2:]
            elif kind == 0x88e7:                            # 802.1ah: a tag of four bytes, then a whole frame
                return self.ethernet(data[4:])
            else:
                break
        if kind in (0x0800, 0x86dd):
            return self.ip(data)
        if kind in (0x8847, 0x8848):
            return self.mpls(data)
        if kind == 0x8864:
            return self.inside(self.ppp, data[6:])
        return self.inside(self.ethernet, data) if kind == 0x6558 else None

    def inside(self, reader, data):
        self.tunnels += 1
        return reader(data) if self.tunnels <= MAX_TUNNELS else None

    def mpls(self, data):
        while not data[2] & 1:
            data = data[4:]
        data = data[4:]
        if data[0] >> 4 in (4, 6):
            return self.inside(self.ip, data)
        return self.inside(self.ethernet, data[4:] if data[0] >> 4 == 0 else data)      # a control word begins with 0

    def ip(self, data):
        return self.ip4(data) if data[0] >> 4 == 4 else self.ip6(data) if data[0] >> 4 == 6 else None

    def ip4(self, data):
        head, total = (data[0] & 15) * 4, struct.unpack('>H', data[2:4])[0]
        number, piece = struct.unpack('>HH', data[4:8])
        total = total or len(data)                          # 0: the network card was to cut it (TSO)
        ends = data[12:16], data[16:20]
        body, wire = data[head:total], total - head
        if piece & 0x3fff:
            body = self.fragment((ends, number, data[9]), (piece & 0x1fff) * 8, piece & 0x2000, body, wire)
            if body is None:
                return None
            wire = len(body)
        return self.protocol(data[9], ends, body, wire, (data[8], number))

    def ip6(self, data):
        kind, hops, ends = data[6], data[7], (data[8:24], data[24:40])
        wire = struct.unpack('>H', data[4:6])[0] or len(data) - 40
        body = data[40:40 + wire]
        while kind in (0, 43, 44, 51, 60):
            if kind == 44:
                piece, number = struct.unpack('>HI', body[2:8])
                kind, body, wire = body[0], body[8:], wire - 8
                if piece & 0xfff9:
                    body = self.fragment((ends, number), piece & 0xfff8, piece & 1, body, wire)
                    if body is None:
                        return None
                    wire = len(body)
            else:
                n = (body[1] + 2) * 4 if kind == 51 else (body[1] + 1) * 8
                kind, body, wire = body[0], body[n:], wire - n
        return self.protocol(kind, ends, body, wire, (hops, None))

    def fragment(self, key, offset, more, body, wire):
        """The whole of a datagram once its last missing fragment is here, else None. A cut one is as good as lost."""
        if len(body) < wire:
            return None
        pieces, end = self.fragments.setdefault(key, ({}, []))
        pieces.setdefault(offset, body)
        if not more:
            end.append(offset + len(body))
        whole = b''
        for at in sorted(pieces):
            if at > len(whole):
                return None
            whole += pieces[at][len(whole) - at:]
        if not end or len(whole) < end[0]:
            return None
        del self.fragments[key]
        return whole

    def protocol(self, kind, ends, body, wire, ttl):
        if kind == 6:
            return self.tcp(ends, body, wire, ttl)
        if kind == 17:
            return self.udp(struct.unpack('>HH', body[:4]), body[8:])
        if kind == 47:
            return self.gre(body)
        if kind in (4, 41):
            return self.inside(self.ip, body)
        return self.inside(self.mpls, body) if kind == 137 else None

    def udp(self, ports, data):
        if 4789 in ports or 8472 in ports:                  # VXLAN
            return self.inside(self.ethernet, data[8:])
        if 6081 in ports:                                   # GENEVE
            n, kind = 8 + (data[0] & 63) * 4, struct.unpack('>H', data[2:4])[0]
            return self.inside(lambda d: self.ethertype(kind, d) if kind != 0x6558 else self.ethernet(d), data[n:])
        if 2152 in ports and data[0] >> 5 == 1 and data[1] == 255:      # GTP-U, a packet of the user
            n = 8
            if data[0] & 7:
                n, following = 12, data[11]
                while following:
                    n, following = n + data[n] * 4, data[n + data[n] * 4 - 1]
            return self.inside(self.ip, data[n:])
        return None

    def gre(self, data):
        flags, kind = struct.unpack('>HH', data[:4])
        if flags & 7:
            return None
        n = 4 + 4 * bool(flags & 0xc000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
        data = data[n:]
        if kind == 0x88be:                                  # ERSPAN I has no sequence number, II has
            return self.inside(self.ethernet, data[8:] if flags & 0x1000 else data)
        if kind == 0x22eb:                                  # ERSPAN III, perhaps with a subheader
            return self.inside(self.ethernet, data[20:] if data[11] & 1 else data[12:])
        if kind == 0x883e:                                  # WCCP 2 has a header of four bytes
            return self.inside(self.ip, data if data[0] >> 4 == 4 else data[4:])
        return self.inside(lambda d: self.ethertype(kind, d) if kind != 0x6558 else self.ethernet(d), data)

    def tcp(self, ends, data, wire, way):
        sport, dport, seq, ack, offset, flags = struct.unpack('>HHIIBB', data[:14])
        n = (offset >> 4) * 4
        if n < 20 or wire < n:
            return None
        src, dst = (str(ipaddress.ip_address(e)) for e in ends)
        return ((src, sport), (dst, dport), seq, ack, flags, data[n:wire], wire - n, self.checksum(ends, data, wire), *way,
                struct.unpack('>H', data[14:16])[0] if len(data) > 15 else 0, clock_of(data[20:n]))

    @staticmethod
    def checksum(ends, data, wire):
        if len(data) < wire or data[16:18] == b'\0\0':
            return 'unknown'
        pseudo = ends[0] + ends[1] + struct.pack('>II', wire, 6)
        if folded(pseudo) == struct.unpack('>H', data[16:18])[0]:
            return 'unknown'                # not made yet: captured on the host that sends, whose card makes it
        return 'right' if folded(pseudo + data[:wire] + b'\0' * (wire & 1)) == 0xffff else 'wrong'


def folded(data):
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    return (total - 1) % 0xffff + 1 if total else 0


def segments(paths):
    """All TCP segments of captures that continue one another, in the order in which they stand there."""
    peeler, number, found = Peeler(), 0, []
    for path in paths:
        for time, link, data, _ in records(path):
            number += 1
            s = peeler.segment(number, time, link, data)
            if s:
                found.append(s)
    return found
