#!/usr/bin/env python3
"""Judging again gives what judging at once gives, through the program as its user runs it.

usage: rejudge.py [--bin build/mailseal]

Analyses all goldens, then makes the database as an older table of rules would have made it (one without
`clear_auth`), many times as large: `rejudge` must bring back the very figures, also after it was killed
on the way, and must leave alone what it cannot judge. The last line is "N passed, N failed".
"""
import argparse, contextlib, os, signal, sqlite3, subprocess, sys, tempfile, time
import golden

COPIES = 40                                 # of each session: so many that the program can be killed at work
TABLES = ('endpoint', 'tls_profile', 'session', 'rate', 'rate_day', 'peer_day', 'peer_month', 'tls_day', 'certificate_day',
          'client_day', 'client_name_day', 'evidence_hour', 'server', 'history_month', 'odd_port', 'attempt')
VERDICTS = ('rate', 'rate_day', 'peer_day', 'peer_month')
MERGED = {   # without the exposure in the key two rows become one
    'client_day': 'day, direction, hop, fingerprint, tls_version',
    'client_name_day': 'day, direction, hop, client_name',
    'evidence_hour': 'hour, direction, hop, evidence, grade'}
OLDER = """
UPDATE session SET verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'clear'),
                   rule = (SELECT id FROM name WHERE text = 'mail_in_clear')
WHERE verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'clear_auth');
""" + ''.join("""
UPDATE %s SET verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'clear')
WHERE verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'clear_auth');
""" % t for t in VERDICTS) + ''.join("""
INSERT INTO {0} (sensor, database, {1}, verdict, sessions, rev)
SELECT sensor, database, {1}, (SELECT code FROM word WHERE kind = 'verdict' AND word = 'clear'), sessions, rev FROM {0}
WHERE verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'clear_auth')
ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions;
DELETE FROM {0} WHERE verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'clear_auth');
""".format(*t) for t in MERGED.items())
SUMS = {'rate': ('sessions', 'bytes', 'messages_clear', 'offered'),
        'rate_day': ('sessions', 'bytes', 'messages_clear', 'offered'),
        'peer_day': ('sessions', 'bytes', 'offered', 'below_12'),
        'peer_month': ('sessions', 'bytes', 'offered', 'below_12'), 'tls_day': ('sessions',),
        'certificate_day': ('sessions', 'out_of_time'), 'client_day': ('sessions',), 'client_name_day': ('sessions',), 'evidence_hour': ('sessions',),
        'server': ('sessions', 'lists', 'offered', 'requested', 'accepted', 'upgraded', 'implicit', 'stripped', 'clear',
                   'failed', 'exposed', 'invited', 'pq')}

passed = failed = 0


def check(what, right, more=''):
    global passed, failed
    passed, failed = passed + bool(right), failed + (not right)
    if not right:
        print('%s: wrong %s' % (what, more))


def rejudge(binary, db, *options):
    r = subprocess.run([binary, 'rejudge', '--db', db, *options], capture_output=True, text=True, timeout=60)
    return r.returncode, r.stdout, r.stderr


def sql(db, script):
    with contextlib.closing(sqlite3.connect(db)) as c:
        c.executescript(script)


def figures(db):
    """All tables of figures, but for revisions."""
    with contextlib.closing(sqlite3.connect(db)) as c:
        columns = {t: [r[1] for r in c.execute('PRAGMA table_info(%s)' % t) if r[1] != 'rev'] for t in TABLES}
        return {t: c.execute('SELECT %s FROM %s ORDER BY %s' % (','.join(n), t, ','.join(map(str, range(1, len(n) + 1))))).fetchall()
                for t, n in columns.items()}


