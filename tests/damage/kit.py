"""What the tests of damage have in common: running the program as a user does, and judging what it said."""
import collections, os, re, shutil, sqlite3, subprocess, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PCAPS = os.path.join(HERE, '..', 'pcaps')
TIMEOUT = 120
NOBODY = 65534

USAGE, DATAERR, NOINPUT, SOFTWARE, OSERR, CANTCREAT, IOERR, TEMPFAIL, NOPERM = 64, 65, 66, 70, 71, 73, 74, 75, 77

Said = collections.namedtuple('Said', 'status out err')


class Tally:
    """Counts what held. Each complaint names the case, and what the program said."""
    def __init__(self): self.passed, self.problems = 0, []

    def check(self, case, holds, detail=''):
        if holds:
            self.passed += 1
        else:
            self.problems.append('%s: %s' % (case, detail))
        return holds


class Bench:
    """The program, a folder for one group of tests, and the tally."""
    def __init__(self, binary, tally, base):
        self.binary, self.tally = binary, tally
        self.folder = tempfile.mkdtemp(dir=base)
        self.made = 0

    def path(self, name): return os.path.join(self.folder, name)

    def write(self, name, data):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data)
        return path

    def new_db(self):
        self.made += 1
        return self.path('%d.db' % self.made)

    def run(self, *args, **how):
        """How it ended, and what it wrote. Status None: it did not end in time."""
        how.setdefault('stdin', subprocess.DEVNULL)
        if 'input' in how:
            del how['stdin']
        how.setdefault('stdout', subprocess.PIPE)
        try:
            r = subprocess.run([how.pop('binary', self.binary), *args], stderr=subprocess.PIPE, timeout=TIMEOUT, **how)
        except subprocess.TimeoutExpired:
            return Said(None, b'', b'took too long')
        return Said(r.returncode, r.stdout or b'', r.stderr)

    def analyze(self, db, *args, **how): return self.run('analyze', '--db', db, '--quiet', *args, **how)

    def sane(self, case, said):
        """It ended by itself, no sanitizer spoke, and each of its lines is one that a terminal can bear."""
        text = said.err.decode(errors='replace')
        well = said.status is not None and said.status >= 0 and said.status < 128 and 'Sanitizer' not in text \
            and 'runtime error' not in text and all(l.startswith('mailseal: ') for l in text.splitlines()) \
            and not re.search(r'[\x00-\x09\x0b-\x1f\x7f]', text)
        return self.tally.check(case, well, 'status %s, says %r' % (said.status, text[-600:]))

    def expect(self, case, said, status, *words, lines=None):
        """The status, and one line on standard error for trouble, none otherwise, with the words in it."""
        if not self.sane(case, said):
            return False
        text = said.err.decode(errors='replace')
        n = (1 if status else 0) if lines is None else lines
        lacking = [w for w in words if w not in text]
        return self.tally.check(case, said.status == status and len(text.splitlines()) == n and not lacking,
                                'status %s, not %s; %d lines, not %d; lacks %s; says %r'
                                % (said.status, status, len(text.splitlines()), n, lacking, text[-600:]))

    def same(self, case, got, want):
        return self.tally.check(case, got == want, 'is %.300r, not %.300r' % (got, want))

    def sessions(self, db):
        """Lines of `sessions --format csv` without what differs from run to run: number, capture."""
        said = self.run('sessions', '--db', db, '--format', 'csv')
        lines = [l.split(',') for l in said.out.decode().split('\r\n') if l]
        head = lines[0] if lines else []
        keep = [i for i, name in enumerate(head) if name not in ('id', 'source')]
        return [[l[i] for i in keep] for l in lines]

    def whole(self, case, db):
        """The file is a database without a fault."""
        try:
            with sqlite3.connect(db, timeout=0) as c:
                found = c.execute('PRAGMA integrity_check').fetchone()[0]
        except sqlite3.Error as e:
            found = str(e)
        return self.same(case + ': integrity_check', found, 'ok')


def query(db, sql):
    c = sqlite3.connect('file:%s?mode=ro' % db, uri=True)
    try:
        return c.execute(sql).fetchall()
    finally:
        c.close()


def golden(name):
    with open(os.path.join(PCAPS, name), 'rb') as f:
        return f.read()


def reachable_copy(bench):
    """The program where nobody else's rights stand in the way."""
    path = bench.path('mailseal')
    shutil.copy(bench.binary, path)
    os.chmod(path, 0o755)
    os.chmod(bench.folder, 0o755)
    return path


def powerless():
    """How to run something without root's rights over files, as arguments of subprocess.run."""
    return dict(user=NOBODY, group=NOBODY, extra_groups=[]) if os.geteuid() == 0 else {}
