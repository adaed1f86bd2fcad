#!/usr/bin/env python3
"""Many sessions at once must give what each gives alone.

usage: interleave.py [--bin build/mailseal] [--alone FILE] [--sessions 10000] [--keep FILE]

Makes one capture of copies of all goldens, recorded ones too (those that are one Ethernet capture,
without options and without clock jumps), each copy with addresses of its own, their packets interleaved
in time; every second copy has each packet twice, as a mirror of both ports of a switch delivers it.
Analyses it, and compares how often each combination of verdict and attributes occurs with what the
goldens give alone, times the number of copies (but not expired_certificate, for all are at another
time than they were). What they give alone is in the FILE that golden.py --sessions wrote (then only the goldens named
there are taken), or found out first. Prints what differs; the last line is "N passed, N failed" (sessions).
"""
import argparse, collections, json, os, struct, sys, tempfile
import golden

LONGEST = 1200 * 10**6                      # µs: goldens that last longer would only stretch the capture


def read_pcap(path):
    """[(µs, length on the wire, bytes)], or None if it is not Ethernet."""
    data = open(path, 'rb').read()
    if struct.unpack_from('<I', data, 20)[0] != 1:
        return None
    packets, at = [], 24
    while at < len(data):
        s, us, kept, wire = struct.unpack_from('<IIII', data, at)
        packets.append((s * 10**6 + us, wire, data[at + 16:at + 16 + kept]))
        at += 16 + kept
    return packets


