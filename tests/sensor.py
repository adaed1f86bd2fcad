#!/usr/bin/env python3
"""The sensor on network interfaces: what it stores is what `analyze` stores of what tcpdump took beside it.

usage: sensor.py [--bin build/mailseal] [--seed N] [NAME…]

As root: makes a network namespace with pairs of veth interfaces, sends captures into one end and lets mailseal and
tcpdump listen at the other one. The last line is "N passed, N failed" (checks).
"""
import argparse, os, random, signal, socket, sqlite3, struct, subprocess, sys, tempfile, time
import golden, interleave, lanes, monitor, simulated

SPACE = 'mailseal-test-%d' % os.getpid()
ETH_P_ALL = 3


def run(*args, check=True):
    return subprocess.run(args, check=check, capture_output=True, text=True)


def ip(*args, check=True):
    return run('ip', '-n', SPACE, *args, check=check)


def make_pair(a, b):
    ip('link', 'add', 'dev', a, 'type', 'veth', 'peer', 'name', b)
    for name in (a, b):
        run('ip', 'netns', 'exec', SPACE, 'sysctl', '-q', '-w', 'net.ipv6.conf.%s.disable_ipv6=1' % name, check=False)
        ip('link', 'set', name, 'mtu', '9000', 'up')


class Sensor(monitor.Sensor):
    def __init__(self, a, db, args):
        self.p = subprocess.Popen(['ip', 'netns', 'exec', SPACE, a.bin, 'monitor', '--db', db] + args, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.said = b''
        self.reader = monitor.threading.Thread(target=self.listen)
        self.reader.start()
        if not self.child('parser') or not self.child('writer'):
            raise SystemExit('no sensor: %s' % self.said)
        time.sleep(.5)

    def stop(self):
        time.sleep(1.2)                     # what the kernel still holds
        self.p.send_signal(signal.SIGTERM)
        return self.end()


SENDER = '''
import socket, struct, sys, time
links = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW) for _ in sys.argv[3:]]
for s, name in zip(links, sys.argv[3:]):
    s.bind((name, 0))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
data, at, n, pause = open(sys.argv[1], 'rb').read(), 24, 0, float(sys.argv[2])
while at < len(data):
    size = struct.unpack_from('<I', data, at + 8)[0]
    frame = data[at + 16:at + 16 + size]
    links[frame[40] % len(links) if len(links) > 1 else 0].send(frame)
    at, n = at + 16 + size, n + 1
    if n % 50 == 0:
        time.sleep(pause * 50)
print(n)
'''


def send(path, links, pause=.0001):
    """Sends a capture; gives how many packets it has."""
    return int(run('ip', 'netns', 'exec', SPACE, sys.executable, '-c', SENDER, path, str(pause), *links).stdout)


class Dump:
    """tcpdump beside it."""
    def __init__(self, path, link):
        self.p = subprocess.Popen(['ip', 'netns', 'exec', SPACE, 'tcpdump', '-i', link, '-w', path, '-s', '0', '-B', '65536', '--time-stamp-precision=nano', '-Z', 'root'],
                                  stderr=subprocess.PIPE)
        while b'listening' not in self.p.stderr.readline():
            pass

    def stop(self):
        self.p.send_signal(signal.SIGINT)
        self.p.stderr.read()
        self.p.wait()


def untimed(db, a):
    return monitor.sessions_of(a, db, ('source', 'id'))


class Tests:
    def __init__(self, a, folder):
        self.a, self.folder, self.n = a, folder, 0
        self.capture = os.path.join(folder, 'sent.pcap')
        self.packets = self.make(self.capture)

    def path(self, end='.db'):
        self.n += 1
        return os.path.join(self.folder, '%d%s' % (self.n, end))

    def make(self, path):
        """Copies of goldens, interleaved, of packets that an interface takes."""
        r, merged = random.Random(self.a.seed), []
        goldens = [p for p in (interleave.usable(e) for f in (golden.PCAPS, golden.RECORDED) for e in golden.read_manifest(f)[0]) if p]
        for number in range(1, 400):
            packets = r.choice(goldens)
            shift = r.randrange(10**6)
            for order, (at, wire, frame) in enumerate(packets):
                if 60 <= len(frame) <= 9000 and len(frame) == wire:
                    merged.append((shift + order * 2000, number, order, interleave.readdressed(frame, number)))
        merged.sort(key=lambda m: m[:3])
        with open(path, 'wb') as f:
            f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
            for at, _, _, frame in merged:
                f.write(struct.pack('<IIII', at // 10**6, at % 10**6, len(frame), len(frame)) + frame)
        return len(merged)

    def compare(self, dump, got):
        want = self.path()
        monitor.analyse(self.a, dump, want)
        return monitor.differences(self.a, want, got) + ([] if monitor.query(want, 'SELECT count(*) > 100 FROM session')[0][0] else ['few sessions'])

    # --- each gives sentences of what is wrong ---

    def same_as_tcpdump(self):
        """All ports: the same packets, sessions and rates."""
        said, got, dump = [], self.path(), self.path('.pcap')
        tcpdump, sensor = Dump(dump, 'seen0'), Sensor(self.a, got, ['--interface', 'seen0', '--all-ports'])
        n = send(self.capture, ['sent0'])
        code = sensor.stop()
        tcpdump.stop()
        said += self.compare(dump, got) + (['status %s: %s' % (code, sensor.said)] if code else [])
        seen, dropped = monitor.query(got, 'SELECT sum(packets), sum(dropped_kernel) FROM source')[0]
        minutes = monitor.query(got, 'SELECT sum(packets), sum(dropped_kernel) FROM seen')[0]
        return said + ([] if seen + dropped == n and minutes == (seen, dropped) else ['%s sent, %s seen, %s dropped, by minutes %s' % (n, seen, dropped, minutes)])

    def lanes(self):
        """However many lanes follow them: the same sessions, of connections in fragments, tags and tunnels, too."""
        said, dump, made = [], self.path('.pcap'), self.path('.pcap')
        lanes.unusual(made, random.Random(self.a.seed), 700)
        tcpdump = Dump(dump, 'seen1')
        sensors = [(n, db, Sensor(self.a, db, ['--interface', 'seen1', '--all-ports', '--lanes', str(n)]))
                   for n, db in ((n, self.path()) for n in (0, 1, 2, 5))]
        for n, _, sensor in sensors:        # beside them one that reads, and one that tells
            threads = len(os.listdir('/proc/%d/task' % sensor.child('parser')))
            said += ['%d lanes: %d threads' % (n, threads)] if threads != (n + 2 if n else 1) else []
        sent = send(made, ['sent1'])
        codes = [sensor.stop() for _, _, sensor in sensors]
        tcpdump.stop()
        for (n, db, sensor), code in zip(sensors, codes):
            ended = ['status %s: %s' % (code, sensor.said)] if code else []
            said += ['%d lanes: %s' % (n, d) for d in self.compare(dump, db) + ended]
            seen, dropped = monitor.query(db, 'SELECT sum(packets), sum(dropped_kernel) FROM source')[0]
            said += ['%d lanes: %d sent, %d seen, %d dropped' % (n, sent, seen, dropped)] if (seen, dropped) != (sent, 0) else []
        return said

    def filtered(self):
        """With the usual filter: fewer packets, the same sessions on mail ports."""
        got, dump, want = self.path(), self.path('.pcap'), self.path()
        tcpdump, sensor = Dump(dump, 'seen0'), Sensor(self.a, got, ['--interface', 'seen0', '--lanes', '0'])
        send(self.capture, ['sent0'])
        code = sensor.stop()
        tcpdump.stop()
        monitor.analyse(self.a, dump, want)
        mail = 'SELECT count(*), sum(bytes_toserver), sum(pkts_toclient) FROM session AS s JOIN endpoint AS e ON e.id = s.server WHERE port IN (24, 25, 110, 143, 465, 587, 993, 995, 2525, 4190)'
        a, b = monitor.query(want, mail), monitor.query(got, mail)
        return (['%s, not %s' % (b, a)] if a != b else []) + (['status %s: %s' % (code, sensor.said)] if code else [])

    def two_links(self):
        """The two directions of a tap."""
        got = self.path()
        sensor = Sensor(self.a, got, ['--interface', 'seen0,seen1', '--all-ports'])
        n = send(self.capture, ['sent0', 'sent1'])
        code = sensor.stop()
        want = self.path()
        monitor.analyse(self.a, self.capture, want)
        figures = 'SELECT verdict, count(*), sum(bytes_toserver), sum(pkts_toclient) FROM session GROUP BY 1'
        a, b = monitor.query(want, figures), monitor.query(got, figures)
        sources = monitor.query(got, 'SELECT path, packets > 0 FROM source ORDER BY 1')
        said = [] if sources == [('seen0', 1), ('seen1', 1)] else ['sources: %s' % sources]
        return said + (['%s, not %s' % (b, a)] if a != b else []) + (['status %s: %s' % (code, sensor.said)] if code else [])

    def rights(self):
        """The parser is nobody, and has nothing but what is open."""
        sensor = Sensor(self.a, self.path(), ['--interface', 'seen0'])
        status = dict(l.rstrip('\n').split(':\t', 1) for l in open('/proc/%d/status' % sensor.child('parser')) if ':\t' in l)
        want = {'Seccomp': '2', 'NoNewPrivs': '1', 'CapEff': '0' * 16, 'CapPrm': '0' * 16, 'CapBnd': '0' * 16, 'CapAmb': '0' * 16}
        said = ['%s is %s' % (k, status.get(k)) for k, v in want.items() if status.get(k) != v]
        said += ['uid %s, gid %s' % (status['Uid'], status['Gid'])] if '0' in status['Uid'].split() + status['Gid'].split() else []
        said += ['groups: %s' % status['Groups']] if status['Groups'].strip() else []
        parent = dict(l.rstrip('\n').split(':\t', 1) for l in open('/proc/%d/status' % sensor.p.pid) if ':\t' in l)
        said += ['the parent has %s' % parent['CapEff']] if int(parent['CapEff'], 16) & ~(1 << 13 | 1 << 8 | 1 << 7 | 1 << 6 | 1 << 5) else []
        code = sensor.stop()
        return said + (['status %s: %s' % (code, sensor.said)] if code else [])

    def killed(self):
        """Parser and writer are killed in the middle: both come back within a second, no session is counted twice."""
        got, dump, want = self.path(), self.path('.pcap'), self.path()
        tcpdump, sensor = Dump(dump, 'seen0'), Sensor(self.a, got, ['--interface', 'seen0', '--all-ports'])
        sender = monitor.threading.Thread(target=send, args=(self.capture, ['sent0'], .0004))
        sender.start()
        said = []
        for name in ('parser', 'writer', 'parser', 'writer'):
            time.sleep(1)
            old = sensor.child(name)
            os.kill(old, signal.SIGKILL)
            began = time.time()
            while sensor.child(name) in (None, old) and time.time() < began + 5:
                time.sleep(.01)
            said += ['the %s came back after %.1f s' % (name, time.time() - began)] if time.time() - began > 1 else []
        sender.join()
        code = sensor.stop()
        tcpdump.stop()
        monitor.analyse(self.a, dump, want)
        a, b = (monitor.query(db, 'SELECT sum(sessions) FROM rate')[0][0] for db in (want, got))
        seen, dropped = monitor.query(got, 'SELECT sum(packets), sum(dropped_kernel) FROM source')[0]
        print('  %d of %d sessions, %d of %d packets' % (b, a, seen, self.packets))
        # what came while no parser was there, and sessions whose last payload came before
        said += [] if .6 * a <= b <= a and seen >= .75 * self.packets else ['%d sessions, not %d; %d packets' % (b, a, seen)]
        said += ['twice: %s' % r[0] for r in monitor.query(got, 'SELECT community FROM session GROUP BY 1 HAVING count(*) > 1')
                 if len(monitor.query(want, "SELECT 1 FROM session WHERE community = '%s'" % r[0])) < 2][:3]
        said += [r[0] for r in monitor.query(got, 'PRAGMA integrity_check') if r[0] != 'ok']
        return said + (['status %s: %s' % (code, sensor.said)] if code else [])

    def flap(self):
        """The interface goes down and comes up, and goes away and comes back."""
        got = self.path()
        sensor = Sensor(self.a, got, ['--interface', 'seen2', '--all-ports'])
        sent = send(self.capture, ['sent2'], 0)
        time.sleep(1)
        ip('link', 'set', 'seen2', 'down')
        time.sleep(2.5)
        ip('link', 'set', 'seen2', 'up')
        time.sleep(2.5)
        sent += send(self.capture, ['sent2'], 0)
        time.sleep(1)
        ip('link', 'del', 'seen2')
        time.sleep(2.5)
        make_pair('sent2', 'seen2')
        time.sleep(2.5)
        sent += send(self.capture, ['sent2'], 0)
        code = sensor.stop()
        seen, dropped = monitor.query(got, 'SELECT sum(packets), sum(dropped_kernel) FROM source')[0]
        said = [] if seen + dropped == sent else ['%d packets of %d, %d dropped' % (seen, sent, dropped)]
        return said + ([] if b'is there again' in sensor.said else ['said: %s' % sensor.said]) + (['status %s' % code] if code else [])

    def idle(self):
        """Nothing comes: it says so by the minute, and knows how far it is complete."""
        got = self.path()
        sensor = Sensor(self.a, got, ['--interface', 'seen1'])
        time.sleep(2)
        code = sensor.stop()
        rows = monitor.query(got, 'SELECT packets, begin FROM seen')
        complete = monitor.query(got, 'SELECT complete_us / 1000000 FROM run')[0][0]
        said = [] if rows and all(p == 0 and abs(b - time.time()) < 120 for p, b in rows) else ['seen: %s' % rows]
        said += [] if abs(complete - time.time()) < 10 else ['complete until %s' % complete]
        return said + (['status %s: %s' % (code, sensor.said)] if code else [])

    def tight(self):
        """The database is held for so long that the memory gets full: rows of plain sessions go, no count and no incident does."""
        got, path = self.path(), self.path('.pcap')
        traffic = simulated.Traffic(simulated.kinds())
        for i in range(48000):
            traffic.session(i * 1000, traffic.kinds[i % len(traffic.kinds)])
        with open(path, 'wb') as f:
            f.write(simulated.HEADER + traffic.until())
        sensor = Sensor(self.a, got, ['--interface', 'seen0'])
        time.sleep(1)
        lock = sqlite3.connect(got, isolation_level=None)
        lock.execute('BEGIN IMMEDIATE')
        n = send(path, ['sent0'], 0)
        time.sleep(7)
        sensor.p.send_signal(signal.SIGUSR1)
        time.sleep(1)
        lock.execute('ROLLBACK')
        lock.close()
        time.sleep(8)
        code = sensor.stop()
        said = ['status %s' % code] if code else []
        seen, dropped, left_out = monitor.query(got, 'SELECT sum(packets), sum(dropped_kernel), sum(rows_left_out) FROM seen')[0]
        rows, marked = monitor.query(got, 'SELECT count(*), sum(incidents <> 0) FROM session')[0]
        rates, peers = (monitor.query(got, 'SELECT sum(sessions) FROM ' + t)[0][0] for t in ('rate', 'peer_day'))
        print('  %d packets, %d dropped; %d rows, %d without' % (seen, dropped, rows, left_out))
        said += ['%d packets, not %d' % (seen + dropped, n)] if seen + dropped != n else []
        if dropped:
            print('skipped: the kernel dropped packets, so the truth is not known')
            return said
        said += ['%d and %d sessions, not %d' % (rates, peers, traffic.n)] if (rates, peers) != (traffic.n,) * 2 else []
        offered, of_peers = (monitor.query(got, 'SELECT sum(offered) FROM ' + t)[0][0] for t in ('rate', 'peer_day'))
        kind = traffic.n // len(traffic.kinds)          # sessions of each kind, of which all or none are offered TLS
        said += ['offered: %d and %d' % (offered, of_peers)] if offered != of_peers or not offered or offered % kind else []
        said += ['%d rows and %d without' % (rows, left_out)] if rows + left_out != traffic.n or not left_out else []
        said += ['%d incidents of %d' % (marked, traffic.n // len(traffic.kinds))] if marked != traffic.n // len(traffic.kinds) else []
        said += ['integrity: %s' % r for r, in monitor.query(got, 'PRAGMA integrity_check') if r != 'ok']
        want = ('in use by another program', 'three quarters full', 'is written again', 'sessions have rows again')
        return said + ['%s is not said: %s' % (w, sensor.said) for w in want if w.encode() not in sensor.said]

    def wait_for(self, sensor, text):
        end = time.time() + 60
        while text.encode() not in sensor.said and time.time() < end:
            time.sleep(.05)
        return [] if text.encode() in sensor.said else ['%s is not said: %s' % (text, sensor.said)]

    def begin(self):
        """It says what it listens on, and when packets come; of a second one with the same name and link, that it counts twice."""
        db, args = self.path(), ['--interface', 'seen1', '--all-ports']
        first = Sensor(self.a, db, args)
        said = self.wait_for(first, 'listens on seen1 for mail on any port and stores in %s' % db)
        second, other = Sensor(self.a, db, args), Sensor(self.a, db, args + ['--sensor', 'other'])
        said += self.wait_for(second, "another sensor named 'local' stores what seen1 brings") + self.wait_for(other, 'listens on seen1')
        send(self.capture, ['sent1'])
        for s in first, second, other:
            said += self.wait_for(s, 'the first packets have come')
            said += ['status'] if s.stop() else []
        third = Sensor(self.a, db, args)        # those before it have ended
        said += self.wait_for(third, 'listens on seen1')
        said += ['status'] if third.stop() else []
        return said + ['it says: %s' % s.said for s in (first, other, third) if b'another sensor' in s.said]

    def absent(self):
        """An interface that is not there is an error at the start."""
        p = run('ip', 'netns', 'exec', SPACE, self.a.bin, 'monitor', '--db', self.path(), '--interface', 'nothing0', check=False)
        return [] if p.returncode == 66 and 'nothing0' in p.stderr and len(p.stderr.splitlines()) == 1 else ['status %d: %s' % (p.returncode, p.stderr)]


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    a.bin, a.sanitized = os.path.abspath(a.bin), False
    if os.geteuid():
        sys.exit('sensor.py needs root')
    run('ip', 'netns', 'add', SPACE)
    passed = failed = 0
    try:
        ip('link', 'set', 'lo', 'up')
        for i in range(3):
            make_pair('sent%d' % i, 'seen%d' % i)
        with tempfile.TemporaryDirectory(dir='/dev/shm') as folder:
            os.chmod(folder, 0o755)
            tests = Tests(a, folder)
            for name in a.names or ('absent', 'rights', 'same_as_tcpdump', 'lanes', 'filtered', 'two_links', 'idle', 'begin', 'killed', 'flap', 'tight'):
                began = time.time()
                said = getattr(tests, name)()
                print('%s: %s, %.1f s' % (name, 'failed' if said else 'as it should be', time.time() - began), flush=True)
                print(''.join('  %s\n' % s[:600] for s in said[:8]), end='')
                passed, failed = passed + (not said), failed + bool(said)
    finally:
        run('ip', 'netns', 'del', SPACE)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
