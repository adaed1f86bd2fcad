#!/usr/bin/env python3
"""The sensor: what it stores of a stream is what `analyze` stores of the capture, whoever is killed meanwhile.

usage: monitor.py [--bin build/mailseal] [--seed N] [NAME…]

Without root: packets come from standard input (`monitor --read -`). The last line is "N passed, N failed" (checks).
"""
import argparse, collections, json, os, random, re, signal, sqlite3, struct, subprocess, sys, tempfile, threading, time
import golden, interleave, lanes, simulated

NAMES = {'parser': 'mailseal-parser', 'writer': 'mailseal-writer'}


def analyse(a, path, db):
    p = subprocess.run([a.bin, 'analyze', '--quiet', '--db', db, path], capture_output=True, text=True)
    return p.returncode


def sessions_of(a, db, without=('source', 'id')):
    out = subprocess.run([a.bin, 'sessions', '--db', db, '--format', 'jsonl'], capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return collections.Counter(json.dumps({k: v for k, v in r.items() if k not in without}, sort_keys=True) for r in rows)


def query(db, sql):
    with sqlite3.connect(db) as c:
        return c.execute(sql).fetchall()


SUMS = ('SELECT hour, direction, hop, protocol, server_port, verdict, strip, tls_version, pq, exposure, loss, sessions, bytes, messages_clear'
        ' FROM rate ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11',
        'SELECT month, server, port, network, list, sessions, lists, offered, accepted, upgraded, implicit, tls_high, first, last, last_offer, last_lack'
        ' FROM history ORDER BY 1, 2, 3, 4, 5',
        'SELECT hour, server_port, outcome, n FROM attempt ORDER BY 1, 2, 3',
        'SELECT sum(packets), sum(tcp), sum(not_ip), sum(not_tcp), sum(sessions), sum(gap), sum(one_sided) FROM source')


def differences(a, want, got):
    """What of the database `got` is not as in `want`, as sentences."""
    said = ['%s: %s' % (sql[:40], str(list(set(query(want, sql)) ^ set(query(got, sql)))[:3])) for sql in SUMS if query(want, sql) != query(got, sql)]
    x, y = sessions_of(a, want), sessions_of(a, got)
    said += ['%d sessions are missing, as %s' % (sum((x - y).values()), list(x - y)[0])] if x - y else []
    said += ['%d sessions too many, as %s' % (sum((y - x).values()), list(y - x)[0])] if y - x else []
    said += ['integrity: %s' % r for r in query(got, 'PRAGMA integrity_check') if r[0] != 'ok']
    said += ['going on: %d' % n for n, in query(got, 'SELECT count(*) FROM going_on') if n]
    return said


class Sensor:
    """A running `monitor --read -`."""
    def __init__(self, a, db, args=(), stdin=subprocess.PIPE):
        self.p = subprocess.Popen([a.bin, 'monitor', '--read', '-', '--db', db] + list(args), stdin=stdin, stderr=subprocess.PIPE)
        self.said = b''
        self.reader = threading.Thread(target=self.listen)
        self.reader.start()

    def listen(self):
        for line in self.p.stderr:
            self.said += line

    def child(self, name, wait=3):
        end = time.time() + wait
        while time.time() < end:
            try:
                for pid in open('/proc/%d/task/%d/children' % (self.p.pid, self.p.pid)).read().split():
                    if open('/proc/%s/comm' % pid).read().strip() == NAMES[name]:
                        return int(pid)
            except OSError:
                pass
            if self.p.poll() is not None:
                return None
            time.sleep(.01)
        return None

    def feed(self, data):
        try:
            self.p.stdin.write(data)
            self.p.stdin.flush()
        except BrokenPipeError:
            pass

    def end(self, timeout=60):
        if self.p.stdin:
            self.p.stdin.close()
        try:
            code = self.p.wait(timeout)
        except subprocess.TimeoutExpired:
            self.p.kill()
            code = 'hangs'
        self.reader.join()
        return code


def records(path):
    """The file header and the packets of a capture, as bytes."""
    data, at, out = open(path, 'rb').read(), 24, []
    while at < len(data):
        n = 16 + struct.unpack_from('<I', data, at + 8)[0]
        out.append(data[at:at + n])
        at += n
    return data[:24], out


def paced(sensor, path, pieces, meanwhile):
    """Feeds a capture in so many pieces; meanwhile(i) is called behind each."""
    head, packets = records(path)
    sensor.feed(head)
    for i in range(pieces):
        sensor.feed(b''.join(packets[i * len(packets) // pieces:(i + 1) * len(packets) // pieces]))
        meanwhile(i)


class Tests:
    def __init__(self, a, folder):
        self.a, self.folder, self.n = a, folder, 0
        self.unusual = os.path.join(folder, 'unusual.pcap')
        lanes.unusual(self.unusual, random.Random(a.seed))
        self.want = self.path()
        analyse(a, self.unusual, self.want)

    def path(self):
        self.n += 1
        return os.path.join(self.folder, '%d.db' % self.n)

    # --- each gives sentences of what is wrong ---

    def goldens(self):
        """A stream of each gives what the capture gives."""
        said = []
        names = [os.path.join(e.folder, e.captures[0]) for f in (golden.PCAPS, golden.RECORDED) for e in golden.read_manifest(f)[0]
                 if len(e.captures) == 1 and not e.options]
        for path in names[self.a.seed % 43::43]:
            want, got = self.path(), self.path()
            code = analyse(self.a, path, want)
            sensor = Sensor(self.a, got, ['--lanes', '0'], open(path, 'rb'))
            ended = sensor.end()
            said += ['%s: %s' % (path, d) for d in differences(self.a, want, got)]
            said += ['%s: status %s, not %s: %s' % (path, ended, code, sensor.said)] if ended != code else []
        return said

    def streams(self):
        """From a file and by a pipe, with and without lanes."""
        said = []
        for n in (0, 2):
            got = self.path()
            sensor = Sensor(self.a, got, ['--lanes', str(n)], open(self.unusual, 'rb') if n else subprocess.PIPE)
            if not n:
                sensor.feed(open(self.unusual, 'rb').read())
            ended = sensor.end()
            said += ['%d lanes: %s' % (n, d) for d in differences(self.a, self.want, got)] + (['status %s' % ended] if ended else [])
        return said

    def slow_stream(self):
        """Over several transactions, sessions go on from one to the next."""
        got = self.path()
        sensor = Sensor(self.a, got)
        paced(sensor, self.unusual, 5, lambda i: time.sleep(.7))
        ended = sensor.end()
        return differences(self.a, self.want, got) + (['status %s' % ended] if ended else [])

    def term(self):
        """Ends what is open, and leaves with 0."""
        got = self.path()
        sensor = Sensor(self.a, got)
        sensor.feed(open(self.unusual, 'rb').read())
        time.sleep(1)
        sensor.p.send_signal(signal.SIGUSR1)
        time.sleep(.3)
        sensor.p.send_signal(signal.SIGTERM)
        code = sensor.p.wait(20)
        sensor.end()
        said = differences(self.a, self.want, got)
        said += [] if code == 0 else ['status %s: %s' % (code, sensor.said)]
        return said + ([] if b'packets' in sensor.said and b'wait' in sensor.said else ['USR1 said: %s' % sensor.said])

    def rights(self):
        """What /proc says of the children."""
        said = []
        sensor = Sensor(self.a, self.path())
        time.sleep(.5)
        for name in NAMES:
            status = dict(l.rstrip('\n').split(':\t', 1) for l in open('/proc/%d/status' % sensor.child(name)) if ':\t' in l)
            want = {'Seccomp': '0' if self.a.sanitized else '2', 'NoNewPrivs': '1', 'CapEff': '0' * 16, 'CapPrm': '0' * 16}
            said += ['%s: %s is %s' % (name, k, status.get(k)) for k, v in want.items() if status.get(k) != v]
            if name == 'parser' and os.geteuid() == 0 and '0' in status['Uid'].split():
                said += ['the parser is root: %s' % status['Uid']]
        ended = sensor.end()
        return said + (['status %s: %s' % (ended, sensor.said)] if ended != golden_empty(self.a) else [])

    def writer_killed(self):
        """Nothing is lost, nothing twice, and what a client did before is known to the next writer."""
        got = self.path()
        sensor = Sensor(self.a, got)

        def kill(i):
            time.sleep(.25)
            if i in (1, 2, 4, 6):
                os.kill(sensor.child('writer'), signal.SIGKILL)
        paced(sensor, self.unusual, 8, kill)
        ended = sensor.end()
        return differences(self.a, self.want, got) + (['status %s: %s' % (ended, sensor.said)] if ended else [])

    def locked(self):
        """Another program holds the database for longer than is waited for."""
        got = self.path()
        sensor = Sensor(self.a, got)
        lock = None
        head, packets = records(self.unusual)
        sensor.feed(head + b''.join(packets[:2000]))
        time.sleep(1.5)
        lock = sqlite3.connect(got, isolation_level=None)
        lock.execute('BEGIN IMMEDIATE')
        sensor.feed(b''.join(packets[2000:]))
        time.sleep(7)
        lock.execute('ROLLBACK')
        lock.close()
        ended = sensor.end()
        said = differences(self.a, self.want, got) + (['status %s: %s' % (ended, sensor.said)] if ended else [])
        lines = sensor.said.decode().splitlines()
        return said + ([] if len(lines) == 2 and 'in use' in lines[0] and 'written again' in lines[1] else ['said: %s' % lines])


    def retention(self):
        """What is older than 30 days goes while packets come, what has an incident stays, and the sums; `retain` does the same."""
        start, day = 1700000000 * simulated.SECOND, 24 * simulated.HOUR
        traffic, rows = simulated.Traffic(simulated.kinds()), []
        for i in range(1600):
            rows.append((start + i * 40 * day // 1600, traffic.kinds[i % len(traffic.kinds)]))
            traffic.session(*rows[-1])
        now = start + 40 * day
        old = os.path.join(self.folder, 'old.pcap')
        open(old, 'wb').write(simulated.HEADER + traffic.until())
        plain, marked = ([at for at, k in rows if (k.name == 'imap-preauth') == m] for m in (False, True))
        young = len([at for at in plain if at >= now + traffic.kinds[0].lasts - 30 * day]), len(marked)
        got, copy, small = self.path(), self.path(), self.path()
        for db in got, copy, small:
            analyse(self.a, old, db)
        sensor = Sensor(self.a, got, ['--lanes', '0'])
        traffic.session(now - 10 * simulated.SECOND, traffic.kinds[0])
        traffic.session(now, traffic.kinds[0])
        sensor.feed(simulated.HEADER + traffic.until())
        time.sleep(2)
        ended = sensor.end()
        said = ['status %s: %s' % (ended, sensor.said)] if ended else []
        line = '%d sessions were let go of' % (len(plain) - young[0])
        line += ', and %d addresses' % (len(plain) - young[0])
        said += [] if line in sensor.said.decode() and sensor.said.count(b'\n') == 1 else ['said: %s, not %s' % (sensor.said, line)]
        counts = 'SELECT sum(incidents = 0), sum(incidents <> 0) FROM session'
        said += [] if query(got, counts) == [(young[0] + 2, young[1])] else ['left: %s, not %s' % (query(got, counts), young)]
        said += [] if query(got, 'SELECT sum(sessions) FROM rate') == [(len(rows) + 2,)] else ['sums are wrong']
        clients = 'SELECT count(*) FROM endpoint WHERE port = 0 AND id NOT IN (SELECT client FROM session) AND substr(address, 16) <> zeroblob(1)'
        said += [] if query(got, clients) == [(0,)] else ['addresses stay: %s' % query(got, clients)]
        whole, first = open(copy, 'rb').read(), query(copy, 'SELECT min(id) FROM session WHERE incidents = 0')[0][0]
        tried = subprocess.run([self.a.bin, 'retain', '--db', copy, '--dry-run'], capture_output=True, text=True)
        said += [] if open(copy, 'rb').read() == whole else ['a dry run writes']
        marked = subprocess.run([self.a.bin, 'retain', '--db', copy, '--dry-run', '--retain-incidents', '1'], capture_output=True, text=True)
        said += [] if re.match(r'\d+ sessions, \d+ of them with evidence or an incident, would be let go of, and', marked.stdout) else ['of incidents it says: %s' % marked]
        p = subprocess.run([self.a.bin, 'retain', '--db', copy, '--pack'], capture_output=True, text=True)
        # the newest packet is that of the last session of the capture
        left = len([at for at in plain if at >= rows[-1][0] + rows[-1][1].lasts - 30 * day])
        said += [] if p.returncode == 0 and query(copy, counts) == [(left, young[1])] and p.stdout.startswith('%d sessions' % (len(plain) - left)) else ['retain: %s %s' % (p, query(copy, counts))]
        said += [] if tried.returncode == 0 and re.findall(r'\d+', tried.stdout)[:2] == re.findall(r'\d+', p.stdout)[:2] and 'would be let go of' in tried.stdout else ['a dry run says: %s' % tried]
        gone, never = (subprocess.run([self.a.bin, 'explain', '--db', copy, str(n)], capture_output=True, text=True) for n in (first, 10 ** 9))
        said += [] if gone.returncode == 65 and 'it was let go of' in gone.stderr and 'has no session' in never.stderr else ['explain: %s %s' % (gone, never)]
        said += [] if os.stat(copy).st_size < os.stat(old).st_size else ['it is not smaller']
        with sqlite3.connect(copy) as c:
            c.execute('DELETE FROM session')
        gone = subprocess.run([self.a.bin, 'explain', '--db', copy, str(first)], capture_output=True, text=True)
        said += [] if 'it was let go of' in gone.stderr else ['explain, with none left: %s' % gone.stderr]
        with sqlite3.connect(copy) as c:
            c.execute('PRAGMA user_version = %d' % (c.execute('PRAGMA user_version').fetchone()[0] - 1))
        tried = subprocess.run([self.a.bin, 'retain', '--db', copy, '--dry-run'], capture_output=True, text=True)
        said += [] if tried.returncode and tried.stderr.count('\n') == 1 and 'older' in tried.stderr else ['a dry run on an older one: %s' % tried]
        size = os.stat(small).st_size * 7 // 8 >> 10
        p = subprocess.run([self.a.bin, 'retain', '--db', small, '--retain-sessions', '0', '--size-limit', '%dK' % size], capture_output=True, text=True)
        said += [] if p.returncode == 64 and '1M or more' in p.stderr else ['a small limit: %s' % p]
        return said + ['integrity: %s' % r for db in (got, copy, small) for r in query(db, 'PRAGMA integrity_check') if r[0] != 'ok']


def golden_empty(a):
    """The status of an empty stream."""
    return subprocess.run([a.bin, 'analyze', '--quiet', '--db', '/dev/null/x', '-'], stdin=subprocess.DEVNULL, capture_output=True).returncode


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--sanitized', action='store_true', help='no system call is forbidden in this build')
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    passed = failed = 0
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        tests = Tests(a, folder)
        for name in a.names or ('goldens', 'streams', 'slow_stream', 'term', 'rights', 'writer_killed', 'locked', 'retention'):
            began = time.time()
            said = getattr(tests, name)()
            print('%s: %s, %.1f s' % (name, 'failed' if said else 'as it should be', time.time() - began))
            print(''.join('  %s\n' % s[:600] for s in said[:8]), end='')
            passed, failed = passed + (not said), failed + bool(said)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
