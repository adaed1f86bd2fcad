#!/usr/bin/env python3
"""How the sensor behaves as a service: what it says to systemd and its journal.

usage: manners.py [--bin build/mailseal] [NAME…]

Without root and without systemd: the socket and the journal are our own. The last line is "N passed, N failed" (checks).
"""
import argparse, fcntl, json, os, pty, random, select, shutil, signal, socket, sqlite3, struct, subprocess, sys, tempfile, termios, threading, time
import golden, lanes


class Service:
    """A sensor that reads standard input, its manager, and the journal it writes to."""
    def __init__(self, a, folder, db, args=(), **env):
        self.path = os.path.join(folder, 'notify')
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(self.path)
        mine, its = socket.socketpair()         # as the journal's; the parser may write to no file
        st = os.fstat(its.fileno())
        env = dict(os.environ, NOTIFY_SOCKET=self.path, WATCHDOG_USEC='1000000', JOURNAL_STREAM='%d:%d' % (st.st_dev, st.st_ino), **env)
        env.pop('WATCHDOG_PID', None)
        self.p = subprocess.Popen([a.bin, 'monitor', '--read', '-', '--db', db] + list(args), stdin=subprocess.PIPE, stderr=its, env=env)
        its.close()
        self.said = b''
        self.listener = threading.Thread(target=self.listen, args=(mine,))
        self.listener.start()

    def listen(self, mine):
        while (data := mine.recv(65536)):
            self.said += data

    def heard(self, want, seconds=5):
        """The next message that begins so, or None."""
        end = time.time() + seconds
        while time.time() < end:
            self.manager.settimeout(max(.01, end - time.time()))
            try:
                text = self.manager.recv(4096).decode()
            except socket.timeout:
                return None
            if text.startswith(want):
                return text
        return None

    def drain(self):
        self.manager.settimeout(0)
        try:
            while True:
                self.manager.recv(4096)
        except BlockingIOError:
            pass

    def feed(self, path):
        self.p.stdin.write(open(path, 'rb').read())
        self.p.stdin.flush()

    def lines(self):
        return self.said.decode().splitlines()

    def wait_line(self, part, seconds=5):
        end = time.time() + seconds
        while time.time() < end and not any(part in l for l in self.lines()):
            time.sleep(.05)
        return [] if any(part in l for l in self.lines()) else ['no line has "%s": %s' % (part, self.lines())]

    def children(self):
        pids = open('/proc/%d/task/%d/children' % (self.p.pid, self.p.pid)).read().split()
        return {open('/proc/%s/comm' % pid).read().strip(): int(pid) for pid in pids}

    def term(self):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
        try:
            code = self.p.wait(30)
        except subprocess.TimeoutExpired:
            self.p.kill()
            code = 'hangs'
        self.p.stdin.close()
        self.listener.join()
        self.manager.close()
        return [] if code == 0 else ['status %s: %s' % (code, self.lines())]


