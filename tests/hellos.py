"""A second reading of the hellos and certificates of a capture, for comparison: JA3, JA4 and the words of
the server's certificate, by the specifications (JA3: github.com/salesforce/ja3; JA4: github.com/FoxIO-LLC/ja4,
technical_details/JA4.md; RFC 5280) and by nothing of the program. It is simple instead of complete: whole
packets on Ethernet or raw IP, one connection for each pair of ends, streams without holes. Of what is
anything else it says nothing.

  python3 tests/hellos.py CAPTURE.pcap…     prints what it finds
"""
import calendar, hashlib, ipaddress, re, struct, sys

UNKNOWN = object()                          # cannot be told by so simple a reader


# --- from packets to streams ---

def segments(path):
    """(source, destination, sequence number, flags, payload, whole) of each TCP packet it can read."""
    data = open(path, 'rb').read()
    if data[:4] != b'\xd4\xc3\xb2\xa1':
        return
    link, at = struct.unpack_from('<I', data, 20)[0], 24
    while at + 16 <= len(data):
        kept, wire = struct.unpack_from('<II', data, at + 8)
        frame, at = data[at + 16:at + 16 + kept], at + 16 + kept
        if link == 1:
            kind, packet = frame[12:14], frame[14:]
            while kind in (b'\x81\x00', b'\x88\xa8'):
                kind, packet = packet[2:4], packet[4:]
        elif link == 101:
            kind, packet = b'\x08\x00' if frame[0] >> 4 == 4 else b'\x86\xdd', frame
        else:
            continue
        if kind == b'\x08\x00' and packet[9] == 6 and not struct.unpack('>H', packet[6:8])[0] & 0x3fff:
            a, b, size, tcp = packet[12:16], packet[16:20], struct.unpack('>H', packet[2:4])[0] - 20, packet[20:]
        elif kind == b'\x86\xdd' and packet[6] == 6:
            a, b, size, tcp = packet[8:24], packet[24:40], struct.unpack('>H', packet[4:6])[0], packet[40:]
        else:
            continue
        sport, dport, seq, _, offset, flags = struct.unpack('>HHIIBB', tcp[:14])
        head = (offset >> 4) * 4
        yield (str(ipaddress.ip_address(a)), sport), (str(ipaddress.ip_address(b)), dport), seq, flags, tcp[head:size], len(tcp) >= size


def streams(path):
    """The bytes of each direction, None where they have holes, are cut, or differ in two copies."""
    sides = {}
    for a, b, seq, flags, payload, whole in segments(path):
        side = sides.setdefault((a, b), {'start': set(), 'parts': [], 'good': True})
        if flags & 2:
            side['start'].add((seq + 1) & 0xffffffff)
            seq += 1
        side['good'] &= whole
        if payload:
            side['parts'].append((seq & 0xffffffff, payload))
    for ends, side in sides.items():
        yield ends, joined(side)


def joined(side):
    if len(side['start']) != 1 or not side['good']:
        return None
    start, have = side['start'].pop(), {}
    for seq, payload in side['parts']:
        for i, byte in enumerate(payload):
            if have.setdefault((seq - start + i) & 0xffffffff, byte) != byte:
                return None
    return bytes(have[i] for i in range(len(have))) if len(have) == max(have, default=-1) + 1 else None


# --- from streams to messages ---

def messages(stream, first):
    """(type, body) of the clear handshake messages from the first record that holds a message of type `first`."""
    if stream.startswith(b'\r\n\r\n\0\r\nQUIT\n'):     # a PROXY header, version 2
        stream = stream[16 + int.from_bytes(stream[14:16], 'big'):]
    begun = re.search(rb'(?:\A|\r\n[ -~]*)(?=\x16\x03[\x00-\x04]..' + re.escape(bytes([first])) + rb')', stream, re.S)
    if not begun:
        return
    at, held = begun.end(), b''
    while stream[at:at + 1] == b'\x16' and at + 5 <= len(stream):
        n = struct.unpack('>H', stream[at + 3:at + 5])[0]
        held, at = held + stream[at + 5:at + 5 + n], at + 5 + n
        while len(held) >= 4 and len(held) >= 4 + int.from_bytes(held[1:4], 'big'):
            n = 4 + int.from_bytes(held[1:4], 'big')
            yield held[0], held[4:n]
            held = held[n:]


def block(data, size):
    """What a length of `size` bytes announces, and what is behind it."""
    n = size + int.from_bytes(data[:size], 'big')
    return data[size:n], data[n:]


def pairs(data): return [int.from_bytes(data[i:i + 2], 'big') for i in range(0, len(data) - 1, 2)]


def extensions(data):
    found = []
    while data:
        kind, (body, data) = int.from_bytes(data[:2], 'big'), block(data[2:], 2)
        found.append((kind, body))
    return found


# --- fingerprints ---

GREASE = {int('%xa%xa' % (n, n), 16) for n in range(16)}


