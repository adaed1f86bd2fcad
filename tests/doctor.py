#!/usr/bin/env python3
"""What `mailseal doctor` says of captures that were made badly, out of one that was made well.

usage: doctor.py [--bin build/mailseal] [--live]

The last line is "N passed, N failed" (checks).
"""
import argparse, itertools, os, re, shutil, signal, struct, subprocess, sys, tempfile, time
import golden, sensor
from monitor import records

MAIL = (25, 110, 143, 465, 587, 993, 995, 4190)
GOOD = ('packets', 'link type', 'headers', 'mail', 'directions', 'duplicates', 'snap length', 'glued packets', 'packet times')


def parts(record):
    return list(struct.unpack_from('<IIII', record)), record[16:]


def packed(head, data, whole=None):
    return struct.pack('<IIII', head[0], head[1], len(data), len(data) if whole is None else whole) + data


def source_port(data):
    """Of TCP over IPv4 over Ethernet; None: it is something else."""
    if data[12:14] != b'\x08\x00' or data[23] != 6:
        return None
    return struct.unpack_from('>H', data, 14 + 4 * (data[14] & 15))[0]


def one_way(rs): return [r for r in rs if source_port(r[16:]) not in MAIL]
def twice(rs): return [r for r in rs for _ in range(2)]
def cut(rs): return [packed(h, d[:96], len(d)) for h, d in map(parts, rs)]
def glued(rs): return [packed(h, d, 40000 if len(d) > 500 else None) for h, d in map(parts, rs)]
def big(r): return packed(parts(r)[0], r[16:].ljust(8192, b'\0'))
def back(rs): return [packed([h[0] - (i == 5) * 60, h[1]], d) for i, (h, d) in enumerate(map(parts, rs))]


def routed(rs):
    """Each packet with the tag of the VLAN it came from, and of that it went to."""
    return [packed(h, d[:12] + struct.pack('>HH', 0x8100, vlan) + d[12:]) for h, d in map(parts, rs) for vlan in (10, 20)]


def examples(head, rs):
    """Name, file, options, what is not good: (word, what, part of the sentence, part of what mends it)."""
    raw = head[:20] + struct.pack('<I', 105)
    yield 'good', head + b''.join(rs), [], []
    yield 'one direction', head + b''.join(one_way(rs)), [], [('BAD', 'directions', 'one direction only (9', 'mergecap')]
    yield 'twice', head + b''.join(twice(rs)), [], [('BAD', 'duplicates', '(50.0 %)', 'editcap')]
    yield 'VLAN in and out', head + b''.join(routed(rs)), [], [('BAD', 'duplicates', 'another VLAN tag, such as 10 and 20', 'one VLAN')]
    yield 'cut', head + b''.join(cut(rs)), [], [('BAD', 'snap length', 'after 96 bytes', 'tcpdump -s 0')]
    yield 'glued', head + b''.join(glued(rs)), [], [('BAD', 'snap length', 'are cut', 'tcpdump'), ('note', 'glued packets', '40000 bytes', 'ethtool -K')]
    yield 'back', head + b''.join(back(rs)), [], [('note', 'packet times', '1 times, by 6', 'reordercap')]
    yield 'no mail', head + b''.join(rs), ['--ports', '=9999:smtp'], [('BAD', 'mail', 'no packet of', 'tcpdump')]
    yield 'link type', raw + b''.join(rs), [], [('BAD', 'link type', 'link type 105', 'tcpdump'), ('BAD', 'mail', 'no packet', 'tcpdump'),
                                                 ('note', 'directions', 'enough', None)]
    yield 'empty', head, [], [('BAD', 'packets', 'the file is empty', None)]


def check(a, path, data, options, want):
    open(path, 'wb').write(data)
    p = subprocess.run([a.bin, 'doctor', path] + options, capture_output=True, text=True)
    said, lines = [], p.stdout.splitlines()
    found = {l[6:20].strip(): (l[:5].strip(), l, lines[i + 1]) for i, l in enumerate(lines) if l[:5].strip() in ('good', 'note', 'BAD')}
    wrong = {what: (word, part, mend) for word, what, part, mend in want}
    for what, (word, line, below) in found.items():
        if word == 'good' and what not in wrong:
            continue
        if what not in wrong or wrong[what][0] != word or wrong[what][1] not in line or (wrong[what][2] or '') not in below:
            said.append('%s %s' % (line, below))
    said += ['%s is not said' % what for what in wrong if what not in found]
    said += ['%s was not looked at' % what for what in (GOOD if wrong.get('packets') is None else ()) if what not in found]
    status = 65 if any(word == 'BAD' for word, _, _ in wrong.values()) else 0
    return said + (['status %s, not %s: %s' % (p.returncode, status, p.stderr)] if p.returncode != status else [])


