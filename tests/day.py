#!/usr/bin/env python3
"""24 hours of a sensor in a minute or two: nothing is lost, and memory stays as it is.

usage: day.py [--bin build/mailseal] [--sessions 100000] [--clients 1009] [--seed N]

`monitor --read -` is fed with so many sessions of known verdicts, of 24 hours of packet time. Meanwhile the writer is
killed five times, the sensor is ended and started again three times, the database's files may not grow twice for some
time (a full disk), the clock is set back once and on once, and for ten minutes nothing comes four times. In the end the
hourly sums must be the truth by server port and verdict, each session must have one row, and neither process may need
more memory once it is warm.

So many clients come again and again, and what is known of them and their servers has its place after six hours.
With --clients 0 each session has a client of its own: then the writer's tables of clients (65,536) and of pairs of client and
server (32,768) fill up to their bounds, which takes 18 hours; behind that it must be as flat. The last line is
"N passed, N failed" (checks).
"""
import argparse, os, random, resource, signal, sqlite3, sys, tempfile, time
import golden, simulated
from monitor import Sensor

START = 1700000000 // 3600 * 3600 * simulated.SECOND
PIECES = 10                                 # of an hour
WARM = {True: 6, False: 18}                 # hours: with clients that come again, and with new ones all the time
# KiB: messages that wait to be stored, more or less of them at this pace; what the allocator and SQLite do.
ROOM = {'parser': 8 << 10, 'writer': 4 << 10}


def rss(pid):
    """KiB that are in memory, without files; None: it is not there."""
    try:
        return next(int(l.split()[1]) for l in open('/proc/%d/status' % pid) if l.startswith('RssAnon'))
    except (OSError, StopIteration, TypeError):
        return None


class Day:
    def __init__(self, a, db):
        self.a, self.db, self.r, self.said = a, db, random.Random(a.seed), []
        self.traffic, self.at = simulated.Traffic(simulated.kinds(), a.clients), START
        self.memory = {'parser': [], 'writer': []}
        self.lines, self.pace = '', 0
        self.start()

    def start(self):
        self.sensor = Sensor(self.a, self.db)
        self.sensor.feed(simulated.HEADER)

    def end(self):
        self.sensor.feed(self.traffic.until())
        code = self.sensor.end(120)
        self.said += ['status %s: %s' % (code, self.sensor.said)] if code else []
        self.lines += self.sensor.said.decode()

    def disk(self, full):
        resource.prlimit(self.sensor.child('writer'), resource.RLIMIT_FSIZE, (0 if full else resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def piece(self, n):
        """So many sessions in a tenth of an hour."""
        width = simulated.HOUR // PIECES
        for i in range(n):
            start = self.at + i * width // n
            self.sensor.feed(self.traffic.until(start)) if i % 50 == 0 else None
            self.traffic.session(start, self.r.choice(self.traffic.kinds))
        self.at += width
        time.sleep(self.pace)

    def step(self, us):
        """The clock is set; what was open has ended."""
        self.sensor.feed(self.traffic.until())
        time.sleep(.6)                      # it was told of
        self.at += us

    def hour(self, h):
        n = self.a.sessions // (24 * PIECES)
        for piece in range(PIECES):
            if h in (4, 14) and piece in (2, 9):
                self.disk(piece == 2)
                self.pace = .3 if piece == 2 else 0
                time.sleep(0 if piece == 2 else 2)
            if h in (2, 7, 12, 17, 22) and piece == 5:
                os.kill(self.sensor.child('writer'), signal.SIGKILL)
                time.sleep(.3)
            if h in (3, 9, 15, 21) and piece == 7:
                self.at += 600 * simulated.SECOND       # as with a cable that is out
            self.piece(n)
        if h in (8, 16):
            self.step(-90 * 60 * simulated.SECOND if h == 8 else 3 * simulated.HOUR)
        for name in self.memory:
            self.memory[name].append(rss(self.sensor.child(name)))
        if h in (5, 11, 19):
            self.end()
            self.start()

    def check_memory(self):
        warm = WARM[self.a.clients > 0]
        for name, kib in self.memory.items():
            early, late = max(k for k in kib[:warm] if k), max(k for k in kib[warm:] if k)
            print('%s: %d KiB at most in the first %d hours, %d later; by the hour %s' % (name, early, warm, late, kib))
            self.said += ['the %s needs %d KiB, %d before' % (name, late, early)] if late > early + ROOM[name] else []

    def run(self):
        for h in range(24):
            self.hour(h)
        self.end()
        self.check_memory()
        self.said += self.traffic.differences(self.db)
        c = sqlite3.connect(self.db)
        n, different, steps = c.execute('SELECT count(*), count(DISTINCT printf(\'%d-%d-%d\', client, client_port, first_us)), (SELECT sum(clock_steps) FROM seen) FROM session').fetchone()
        packets, = c.execute('SELECT sum(packets) FROM source').fetchone()
        c.close()
        self.said += ['%d rows of %d sessions, not %d' % (n, different, self.traffic.n)] if {n, different} != {self.traffic.n} else []
        self.said += ['%d packets, not %d' % (packets, self.traffic.packets)] if packets != self.traffic.packets else []
        self.said += ['%s clock steps' % steps] if steps != 2 else []
        self.said += ['%d times %s in: %s' % (self.lines.count(w), w, self.lines) for w, least in
                      (('is kept in memory', 2), ('is written again', 2), ('ended by signal 9', 5)) if self.lines.count(w) != least]
        print('%d sessions, %d packets, database %d KiB' % (n, packets, os.stat(self.db).st_size >> 10))


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--sessions', type=int, default=100000)
    ap.add_argument('--clients', type=int, default=1009)
    ap.add_argument('--seed', type=int, default=1)
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        day = Day(a, os.path.join(folder, 'x.db'))
        began = time.time()
        day.run()
        print(''.join('%s\n' % s[:600] for s in day.said), end='')
        print('24 hours took %.0f s' % (time.time() - began))
    print('%d passed, %d failed' % (not day.said, bool(day.said)))
    sys.exit(bool(day.said))


if __name__ == '__main__':
    main()
