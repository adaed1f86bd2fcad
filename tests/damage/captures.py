"""Captures that are cut or corrupt: the packets before the damage count, one line says where it is."""
import os, random, re, struct

import formats
from formats import MICRO, NANO
from kit import DATAERR, golden, query

# Telling ones: a credential, an upgrade, TLS from the first byte, evidence of stripping, other link layers.
NAMES = ['auth-plain', 'smtp-starttls-tls13', 'imaps-alpn', 'mask-imap', 'link-sll', 'link-raw', 'pop3-apop']
DENSE, STRIDE = 300, 7                  # every byte of the first DENSE, then each STRIDE-th and all borders
FLIPS, SEED = 400, 20260101


def packets(name): return formats.packets_of(golden(name + '.pcap'))


def unlike():
    """Three sessions side by side, each in another link type."""
    out = [p for name in ('auth-plain', 'link-sll', 'link-raw') for p in packets(name)]
    return sorted(out, key=lambda p: p.ns)


def kinds():
    """What is cut: name, its bytes, its unpacked bytes, and how many of those a cut leaves."""
    made = {name + '.pcap': formats.pcap(packets(name)) for name in NAMES[:4]}
    made['big.pcap'] = formats.pcap(packets('link-sll'), '>')
    made['nano.pcap'] = formats.pcap(packets('link-raw'), magic=NANO)
    made['nano-big.pcap'] = formats.pcap(packets('pop3-apop'), '>', NANO)
    made['unlike.pcapng'] = formats.pcapng(unlike())
    made['big.pcapng'] = formats.pcapng(packets('auth-plain'), '>', 9)
    out = [(name, bytes(m.data), m, lambda n: n) for name, m in made.items()]
    for name, m in (('auth-plain.pcap', made['auth-plain.pcap']), ('unlike.pcapng', made['unlike.pcapng'])):
        packed = formats.gzipped(m.data)
        out.append((name + '.gz', packed, m, lambda n, packed=packed: len(formats.gunzip_some(packed[:n]))))
        try:
            zstd = formats.Zstd()
        except OSError:
            continue
        stored = zstd.pack(m.data)
        out.append((name + '.zst', stored, m, lambda n, stored=stored: len(zstd.unpack_some(stored[:n]))))
    return out


def whole_by(made, n):
    """Packets whole within n bytes, and the last border at or before n."""
    border = max([e for e in made.ends if e <= n], default=0)
    return made.ends.get(border, 0), border


def cuts_of(stored, made, packed):
    cuts = set(range(1, min(DENSE, len(stored)))) | set(range(1, len(stored), STRIDE)) | {len(stored)}
    if not packed:
        cuts |= {e + d for e in made.ends for d in (-1, 0, 1) if 0 < e + d <= len(stored)}
    return sorted(cuts)


def cut_everywhere(bench, kind):
    """All cuts of one capture lie in one folder, each a world of its own; then each is what its prefix is."""
    name, stored, made, leaves = kind
    packed = name.endswith(('.gz', '.zst'))
    folder, db = bench.path('cut-' + name), bench.new_db()
    want, stem, dot = {}, *name.split('.', 1)
    for cut in cuts_of(stored, made, packed):
        path = bench.write('cut-%s/%05d.%s' % (name, cut, dot), stored[:cut])
        n, border = whole_by(made, leaves(cut))
        want[path] = n, (cut == len(stored)) if packed else (cut == border)
    said = bench.analyze(db, '--separate', folder)
    bench.tally.check(name + ', cut', said.status == DATAERR, 'status %s' % said.status)
    bench.sane(name + ', cut', said)
    lines = {}
    for line in said.err.decode().splitlines():
        m = re.match(r'mailseal: (.*?): (.*)', line)
        lines.setdefault(m[1] if m else line, []).append(m[2] if m else '')
    rows = {p: (n, d, e, s) for p, n, d, e, s in query(db, 'SELECT path, packets, damaged, error, sessions FROM source')}
    prefix = {}                         # sessions by number of packets
    per_path = {}
    for path, *fields in query(db, 'SELECT source, timestamp, "end", src_ip, src_port, dest_ip, dest_port, verdict, stage, rule, marks,'
                               ' pkts_toserver, pkts_toclient, bytes_toserver, bytes_toclient FROM sessions ORDER BY source, src_ip'):
        per_path.setdefault(path, []).append(fields)
    bad = []
    for path, (n, clean) in want.items():
        got, damaged, error, _ = rows.get(path, (0, 1, None, 0))
        told = lines.get(path, [])
        if got != n or bool(damaged) == clean or len(told) != (not clean):
            bad.append('%s: %s packets, not %d; damaged %s; says %s' % (os.path.basename(path), got, n, damaged, told))
        elif told and n and not (told[0].startswith('offset ') and error and error.endswith(told[0])):
            bad.append('%s: says %s, stores %s' % (os.path.basename(path), told, error))
        elif prefix.setdefault(n, per_path.get(path, [])) != per_path.get(path, []):
            bad.append('%s: other sessions than in another capture with the same %d packets' % (os.path.basename(path), n))
    bench.tally.passed += len(want) - len(bad)
    bench.tally.problems += ['%s: %s' % (name, b) for b in bad[:10]] + (['%s: %d more' % (name, len(bad) - 10)] if len(bad) > 10 else [])


