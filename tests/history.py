#!/usr/bin/env python3
"""What earlier runs saw counts as if there had been one run.

usage: history.py [--bin build/mailseal] [--seed N] [NAME…]

Cuts goldens whose evidence comes from other sessions in two, behind most of it where nothing is open, and some anywhere. Two runs of `analyze` with one database
must give the database of one run that reads both parts (--separate), to the byte but for the tables that say when;
and where no connection is open at the cut, the verdicts, evidence and sums of the capture that was not cut. Besides:
nothing of it is kept where addresses are truncated, and older captures, read later, change nothing that came later.
The last line is "N passed, N failed" (checks).
"""
import argparse, json, os, random, re, struct, subprocess, sys, tempfile
import golden, interleave, lanes, monitor

NAMES = re.compile('^(withdrawn|retry|refused-for|hello-refused-history|downgrade-history)')
SUMS = monitor.SUMS[:1] + (
    'SELECT day, hop, verdict, sum(sessions), sum(bytes) FROM rate_day GROUP BY 1, 2, 3',
    'SELECT e.text, e.port, protocol, sessions, lists, offered, accepted, upgraded, stripped, clear, failed, exposed FROM server JOIN endpoint AS e ON e.id = endpoint ORDER BY 1, 2, 3',
    'SELECT hour, evidence, grade, sum(sessions) FROM evidence_hour GROUP BY 1, 2, 3')


def idle_cuts(packets):
    """Numbers of packets before which every connection has ended."""
    open_now, out = {}, []
    for i, (_, _, frame) in enumerate(packets):
        if i and not open_now:
            out.append(i)
        v4 = frame[12:14] == b'\x08\x00'
        size, first, tcp = (4, 26, 34) if v4 else (16, 22, 54)
        ends = [frame[first + n * size:first + (n + 1) * size] + frame[tcp + 2 * n:tcp + 2 * n + 2] for n in (0, 1)]
        key, flags = tuple(sorted(ends)), frame[tcp + 13]
        if flags & 4:
            open_now.pop(key, None)
            continue
        ended = open_now.setdefault(key, set()) if flags & 2 or key in open_now else set()
        if flags & 1:
            ended.add(ends[0])
        if len(ended) == 2 and not flags & 1:      # the last ACK
            open_now.pop(key)
    return out


def write_pcap(path, packets):
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for at, wire, frame in packets:
            f.write(struct.pack('<IIII', at // 10**6, at % 10**6, len(frame), wire) + frame)


class Tests:
    def __init__(self, a, folder):
        self.a, self.folder, self.n, self.passed, self.failed = a, folder, 0, 0, 0

    def path(self, suffix='.db'):
        self.n += 1
        return os.path.join(self.folder, '%d%s' % (self.n, suffix))

    def analyse(self, db, *args):
        subprocess.run([self.a.bin, 'analyze', '--quiet', '--lanes', '0', '--db', db, *args], check=True)

    def check(self, what, wrong):
        self.passed, self.failed = self.passed + (not wrong), self.failed + bool(wrong)
        if wrong:
            print('%s: %s' % (what, str(wrong)[:1500]))

    def cut(self, name, packets, at, idle, whole):
        """Both ways of reading the two parts, and the whole where nothing was open."""
        one, two = self.path('.pcap'), self.path('.pcap')
        write_pcap(one, packets[:at])
        write_pcap(two, packets[at:])
        together, apart = self.path(), self.path()
        self.analyse(together, '--separate', one, two)
        self.analyse(apart, one)
        self.analyse(apart, two)
        want, got = lanes.dump(together), lanes.dump(apart)
        self.check('%s in two runs, cut before packet %d' % (name, at), [l for l in got if l not in want][:5] + [l for l in want if l not in got][:5])
        if not idle:
            return
        self.check('%s, cut before packet %d, and whole' % (name, at), self.differences(whole, apart))
        changed = monitor.query(apart, 'SELECT count(*) FROM rejudged')[0][0]
        self.rejudged += changed

    def differences(self, want, got):
        said = [(sql, monitor.query(want, sql), monitor.query(got, sql)) for sql in SUMS if monitor.query(want, sql) != monitor.query(got, sql)]
        x, y = monitor.sessions_of(self.a, want), monitor.sessions_of(self.a, got)
        return said or [('missing', list((x - y))[:2]), ('too many', list((y - x))[:2])] if said or x != y else []

    def goldens(self):
        self.rejudged = 0
        r = random.Random(self.a.seed)
        for e in golden.read_manifest(golden.PCAPS)[0]:
            if not NAMES.match(e.name) or (self.a.names and e.name not in self.a.names):
                continue
            packets = interleave.usable(e) or interleave.read_pcap(os.path.join(e.folder, e.captures[0]))
            idle = idle_cuts(packets)
            whole = self.path()
            self.analyse(whole, os.path.join(e.folder, e.captures[0]))
            cuts = set(idle[-1:]) | ({r.randrange(1, len(packets))} if r.random() < .3 or not idle else set())
            for at in sorted(cuts):
                self.cut(e.name, packets, at, at in idle, whole)
        self.check('sessions of an earlier run judged again', not self.a.names and not self.rejudged)

    def truncated(self):
        db = self.path()
        self.analyse(db, '--addresses', 'truncate', os.path.join(golden.PCAPS, 'withdrawn.pcap'))
        self.check('what is remembered where addresses are truncated', monitor.query(db, 'SELECT * FROM memory'))

    def backwards(self):
        """A capture, moved back by a month, that is read behind it."""
        for name in ('withdrawn', 'retry-twice'):
            capture = os.path.join(golden.PCAPS, name + '.pcap')
            older, db, alone, want = self.path('.pcap'), self.path(), self.path(), self.path()
            write_pcap(older, [(at - 30 * 86400 * 10**6, wire, frame) for at, wire, frame in interleave.read_pcap(capture)])
            self.analyse(want, capture)
            self.analyse(alone, older)
            self.analyse(db, capture)
            self.analyse(db, older)
            of = {p: [json.loads(l) for l in monitor.sessions_of(self.a, p, ('source', 'id')).elements()] for p in (want, alone, db)}
            key = lambda rows: sorted(json.dumps(r, sort_keys=True) for r in rows)
            self.check('%s, then an older capture' % name, key(of[db]) != key(of[want] + of[alone]))


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        t = Tests(a, folder)
        t.goldens()
        t.truncated()
        t.backwards()
    print('%d passed, %d failed' % (t.passed, t.failed))
    sys.exit(t.failed > 0)


if __name__ == '__main__':
    main()