def fingerprints(hello):
    version, (_, rest) = hello[:2], block(hello[34:], 1)
    suites, rest = block(rest, 2)
    _, rest = block(rest, 1)
    listed = extensions(block(rest, 2)[0])
    last = dict(listed)
    plain = lambda values: [v for v in values if v not in GREASE]
    suites, kinds = plain(pairs(suites)), plain([k for k, _ in listed])
    groups = plain(pairs(last[10][2:])) if 10 in last else []
    formats = list(block(last[11], 1)[0]) if 11 in last else []
    text = ','.join([str(int.from_bytes(version, 'big'))] + ['-'.join(map(str, v)) for v in (suites, kinds, groups, formats)])

    spoken = max(plain(pairs(block(last[43], 1)[0])) or [0]) if 43 in last else int.from_bytes(version, 'big')
    name = block(last[16][2:], 1)[0] if 16 in last else b''
    ends = name[:1] + name[-1:]
    short = '00' if not name else ends.decode() if re.fullmatch(rb'[0-9A-Za-z]{2}', ends) else name.hex()[0] + name.hex()[-1]
    signed = ','.join('%04x' % v for v in plain(pairs(last[13][2:]))) if 13 in last else ''
    shown = ','.join(sorted('%04x' % k for k in kinds if k not in (0, 16)))
    cut = lambda s: hashlib.sha256(s.encode()).hexdigest()[:12] if s else '0' * 12
    ja4 = 't%s%s%02d%02d%s_%s_%s' % (
        {0x304: '13', 0x303: '12', 0x302: '11', 0x301: '10', 0x300: 's3', 2: 's2'}.get(spoken, '00'), 'd' if 0 in last else 'i',
        min(len(suites), 99), min(len(kinds), 99), short, cut(','.join(sorted('%04x' % v for v in suites))),
        cut(shown + '_' + signed if shown and signed else shown))
    return hashlib.md5(text.encode()).hexdigest(), ja4


# --- certificates ---

def element(data):
    """Tag, contents and what is behind the first element of DER."""
    n, at = data[1], 2
    if n & 0x80:
        at, n = 2 + (n & 0x7f), int.from_bytes(data[2:2 + (n & 0x7f)], 'big')
    if at + n > len(data):
        raise ValueError('cut')
    return data[0], data[at:at + n], data[at + n:]


def name_of(data):
    """Only names of one CN in plain letters."""
    attribute = element(element(element(data)[1])[1])[1]
    oid, value = element(attribute)[1], element(element(attribute)[2])[1].decode()
    if oid != b'\x55\x04\x03' or not re.fullmatch(r'[\w.-]+(?: [\w.-]+)*', value, re.A) or len(value) > 200:
        return UNKNOWN
    return 'CN=' + value


def time_of(tag, text):
    text = text.decode()
    text = text if tag == 0x18 else ('19' if text >= '5' else '20') + text
    m = re.fullmatch(r'(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z', text)
    calendar.timegm(tuple(map(int, m.groups())))
    return '%s-%s-%sT%s:%s:%sZ' % m.groups()


def certificate(der):
    """Its words, None where it cannot be read."""
    try:
        fields = element(element(der)[1])[1]
        parts = []
        while fields:
            whole, (tag, inner, fields) = fields, element(fields)
            if tag != 0xa0:
                parts.append((inner, whole[:len(whole) - len(fields)]))
        (_, issuer), (valid, _), (_, subject) = parts[2:5]
        first, before, rest = element(valid)
        last, after, _ = element(rest)
        return {'subject': name_of(subject), 'issuer': name_of(issuer), 'notbefore': time_of(first, before),
                'notafter': time_of(last, after), 'self_signed': subject == issuer}
    except (ValueError, IndexError, AttributeError):
        return None


NONE = dict.fromkeys(('subject', 'issuer', 'notbefore', 'notafter', 'self_signed'))


def server_words(stream):
    version = 0
    for kind, body in messages(stream, 2):
        if kind == 2:
            rest = block(body[34:], 1)[1][3:]
            version = dict(extensions(block(rest, 2)[0])).get(43, body[:2])
        elif kind == 11 and version != b'\3\4':
            leaf = block(block(body, 3)[0], 3)[0]
            if len(leaf) > 16384:           # mailseal does not read so long a one
                return NONE
            return certificate(leaf) or NONE if leaf else NONE
    return NONE


def read(path):
    """{(client ip, port, server ip, port): {'ja3': …, …}} of what can be told, without UNKNOWN."""
    out, found = {}, dict(streams(path))
    for (a, b), stream in found.items():
        if stream is None:
            continue
        facts = out.setdefault((*a, *b), {})
        hellos = [body for kind, body in messages(stream, 1) if kind == 1]
        facts['ja3'], facts['ja4'] = fingerprints(hellos[0]) if hellos else (None, None)
        answer = found.get((b, a))
        if answer is not None and stream[:1] != b'\x80':
            facts.update({k: v for k, v in server_words(answer).items() if v is not UNKNOWN})
    return out


def main():
    for path in sys.argv[1:]:
        for ends, facts in read(path).items():
            print(path, *ends, facts)


if __name__ == '__main__':
    main()
