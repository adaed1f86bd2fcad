#!/usr/bin/env python3
"""Processes of the sensor are killed at random moments: the database stays whole, and says what it has to.

usage: kills.py [--bin build/mailseal] [--kills 12] [--seed N] [--folder DIR]

`monitor --read -` is fed with sessions of known verdicts, each of a client of its own, in small pieces. Meanwhile the
writer is killed (-9), now and then also the parser or the parent; with a pipe as standard input both end the life of
the sensor, and the next one begins with new sessions on the same database. Checked are

  always                 PRAGMA integrity_check; what was committed once stays; no session has two rows; the sums are those of the rows
  of lives that end well, though their writers were killed: each session has its row, with its verdict

The last line is "N passed, N failed" (lives, and the whole).
"""
import argparse, collections, os, random, signal, sqlite3, sys, tempfile, time
import golden, simulated
from monitor import Sensor


def query(db, sql):
    c = sqlite3.connect(db, timeout=20)
    try:
        return c.execute(sql).fetchall()
    finally:
        c.close()


ROWS = ("SELECT client.text, v.word FROM session JOIN endpoint AS client ON client.id = session.client"
        " JOIN word AS v ON v.kind = 'verdict' AND v.code = session.verdict")


def rows(db):
    try:
        return query(db, ROWS)
    except sqlite3.OperationalError:        # it has not been made yet
        return []


def wait_until_gone(pids):
    end = time.time() + 20
    while time.time() < end and any(p and os.path.exists('/proc/%d' % p) for p in pids):
        time.sleep(.01)


class Kills:
    def __init__(self, a, db):
        self.a, self.db, self.r = a, db, random.Random(a.seed)
        self.traffic, self.at = simulated.Traffic(simulated.kinds()), 1700000000 * simulated.SECOND
        self.kills, self.names = collections.Counter(), {}
        self.there = set()                  # clients that had a row once
        self.passed = self.failed = 0

    def piece(self):
        """Some sessions, all of them from beginning to end; gives their packets."""
        for _ in range(self.r.randrange(1, 8)):
            kind = self.r.choice(self.traffic.kinds)
            self.names[kind.client(self.traffic.n)] = kind.verdict
            self.traffic.session(self.at, kind)
            self.at += self.r.randrange(simulated.SECOND)
        return self.traffic.until()

    def kill(self, name, pid):
        if pid:
            os.kill(pid, signal.SIGKILL)
            self.kills[name] += 1

    def look(self, said):
        got = rows(self.db)
        clients = collections.Counter(c for c, _ in got)
        said += ['%d rows were lost' % len(self.there - set(clients))] if self.there - set(clients) else []
        said += ['two rows: %s' % c for c, n in clients.items() if n > 1][:2]
        self.there |= set(clients)
        return dict(got)

    def life(self):
        said, before = [], set(self.names)
        sensor = Sensor(self.a, self.db, ['--lanes', self.r.choice('02')])
        sensor.feed(simulated.HEADER)
        for _ in range(self.r.randrange(1, 6)):
            sensor.feed(self.piece())
            time.sleep(self.r.random() * .3)
            if self.r.random() < .8:
                self.kill('writer', sensor.child('writer'))
            sensor.feed(self.piece())
        how = self.r.choice(('end', 'end', 'parser', 'parent'))
        if how != 'end':
            time.sleep(self.r.random() * .5)
            self.look(said)
            pids = [sensor.child(n, .5) for n in ('parser', 'writer')]
            self.kill(how, pids[0] if how == 'parser' else sensor.p.pid)
            code = sensor.end()
            wait_until_gone(pids)
            want = (70,) if how == 'parser' else (-9,)
        else:
            code, want = sensor.end(), (0,)
        said += ['%s: status %s: %s' % (how, code, sensor.said)] if code not in want else []
        got = self.look(said)
        fed = set(self.names) - before
        wrong = [(c, self.names[c], got.get(c)) for c in fed if got.get(c) != self.names[c]] if how == 'end' else []
        said += ['%d of %d sessions are wrong: %s' % (len(wrong), len(fed), wrong[:3])] if wrong else []
        return said

    def sums(self):
        said = [r for r, in query(self.db, 'PRAGMA integrity_check') if r != 'ok']
        n = query(self.db, 'SELECT (SELECT count(*) FROM session), (SELECT sum(sessions) FROM rate), (SELECT sum(sessions) FROM rate_day),'
                           ' (SELECT sum(sessions) FROM peer_day), (SELECT sum(sessions) FROM source)')[0]
        said += ['sums differ: %s' % (n,)] if len(set(n)) > 1 else []
        by = ('SELECT first_us / 3600000000 * 3600, verdict, count(*), sum(bytes_toserver + bytes_toclient) FROM session GROUP BY 1, 2 ORDER BY 1, 2',
              'SELECT hour, verdict, sum(sessions), sum(bytes) FROM rate GROUP BY 1, 2 ORDER BY 1, 2')
        return said + (['hours differ'] if query(self.db, by[0]) != query(self.db, by[1]) else [])

    def run(self):
        lives = 0
        while sum(self.kills.values()) < self.a.kills:
            said = self.life()
            lives += 1
            if lives % 20 == 0:
                said += self.sums()
            self.passed, self.failed = self.passed + (not said), self.failed + bool(said)
            print(''.join('life %d: %s\n' % (lives, s[:500]) for s in said[:4]), end='', flush=True)
            if self.failed > 20:
                break
        said = self.sums()
        self.passed, self.failed = self.passed + (not said), self.failed + bool(said)
        print(''.join('%s\n' % s[:500] for s in said[:8]), end='')
        print('%d lives; killed: %s; %d of %d sessions have rows' % (lives, ', '.join('%s %d times' % k for k in sorted(self.kills.items())), len(self.there), len(self.names)))


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--kills', type=int, default=12)
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--folder', help='where the database is; in memory by default')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=a.folder or memory) as folder:
        kills = Kills(a, os.path.join(folder, 'x.db'))
        kills.run()
    print('%d passed, %d failed' % (kills.passed, kills.failed))
    sys.exit(kills.failed > 0)


if __name__ == '__main__':
    main()
