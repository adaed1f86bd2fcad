#!/usr/bin/env python3
"""Measures mailseal beside others, on large captures made here.

usage: run.py [--build build] [--size small|large] [--mix NAME…] [--runs N] [--folder DIR] [--json FILE]

For each mix of tools/bench/generate.c: the capture is made once in DIR, read once so that it lies in the
page cache, and then every program reads it in turn, N rounds. What is shown is the median of each
program: CPU time (user and system), wall time, packets and bytes a second of CPU, the peak of memory, and
the ratio of CPU to the floor F, which is libpcap with an empty callback and a 256 KiB buffer, in the same
rounds. `SQLite, same rows` copies the database that analyze has written into a new one: what writing alone takes at
least. Absolute times are noisy; ratios are what to quote. Programs that are not installed are left out
and named. tshark gets a slice, and its figures are those of the slice.
Last come captures of which one is ten times the other: the longer one may cost 10.5 times the CPU time.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile

#        connections: small, large
MIXES = {'mail': (20000, 200000), 'link': (300, 4000), 'tiny': (100000, 2000000), 'open': (50000, 1000000), 'fresh': (20000, 200000)}
SLICE = 50000                               # packets that tshark gets


def measure(command):
    """(CPU seconds, wall seconds, peak KiB) of one run; None if it cannot run."""
    start = os.times().elapsed
    with open(os.devnull, 'w') as null:
        p = subprocess.Popen(command, stdout=null, stderr=null, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        return None
    return usage.ru_utime + usage.ru_stime, os.times().elapsed - start, usage.ru_maxrss


def programs(build, capture, folder):
    """(name, command, what to do before); a slice's capture is made by then."""
    db, copied = os.path.join(folder, 'bench.db'), os.path.join(folder, 'copied.db')
    def without(path):
        for end in ('', '-wal', '-shm', '-journal'):
            if os.path.exists(path + end):
                os.unlink(path + end)
    analyze = [build + '/mailseal', 'analyze', '--quiet', '--db', db]
    yield 'read', ['dd', 'if=' + capture, 'of=/dev/null', 'bs=1M', 'status=none'], None
    yield 'libpcap (F)', [build + '/bench/floor', capture], None
    yield 'mailseal to verdict', [build + '/bench/verdicts', capture], None
    yield 'mailseal analyze', analyze + [capture], lambda: without(db)
    yield 'SQLite, same rows', [build + '/bench/copy', db, copied], lambda: without(copied)
    yield 'tcpdump -w', ['tcpdump', '-r', capture, '-w', '/dev/null'], None
    yield 'ndpiReader', ['ndpiReader', '-i', capture], None


def cut(capture, out):
    """The first SLICE packets."""
    with open(capture, 'rb') as f, open(out, 'wb') as g:
        g.write(f.read(24))
        for _ in range(SLICE):
            head = f.read(16)
            if len(head) < 16:
                break
            g.write(head + f.read(int.from_bytes(head[8:12], 'little')))


def run_mix(args, mix, n):
    capture = os.path.join(args.folder, mix + '.pcap')
    made = subprocess.run([args.build + '/bench/generate', mix, str(n), capture, 'tests/pcaps'], capture_output=True, text=True, check=True)
    words = made.stdout.split()
    packets, size = int(words[1]), int(words[3])
    with open(capture, 'rb') as f:
        while f.read(1 << 20):
            pass
    runs = [(name, command, before, packets) for name, command, before in programs(args.build, capture, args.folder) if shutil.which(command[0])]
    if shutil.which('tshark'):
        part = os.path.join(args.folder, 'slice.pcap')
        cut(capture, part)
        runs.append(('tshark (slice)', ['tshark', '-r', part], None, min(SLICE, packets)))
    taken = {name: [] for name, *_ in runs}
    for _ in range(args.runs):
        for name, command, before, _ in runs:
            if before:
                before()
            taken[name].append(measure(command))
    os.unlink(capture)
    floor = statistics.median(t[0] for t in taken['libpcap (F)']) / packets
    result = {'mix': mix, 'packets': packets, 'bytes': size, 'sessions': n, 'programs': []}
    print('\n%s: %d packets, %.2f GB, %d mail sessions; F = %.0f ns a packet' % (mix, packets, size / 1e9, n, floor * 1e9))
    print('%-22s %8s %9s %9s %12s %9s %9s' % ('', 'CPU s', 'wall s', 'ratio F', 'packets/s', 'MB/s', 'peak MB'))
    for name, _, _, seen in runs:
        good = [t for t in taken[name] if t]
        if not good:
            print('%-22s failed' % name)
            continue
        cpu, wall, peak = (statistics.median(t[i] for t in good) for i in range(3))
        row = {'name': name, 'cpu_s': cpu, 'wall_s': wall, 'peak_kib': peak, 'ratio': cpu / seen / floor, 'packets': seen}
        result['programs'].append(row)
        print('%-22s %8.2f %9.2f %9.2f %12.0f %9.0f %9.1f' % (name, cpu, wall, row['ratio'], seen / max(cpu, 1e-9),
              size * seen / packets / 1e6 / max(cpu, 1e-9), peak / 1024))
    return result


def run_growth(args):
    """Ten times the file, from file to verdict and with everything stored."""
    cost = {}
    for times in (1, 10):
        capture = os.path.join(args.folder, 'growth.pcap')
        subprocess.run([args.build + '/bench/generate', 'mail', str(MIXES['mail'][args.size == 'large'] * times // 10), capture,
                        'tests/pcaps'], stdout=subprocess.DEVNULL, check=True)
        for name, command, before in programs(args.build, capture, args.folder):
            if name.startswith('mailseal'):
                taken = []
                for _ in range(args.runs):
                    if before:
                        before()
                    taken.append(measure(command))
                good = [t[0] for t in taken if t]
                cost.setdefault(name, []).append(statistics.median(good) if good else float('nan'))
        os.unlink(capture)
    print('\nten times the file')
    rows = []
    for name, (few, many) in cost.items():
        rows.append({'name': name, 'cpu_s': [few, many], 'ratio': many / few if few else None})
        print('%-22s %8.2f s, then %8.2f s: %5.2f times' % (name, few, many, many / few if few else float('nan')))
    return {'growth': rows}


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('--build', default='build')
    p.add_argument('--size', choices=('small', 'large'), default='small')
    p.add_argument('--mix', nargs='*', choices=sorted(MIXES), default=list(MIXES))
    p.add_argument('--runs', type=int, default=3)
    p.add_argument('--folder')
    p.add_argument('--json')
    args = p.parse_args()
    absent = [name for name in ('tcpdump', 'ndpiReader', 'tshark') if not shutil.which(name)]
    if absent:
        print('not installed, so not measured: %s (tools/deps bench installs them)' % ', '.join(absent))
    with tempfile.TemporaryDirectory(dir=args.folder or '/var/tmp') as args.folder:
        results = [run_mix(args, mix, MIXES[mix][args.size == 'large']) for mix in args.mix]
        if args.mix == list(MIXES):
            results.append(run_growth(args))
    path = args.json or os.path.join(args.build, 'bench', 'result.json')
    with open(path, 'w') as f:
        json.dump(results, f, indent=1)
    print('\nwritten to %s' % path)


if __name__ == '__main__':
    main()
