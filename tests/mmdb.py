"""Writes a MaxMind DB (its specification 2.0) for tests: from networks to maps of texts and numbers."""
import ipaddress, struct

MARK = b'\xab\xcd\xefMaxMind.com'


def control(kind, size):
    """The bytes before a value: its type, and its size."""
    more = b''
    if size >= 65821:
        size, more = 31, (size - 65821).to_bytes(3, 'big')
    elif size >= 285:
        size, more = 30, (size - 285).to_bytes(2, 'big')
    elif size >= 29:
        size, more = 29, bytes([size - 29])
    return (bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])) + more


class Small(int):
    """A number of 16 bits."""
    kind = 5


class Large(Small):
    """One of 64 bits."""
    kind = 9


def value(v):
    if isinstance(v, dict):
        out = control(7, len(v))
        for k, w in v.items():
            out += value(k) + value(w)
        return out
    if isinstance(v, (list, tuple)):
        return control(11, len(v)) + b''.join(map(value, v))
    if isinstance(v, bool):
        return control(14, int(v))
    if isinstance(v, Raw):
        return v.data
    if isinstance(v, Small):
        data = int(v).to_bytes((v.bit_length() + 7) // 8, 'big')
        return control(v.kind, len(data)) + data
    if isinstance(v, int):
        data = v.to_bytes((v.bit_length() + 7) // 8, 'big')
        return control(6 if v < 1 << 32 else 9, len(data)) + data
    data = v.encode() if isinstance(v, str) else v
    return control(2, len(data)) + data


class Raw:
    """Bytes that stand for a value as they are."""
    def __init__(self, data): self.data = data


def pointer(offset): return Raw(bytes([1 << 5 | 3 << 3]) + struct.pack('>I', offset))


def build(networks, version=6, size=28, kind='Test-ASN', **more):
    """networks: {'192.0.2.0/24': {…}}, of which a later one may be within an earlier one. size: bits of a record."""
    nodes, data, places = [[None, None]], b'', {}
    for text, entry in networks.items():
        net = ipaddress.ip_network(text)
        bits, n = int(net.network_address), net.prefixlen
        width = net.max_prefixlen
        if version == 6 and net.version == 4:
            width, n = 128, n + 96                      # ::/96, as the specification has it
        packed = value(entry)
        if packed not in places:
            places[packed] = len(data)
            data += packed
        at = 0
        for i in range(n):
            bit = bits >> (width - 1 - i) & 1
            if i == n - 1:
                nodes[at][bit] = ('data', places[packed])
                break
            there = nodes[at][bit]
            if not isinstance(there, int):              # what was there holds for both halves
                nodes.append([there, there])
                nodes[at][bit] = there = len(nodes) - 1
            at = there
    count = len(nodes)

    def number(r): return count if r is None else r if isinstance(r, int) else count + 16 + r[1]
    tree = b''
    for node in nodes:
        left, right = map(number, node)
        if size == 24:
            tree += left.to_bytes(3, 'big') + right.to_bytes(3, 'big')
        elif size == 28:
            tree += (left & 0xffffff).to_bytes(3, 'big') + bytes([left >> 24 << 4 | right >> 24]) + (right & 0xffffff).to_bytes(3, 'big')
        else:
            tree += left.to_bytes(4, 'big') + right.to_bytes(4, 'big')
    meta = {'node_count': count, 'record_size': Small(size), 'ip_version': Small(version), 'database_type': kind, 'languages': ['en'],
            'binary_format_major_version': Small(2),
            'binary_format_minor_version': Small(0), 'build_epoch': Large(1767600000), 'description': {'en': 'a test'}}
    meta.update(more)
    return tree + bytes(16) + data + MARK + value(meta)