class Tests:
    def __init__(self, a, folder):
        self.a, self.folder, self.n = a, folder, 0
        self.unusual = os.path.join(folder, 'unusual.pcap')
        lanes.unusual(self.unusual, random.Random(1))

    def path(self):
        self.n += 1
        return os.path.join(self.folder, '%d.db' % self.n)

    def service(self, *args, **env):
        return Service(self.a, self.folder, self.path(), args, **env)

    # --- each gives sentences of what is wrong ---

    def notify(self):
        """Ready, the share of the last minute, watched, ended."""
        s, said = self.service(), []
        said += [] if s.heard('READY=1') else ['it is never ready']
        s.feed(self.unusual)
        text = s.heard('STATUS=Encrypted: ', 12)
        said += [] if text and ' packets, 0 dropped' in text and ' 0 packets' not in text else ['the status is %s' % text]
        said += [] if s.heard('WATCHDOG=1', 2) else ['the watchdog is not fed']
        s.p.send_signal(signal.SIGTERM)
        said += [] if s.heard('STOPPING=1') else ['nothing was said of the end']
        return said + s.term()

    def hanging(self):
        """A process that hangs lets the watchdog bark."""
        said = []
        for name in ('mailseal-parser', 'mailseal-writer'):
            s = self.service()
            said += [] if s.heard('READY=1') else ['it is never ready']
            pid = s.children()[name]
            s.feed(self.unusual)
            time.sleep(.5)
            os.kill(pid, signal.SIGSTOP)
            time.sleep(.6)
            s.drain()
            said += ['the watchdog was fed while %s hung' % name] if s.heard('WATCHDOG=1', 1) else []
            os.kill(pid, signal.SIGCONT)
            said += [] if s.heard('WATCHDOG=1', 2) else ['the watchdog was not fed after %s hung' % name]
            said += s.term()
        return said

    def journal(self):
        """Levels in front of each line; a killed process is a warning, figures are a notice."""
        s, said = self.service(), []
        said += [] if s.heard('READY=1') else ['it is never ready']
        s.feed(self.unusual)
        os.kill(s.children()['mailseal-writer'], signal.SIGKILL)
        said += s.wait_line('the writer was ended by signal 9')
        time.sleep(1)
        s.p.send_signal(signal.SIGUSR1)
        said += s.wait_line('parser: ') + s.wait_line('writer: ')
        said += s.term()
        levels = {'was ended': '<4>', 'parser': '<5>', 'writer: ': '<5>'}
        for line in s.lines():
            want = next((l for part, l in levels.items() if part in line), '<')
            said += [] if line.startswith(want) and 'mailseal' not in line else ['a line is: %s' % line]
        return said

    def flood(self):
        """A line that comes again and again is cut, and counted."""
        s, said = self.service(), []
        said += [] if s.heard('READY=1') else ['it is never ready']
        for i in range(60):
            s.p.send_signal(signal.SIGUSR1)
            time.sleep(.02)
        time.sleep(1.5)
        s.p.send_signal(signal.SIGUSR1)
        said += s.wait_line('lines were left out')
        n = sum('times, writer' in l for l in s.lines())
        said += [] if 20 <= n <= 30 else ['%d lines for 61 signals' % n]
        s.feed(self.unusual)
        return said + s.term()

    def quiet(self):
        """--log-level warning leaves figures out."""
        s, said = self.service('--log-level', 'warning'), []
        said += [] if s.heard('READY=1') else ['it is never ready']
        s.p.send_signal(signal.SIGUSR1)
        s.feed(self.unusual)
        time.sleep(.5)
        said += s.term()
        return said + ['it said %s' % s.lines()] * bool(s.lines())

    def presence(self):
        """At a terminal it says what it reads, and when packets come, and nothing with --log-level warning; to a pipe neither."""
        said = []
        for args, want in ([], ['reads standard input and stores in', 'the first packets have come']), (['--log-level', 'warning'], []):
            master, slave = pty.openpty()
            p = subprocess.Popen([self.a.bin, 'monitor', '--read', '-', '--db', self.path()] + args, stdin=subprocess.PIPE, stderr=slave)
            os.close(slave)
            p.stdin.write(open(self.unusual, 'rb').read())
            p.stdin.flush()
            seen, end = b'', time.time() + 60
            while want and want[-1].encode() not in seen and time.time() < end:
                if select.select([master], [], [], 1)[0]:
                    seen += os.read(master, 65536)
            p.stdin.close()
            code = p.wait()
            while select.select([master], [], [], 0)[0]:
                try:
                    seen += os.read(master, 65536)
                except OSError:         # the other end is closed, and all was read
                    break
            os.close(master)
            lines = seen.decode().splitlines()
            good = code == 0 and len(lines) == len(want) and all(w in l for w, l in zip(want, lines))
            said += [] if good else ['status %s, it said %s' % (code, lines)]
        return said

    def file(self, text):
        path = os.path.join(self.folder, 'mailseal.conf')
        open(path, 'w').write(text)
        return path

    def check(self, text):
        p = subprocess.run([self.a.bin, 'check-config', self.file(text)], capture_output=True, text=True)
        return p.returncode, p.stdout + p.stderr

    def check_config(self):
        """What is wrong is named with its line, and the nearest setting."""
        said = []
        for text, code, wants in (
                ('', 0, ['is good: 0 settings', 'names nothing to read']),
                ('# a comment\n\n[monitor]\n  local = 192.0.2.0/240 \r\nread=-\n; lanes = 99\n', 78, ['conf:4: --local']),
                ('local = 192.0.2.0/24,2001:db8::/32\r\nread=-\n', 0, ['is good: 2 settings\n']),
                ('lokal = 192.0.2.0/24\nmemroy=1G\n', 78, ["conf:1: 'lokal' is no setting; is 'local' meant?", "conf:2: 'memroy' is no setting; is 'memory' meant?"]),
                ('interface = eth1,eth2,eth1\n', 78, ["conf:1: --interface: 'eth1' is named twice"]),
                ('interface = eth1\nread = -\n', 78, ['either --interface or --read - has to be named, and not both']),
                ('xyzzy = 1\n', 78, ["conf:1: 'xyzzy' is no setting; 'mailseal monitor --help' lists them"]),
                ('lanes\n', 78, ["conf:1: 'lanes' is no line of the form 'name = value'"]),
                ('lanes =\n', 78, ['conf:1: lanes: a value is missing']),
                ('\nlanes = many\n', 78, ["conf:2: --lanes: 'many' is no number"]),
                ('[capture]\n', 78, ["conf:1: '[capture]' is no section"]),
                ('config = other.conf\n', 78, ["conf:1: 'config' is no setting"]),
                ('db = a\0b\n', 78, ['has zero bytes']),
                ('# x\n' * 20000, 78, ['larger than 64 KiB']),
                ('=\n' * 1000, 78, ["conf:20: '' is no setting"]),
                ('read = -\nfilter = tcp port 25 or\n', 78, ["conf:2: --filter: 'tcp port 25 or' is no filter: "]),
                ('read = -\nfilter = tcp port 25\n', 0, ['is good: 2 settings\n']),
                ('interface = nosuch0,lo\nuser = no-such-user\n', 0, ['interface: nosuch0 is not there', 'user: no-such-user is no user', 'does not have all']),
                ('read = -\ndb = /nosuch/mail.db\nwrite = /nosuch/deep/er\n', 0, ['db: the folder /nosuch cannot be found', 'write: the folder /nosuch/deep cannot be found']),
                ('read = -\ndb = %s/mail.db\nwrite = %s/new\n' % (self.folder, self.folder), 0, ['is good: 3 settings\n']),
                ('read = -\ndb = /dev/null/mail.db\n', 0, ['db: /dev/null is no folder'])):
            got, out = self.check(text)
            said += ['status %s, not %s, for %r: %s' % (got, code, text[:60], out[:200])] if got != code else []
            said += ['%r is not said of %r: %s' % (w, text[:60], out[:200]) for w in wants if w not in out]
            said += ['too much is said'] if out.count('\n') > 21 else []
        p = subprocess.run([self.a.bin, 'check-config', self.folder + '/none'], capture_output=True, text=True)
        said += [] if p.returncode == 66 and 'cannot be read' in p.stderr else ['of no file: %s %s' % (p.returncode, p.stderr)]
        path = self.file('lanes = many\n')
        p = subprocess.run([self.a.bin, 'monitor', '--read', '-', '--config', path, '--db', self.path()], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return said + ([] if p.returncode == 78 else ['monitor takes it: %s' % p.stderr])

    def sources(self):
        """What is read is said once, and clearly; standard input in the command line takes the place of the file's interfaces."""
        said = []
        empty = self.file('# nothing\n')
        os.rename(empty, empty + '.empty')
        path = self.file('interface = eth1,eth2\n')
        for args, code, words in (([], 64, 'to be named, and nothing is'),
                                  (['--config', empty + '.empty'], 64, "put the line 'interface = NAME' into %s.empty" % empty), (['--interface', 'eth1,eth1'], 64, "'eth1' is named twice"),
                                  (['--interface', 'eth1', '--interface', 'eth1'], 64, "'eth1' is named twice"),
                                  (['--config', path, '--interface', 'eth2'], 64, "'eth2' is named twice"),
                                  (['--interface', 'eth1', '--read', '-'], 64, 'not both'), (['--read', '-', '--interface', 'eth1'], 64, 'not both'),
                                  (['--read', '-', 'x'], 64, "'x' is no option"),
                                  (['--config', path, '--read', '-'], 0, 'the interfaces of %s are left alone' % path), (['--read', '-'], 0, '')):
            p = subprocess.run([self.a.bin, 'monitor', '--db', self.path()] + args, stdin=open(self.unusual, 'rb'), capture_output=True, text=True)
            said += [] if p.returncode == code and words in p.stderr else ['%s: %d, %s' % (args, p.returncode, p.stderr)]
            said += ['%s: %s' % (args, p.stderr)] if p.stderr.count('\n') > bool(words) else []
        return said

    def reload(self):
        """HUP: the direction of later sessions changes without a restart; what is no good changes nothing."""
        db = self.path()
        config = self.file('db = %s\nsensor = x\n' % db)
        s = Service(self.a, self.folder, db, ['--config', config])
        said = [] if s.heard('READY=1') else ['it is never ready']
        children = s.children()

        def hup(text, want):
            self.file(text)
            s.p.send_signal(signal.SIGHUP)
            return s.wait_line(want)
        said += hup('sensor = x\nlokal = 0.0.0.0/0\n', "conf:2: 'lokal' is no setting; is 'local' meant?")
        said += s.wait_line('is not taken: the settings stay as they were')
        said += hup('sensor = y\nlocal = 0.0.0.0/0,::/0\nlanes = 7\n', 'was read again; these wait until the sensor is started again: sensor, lanes')
        s.feed(self.unusual)
        time.sleep(1)
        said += [] if s.children() == children else ['processes were started again']
        said += s.term()
        with sqlite3.connect(db) as c:
            rows = c.execute('SELECT DISTINCT direction, sensor FROM sessions').fetchall()
        said += [] if rows == [('internal', 'x')] else ['directions are %s' % rows]
        levels = [l[:3] for l in s.lines()]
        return said + ([] if levels == ['<3>', '<4>', '<5>'] else ['lines are %s' % s.lines()])

    def unit(self):
        """What `make install` installs: a unit that systemd takes, exposed no more than 1.5, and the settings as they come."""
        root = os.path.join(self.folder, 'root')
        made = subprocess.run(['make', '-s', '-o', self.a.bin, '-C', os.path.join(golden.HERE, '..'), 'install', 'DESTDIR=' + root, 'PREFIX=/usr', 'BUILD=' + os.path.dirname(self.a.bin)],
                              capture_output=True, text=True)
        said = ['make install: %s' % made.stderr] if made.returncode else []
        want = ('bin/mailseal', 'share/man/man1/mailseal.1', 'share/mailseal/mailseal.conf', 'lib/sysusers.d/mailseal.conf', 'lib/systemd/system/mailseal.service')
        said += ['%s is not installed' % f for f in want if not os.path.isfile(os.path.join(root, 'usr', f))]
        unit = os.path.join(root, 'usr', want[-1])
        text = open(unit).read()
        said += [] if '\nExecStart=/usr/bin/mailseal monitor --config /etc/mailseal.conf\n' in text else ['the unit starts another program']
        settings = open(os.path.join(root, 'usr', want[2])).read()
        for text in settings, settings.replace('\n#', '\n').replace('\n ', '\n# '):
            code, out = self.check(text)
            said += [] if code == 0 else ['the settings: %s' % out]
        if not shutil.which('systemd-analyze'):
            print('skipped: the unit is not judged: systemd-analyze is not here')
            return said
        p = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--no-pager', '--threshold=15', unit], capture_output=True, text=True)
        return said + ([] if p.returncode == 0 else ['systemd-analyze: %s %s' % (p.stdout[-200:], p.stderr[-200:])])

    def top(self):
        """While the sensor runs: the truth of the database, for somebody who may only read it, too."""
        folder = tempfile.mkdtemp(dir=self.folder)
        for f, mode in (self.folder, 0o755), (folder, 0o755):
            os.chmod(f, mode)
        db, program = os.path.join(folder, 'x.db'), shutil.copy(self.a.bin, folder)
        subprocess.run([self.a.bin, 'monitor', '--read', '-', '--db', db], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.chmod(db, 0o644)                     # what SQLite makes beside it is as the database
        s = Service(self.a, self.folder, db, ['--lanes', '0'])
        said = [] if s.heard('READY=1') else ['it is never ready']
        s.feed(self.unusual)
        time.sleep(2.5)
        as_nobody = {'user': 65534, 'group': 65534, 'extra_groups': []} if os.geteuid() == 0 else {}
        if not as_nobody:
            print('skipped: another user: this is not root')
        seen = subprocess.run([program, 'top', '--db', db], capture_output=True, text=True, **as_nobody)
        said += [] if seen.returncode == 0 and not seen.stderr else ['top: %s %s' % (seen.returncode, seen.stderr)]
        p = subprocess.run([program, 'report', 'share', '--db', db], capture_output=True, text=True, **as_nobody)
        said += [] if p.returncode == 0 else ['report: %s' % p.stderr]
        said += ['it wrote'] if as_nobody and p.returncode == 0 and os.stat(db).st_uid != os.geteuid() else []
        said += s.term()
        with sqlite3.connect(db) as c:
            # the newest packet, or minute
            end, = c.execute('SELECT max((SELECT max(last_us) FROM source), (SELECT 1000000 * max(begin) FROM seen WHERE width = 60))').fetchone()
            packets, = c.execute('SELECT sum(packets) FROM seen WHERE width = 60 AND begin >= ?1 / 60 * 60 - 3600 AND begin < ?1 / 60 * 60', (end // 1000000,)).fetchone()
            rows = c.execute("SELECT count(*), sum(v.word IN ('implicit_tls', 'starttls')) FROM session JOIN word h ON h.kind = 'hop' AND h.code = hop"
                             " JOIN word v ON v.kind = 'verdict' AND v.code = verdict WHERE first_us + lasted_us > ?1 - 3600000000 AND first_us + lasted_us <= ?1"
                             " AND h.word IN ('relay', 'submission', 'retrieval')"
                             " AND v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')", (end,)).fetchone()
        out = subprocess.run([program, 'top', '--once', '--db', db], capture_output=True, text=True).stdout
        links = subprocess.run([program, 'report', 'links', '--db', db, '--format', 'json'], capture_output=True, text=True).stdout
        links = [(l['link'], l['hour_packets'], l['hour_dropped']) for l in json.loads(links)]
        said += [] if packets and links == [('-', packets, 0)] else ['links are %s, not %s packets' % (links, packets)]
        want = 'encrypted: %.1f %% of %d mail sessions decided' % (100. * rows[1] / rows[0], rows[0])
        said += [] if rows[0] > 100 and want in out.splitlines()[2] else ['%s is not in %s' % (want, out[:400])]
        said += [] if max(map(len, out.splitlines())) <= 120 and '\x1b' not in out else ['it is no plain text']
        for columns, rows in (80, 24), (120, 40), (40, 10):
            said += self.terminal(program, db, columns, rows, out)
        return said

    def terminal(self, program, db, columns, rows, plain):
        """The picture fits, q ends it, and the terminal is as it was."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        before = termios.tcgetattr(slave)
        p = subprocess.Popen([program, 'top', '--db', db], stdin=slave, stdout=slave, stderr=slave)
        data, end = b'', time.time() + 5
        while b'\x1b[J' not in data and time.time() < end:
            if select.select([master], [], [], .1)[0]:
                data += os.read(master, 65536)
        os.write(master, b'q')
        try:
            code = p.wait(5)
        except subprocess.TimeoutExpired:
            p.kill()
            code = 'hangs'
        while select.select([master], [], [], .1)[0]:
            data += os.read(master, 65536)
        after = termios.tcgetattr(slave)
        os.close(master)
        os.close(slave)
        said = ['status %s' % code] if code else []
        said += [] if data.startswith(b'\x1b[?1049h') and data.endswith(b'\x1b[?1049l') and before == after else ['the terminal is not as it was']
        frame = data.decode().split('\x1b[H')[1].split('\x1b[J')[0]
        lines = frame.replace('\x1b[K', '').replace('\r', '').split('\n')
        said += [] if len(lines) <= rows and max(map(len, lines)) <= columns else ['%d lines of %d columns' % (len(lines), max(map(len, lines)))]
        want = [l[:columns] for l in plain.splitlines()][1:rows - 1]
        return ['%dx%d: %s' % (columns, rows, x) for x in said + ([] if lines[1:rows - 1] == want else ['it shows %s' % lines])]


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    a.bin = os.path.abspath(a.bin)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(a, folder)
        for name in a.names or ('notify', 'hanging', 'journal', 'flood', 'quiet', 'presence', 'check_config', 'sources', 'reload', 'unit', 'top'):
            began = time.time()
            said = getattr(tests, name)()
            print('%s: %s, %.1f s' % (name, 'failed' if said else 'as it should be', time.time() - began))
            print(''.join('  %s\n' % s[:600] for s in said[:8]), end='')
            passed, failed = passed + (not said), failed + bool(said)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
