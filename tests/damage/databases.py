"""Databases that are locked, full, read-only, damaged, foreign, newer or hostile, and runs that are killed."""
import os, shutil, signal, sqlite3, struct, subprocess, time

import formats
from captures import packets
from files import many
from kit import CANTCREAT, DATAERR, IOERR, NOINPUT, TEMPFAIL, Said, golden, powerless, query, reachable_copy

REPORTS = ('share', 'tls', 'servers', 'credentials', 'quality')


def stock(bench, name='stock.db'):
    """A database with two captures in it."""
    db = bench.path(name)
    for capture in ('auth-plain.pcap', 'smtp-starttls-tls13.pcap'):
        bench.expect('stock', bench.analyze(db, bench.write(capture, golden(capture))), 0)
    return db


def readers(bench, db, **how):
    yield 'sessions', bench.run('sessions', '--db', db, **how)
    yield 'report', bench.run('report', '--db', db, 'share', **how)


def all_refuse(bench, case, db, status, *words, read_status=None, read_words=None):
    """analyze, report and sessions, each in one line; analyze leaves the file as it is."""
    before = open(db, 'rb').read() if os.path.isfile(db) else None
    capture = bench.write('imaps-alpn.pcap', golden('imaps-alpn.pcap'))
    bench.expect(case + ', analyze', bench.analyze(db, capture), status, db, *words)
    if before is not None:
        bench.same(case + ': left as it was', open(db, 'rb').read(), before)
    for name, said in readers(bench, db):
        bench.expect('%s, %s' % (case, name), said, read_status or status, db, *(words if read_words is None else read_words))


def what_it_is_not(bench):
    def sql(name, text):
        db = stock(bench, name)
        c = sqlite3.connect(db)
        c.executescript(text)
        c.close()
        return db
    all_refuse(bench, 'a newer one', sql('newer.db', 'PRAGMA user_version = 4000'), DATAERR, 'newer mailseal', 'use that one')
    all_refuse(bench, "another program's", sql('other.db', 'PRAGMA application_id = 7'), DATAERR, 'another program', '--db')
    all_refuse(bench, 'a negative version', sql('negative.db', 'PRAGMA user_version = -3'), DATAERR, 'damaged')
    foreign = bench.path('foreign.db')
    c = sqlite3.connect(foreign)
    c.executescript('CREATE TABLE session (a); INSERT INTO session VALUES (1)')
    c.close()
    all_refuse(bench, 'somebody else\'s', foreign, DATAERR, 'another program')
    all_refuse(bench, 'a text', bench.write('text.db', b'a line of text\n' * 400), DATAERR, 'is not a database')
    all_refuse(bench, 'a capture', bench.write('capture.db', golden('auth-plain.pcap')), DATAERR, 'is not a database')
    os.mkdir(bench.path('folder.db'))
    all_refuse(bench, 'a folder', bench.path('folder.db'), CANTCREAT, 'is a folder', read_status=NOINPUT)
    os.mkfifo(bench.path('pipe.db'))
    all_refuse(bench, 'a pipe', bench.path('pipe.db'), CANTCREAT, 'is no regular file', read_status=NOINPUT)
    all_refuse(bench, '/dev/null', '/dev/null', CANTCREAT, 'is no regular file', read_status=NOINPUT)
    os.symlink('nowhere', bench.path('astray.db'))
    all_refuse(bench, 'a link to nothing', bench.path('astray.db'), CANTCREAT, 'is a link to nothing', read_status=NOINPUT)
    all_refuse(bench, 'no such folder', bench.path('no/such.db'), CANTCREAT, 'No such file', read_status=NOINPUT, read_words=['is not there'])
    bench.expect('no such folder, monitor', bench.run('monitor', '--read', '-', '--db', bench.path('no/such.db')), CANTCREAT,
                 bench.path('no/such.db'), 'cannot be made', '--db')
    os.symlink(stock(bench, 'real.db'), bench.path('link.db'))
    bench.expect('a link to a database', bench.analyze(bench.path('link.db'), bench.write('i.pcap', golden('imaps-alpn.pcap'))), 0)
    bench.same('a link to a database: sessions', len(bench.sessions(bench.path('real.db'))), 4)
    empty = bench.write('empty.db', b'')
    for name, said in readers(bench, empty):
        bench.expect('an empty file, ' + name, said, NOINPUT, empty, 'is empty', 'mailseal analyze')
    bench.expect('an empty file, analyze', bench.analyze(empty, bench.path('i.pcap')), 0)


