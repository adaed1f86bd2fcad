#!/usr/bin/env python3
"""The captures that the sensor keeps as evidence: they hold the sessions with an incident and no others, give the same
verdicts when they are analysed, and nothing in them is secret.

usage: evidence.py [--bin build/mailseal] [NAME…]

All goldens, one after the other and hours apart, are one stream for `monitor --read - --write`. The last line is
"N passed, N failed" (checks).
"""
import argparse, glob, json, os, resource, signal, stat, subprocess, sys, tempfile, time
import golden, monitor
import secrets as planted               # the test of this name

MANY = 2000                             # sessions open at once, for which 2 MB are too little
# What needs other sessions than the one: a capture of that one cannot give it.
BY_OTHERS = {'tls_blocked', 'offer_withdrawn', 'refused_for_now', 'hello_refused', 'tls_downgrade'}
# Behind the end of the matter no packets are kept, and no outer headers.
LEFT_OUT = ('client', 'id', 'end', 'source', 'vlan', 'tunnel', 'pkts_toserver', 'pkts_toclient', 'bytes_toserver', 'bytes_toclient')


def rows(a, db):
    out = subprocess.run([a.bin, 'sessions', '--db', db, '--format', 'jsonl'], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def key(row): return row['timestamp'], row['src_ip'], row['src_port'], row['dest_ip'], row['dest_port']
def is_incident(row): return bool(row['incidents'] or row['strip']['evidence'])


def told(row):
    """What one session says by itself."""
    row = {k: v for k, v in row.items() if k not in LEFT_OUT}
    shown = set(row['strip']['evidence']) | set(row['incidents'])
    row['strip'] = sorted(set(row['strip']['evidence']) - BY_OTHERS)
    row['incidents'] = sorted(set(row['incidents']) - BY_OTHERS)
    if 'tls_downgrade' in shown:
        row['tls'] = dict(row['tls'], downgraded=None)
    return row


def differences(want, got):
    said = []
    want, got = {key(r): r for r in want if is_incident(r)}, {key(r): r for r in got}
    said += ['missing: %s' % str(k) for k in want if k not in got]
    said += ['too many: %s' % str(k) for k in got if k not in want]
    for k, w in want.items():
        shown = set(w['strip']['evidence']) | set(w['incidents'])
        x, y = told(w), told(got.get(k, w))
        if 'tls_downgrade' in shown:
            y['tls'] = dict(y['tls'], downgraded=None)
        if shown & BY_OTHERS:           # by which the verdict may be stripped
            x['verdict'] = x['rule'] = y['verdict'] = y['rule'] = None
        said += ['%s: %s is %s, not %s' % (k, f, y[f], x[f]) for f in x if x[f] != y[f]]
    return said


class Tests:
    def __init__(self, a, folder):
        self.a, self.folder, self.n = a, folder, 0
        self.stream = os.path.join(folder, 'stream.pcapng')
        made = planted.Stream()
        with open(self.stream, 'wb') as f:
            f.write(made.head())
            for path in sorted(glob.glob(os.path.join(planted.PCAPS, '*.pcap')) + glob.glob(os.path.join(planted.PCAPS, 'recorded', '*.pcap'))):
                # Of copies of unlike length the kept packets show too little; a response that is blanked is no Base64.
                if os.path.basename(path).startswith(('shifted-', 'moved-')) or 'auth-unheard-refusal' in path:
                    continue
                packets = planted.load(path)
                f.write(made.records(made.later(packets)) if packets else b'')

    def path(self, end=''):
        self.n += 1
        return os.path.join(self.folder, '%d%s' % (self.n, end))

    def keep(self, stream, *args):
        """What is stored of a stream, the folder of evidence, and the database that is made of that."""
        db, folder, again = self.path('.db'), self.path(), self.path('.db')
        sensor = monitor.Sensor(self.a, db, ['--write', folder, '--retain-sessions', '0', '--retain-incidents', '0'] + list(args), open(stream, 'rb'))
        code = sensor.end()
        said = ['status %s: %s' % (code, sensor.said)] if code or sensor.said else []
        if monitor.analyse(self.a, folder, again):
            said.append('%s cannot be analysed' % os.listdir(folder))
        return db, folder, again, said

    def secrets_in(self, folder):
        said = []
        for name in os.listdir(folder):
            data = open(os.path.join(folder, name), 'rb').read()
            for form, needle in planted.needles().items():
                at = data.find(needle)
                said += ['%s: %s: %r' % (name, form, data[max(0, at - 40):at + 40])] if at >= 0 else []
        return said

    # --- each gives sentences of what is wrong ---

    def goldens(self):
        """Whatever the number of lanes."""
        said = []
        data = open(self.stream, 'rb').read()
        if sum(needle in data for needle in planted.needles().values()) < 4:
            said.append('nothing is planted in the stream')
        for lanes in '0', '2':
            db, folder, again, wrong = self.keep(self.stream, '--lanes', lanes)
            want = rows(self.a, db)
            said += wrong + differences(want, rows(self.a, again)) + self.secrets_in(folder)
            said += ['only %d incidents' % sum(map(is_incident, want))] if sum(map(is_incident, want)) < 300 else []
        return said

    def bounds(self):
        """Small files, and few: the newest are there, with the rights of a group."""
        db, folder, again, said = self.keep(self.stream, '--write-size', '64K', '--write-files', '3')
        names = sorted(os.listdir(folder))
        sizes = [os.path.getsize(os.path.join(folder, n)) for n in names]
        said += ['files: %s, %s' % (names, sizes)] if len(names) != 3 or max(sizes) > 512 << 10 or min(sizes[:2]) < 64 << 10 else []
        said += ['mode %o' % os.stat(os.path.join(folder, n)).st_mode for n in names if stat.S_IMODE(os.stat(os.path.join(folder, n)).st_mode) & ~0o640]
        want, got = sorted(key(r) for r in rows(self.a, db) if is_incident(r)), sorted(key(r) for r in rows(self.a, again))
        return said + ([] if got and set(got) <= set(want) and max(got) >= want[-10] else ['%d sessions, the last %s' % (len(got), got[-1:])])

    def memory(self):
        """What there is no room for is counted, and the rest is as it should be."""
        many = self.path('.pcapng')
        made, packets = planted.Stream(), []
        session = planted.load(os.path.join(planted.PCAPS, 'mask-asterisks.pcap'))
        for i in range(MANY):
            for j, p in enumerate(session):
                data = p.data.replace(bytes([198, 51, 100, 7]), bytes([203, 0, i // 250, i % 250]))
                packets.append(planted.formats.Packet(10**18 + i * 10**6 + (j if j < 4 else j * 10**9), data, p.wire, p.link))
        packets.sort(key=lambda p: p.ns)
        with open(many, 'wb') as f:
            f.write(made.head())
            for i in range(0, len(packets), 100):
                f.write(made.records(packets[i:i + 100]))
        db, folder, again = self.path('.db'), self.path(), self.path('.db')
        sensor = monitor.Sensor(self.a, db, ['--write', folder, '--evidence-memory', '4M', '--lanes', '0'])
        sensor.feed(open(many, 'rb').read())
        time.sleep(2.5)
        os.kill(sensor.child('writer'), signal.SIGUSR1)
        time.sleep(.5)
        code = sensor.end()
        monitor.analyse(self.a, folder, again)
        want, got = rows(self.a, db), rows(self.a, again)
        line = [l for l in sensor.said.decode().splitlines() if 'evidence:' in l]
        said = [] if line and code == 0 else ['status %s, said %s' % (code, sensor.said)]
        if line:
            numbers = [int(w) for w in line[0].split() if w.isdigit()]
            said += [] if numbers[0] == len(got) and sum(numbers[i] for i in (0, 1, 3)) == MANY and numbers[3] > 100 else ['%s; %d sessions' % (line, len(got))]
        kept = {key(r) for r in got}
        return said + [d for d in differences([r for r in want if key(r) in kept], got)] + ([] if len(want) == MANY and 100 < len(got) < MANY else ['%d of %d' % (len(got), len(want))])

    def killed(self):
        """A writer that comes back goes on, in another file."""
        db, folder, again = self.path('.db'), self.path(), self.path('.db')
        sensor = monitor.Sensor(self.a, db, ['--write', folder, '--lanes', '0'])
        data = open(self.stream, 'rb').read()
        for i in range(4):
            sensor.feed(data[i * len(data) // 4:(i + 1) * len(data) // 4])
            time.sleep(1.3)
            if i in (0, 2):
                os.kill(sensor.child('writer'), signal.SIGKILL)
        code = sensor.end()
        said = ['status %s: %s' % (code, sensor.said)] if code else []
        said += [] if monitor.analyse(self.a, folder, again) == 0 and len(os.listdir(folder)) > 1 else ['files: %s' % os.listdir(folder)]
        want, got = {key(r) for r in rows(self.a, db) if is_incident(r)}, {key(r) for r in rows(self.a, again)}
        # what is committed and not yet written is lost
        return said + (['too many: %s' % str(k) for k in got - want]) + ([] if len(got) > .7 * len(want) else ['%d of %d' % (len(got), len(want))])

    def rolled_back(self):
        """A session that a later one tells of is found, though what told of it could be stored in a second try only."""
        db, folder, made, said = self.path('.db'), self.path(), planted.Stream(), []
        sensor = monitor.Sensor(self.a, db, ['--write', folder, '--lanes', '0'])

        def limit(n): resource.prlimit(sensor.child('writer'), resource.RLIMIT_FSIZE, (n, resource.RLIM_INFINITY))

        def wait_for(words):
            end = time.time() + 10
            while words not in sensor.said.decode() and time.time() < end:
                time.sleep(.05)
            return [] if words in sensor.said.decode() else ['%r is not said' % words]
        sensor.feed(made.head() + made.records(made.later(planted.load(os.path.join(planted.PCAPS, 'retry-rst.pcap')))))
        time.sleep(1.5)
        limit(0)
        # hours later: from now on it is known that the client was blocked
        sensor.feed(made.records(made.later(planted.load(os.path.join(planted.PCAPS, 'smtp-clear.pcap')))))
        said += wait_for('is kept in memory')
        limit(resource.RLIM_INFINITY)
        said += wait_for('is written again')
        code, again = sensor.end(), self.path('.db')
        if code or monitor.analyse(self.a, folder, again):
            return said + ['status %s, files %s' % (code, os.listdir(folder))]
        want, got = [key(r) for r in rows(self.a, db) if r['verdict'] == 'stripped'], [key(r) for r in rows(self.a, again)]
        return said + ([] if want and got == want else ['written: %s, not %s' % (got, want)])

    def refusals(self):
        said = []
        f = self.path()
        open(f, 'w').close()
        short, begun = os.path.join(planted.PCAPS, 'mask-asterisks.pcap'), self.path('.db')
        subprocess.run([self.a.bin, 'analyze', '--quiet', '--addresses', 'truncate', '--db', begun, short])
        for status, word, args in ((64, '--addresses keep', ['--write', self.path(), '--addresses', 'truncate', '--db', self.path('.db')]),
                                   (None, '--addresses truncate', ['--write', self.path(), '--db', begun]),
                                   (73, 'cannot be written in', ['--write', f, '--db', self.path('.db')]),
                                   (64, '--write-files', ['--write', f, '--write-files', '0']),
                                   (64, '--evidence-memory', ['--write', f, '--evidence-memory', '1K'])):
            p = subprocess.run([self.a.bin, 'monitor', '--read', '-'] + args, stdin=open(short, 'rb'), capture_output=True, text=True)
            good = word in p.stderr and p.returncode == status if status else word in p.stderr and p.returncode
            said += [] if good else ['%s: status %d, %s' % (args, p.returncode, p.stderr)]
        return said


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    passed = failed = 0
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        tests = Tests(a, folder)
        for name in a.names or ('goldens', 'bounds', 'memory', 'killed', 'rolled_back', 'refusals'):
            began = time.time()
            said = getattr(tests, name)()
            print('%s: %s, %.1f s' % (name, 'failed' if said else 'as it should be', time.time() - began))
            print(''.join('  %s\n' % s[:600] for s in said[:8]), end='')
            passed, failed = passed + (not said), failed + bool(said)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
