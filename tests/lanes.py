#!/usr/bin/env python3
"""However many lanes there are, the database is the same, and so is all that is said.

usage: lanes.py [--bin build/mailseal] [--lanes 0,1,2,3,7] [--seed N] [--keep FILE]

Analyses with each of these numbers of lanes: all goldens, recorded ones too, as one folder, joined and --separate; and, as
a file and by a pipe, a capture made of copies of the goldens whose packets are
interleaved, cut into fragments and put into tunnels and VLANs, with SYNs that nobody answers, connections that fall
silent, and a clock that jumps ahead and back. Dumps of the databases (tables `source` and `database` apart), what
is printed, and the exit status must be the same as those of the first. The keys by which connections are shared
out differ in each run. The last line is "N passed, N failed" (runs compared).
"""
import argparse, difflib, os, random, re, sqlite3, struct, subprocess, sys, tempfile
import golden, interleave

MS = 1000


def dump(path):
    """The statements that make the database, but those of the two tables that say when and from where it was made."""
    with sqlite3.connect(path) as db:
        return [l for l in db.iterdump() if not re.match(r'INSERT INTO "(source|database)"', l)]


def analyse(binary, folder, lanes, args, stdin):
    db = os.path.join(folder, 'lanes%d.db' % lanes)
    through = open(stdin, 'rb').read() if stdin else b''        # by a pipe
    p = subprocess.run([binary, 'analyze', '--db', db, '--lanes', str(lanes)] + args, input=through, capture_output=True, timeout=600)
    lines = dump(db) if os.path.exists(db) else []
    for name in (db, db + '-journal', db + '-wal', db + '-shm'):
        if os.path.exists(name):
            os.unlink(name)
    said = [l.replace(db, 'DB') for l in (p.stdout + p.stderr).decode('utf-8', 'replace').splitlines()]
    return ['status %d' % p.returncode] + said + lines


def compare(binary, folder, numbers, name, args, stdin=None):
    """How many runs gave what the first one gave, and how many not."""
    passed = failed = 0
    want = analyse(binary, folder, numbers[0], args, stdin)
    sessions = sum(l.startswith('INSERT INTO "session"') for l in want)
    print('%s: %d sessions' % (name, sessions))
    for lanes in numbers[1:]:
        got = analyse(binary, folder, lanes, args, stdin)
        if got == want and sessions:
            passed += 1
            continue
        failed += 1
        print('%s: --lanes %d differs' % (name, lanes))
        print('\n'.join(l[:300] for l in list(difflib.unified_diff(want, got, str(numbers[0]), str(lanes), n=0, lineterm=''))[:12]))
    return passed, failed


# --- an unusual capture ---

def ipv4_of(frame):
    """The IPv4 packet in an Ethernet frame without padding, or None."""
    at = 12
    while frame[at:at + 2] in (b'\x81\x00', b'\x88\xa8'):
        at += 4
    if frame[at:at + 2] != b'\x08\x00' or len(frame) < at + 22:
        return None
    total = struct.unpack_from('>H', frame, at + 4)[0]
    return frame[at + 2:at + 2 + total] if 20 < total <= len(frame) - at - 2 and frame[at + 2] == 0x45 else None


def with_sum(head):
    total = interleave.fold(interleave.sum16(head[:10] + b'\0\0' + head[12:]))
    return head[:10] + struct.pack('>H', ~total & 0xffff) + head[12:]


def fragments(ip, r):
    """An IPv4 packet in two or three parts."""
    data, parts, at = ip[20:], [], 0
    ident = r.randrange(65536)
    while at < len(data):
        n = len(data) - at if len(parts) == 2 else min(len(data) - at, 8 * r.randrange(1, 1 + max(1, len(data) // 16)))
        more = at + n < len(data)
        head = ip[:2] + struct.pack('>HHH', 20 + n, ident, more << 13 | at // 8) + ip[8:20]
        parts.append(with_sum(head) + data[at:at + n])
        at += n
    return parts


def ip_around(data, protocol):
    return with_sum(struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(data), 1, 0, 64, protocol, 0, b'\xc0\0\2\1', b'\xc0\0\2\2')) + data


def frame_around(ip, r, tunnel):
    if tunnel == 1:
        ip = ip_around(ip, 4)
    elif tunnel == 2:
        ip = ip_around(b'\0\0\x08\0' + ip, 47)
    tag = struct.pack('>HH', 0x8100, 1 + r.randrange(3)) if tunnel == 3 else b''
    return bytes(12) + tag + b'\x08\0' + ip


def unusual(path, r, sessions=2500):
    """Writes the capture; gives its packets."""
    goldens = [p for p in (interleave.usable(e) for f in (golden.PCAPS, golden.RECORDED) for e in golden.read_manifest(f)[0]) if p]
    base, merged = 10**6 * 1768000000, []
    for number in range(1, sessions + 1):
        packets = r.choice(goldens)
        shift = base + r.randrange(600 * 10**6) - packets[0][0]
        tunnel, parts = r.choice((0, 0, 0, 1, 2, 3)), r.random() < .1
        lost = len(packets) if r.random() < .7 else r.randrange(1, 1 + len(packets))        # it falls silent there
        for order, (at, wire, frame) in enumerate(packets[:lost]):
            frame = interleave.readdressed(frame, number)
            ip = ipv4_of(frame)
            if not ip or (not tunnel and not parts):
                merged.append((at + shift, number, order, frame))
                continue
            for part in fragments(ip, r) if parts and len(ip) > 60 else [ip]:
                merged.append((at + shift, number, order, frame_around(part, r, tunnel)))
    for i in range(6000):                   # many at one moment
        tcp = struct.pack('>HHIIBBHHH', 1024 + i, (25, 465, 993)[i % 3], i, 0, 0x50, 2, 1000, 0, 0)
        ip = with_sum(struct.pack('>BBHHHBBH4s4s', 0x45, 0, 40, 1, 0, 64, 6, 0, b'\x0a\xfe\1\2', b'\x0a\xfe\1\1')) + tcp
        merged.append((base + (i // 2000) * 200 * 10**6, 0, i, frame_around(ip, r, 0)))
    merged.sort(key=lambda m: m[:3])
    ahead, packets = 0, 0
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for i, (at, _, _, frame) in enumerate(merged):
            if i % 9973 == 9972:            # the clock is set: ahead by hours or a minute, a little back, back by hours
                ahead += r.choice((7200, 4000, 70, 61, -3, -59, -61, -300, -5000)) * 10**6
            at += ahead + (r.choice((0, 0, 1500, -1500)) * MS if i % 4000 < 200 else 0)     # two clocks for a while
            f.write(struct.pack('<IIII', at // 10**6, at % 10**6, len(frame), len(frame)) + frame)
    return len(merged)


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--lanes', default='0,1,2,3,7')
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--keep')
    a = ap.parse_args()
    binary, passed, failed = os.path.abspath(a.bin), 0, 0
    numbers = [int(n) for n in a.lanes.split(',')]
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        made = a.keep or os.path.join(folder, 'unusual.pcap')
        print('%d unusual packets' % unusual(made, random.Random(a.seed)))
        jobs = [('goldens', [golden.PCAPS], None), ('goldens apart', ['--separate', golden.PCAPS], None),
                ('unusual', [made], None), ('unusual, from standard input', ['-'], made),
                ('unusual, few ports', ['--ports', '=25:smtp,993:imap:tls', made], None)]
        for name, args, stdin in jobs:
            p, f = compare(binary, folder, numbers, name, args, stdin)
            passed, failed = passed + p, failed + f
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