def damaged(bench):
    whole = open(stock(bench), 'rb').read()
    page = struct.unpack('>H', whole[16:18])[0]
    capture = bench.write('imaps-alpn.pcap', golden('imaps-alpn.pcap'))
    cases = [('first 16 bytes', b'\xff' * 16 + whole[16:]), ('whole header', bytes(100) + whole[100:]), ('cut in the middle', whole[:len(whole) // 2]),
             ('cut within a page', whole[:page * 5 + 99]), ('cut within the header', whole[:50]), ('one page', whole[:page]),
             ('schema page', whole[:100] + b'\xa5' * (page - 100) + whole[page:])]
    cases += [('page %d' % n, whole[:n * page] + b'\xa5' * page + whole[(n + 1) * page:]) for n in range(1, len(whole) // page)]
    cases += [('page %d of zeros' % n, whole[:n * page] + bytes(page) + whole[(n + 1) * page:]) for n in range(1, len(whole) // page, 3)]
    for case, data in cases:
        db = bench.write('damaged.db', data)
        found = 0
        for name, said in [*readers(bench, db), ('analyze', bench.analyze(db, capture))]:
            bench.expect('%s damaged, %s' % (case, name), said, said.status and DATAERR, *([db] if said.status else []))
            found += said.status != 0
        if not case.startswith('page'):
            bench.tally.check(case + ' damaged', found == 3, 'found %d times of 3' % found)
        for end in ('-journal', '-wal', '-shm'):
            if os.path.exists(db + end):
                os.unlink(db + end)
    for name, data in (('-journal', b'\xd9\xd5\x05\xf9\x20\xa1\x63\xd7' + b'\xff' * 600), ('-journal', b'text' * 300), ('-wal', b'\x37\x7f\x06\x82' + b'\xa5' * 5000)):
        db = bench.write('beside.db', whole)
        bench.write('beside.db' + name, data)
        for kind, said in [*readers(bench, db), ('analyze', bench.analyze(db, capture))]:
            bench.expect('rubbish as %s, %s' % (name, kind), said, said.status and DATAERR)
        bench.tally.check('rubbish as %s: nothing lost' % name, len(query(db, 'SELECT 1 FROM session')) in (2, 3), 'sessions are')
        for end in ('-journal', '-wal', '-shm'):
            if os.path.exists(db + end):
                os.unlink(db + end)


def write_ahead(bench):
    """Somebody has chosen a write-ahead log, and left one behind."""
    db = stock(bench)
    left = bench.path('left.db')
    c = sqlite3.connect(db)
    c.execute('PRAGMA journal_mode = WAL')
    c.execute("UPDATE source SET path = 'of the log'")
    c.commit()
    for end in ('', '-wal', '-shm'):
        shutil.copy(db + end, left + end)
    c.close()
    data = bytearray(open(left + '-wal', 'rb').read())
    for case, wal in (('whole', data), ('cut', data[:len(data) - 50]), ('damaged', data[:100] + b'\xa5' * 64 + data[164:]), ('of zeros', bytes(len(data)))):
        for name in (left, db):
            with open(left + '-wal', 'wb') as f:
                f.write(wal)
        for kind, said in readers(bench, left):
            bench.expect('a log that is %s, %s' % (case, kind), said, 0)
    bench.expect('a log, analyze', bench.analyze(left, bench.write('i.pcap', golden('imaps-alpn.pcap'))), 0)
    bench.whole('a log', left)


def rights(bench):
    binary, how = reachable_copy(bench), powerless()
    os.chmod(bench.folder, 0o777)
    capture = bench.write('imaps-alpn.pcap', golden('imaps-alpn.pcap'))
    def analyze(db): return bench.analyze(db, capture, binary=binary, **how)
    db = stock(bench)
    os.chmod(db, 0o444)
    bench.expect('a read-only file, analyze', analyze(db), CANTCREAT, db, 'cannot be written', 'permissions')
    for name, said in readers(bench, db, binary=binary, **how):
        bench.expect('a read-only file, ' + name, said, 0)
    os.chmod(db, 0)
    bench.expect('a closed file, analyze', analyze(db), CANTCREAT, db, 'permissions')
    for name, said in readers(bench, db, binary=binary, **how):
        bench.expect('a closed file, ' + name, said, NOINPUT, db, 'Permission denied')
    os.mkdir(bench.path('shut'))
    inside = bench.path('shut/in.db')
    shutil.copy(db, inside)
    os.chmod(inside, 0o666)
    os.chmod(bench.path('shut'), 0o555)
    bench.expect('a read-only folder, analyze', analyze(inside), CANTCREAT, inside, 'or its folder cannot be written')
    for name, said in readers(bench, inside, binary=binary, **how):
        bench.expect('a read-only folder, ' + name, said, 0)
    bench.expect('a new one in a read-only folder', analyze(bench.path('shut/new.db')), CANTCREAT, 'cannot be made', 'Permission denied')
    os.chmod(bench.path('shut'), 0o755)


def locked(bench):
    db = stock(bench)
    holder = sqlite3.connect(db, isolation_level=None)
    holder.execute('BEGIN EXCLUSIVE')
    def start(*args):
        return subprocess.Popen([bench.binary, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    capture = bench.write('i.pcap', golden('imaps-alpn.pcap'))
    jobs = [('analyze', start('analyze', '--db', db, capture)), ('sessions', start('sessions', '--db', db)), ('report', start('report', '--db', db, 'share'))]
    for name, p in jobs:
        out, err = p.communicate(timeout=60)
        bench.expect('locked, ' + name, Said(p.returncode, out, err), TEMPFAIL, db, 'in use by another program', 'try again')
    late = start('analyze', '--db', db, '--quiet', capture)
    time.sleep(.3)
    holder.execute('ROLLBACK')
    out, err = late.communicate(timeout=60)
    bench.expect('locked for a while', Said(late.returncode, out, err), 0)
    holder.execute('BEGIN')
    holder.execute('SELECT count(*) FROM session').fetchall()
    bench.expect('read by another, sessions', bench.run('sessions', '--db', db), 0)
    holder.close()


def two_at_once(bench):
    names = ['auth-plain', 'imaps-alpn', 'mask-imap', 'pop3-apop', 'link-sll', 'smtp-starttls-tls13']
    files = [bench.write(n + '.pcap', golden(n + '.pcap')) for n in names]
    db = bench.path('both.db')
    both = [subprocess.Popen([bench.binary, 'analyze', '--db', db, '--quiet', '--separate', *f], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for f in (files, files[::-1], files[:3], files[3:])]
    for p in both:
        bench.expect('two at once', Said(p.wait(timeout=60), b'', p.stderr.read()), 0)
    bench.same('two at once: captures', query(db, 'SELECT count(*) FROM source'), [(len(names),)])
    alone = bench.new_db()
    bench.analyze(alone, '--separate', *files)
    bench.same('two at once: sessions', sorted(bench.sessions(db)), sorted(bench.sessions(alone)))
    bench.same('two at once: sums', query(db, 'SELECT sum(sessions) FROM rate'), query(alone, 'SELECT sum(sessions) FROM rate'))


def killed(bench):
    """Each capture is a transaction: what was committed is there, and the next run does the rest."""
    data = many(150)
    files = []
    for i in range(4):
        moved = formats.packets_of(data)
        for p in moved:
            p.ns += i * 10**13
        files.append(bench.write('%d.pcap' % i, formats.pcap(moved).data))
    want = bench.new_db()
    began = time.monotonic()
    bench.analyze(want, '--separate', *files)
    took = time.monotonic() - began
    for i in range(12):
        db = bench.new_db()
        p = subprocess.Popen([bench.binary, 'analyze', '--db', db, '--quiet', '--separate', *files], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(took * i / 11)
        p.kill()
        p.communicate()
        if os.path.exists(db) and os.path.getsize(db):
            for name, said in readers(bench, db):
                bench.expect('killed, ' + name, said, said.status and NOINPUT, *(['is empty'] if said.status else []))
            n = query(db, 'SELECT count(*) FROM session')[0][0] if said.status == 0 else 0
            bench.tally.check('killed: whole captures', n % 150 == 0, '%d sessions' % n)
            if said.status == 0:
                bench.whole('killed', db)
        bench.expect('killed, again', bench.analyze(db, '--separate', *files), 0)
        bench.whole('killed, again', db)
        bench.same('killed, again: sums', query(db, 'SELECT sum(sessions), sum(bytes) FROM rate'), query(want, 'SELECT sum(sessions), sum(bytes) FROM rate'))
        bench.same('killed, again: sessions', query(db, 'SELECT count(*) FROM session'), [(600,)])


# --- a full disk ---

def small_disk():
    """A command that runs another one with a disk of its own at its first argument, or None."""
    script = 'mount -t tmpfs -o size=%s,mode=777 tmpfs "$1" && shift && exec "$@"'
    for unshare in (['unshare', '-rm'], ['unshare', '-m']):
        try:
            if subprocess.run([*unshare, 'sh', '-c', script % '64k', 'sh', '/mnt', 'true'], capture_output=True).returncode == 0:
                return lambda size: [*unshare, 'sh', '-c', script % size, 'sh']
        except OSError:
            pass
    return None


def full_disk(bench):
    disk = small_disk()
    if not disk:
        return
    first, large = bench.write('first.pcap', golden('auth-plain.pcap')), bench.write('large.pcap', many(2000))
    for size in ('4k', '16k', '64k', '100k', '160k', '200k', '220k', '240k', '300k', '400k'):
        folder = bench.path('disk-' + size)
        os.mkdir(folder)
        script = '''"$0" analyze --db "$1/m.db" --quiet "$2"; echo $? >&3; "$0" analyze --db "$1/m.db" --quiet "$3"; echo $? >&3
                    "$0" sessions --db "$1/m.db" --format csv 2>/dev/null; cp "$1"/m.db* "$4"'''
        kept = bench.path('kept-' + size)
        os.mkdir(kept)
        r, w = os.pipe()
        p = subprocess.run([*disk(size), folder, 'sh', '-c', 'exec 3>&%d; ' % w + script, bench.binary, folder, first, large, kept],
                           capture_output=True, pass_fds=(w,))
        os.close(w)
        statuses = [int(s) for s in os.read(r, 100).split()]
        os.close(r)
        lines = [l for l in p.stderr.decode().splitlines() if l.startswith('mailseal')]
        case = 'a disk of ' + size
        bench.tally.check(case, all(s in (0, IOERR) for s in statuses) and len(lines) == sum(s != 0 for s in statuses)
                          and all('m.db has no room left on its disk; make some' in l for l in lines), '%s %s' % (statuses, lines))
        if statuses and statuses[0] == 0:
            bench.tally.check(case + ': what was committed', b'198.51.100.7' in p.stdout, p.stdout[:300])
            bench.whole(case, kept + '/m.db')


def limited_files(bench):
    """The same without a disk of one's own: files may not grow beyond a size."""
    import resource
    first, large = bench.write('first.pcap', golden('auth-plain.pcap')), bench.write('large.pcap', many(2000))
    db = bench.new_db()
    bench.expect('before the limit', bench.analyze(db, first), 0)
    size = os.path.getsize(db)
    for more in (0, 8192, 100000):
        how = dict(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size + more, size + more)))
        bench.expect('files of at most %d' % more, bench.analyze(db, large, **how), IOERR, db)
        bench.whole('files of at most %d' % more, db)
        bench.same('files of at most %d: sessions' % more, query(db, 'SELECT count(*) FROM session'), [(1,)])
    bench.expect('after the limit', bench.analyze(db, large), 0)
    bench.same('after the limit: sessions', query(db, 'SELECT count(*) FROM session'), [(2001,)])


# --- a hostile one ---

ESCAPE = '\x1b]0;owned\x07\x1b[2J\n\r\x9b31m'
HOSTILE = {
    'words': "UPDATE word SET word = '%s' || code, sentence = '%s'" % (ESCAPE, ESCAPE),
    'names': "UPDATE name SET text = '%s' || id" % ESCAPE,
    'addresses': "UPDATE endpoint SET text = '%s' || id" % ESCAPE,
    'paths': "UPDATE source SET path = '%s', error = '%s'" % (ESCAPE, ESCAPE),
    'words of a megabyte': "UPDATE word SET word = printf('%.3000000c', 'x')",
    'words of zeros': "UPDATE word SET word = CAST(x'00610062' AS TEXT)",
    'words that are no UTF-8': "UPDATE word SET word = CAST(x'ff80c0af41' AS TEXT)",
    'no words': 'DELETE FROM word',
    'huge bits': "UPDATE session SET facts = -1, marks = -1, evidence = -1, incidents = -1, auth_offered = -1",
    'huge times': "UPDATE session SET first_us = 9223372036854775807, lasted_us = 9223372036854775807",
    'past times': "UPDATE session SET first_us = -9223372036854775808, lasted_us = -1",
    'huge codes': "UPDATE session SET verdict = 9223372036854775807, protocol = -1, hop = 99, starttls_reply = -9223372036854775808",
    'huge sums': "UPDATE rate SET sessions = 9223372036854775807, bytes = 9223372036854775807",
    'negative sums': "UPDATE rate SET sessions = -5, bytes = -1; UPDATE source SET packets = -1, tcp = -7",
    'tunnels': "UPDATE session SET tunnel = '%s', vlan = '1 \x1b[31m 2'" % ESCAPE,
    'no own row': 'DELETE FROM database',
    'no tables': 'DROP TABLE rate; DROP TABLE word',
    'other columns': 'ALTER TABLE session RENAME COLUMN facts TO fiction',
    'an endless view': 'DROP VIEW sessions; CREATE VIEW sessions AS WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c)'
                       " SELECT id, 'x' AS verdict, id AS strip_evidence FROM c",
    'a table that is an endless view': 'DROP VIEW sessions; DROP VIEW rates; DROP TABLE rate; CREATE VIEW rate AS WITH RECURSIVE c(sessions) AS'
                                       ' (SELECT 1 UNION ALL SELECT sessions + 1 FROM c) SELECT * FROM c',
    'an own row without end': 'ALTER TABLE database RENAME TO d; CREATE VIEW database AS WITH RECURSIVE c(addresses) AS (SELECT 1 UNION ALL'
                              ' SELECT addresses + 1 FROM c) SELECT max(addresses) AS addresses, 1 AS number, 1 AS revision, 1 AS last_session FROM c',
    'an own row of nothing': 'DROP TABLE database; CREATE TABLE database (number, addresses, revision, last_session);'
                             ' INSERT INTO database VALUES (1, NULL, NULL, NULL)',
    'an own row of much': 'UPDATE database SET revision = 9223372036854775807, last_session = 9223372036854775807',
    'a trigger': 'CREATE TRIGGER t AFTER INSERT ON session BEGIN DELETE FROM session; DELETE FROM rate; END',
    'an endless trigger': "CREATE TRIGGER t AFTER INSERT ON source BEGIN INSERT INTO word SELECT 'x', n, NULL, NULL FROM (WITH RECURSIVE c(n) AS"
                          ' (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c); END',
    'a column of its own making': 'ALTER TABLE word ADD COLUMN more TEXT AS (hex(zeroblob(900000000)))',
}


def hostile(bench):
    capture = bench.write('i.pcap', golden('imaps-alpn.pcap'))
    kept = stock(bench)
    for case, sql in HOSTILE.items():
        db = bench.path('hostile.db')
        shutil.copy(kept, db)
        c = sqlite3.connect(db)
        c.execute('PRAGMA ignore_check_constraints = 1')
        try:
            c.executescript(sql)
        except sqlite3.Error as e:
            bench.tally.check(case, False, 'the test cannot make it: %s' % e)
        c.close()
        jobs = [('sessions', '--format', f) for f in ('table', 'csv', 'jsonl')] + [('report', r) for r in REPORTS]
        for job in jobs:
            said = bench.run(job[0], '--db', db, *job[1:])
            name = '%s, %s' % (case, ' '.join(job))
            bench.expect(name, said, said.status and DATAERR, *([db] if said.status else []))
            if 'csv' not in job:
                raw = [b for b in said.out if b < 32 and b != 10 or b == 127]
                bench.tally.check(name, not raw and b'\xc2\x9b' not in said.out, 'control characters in its output')
            bench.tally.check(name, len(said.out) < 1 << 20, '%d bytes of output' % len(said.out))
            if job[-1] == 'jsonl' and said.out:
                import json
                try:
                    rows = [json.loads(line) for line in said.out.decode().splitlines()]
                except ValueError as e:
                    bench.tally.check(name, False, 'not JSON: %s' % e)
        said = bench.run('analyze', '--db', db, capture)
        bench.expect(case + ', analyze', said, said.status and DATAERR, *([db] if said.status else []))
        bench.tally.check(case + ', analyze', not [b for b in said.out if b < 32 and b != 10], 'control characters in its output')
        if 'a trigger' == case:
            bench.same(case + ', analyze: sessions', query(db, 'SELECT count(*) FROM session'), [(3,)])
        if os.path.exists(db + '-journal'):
            os.unlink(db + '-journal')


def tests():
    return [locked, what_it_is_not, damaged, write_ahead, rights, two_at_once, killed, full_disk, limited_files, hostile]