def fold(total):
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def sum16(data):
    return sum(struct.unpack('>%dH' % (len(data) // 2), data))


def adjusted(frame, at, delta):
    """Mends a checksum for changed addresses (RFC 1624), so that right stays right and wrong stays wrong."""
    if at + 2 <= len(frame) and frame[at:at + 2] != b'\0\0':
        old = struct.unpack_from('>H', frame, at)[0]
        struct.pack_into('>H', frame, at, ~fold((~old & 0xffff) + delta) & 0xffff)


def readdressed(frame, number):
    """The frame with addresses that belong to copy `number` alone."""
    frame, at = bytearray(frame), 12
    while frame[at:at + 2] in (b'\x81\x00', b'\x88\xa8'):
        at += 4
    v4, ip = frame[at:at + 2] == b'\x08\x00', at + 2
    first, size = (ip + 12, 4) if v4 else (ip + 8, 16)
    old = bytes(frame[first:first + 2 * size])
    for a in (first, first + size):
        if v4:                              # 10.x.y.z: 14 bits of number, 2 of network, 8 of host
            net = {192: 0, 198: 1, 203: 2}[frame[a]]
            frame[a:a + 4] = struct.pack('>I', 10 << 24 | number << 10 | net << 8 | frame[a + 3])
        else:                               # 2001:db8:…, the number behind it
            frame[a + 8:a + 12] = struct.pack('>I', number)
    delta = fold(sum16(bytes(frame[first:first + 2 * size])) + (~fold(sum16(old)) & 0xffff))
    if v4:
        adjusted(frame, ip + 10, delta)
    if not v4 or not struct.unpack_from('>H', frame, ip + 6)[0] & 0x1fff:   # a later fragment has no TCP header
        adjusted(frame, ip + (20 if v4 else 40) + 16, delta)
    return bytes(frame)


def number_of(endpoint):
    """The copy that an address of readdressed() belongs to."""
    packed = golden.make_pcap.ipaddress.ip_address(endpoint.rsplit(':', 1)[0].strip('[]')).packed
    return int.from_bytes(packed, 'big') >> 10 & 0x3fff if len(packed) == 4 else int.from_bytes(packed[8:12], 'big')


def key(f):
    f = {**f, 'incidents': [i for i in f['incidents'] if i != 'expired_certificate']}
    return tuple(sorted((k, str(v)) for k, v in f.items() if k not in ('src', 'dest')))


def usable(entry):
    if len(entry.captures) != 1 or entry.options:
        return None
    packets = read_pcap(os.path.join(entry.folder, entry.captures[0]))
    if not packets:
        return None
    times = [p[0] for p in packets]
    return packets if times == sorted(times) and times[-1] - times[0] <= LONGEST else None


def alone_of(binary, told):
    """[(name, packets, sessions)] of the goldens that can be used."""
    entries = [(e, p) for f in (golden.PCAPS, golden.RECORDED) for e in golden.read_manifest(f)[0] for p in [usable(e)] if p]
    if told:
        with open(told, encoding='utf-8') as f:
            sessions = json.load(f)
        return [(e.name, packets, sessions[e.name]) for e, packets in entries if e.name in sessions]
    with golden.concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda ep: golden.check_entry(binary, ep[0]), entries))
        for (entry, _), (_, wrong, _) in zip(entries, results):
            if wrong:
                print('%s: %s' % (entry.name, wrong))
        return [(e.name, packets, [golden.fields(o) for o in s]) for (e, packets), (s, _, _) in zip(entries, results)]


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--alone')
    ap.add_argument('--sessions', type=int, default=10000)
    ap.add_argument('--keep')
    a = ap.parse_args()

    alone = alone_of(a.bin, a.alone)
    each = sum(len(s) for _, _, s in alone)
    if not each:
        print('no golden gave a session\n0 passed, 1 failed')
        sys.exit(1)
    copies = -(-a.sessions // each)

    # All copies end within half a second of one another: what the end of the input means to a
    # golden that is cut short must mean the same here. Those that end properly may end earlier.
    end, merged, want, names, origin = 10**6 * 1768000000, [], collections.Counter(), {}, {}
    number = 0
    for copy in range(copies):
        for name, packets, sessions in alone:
            number += 1
            origin[number] = name + (', each packet twice' if copy % 2 else '')
            back = number * 7919000 % 900000000 if ends_closed(packets) else number * 7919 % 500000
            shift = end - packets[-1][0] - back
            for order, (at, wire, frame) in enumerate(packets):
                record = (at + shift, number, order, wire, readdressed(frame, number))
                merged.append(record)
                if copy % 2:
                    merged.append(record)
            for f in sessions:
                want[key(f)] += 1
                names.setdefault(key(f), name)
    merged.sort(key=lambda r: r[:3])

    with tempfile.TemporaryDirectory() as folder:
        path = a.keep or os.path.join(folder, 'interleaved.pcap')
        with open(path, 'wb') as f:
            f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
            for at, _, _, wire, frame in merged:
                f.write(struct.pack('<IIII', at // 10**6, at % 10**6, len(frame), wire) + frame)
        print('%d packets, %d sessions, %d copies of %d goldens' % (len(merged), sum(want.values()), copies, len(alone)))
        sessions, _, wrong = golden.analyse(a.bin, [path], [], folder)
    if wrong:
        print(wrong)
    got, strange = collections.Counter(), {}
    for o in sessions:
        f = golden.fields(o)
        got[key(f)] += 1
        strange.setdefault(key(f), []).append(f)
    passed = sum((want & got).values())
    failed = sum(want.values()) - passed + bool(wrong)
    for k, n in (want - got).items():
        print('%d sessions as in %s are missing' % (n, names[k]))
    for k, n in (got - want).items():
        made_of = collections.Counter(origin.get(number_of(f['src'])) for f in strange[k])
        print('%d sessions too many like this (made of: %s):' % (n, '; '.join('%s' % m for m, _ in made_of.most_common(4))))
        print('\n'.join(golden.show(strange[k][0], golden.OPTIONAL)))
    failed += 0 if failed else sum((got - want).values())
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


def ends_closed(packets):
    """Whether every connection of a golden ends with a FIN of both sides or a RST."""
    ends = collections.defaultdict(set)
    for _, _, frame in packets:
        at = 12
        while frame[at:at + 2] in (b'\x81\x00', b'\x88\xa8'):
            at += 4
        v4, ip = frame[at:at + 2] == b'\x08\x00', at + 2
        size, first, tcp = (4, ip + 12, ip + 20) if v4 else (16, ip + 8, ip + 40)
        if len(frame) < tcp + 14:
            return False
        a, b = (frame[first + n * size:first + (n + 1) * size] + frame[tcp + 2 * n:tcp + 2 * n + 2] for n in (0, 1))
        flags = frame[tcp + 13]
        if flags & 2:
            ends[min(a, b), max(a, b)] = set()
        if flags & 4:
            ends[min(a, b), max(a, b)] |= {a, b}
        elif flags & 1:
            ends[min(a, b), max(a, b)].add(a)
        else:
            ends[min(a, b), max(a, b)] |= set()
    return all(len(e) == 2 for e in ends.values())


if __name__ == '__main__':
    main()