def live(a, folder, head, packets):
    """The same over a pair of veth interfaces, as root: name and what is wrong."""
    os.chmod(folder, 0o755)
    program = shutil.copy(a.bin, folder)

    def ask(*args, frames=None, stopped=False, **how):
        p = subprocess.Popen(['ip', 'netns', 'exec', sensor.SPACE, program, 'doctor', '--db', folder + '/x.db'] + list(args), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, **how)
        if frames:
            time.sleep(1)
            open(folder + '/sent.pcap', 'wb').write(head + b''.join(frames))
            reader = int(open('/proc/%d/task/%d/children' % (p.pid, p.pid)).read().split()[0])
            os.kill(reader, signal.SIGSTOP if stopped else 0)
            sensor.send(folder + '/sent.pcap', ['a0'])
            os.kill(reader, signal.SIGCONT if stopped else 0)
        return p.communicate(timeout=30)[0], p.returncode

    def missing(result, status, *wants):
        return ['%s is not in %s' % (w, result[0]) for w in wants if not re.search(w, result[0], re.M)] + \
               ['status %s, not %s' % (result[1], status)] * (result[1] != status)
    sensor.run('ip', 'netns', 'add', sensor.SPACE)
    try:
        sensor.make_pair('a0', 'b0')
        both = ask('--interface', 'b0', '--seconds', '3', frames=packets)
        yield 'live', missing(both, 0, '^good  rights', '^good  promiscuous', '^good  drops', '^good  packets +%d,' % len(packets), '^good  directions', '^good  duplicates', '^(good|note)  clock', '^(good|note)  disk')
        one = ask('--interface', 'b0', '--seconds', '3', frames=one_way(packets))
        yield 'live, one direction', missing(one, 65, '^BAD   directions', r'^ +mailseal monitor --interface b0,OTHER')
        yield 'live, drops', missing(ask('--interface', 'b0', '--seconds', '6', frames=[big(packets[0])] * (100 << 20 >> 13), stopped=True), 65,
                                     '^BAD   drops +[1-9][0-9]* packets were dropped by the kernel', '^ +mailseal monitor --interface b0 --buffer 512M')
        if shutil.which('ethtool') and sensor.run('ip', 'netns', 'exec', sensor.SPACE, 'ethtool', '-K', 'b0', 'gro', 'on', check=False).returncode == 0:
            yield 'live, offloads', missing(ask('--interface', 'b0', '--seconds', '1'), 65, '^note  offloads +packets are put together by the kernel', '^ +ethtool -K b0 gro off')
        else:
            print('skipped: offloads: ethtool is not here, or veth has none')
        os.mkdir(folder + '/small')
        if sensor.run('mount', '-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', folder + '/small', check=False).returncode == 0:
            small = ask('--interface', 'b0', '--seconds', '1', '--db', folder + '/small/x.db')
            sensor.run('umount', folder + '/small')
            yield 'live, disk', missing(small, 65, '^BAD   disk +0.0 of 0.0 GiB are free in ', '^ +df -h ')
        else:
            print('skipped: disk: nothing can be mounted here')
        yield 'live, silent', missing(ask('--interface', 'b0', '--seconds', '1'), 65, '^BAD   packets +there is none', '^ +tcpdump -n -c 10 -i b0$')
        yield 'live, no such', missing(ask('--interface', 'c0'), 65, '^BAD   interface +c0 is not there')
        sensor.ip('link', 'set', 'b0', 'down')
        yield 'live, down', missing(ask('--interface', 'b0'), 65, '^BAD   interface +b0 is down', '^ +ip link set b0 up$')
        sensor.ip('link', 'set', 'b0', 'up')
        nobody = subprocess.run(['ip', 'netns', 'exec', sensor.SPACE, 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', program, 'doctor', '--interface', 'b0',
                                 '--db', folder + '/x.db'], capture_output=True, text=True)
        yield 'live, no rights', missing((nobody.stdout, nobody.returncode), 65, '^BAD   rights +b0: .*CAP_NET_RAW')
    finally:
        sensor.run('ip', 'netns', 'del', sensor.SPACE)


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--live', action='store_true', help='on network interfaces, too: root')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    passed = failed = 0
    head, packets = records(os.path.join(golden.RECORDED, SAMPLE))
    with tempfile.TemporaryDirectory() as folder:
        results = ((name, check(a, os.path.join(folder, 'x.pcap'), data, options, want)) for name, data, options, want in examples(head, packets))
        for name, said in itertools.chain(results, live(a, folder, head, packets) if a.live else ()):
            print('%s: %s' % (name, 'failed' if said else 'as it should be'))
            print(''.join('  %s\n' % s for s in said), end='')
            passed, failed = passed + (not said), failed + bool(said)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


SAMPLE = 'exim-relay-tls.pcap'

if __name__ == '__main__':
    main()