def cut_alone(bench, kind):
    """A few cuts by themselves: the status of the program, and the sessions of the prefix."""
    name, stored, made, leaves = kind
    if name.endswith(('.gz', '.zst')):
        return
    borders = sorted(e for e, n in made.ends.items() if n)
    for border in (borders[0], borders[len(borders) // 2], borders[-2]):
        clean, cut = bench.new_db(), bench.new_db()
        bench.expect('%s, ends at %d' % (name, border), bench.analyze(clean, bench.write('prefix', stored[:border])), 0)
        bench.expect('%s, cut at %d' % (name, border + 9), bench.analyze(cut, bench.write('cut', stored[:border + 9])), DATAERR,
                     bench.path('cut'), 'offset %d' % border, 'cut short')
        bench.same('%s, cut at %d: sessions' % (name, border + 9), bench.sessions(cut), bench.sessions(clean))
        said = bench.analyze(bench.new_db(), '-', input=stored[:border + 9])
        bench.expect('%s, cut at %d, from standard input' % (name, border + 9), said, DATAERR, 'standard input: ', 'offset %d' % border)


# --- corrupt ---

def damage_at(bench, case, data, packets_before, *words):
    """A capture whose damage is told, and whose packets before it are counted."""
    path, db = bench.write('corrupt', bytes(data)), bench.new_db()
    bench.expect(case, bench.analyze(db, path), DATAERR, path, *words)
    if packets_before:
        bench.same(case + ': packets', query(db, 'SELECT packets, damaged FROM source'), [(packets_before, 1)])


def no_damage(bench, case, data, n):
    path, db = bench.write('odd', bytes(data)), bench.new_db()
    bench.expect(case, bench.analyze(db, path), 0)
    bench.same(case + ': packets', query(db, 'SELECT packets, damaged FROM source'), [(n, 0)])


def corrupt_pcap(bench):
    made = formats.pcap(packets('auth-plain'))
    ends = sorted(made.ends)
    for at in (0, 5, len(ends) - 2):
        for n in (0xffffffff, 0x80000000, 262145, 0x7fffffff):
            data = bytearray(made.data)
            struct.pack_into('<I', data, ends[at] + 8, n)
            damage_at(bench, 'record %d of %#x bytes' % (at, n), data, at, 'offset %d' % ends[at], str(n))
    data = bytearray(made.data)
    struct.pack_into('<I', data, 16, 60)
    no_damage(bench, 'packets longer than the snap length', data, made.packets)
    data = bytearray(made.data)
    struct.pack_into('<I', data, ends[3] + 8, 200000)
    damage_at(bench, 'a record that reaches behind the end', data, 3, 'offset %d' % ends[3])
    damage_at(bench, 'trailing garbage', bytes(made.data) + b'\xff' * 40, made.packets, 'offset %d' % len(made.data))
    damage_at(bench, 'a trailing line', bytes(made.data) + b'end\n', made.packets, 'offset %d' % len(made.data), 'cut short')
    for ns in (0, 2**32 * 10**9 - 1000):
        moved = packets('auth-plain')
        for p in moved[5:]:
            p.ns = ns
        no_damage(bench, 'packets of another age', formats.pcap(moved).data, len(moved))


def corrupt_pcapng(bench):
    order = '<'
    ps = packets('auth-plain')
    head = formats.section(order) + formats.interface(order, 1)
    few = head + b''.join(formats.enhanced(order, 0, p.ns // 1000, p) for p in ps[:4])
    after = formats.enhanced(order, 0, ps[4].ns // 1000, ps[4])
    at = 'offset %d' % len(few)
    def block(case, record, *words): damage_at(bench, case, few + record + after, 4, at, *words)
    block('a block of 0 bytes', struct.pack('<II', 6, 0))
    block('a block of 11 bytes', struct.pack('<II', 6, 11) + b'123')
    block('two lengths', formats.enhanced(order, 0, 0, ps[4], trailer=64))
    block('a block longer than the file', formats.enhanced(order, 0, 0, ps[4], length=0x7ffffffc))
    block('the longest block', formats.enhanced(order, 0, 0, ps[4], length=0xffffffff))
    block('an unknown block longer than the file', struct.pack('<II', 0x4242, 0x10000000) + b'x' * 20)
    block('a packet longer than its block', formats.enhanced(order, 0, 0, ps[4], captured=5000))
    block('the longest packet', formats.enhanced(order, 0, 0, ps[4], captured=0xffffffff))
    block('an interface that was not described', formats.enhanced(order, 9, 0, ps[4]))
    block('a packet block without a packet', formats.block(order, 6, b'1234'))
    block('an interface block without a link type', formats.block(order, 1, b''))
    block('a section of no byte order', formats.block(order, 0x0a0d0d0a, b'1234' + bytes(12)))
    block('a section of version 7', formats.block(order, 0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 7, 0, -1)))
    damage_at(bench, 'a section that describes no interface', few + formats.section(order) + after, 4,
              'offset %d' % (len(few) + len(formats.section(order))), 'was not described')
    for case, record in (('an unknown block', formats.block(order, 0x8000beef, bytes(100))),
                         ('an empty unknown block', formats.block(order, 0x4242, b'')),
                         ('an option that overflows', formats.interface(order, 1, more=struct.pack('<HH', 2, 60000))),
                         ('a comment of 65535 bytes', formats.interface(order, 1, more=formats.option(order, 1, b'c' * 65535)))):
        no_damage(bench, case, few + record + after, 5)
    other = formats.section('>') + formats.interface('>', 1) + formats.enhanced('>', 0, ps[4].ns // 1000, ps[4])
    no_damage(bench, 'a section in the other byte order', few + other + formats.section('<') + formats.interface('<', 1) + after, 6)
    for resolution in (0, 1, 9, 19, 20, 38, 39, 127, 128, 137, 191, 255):
        for ticks in (0, 1, 2**63, 2**64 - 1):
            odd = formats.interface(order, 1, resolution) + formats.enhanced(order, 1, ticks, ps[4])
            if ticks == 2**63:
                odd = formats.interface(order, 1, resolution, more=formats.option(order, 14, struct.pack('<q', (-1)**resolution * (2**63 - 1)))) \
                    + formats.enhanced(order, 1, ticks, ps[4])
            no_damage(bench, 'resolution %d, %d ticks' % (resolution, ticks), few + odd + after, 6)


def corrupt_packings(bench):
    made = formats.pcap(packets('auth-plain'))
    data = bytearray(formats.gzipped(made.data))
    data[-8] ^= 1
    damage_at(bench, 'gzip, wrong checksum', data, made.packets, 'offset ', 'gzip')
    data = bytearray(formats.gzipped(made.data))
    data[-2] ^= 1
    damage_at(bench, 'gzip, wrong length', data, made.packets, 'offset ', 'gzip')
    damage_at(bench, 'gzip, trailing garbage', formats.gzipped(made.data) + b'garbage', made.packets, 'offset ', 'gzip')
    no_damage(bench, 'gzip, trailing zeros', formats.gzipped(made.data) + bytes(512), made.packets)
    damage_at(bench, 'gzip of a cut capture', formats.gzipped(made.data[:-3]), made.packets - 1, 'offset ', 'after unpacking')
    damage_at(bench, 'gzip of nothing', formats.gzipped(b''), 0, 'is empty')
    damage_at(bench, 'gzip of text', formats.gzipped(b'text\n' * 50), 0, 'is not a capture')
    try:
        zstd = formats.Zstd()
    except OSError:
        return
    data = bytearray(zstd.pack(made.data))
    data[-1] ^= 1
    damage_at(bench, 'zstd, wrong checksum', data, made.packets, 'offset ', 'zstd')
    damage_at(bench, 'zstd, trailing garbage', zstd.pack(made.data) + b'garbage', made.packets, 'offset ', 'zstd')
    damage_at(bench, 'zstd of a cut capture', zstd.pack(made.data[:-3]), made.packets - 1, 'offset ', 'after unpacking')


def flip_bits(bench):
    """Never a crash or a hang, and never fewer packets without a word. Only the type of a pcapng block is left
    alone: blocks of other types are to be passed over."""
    choose, total, folder, db = random.Random(SEED), {}, bench.path('flips'), bench.new_db()
    stock = [k for k in kinds() if k[0] in ('auth-plain.pcap', 'big.pcap', 'unlike.pcapng', 'big.pcapng', 'auth-plain.pcap.gz',
                                            'auth-plain.pcap.zst')]
    for i in range(FLIPS):
        name, stored, made, _ = choose.choice(stock)
        data = bytearray(stored)
        for _ in range(choose.choice((1, 1, 2, 8))):
            at = choose.randrange(len(data))
            while name.endswith('.pcapng') and any(e <= at < e + 4 for e in made.ends):
                at = choose.randrange(len(data))
            data[at] ^= 1 << choose.randrange(8)
        path = bench.write('flips/%04d.%s' % (i, name.split('.', 1)[1]), data)
        total[path] = made.packets
    said = bench.analyze(db, '--separate', folder)
    if not bench.sane('bit flips', said):
        return
    told = said.err.decode()
    rows = {p: (n, d) for p, n, d in query(db, 'SELECT path, packets, damaged FROM source')}
    for path, n in total.items():
        got, damaged = rows.get(path, (0, 1))
        bench.tally.check('bit flips, ' + os.path.basename(path), (got >= n and not damaged) or path in told,
                          '%s of %d packets, and not a word' % (got, n))


def tests():
    jobs = [(lambda b, k=k: cut_everywhere(b, k)) for k in kinds()]
    jobs += [(lambda b, k=k: cut_alone(b, k)) for k in kinds()]
    return jobs + [corrupt_pcap, corrupt_pcapng, corrupt_packings, flip_bits]
