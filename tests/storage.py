#!/usr/bin/env python3
"""The sensor when its database cannot be written: it keeps counting, says so in a line, and loses nothing.

usage: storage.py [--bin build/mailseal] [NAME…]

What needs root (a small file system, another user) is left out without, which is said. The last line is
"N passed, N failed" (checks).
"""
import argparse, os, resource, shutil, signal, sqlite3, subprocess, sys, tempfile, threading, time
import golden, simulated
from monitor import Sensor

START = 1700000000 * simulated.SECOND


def query(db, sql):
    c = sqlite3.connect('file:%s?mode=ro' % db, uri=True)
    try:
        return c.execute(sql).fetchall()
    finally:
        c.close()


class Tests:
    def __init__(self, a, folder):
        self.a, self.folder, self.n = a, folder, 0

    def path(self):
        self.n += 1
        return os.path.join(self.folder, '%d.db' % self.n)

    def traffic(self, n, span, start=START, kinds=None):
        """The packets of n sessions within a span, and the truth."""
        t = simulated.Traffic(simulated.kinds() if kinds is None else kinds)
        for i in range(n):
            t.session(start + i * span // n, t.kinds[i % len(t.kinds)])
        return t, t.until()

    def judge(self, sensor, db, traffic, lines, status=0):
        """The sums are the truth, all sessions have rows, and what was said is these lines."""
        code = sensor.end()
        said = ['status %s' % code] if code != status else []
        said += traffic.differences(db)
        n = query(db, 'SELECT count(*) FROM session')[0][0]
        said += ['%d rows, not %d' % (n, traffic.n)] if n != traffic.n else []
        got = sensor.said.decode().splitlines()
        said += [] if len(got) == len(lines) and all(w in g for w, g in zip(lines, got)) else ['said: %s' % got]
        return said

    def wait_for(self, sensor, text, seconds=10):
        end = time.time() + seconds
        while text.encode() not in sensor.said and time.time() < end:
            time.sleep(.05)
        return [] if text.encode() in sensor.said else ['%s is not said: %s' % (text, sensor.said)]

    def until_stored(self, db, n, seconds=10):
        end = time.time() + seconds
        while time.time() < end:
            try:
                if query(db, 'SELECT count(*) FROM session')[0][0] >= n:
                    return []
            except sqlite3.Error:
                pass
            time.sleep(.05)
        return ['%d sessions are not stored in time' % n]

    def limited(self):
        """The file may not grow (as without room on the disk); later it may."""
        db = self.path()
        first, a = self.traffic(200, simulated.HOUR)
        sensor = Sensor(self.a, db, ['--lanes', '0'])
        sensor.feed(simulated.HEADER + a)
        said = self.until_stored(db, first.n - 1)
        time.sleep(1.2)
        pid = sensor.child('writer')
        infinite = resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, infinite))
        for i in range(1600):
            first.session(START + simulated.HOUR + (i + 1) * simulated.SECOND, first.kinds[i % len(first.kinds)])
        sensor.feed(first.until())
        said += self.wait_for(sensor, 'is kept in memory')
        time.sleep(1)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (infinite, infinite))
        said += self.wait_for(sensor, 'is written again')
        return said + self.judge(sensor, db, first, ['is kept in memory', 'is written again'])

    def killed_in_trouble(self):
        """The writer is killed while it cannot write: the next one goes on trying."""
        db = self.path()
        traffic, a = self.traffic(200, simulated.HOUR)
        sensor = Sensor(self.a, db, ['--lanes', '0'])
        sensor.feed(simulated.HEADER + a)
        said = self.until_stored(db, traffic.n - 1)
        lock = sqlite3.connect(db, isolation_level=None)
        lock.execute('BEGIN IMMEDIATE')
        for i in range(200):
            traffic.session(START + simulated.HOUR + (i + 1) * simulated.SECOND, traffic.kinds[i % len(traffic.kinds)])
        sensor.feed(traffic.until())
        time.sleep(1.2)
        os.kill(sensor.child('writer'), signal.SIGKILL)
        said += self.wait_for(sensor, 'is kept in memory', 12)
        lock.execute('ROLLBACK')
        lock.close()
        said += self.wait_for(sensor, 'is written again', 12)
        return said + self.judge(sensor, db, traffic, ['the writer was ended by signal 9', 'is kept in memory', 'is written again'])

    def alone(self):
        """The parent is killed while nothing can be stored and the memory of the writer is full: the others give up, in some seconds. Not by default."""
        db = self.path()
        sensor, (_, data) = Sensor(self.a, db, ['--lanes', '0']), self.traffic(16000, simulated.HOUR)
        sensor.feed(simulated.HEADER + self.traffic(20, simulated.HOUR, START - 4 * simulated.HOUR)[1])
        said, pids = self.until_stored(db, 10), [sensor.child(n) for n in ('writer', 'parser')]
        resource.prlimit(pids[0], resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        threading.Thread(target=sensor.feed, args=(data,), daemon=True).start()
        said += self.wait_for(sensor, 'is kept in memory')
        time.sleep(4)
        os.kill(sensor.p.pid, signal.SIGKILL)

        def left():
            return [p for p in pids if os.path.exists('/proc/%d/stat' % p) and open('/proc/%d/stat' % p).read().rsplit(')', 1)[1].split()[0] != 'Z']
        end = time.time() + 30
        while left() and time.time() < end:
            time.sleep(.1)
        said += ['%s are there after 30 s' % left()] if left() else []
        for p in left():
            os.kill(p, signal.SIGKILL)
        return said + self.wait_for(sensor, 'what was kept in memory is lost')

    def removed(self):
        """Somebody takes the file away: what comes is in a new one."""
        db = self.path()
        old, a = self.traffic(100, simulated.HOUR)
        sensor = Sensor(self.a, db, ['--lanes', '0'])
        sensor.feed(simulated.HEADER + a)
        said = self.until_stored(db, old.n - 1)
        time.sleep(1.2)
        for name in db, db + '-wal', db + '-shm':
            if os.path.exists(name):
                os.unlink(name)
        new, b = self.traffic(100, simulated.HOUR, START + 2 * simulated.HOUR)
        sensor.feed(b)
        said += self.wait_for(sensor, 'is not the file any more')
        said += self.until_stored(db, new.n - 1)
        code = sensor.end()
        said += ['status %s' % code] if code else []
        n = query(db, 'SELECT count(*) FROM session')[0][0]
        said += ['a session of the new file was taken for one of the old'] if query(db, 'SELECT count(*) FROM rejudged')[0][0] else []
        return said + ([] if new.n <= n <= new.n + 1 else ['%d sessions in the new file' % n])

    def clock(self):
        """Packet time goes back by two hours and on by five: counted, and nothing else; what is complete goes back, too."""
        db, sensor = self.path(), None
        traffic, data = self.traffic(80, simulated.HOUR)
        sensor = Sensor(self.a, db, ['--lanes', '0'])
        sensor.feed(simulated.HEADER + data)
        said, steps, complete = self.until_stored(db, traffic.n - 1), 'SELECT sum(clock_steps) FROM seen', []
        for begin in START - simulated.HOUR, START + 5 * simulated.HOUR, START - simulated.HOUR // 2:
            time.sleep(.5)
            for i in range(80):
                traffic.session(begin + i * 10 * simulated.SECOND, traffic.kinds[i % len(traffic.kinds)])
            sensor.feed(traffic.until())
            said += self.until_stored(db, traffic.n - 40)
            time.sleep(.6)
            complete.append(query(db, 'SELECT complete_us FROM run')[0][0] - begin)
        said += ['%s steps' % query(db, steps)[0]] if query(db, steps) != [(3,)] else []
        said += ['complete until %s' % complete] if not all(0 < c < 800 * simulated.SECOND for c in complete[:1] + complete[2:]) else []
        return said + self.judge(sensor, db, traffic, [])

    def reports(self, db):
        """Whatever the program says of the sums of a database, by what was asked."""
        out = {}
        names = sorted(os.path.splitext(f)[0] for f in os.listdir(os.path.join(golden.HERE, '..', 'sql', 'reports')))
        middle = time.strftime('%Y-%m-%d', time.gmtime(START // simulated.SECOND + 20 * 86400))
        asked = [('report', name) + more for name in names
                 for more in ((), ('--since', middle), ('--until', middle), ('--by', 'day'), ('--by', 'week'), ('--by', 'month'))]
        for a in asked + [('curve',), ('curve', '--format', 'json'), ('rehearse',), ('report', '--format', 'html')]:
            if a[2:] in (('--by', 'week'), ('--by', 'month')) and a[:2] + ('--by', 'day') not in out:
                continue
            p = subprocess.run([self.a.bin, a[0], '--db', db] + list(a[1:]), capture_output=True, text=True)
            if p.returncode != 64:          # else it is not asked like that
                out[a] = p.returncode, p.stdout, p.stderr
        return out

    def folded(self):
        """Hours become days: all reports by day, week and month, the curve and the page say what they said; by hand, and by a sensor."""
        days, asked = 75, ['--retain-sessions', '0', '--retain-incidents', '0', '--retain-hourly', '20']
        db, again, capture = self.path(), self.path(), self.path() + '.pcap'
        traffic, data = self.traffic(40 * days, days * 24 * simulated.HOUR)
        with open(capture, 'wb') as f:
            f.write(simulated.HEADER + data)
        said = ['analyze fails'] if subprocess.run([self.a.bin, 'analyze', '--quiet', '--db', db, capture]).returncode else []
        before, hours = self.reports(db), query(db, 'SELECT count(*), sum(sessions) FROM rate')
        p = subprocess.run([self.a.bin, 'retain', '--db', db] + asked, capture_output=True, text=True)
        said += ['status %d: %s%s' % (p.returncode, p.stdout, p.stderr)] if p.returncode or 'hours of 55 days became days' not in p.stdout else []
        after, folded = self.reports(db), query(db, 'SELECT count(*), sum(sessions) FROM rate')
        said += ['%s: %s, not %s' % (' '.join(a), after.get(a), before[a]) for a in before if after.get(a) != before[a]]
        good = sum(not code for code, _, _ in before.values())
        said += ['only %d reports say anything: %s' % (good, [a for a in before if before[a][0]])] if good < 130 or good < len(before) else []
        said += ['%s became %s' % (hours, folded)] if folded[0][1] != hours[0][1] or folded[0][0] > .6 * hours[0][0] else []
        sensor = Sensor(self.a, again, asked, open(capture, 'rb'))
        code = sensor.end()
        said += ['status %s: %s' % (code, sensor.said)] if code else []
        said += ['the sensor folds nothing'] if not query(again, 'SELECT folded FROM retention')[0][0] else []
        rates = 'SELECT hour / 86400, server_port, verdict, sum(sessions), sum(bytes) FROM rate GROUP BY 1, 2, 3'
        return said + ['the sensor has other sums'] if query(db, rates) != query(again, rates) else said

    def lines(self):
        """Standard error is a file: the lines of all three processes are in it."""
        db, log = self.path(), os.path.join(self.folder, 'log')
        with open(log, 'w') as f:
            p = subprocess.Popen([self.a.bin, 'monitor', '--read', '-', '--db', db], stdin=subprocess.PIPE, stderr=f)
            p.stdin.write(simulated.HEADER + self.traffic(10, simulated.HOUR)[1])
            p.stdin.flush()
            time.sleep(1)
            p.send_signal(signal.SIGUSR1)
            time.sleep(.5)
            p.stdin.close()
            code = p.wait(20)
        text = open(log).read()
        said = ['status %s' % code] if code else []
        return said + ['%r is not in: %s' % (w, text) for w in ('parser started', 'parser: ', 'writer: ') if w not in text]

    def tried(self):
        """`retain --dry-run` while somebody writes: it does not wait, and says what goes when it is done in earnest."""
        db, (traffic, data) = self.path(), self.traffic(2000, 90 * 24 * simulated.HOUR)
        subprocess.run([self.a.bin, 'analyze', '--quiet', '--db', db, '-'], input=simulated.HEADER + data, stdout=subprocess.DEVNULL, check=True)
        keep, said = ['--retain-sessions', '60', '--retain-incidents', '70', '--retain-hourly', '20'], []
        for more in [], ['--size-limit', '1M']:
            retain = [self.a.bin, 'retain', '--db', shutil.copy(db, self.path()), *keep, *more]
            other = sqlite3.connect(retain[3], isolation_level=None)
            for sql in 'PRAGMA journal_mode = WAL', 'BEGIN IMMEDIATE', 'UPDATE retention SET sessions = sessions':
                other.execute(sql)
            began = time.time()
            tried = subprocess.run(retain + ['--dry-run'], capture_output=True, text=True)
            said += ['it waited'] if time.time() - began > 4 else []
            other.execute('COMMIT')
            other.close()
            done = subprocess.run(retain, capture_output=True, text=True)
            would = tried.stdout.replace('would become', 'became').replace('would be kept', 'are kept').replace('would be', 'were')
            said += [] if tried.returncode == done.returncode == 0 and would == done.stdout and would[0] != '0' else ['%s, then %s' % (tried, done)]
        return said

    # --- root ---

    def reader(self):
        """Another user, who may read the database and nothing else: while the sensor runs, and when all of it was killed."""
        if os.geteuid():
            print('skipped: another user: this is not root')
            return []
        folder = tempfile.mkdtemp(dir=self.folder)
        for f in self.folder, folder:
            os.chmod(f, 0o755)
        db, program, said = os.path.join(folder, 'x.db'), shutil.copy(self.a.bin, folder), []
        subprocess.run([self.a.bin, 'monitor', '--read', '-', '--db', db], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.chmod(db, 0o644)
        traffic, data = self.traffic(80, simulated.HOUR)
        sensor = Sensor(self.a, db, ['--lanes', '0'])
        sensor.feed(simulated.HEADER + data)
        said += self.until_stored(db, traffic.n - 1)

        def look(when):
            out = []
            for args in ('top', '--once'), ('incidents', '--format', 'text'), ('report', 'share'), ('report', 'news'), ('report', 'links'), ('report', '--format', 'html'), ('sessions',), ('explain', '7'):
                p = subprocess.run([program, args[0], '--db', db, *args[1:]], capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
                none = args[0] == 'incidents'           # there is none, which is status 1
                out += ['%s, %s: %s %s' % (when, args, p.returncode, p.stderr)] if p.returncode != none or p.stderr or not (p.stdout or none) else []
            return out
        said += look('while it runs')
        p = subprocess.run([program, 'retain', '--db', db], capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
        said += [] if p.returncode == 73 else ['it may let go of sessions: %s' % p]
        for pid in sensor.child('writer'), sensor.child('parser'), sensor.p.pid:
            os.kill(pid, signal.SIGKILL)
        sensor.end()
        said += look('when it was killed')
        return said + (['files of another user'] if any(os.stat(os.path.join(folder, f)).st_uid for f in os.listdir(folder)) else [])

    def mounted(self, what):
        """what(folder) on a file system of 16 MiB of its own."""
        folder = os.path.join(self.folder, 'small')
        os.makedirs(folder, exist_ok=True)
        if os.geteuid() or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], capture_output=True).returncode:
            print('skipped: a small file system cannot be mounted here')
            return []
        try:
            return what(folder)
        finally:
            subprocess.run(['umount', '-l', folder])

    def full(self):
        """The disk is full, and later it is not."""
        def what(folder):
            db, filler = os.path.join(folder, 'x.db'), os.path.join(folder, 'filler')
            traffic, a = self.traffic(200, simulated.HOUR)
            sensor = Sensor(self.a, db, ['--lanes', '0'])
            sensor.feed(simulated.HEADER + a)
            said = self.until_stored(db, traffic.n - 1)
            with open(filler, 'wb', buffering=0) as f:
                try:
                    while True:
                        f.write(bytes(4096))
                except OSError:
                    pass
            for i in range(1600):
                traffic.session(START + simulated.HOUR + (i + 1) * simulated.SECOND, traffic.kinds[i % len(traffic.kinds)])
            sensor.feed(traffic.until())
            said += self.wait_for(sensor, 'no room left')
            time.sleep(.5)
            os.unlink(filler)
            said += self.wait_for(sensor, 'is written again')
            return said + self.judge(sensor, db, traffic, ['no room left', 'is written again'])
        return self.mounted(what)

    def readonly(self):
        """The file system becomes read-only, the writer is killed meanwhile, and it becomes writable again."""
        def what(folder):
            db = os.path.join(folder, 'x.db')
            traffic, a = self.traffic(200, simulated.HOUR)
            sensor = Sensor(self.a, db, ['--lanes', '0'])
            sensor.feed(simulated.HEADER + a)
            said = self.until_stored(db, traffic.n - 1)
            time.sleep(1.5)
            sensor.p.send_signal(signal.SIGSTOP)    # it starts no other writer
            os.kill(sensor.child('writer'), signal.SIGKILL)     # nobody may have it open for writing
            time.sleep(.3)
            p = subprocess.run(['mount', '-o', 'remount,ro', folder], capture_output=True, text=True)
            sensor.p.send_signal(signal.SIGCONT)
            for i in range(200):
                traffic.session(START + simulated.HOUR + (i + 1) * simulated.SECOND, traffic.kinds[i % len(traffic.kinds)])
            sensor.feed(traffic.until())
            if p.returncode:
                print('skipped: %s' % p.stderr.strip())
                sensor.end()
                return []
            said += self.wait_for(sensor, 'cannot be')
            subprocess.run(['mount', '-o', 'remount,rw', folder], check=True)
            said += self.wait_for(sensor, 'is written again')
            return said + self.judge(sensor, db, traffic, ['the writer was ended by signal 9', 'is kept in memory', 'is written again'])
        return self.mounted(what)


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    passed = failed = 0
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        tests = Tests(a, folder)
        for name in a.names or ('limited', 'killed_in_trouble', 'removed', 'clock', 'folded', 'lines', 'tried', 'reader', 'full', 'readonly'):
            began = time.time()
            said = getattr(tests, name)()
            print('%s: %s, %.1f s' % (name, 'failed' if said else 'as it should be', time.time() - began))
            print(''.join('  %s\n' % s[:600] for s in said[:8]), end='')
            passed, failed = passed + (not said), failed + bool(said)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
