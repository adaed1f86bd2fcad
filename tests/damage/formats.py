"""Captures taken apart and put together again in every format, with the borders of their records."""
import ctypes, ctypes.util, gzip, struct, zlib

MICRO, NANO = 0xa1b2c3d4, 0xa1b23c4d


class Packet:
    def __init__(self, ns, data, wire, link): self.ns, self.data, self.wire, self.link = ns, data, wire, link


class Made:
    """The bytes of a capture, and for each record's end how many packets are whole by then."""
    def __init__(self, data): self.data, self.ends, self.packets = bytearray(data), {}, 0

    def add(self, record, packet=False):
        self.data += record
        self.packets += packet
        self.ends[len(self.data)] = self.packets
        return self


def packets_of(data):
    """Of a little-endian microsecond pcap, as the goldens are."""
    link, at, out = struct.unpack_from('<I', data, 20)[0] & 0xffff, 24, []
    while at < len(data):
        s, us, n, wire = struct.unpack_from('<IIII', data, at)
        out.append(Packet(s * 10**9 + us * 1000, data[at + 16:at + 16 + n], wire, link))
        at += 16 + n
    return out


def pcap(packets, order='<', magic=MICRO, link=None, snaplen=262144):
    unit = 1000 if magic == MICRO else 1
    made = Made(b'').add(struct.pack(order + 'IHHIIII', magic, 2, 4, 0, 0, snaplen, packets[0].link if link is None else link))
    for p in packets:
        made.add(struct.pack(order + 'IIII', p.ns // 10**9, p.ns % 10**9 // unit, len(p.data), p.wire) + p.data, True)
    return made


def block(order, kind, body, length=None, trailer=None):
    body += bytes(-len(body) % 4)
    n = len(body) + 12 if length is None else length
    return struct.pack(order + 'II', kind, n) + body + struct.pack(order + 'I', n if trailer is None else trailer)


def section(order): return block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))
def option(order, code, value): return struct.pack(order + 'HH', code, len(value)) + value + bytes(-len(value) % 4)


def interface(order, link, resolution=None, snaplen=0, more=b''):
    options = more + (option(order, 9, bytes([resolution])) if resolution is not None else b'')
    return block(order, 1, struct.pack(order + 'HHI', link, 0, snaplen) + options + (option(order, 0, b'') if options else b''))


def enhanced(order, number, ticks, p, captured=None, **lengths):
    n = len(p.data) if captured is None else captured
    return block(order, 6, struct.pack(order + 'IIIII', number, ticks >> 32 & 0xffffffff, ticks & 0xffffffff, n, p.wire) + p.data, **lengths)


def pcapng(packets, order='<', resolution=None):
    """One interface for each link type; nanoseconds if the resolution says so."""
    links = sorted({p.link for p in packets})
    made = Made(b'').add(section(order))
    for link in links:
        made.add(interface(order, link, resolution))
    for i, p in enumerate(packets):
        made.add(enhanced(order, links.index(p.link), p.ns if resolution == 9 else p.ns // 1000, p), True)
        if i == len(packets) // 2:
            made.add(block(order, 0x0bad, b'of a kind that nobody knows'))
    return made


# --- packings: how many bytes a cut one still gives ---

class Zstd:
    """libzstd by ctypes: the program is linked with it, Python of old is not."""
    def __init__(self):
        name = ctypes.util.find_library('zstd') or 'libzstd.so.1'
        self.lib = ctypes.CDLL(name)
        for f in ('ZSTD_compressBound', 'ZSTD_compress2', 'ZSTD_decompressStream', 'ZSTD_CCtx_setParameter'):
            getattr(self.lib, f).restype = ctypes.c_size_t
        for f in ('ZSTD_createCCtx', 'ZSTD_createDStream'):
            getattr(self.lib, f).restype = ctypes.c_void_p

    def pack(self, data):
        c, room = ctypes.c_void_p(self.lib.ZSTD_createCCtx()), self.lib.ZSTD_compressBound(ctypes.c_size_t(len(data)))
        self.lib.ZSTD_CCtx_setParameter(c, 201, 1)                  # ZSTD_c_checksumFlag
        out = ctypes.create_string_buffer(room)
        n = self.lib.ZSTD_compress2(c, out, ctypes.c_size_t(room), bytes(data), ctypes.c_size_t(len(data)))
        self.lib.ZSTD_freeCCtx(c)
        return out.raw[:n]

    def unpack_some(self, data):
        class Buffer(ctypes.Structure):
            _fields_ = [('p', ctypes.c_void_p), ('size', ctypes.c_size_t), ('pos', ctypes.c_size_t)]
        d, room, kept = ctypes.c_void_p(self.lib.ZSTD_createDStream()), ctypes.create_string_buffer(1 << 20), bytes(data)
        source = ctypes.create_string_buffer(kept, len(kept) + 1)
        i, o = Buffer(ctypes.addressof(source), len(kept), 0), Buffer(ctypes.addressof(room), 1 << 20, 0)
        while i.pos < i.size:
            before = i.pos, o.pos
            if self.lib.ZSTD_decompressStream(d, ctypes.byref(o), ctypes.byref(i)) > 1 << 62 or (i.pos, o.pos) == before:
                break
        self.lib.ZSTD_freeDStream(d)
        return room.raw[:o.pos]


def gunzip_some(data):
    d = zlib.decompressobj(31)
    try:
        return d.decompress(bytes(data))
    except zlib.error:
        return b''


def gzipped(data): return gzip.compress(bytes(data), 6, mtime=0)