def multiply(db):
    """So many copies of each session, and sums to match."""
    with contextlib.closing(sqlite3.connect(db)) as c:
        n = c.execute('SELECT max(id) FROM session').fetchone()[0]
        names = [r[1] for r in c.execute('PRAGMA table_info(session)') if r[1] != 'id']
        c.execute('INSERT INTO session (id, %s) WITH RECURSIVE k (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM k WHERE k < %d)'
                  ' SELECT id + k * %d, %s FROM session, k' % (','.join(names), COPIES - 1, n, ','.join(names)))
        for table, sums in SUMS.items():
            c.execute('UPDATE %s SET %s' % (table, ','.join('%s = %s * %d' % (s, s, COPIES) for s in sums)))
        c.commit()


def check_whole(binary, db):
    before = figures(db)
    check('what was judged by these rules', rejudge(binary, db) == (0, 'nothing changes\n', '') and figures(db) == before)
    multiply(db)
    want, n = figures(db), sqlite3.connect(db).execute("SELECT count(*) FROM sessions WHERE verdict = 'clear_auth'").fetchone()[0]
    sql(db, OLDER)
    old = figures(db)
    code, out, err = rejudge(binary, db, '--dry-run')
    check('--dry-run', code == 0 and out.startswith('clear -> clear_auth: %d\n%d of ' % (n, n)) and figures(db) == old, out + err)
    check_killed(binary, db, old)
    code, out, err = rejudge(binary, db)
    check('what it says', code == 0 and out.startswith('clear -> clear_auth: %d\n' % n) and len(out.splitlines()) == 2, out + err)
    have = figures(db)
    check('sessions and sums', have == want, ', '.join(t for t in TABLES if have[t] != want[t]))
    check('the second time', rejudge(binary, db)[1] == 'nothing changes\n')


def check_killed(binary, db, old):
    """Killed while a journal is there: later and later, until one run was too quick."""
    killed = 0
    for delay in (0, 0.01, 0.03, 0.1):
        p = subprocess.Popen([binary, 'rejudge', '--db', db], stdout=subprocess.DEVNULL)
        while p.poll() is None and not os.path.exists(db + '-journal'):
            time.sleep(0.001)
        time.sleep(delay)
        if p.poll() is not None:
            break
        p.send_signal(signal.SIGKILL)
        p.wait()
        killed += 1
        check('killed after %g s' % delay, figures(db) == old)
    check('a run that could be killed', killed)
    if p.returncode == 0:
        sql(db, OLDER)


def check_refusals(binary, db, folder):
    before = open(db, 'rb').read()
    with contextlib.closing(sqlite3.connect(db, isolation_level=None)) as c:
        c.execute('BEGIN IMMEDIATE')
        code, out, err = rejudge(binary, db)
        check('a locked database', code == 75 and not out and err.count('\n') == 1 and 'in use' in err, err)
        c.execute('ROLLBACK')
    check('a locked database is left alone', open(db, 'rb').read() == before)
    for name, script, code in (('newer', 'PRAGMA user_version = 999', 65), ('foreign', 'PRAGMA application_id = 7', 65)):
        other = os.path.join(folder, name + '.db')
        with open(other, 'wb') as f:
            f.write(before)
        sql(other, script)
        bytes_before = open(other, 'rb').read()
        got, out, err = rejudge(binary, other)
        check(name, got == code and not out and err.count('\n') == 1 and open(other, 'rb').read() == bytes_before, err)
    none = os.path.join(folder, 'none.db')
    code, out, err = rejudge(binary, none)
    check('no database', code == 66 and err.count('\n') == 1 and not os.path.exists(none), err)
    if os.geteuid():
        os.chmod(db, 0o400)
        code, out, err = rejudge(binary, db)
        check('read-only', code == 73 and err.count('\n') == 1, err)


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(golden.HERE, '..', 'build', 'mailseal'))
    a = ap.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = os.path.join(folder, 'rejudge.db')
        subprocess.run([a.bin, 'analyze', '--separate', '--quiet', '--db', db, golden.PCAPS], check=True)
        check_whole(a.bin, db)
        check_refusals(a.bin, db, folder)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
