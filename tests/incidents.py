#!/usr/bin/env python3
"""mailseal incidents: what it lists of all goldens, held against a plain count of their sessions; and how it behaves.

usage: incidents.py [--bin build/mailseal]

The last line is "N passed, N failed" (checks).
"""
import collections, contextlib, fcntl, ipaddress, json, os, pty, shutil, sqlite3, struct, subprocess, tempfile, termios
import checks
from checks import check, run

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
GRADES = ['none', 'possible', 'likely', 'proven']
KEYS = ['first', 'last', 'what', 'grade', 'evidence', 'sentence', 'client', 'clients', 'network', 'server', 'port', 'protocol', 'hop',
        'direction', 'sessions', 'stripped', 'exposed', 'secrets', 'guessable', 'messages', 'mailboxes', 'session']


def lines(db, *options):
    status, out, err = run('incidents', '--db', db, '--format', 'jsonl', *options)
    rows = [json.loads(l) for l in out.splitlines()]
    check('status with %s %s' % (options, err), status, 1 if rows else 0)
    return rows


# --- a second way to the same rows ---

def network_of(address):
    a = ipaddress.ip_address(address)
    return str(ipaddress.ip_network('%s/%d' % (a, 24 if a.version == 4 else 48), strict=False))


def exposure_of(s, what):
    return sum(1 for x in s if x['auth_exposure'] == what)


def row_of(what, s, grade):
    clients = {x['src_ip'] for x in s}
    network = network_of(s[0]['src_ip'])
    return {'first': min(x['timestamp'][:19] for x in s) + 'Z', 'last': max(x['end'][:19] for x in s) + 'Z', 'what': what,
            'grade': grade, 'client': clients.pop() if len(clients) == 1 else network, 'clients': len({x['src_ip'] for x in s}),
            'network': network, 'server': s[0]['dest_ip'], 'port': s[0]['dest_port'], 'sessions': len(s),
            'stripped': sum(x['verdict'] == 'stripped' for x in s), 'secrets': exposure_of(s, 'secret'),
            'guessable': exposure_of(s, 'guessable'), 'messages': sum(x['messages_clear'] or 0 for x in s),
            'session': max(x['id'] for x in s)}


def counted(db, least, others, where='1'):
    paths = collections.defaultdict(list)
    with contextlib.closing(sqlite3.connect(db)) as c:
        c.row_factory = sqlite3.Row
        for s in c.execute("SELECT * FROM sessions WHERE (strip_grade <> 'none' OR incidents <> '') AND %s ORDER BY id" % where):
            path = network_of(s['src_ip']), s['dest_ip'], s['dest_port']
            if s['strip_grade'] != 'allowed' and GRADES.index(s['strip_grade']) >= max(least, 1):
                paths[path + ('stripping',)].append(s)
            for incident in s['incidents'].split() if others else ():
                paths[path + (incident,)].append(s)
    return [row_of(key[3], s, max((x['strip_grade'] for x in s), key=GRADES.index) if key[3] == 'stripping' else None) for key, s in paths.items()]


def same_rows(what, have, want):
    names = list(want[0]) if want else []
    text = lambda rows: sorted(json.dumps({n: r[n] for n in names}, sort_keys=True) for r in rows)
    have, want = text(have), text(want)
    check(what, [r for r in have if r not in want], [r for r in want if r not in have])
    check(what + ': rows', len(have), len(want))


def check_rows(db):
    everything = lines(db)
    check('keys', {tuple(r) for r in everything}, {tuple(KEYS)})
    same_rows('default', everything, counted(db, 2, True))
    for least, grade in enumerate(GRADES):
        same_rows(grade, lines(db, '--grade', grade), counted(db, least, least == 0))
    same_rows('a hop', lines(db, '--hop', 'submission'), counted(db, 2, True, "hop = 'submission'"))
    same_rows('a span', lines(db, '--since', '2026-01-05T11:00:00Z', '--until', '2026-11-01'),
              counted(db, 2, True, "timestamp >= '2026-01-05T11' AND timestamp < '2026-11'"))
    grades = [GRADES.index(r['grade'] or 'none') for r in everything]
    check('the strongest come first', grades, sorted(grades, reverse=True))
    check('a path and what happened there come once', len({(r['network'], r['server'], r['port'], r['what']) for r in everything}), len(everything))
    check('several clients of one network', any(r['clients'] > 1 and r['client'] == r['network'] for r in everything))


def check_sentences(db):
    """The strongest evidence is in the sentence, with the numbers of the newest session where it came from others."""
    with contextlib.closing(sqlite3.connect(db)) as c:
        words = dict(((s, k), w) for s, k, w in c.execute("SELECT session, word, words FROM evidence JOIN word ON word.kind = 'evidence' AND code = evidence.kind"))
    told = 0
    for r in lines(db, '--grade', 'possible'):
        check('begins with the strongest', r['sentence'].startswith(r['evidence'][0] + ': '))
        check('names all', all(w in r['sentence'] for w in r['evidence']))
        told += any(k == r['evidence'][0] and w in r['sentence'] for (_, k), w in words.items())
    check('some sentences come from other sessions', told > 2)
    for r in lines(db):
        check('an incident without a grade has no evidence', r['what'] == 'stripping' or not r['evidence'])


def check_shell(db):
    """The file says the same to sqlite3."""
    for grade in None, 'possible':
        script = '.mode csv\n.headers on\n.parameter init\n%s.read sql/reports/incidents.sql\n' % (".parameter set :grade \"'%s'\"\n" % grade if grade else '')
        shell = subprocess.run(['sqlite3', '-readonly', db], input=script, capture_output=True, text=True, cwd=ROOT, timeout=60)
        check('sqlite3 says', shell.stderr, '')
        out = [l.split(',')[:4] for l in shell.stdout.splitlines()[1:]]
        check('sqlite3, %s' % grade, out, [[r['first'], r['last'], r['what'], r['grade'] or ''] for r in lines(db, *(['--grade', grade] if grade else []))])


# --- for people ---

def terminal(columns, *args):
    """What a terminal of this width shows."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    p = subprocess.Popen([checks.BIN, *args], stdout=slave, stderr=slave)
    os.close(slave)
    out = b''
    with contextlib.suppress(OSError):
        while data := os.read(master, 65536):
            out += data
    p.wait()
    os.close(master)
    return out.decode().replace('\r\n', '\n').splitlines()


def check_table(db):
    everything = lines(db)
    for columns in 60, 80, 120, 200:
        text = run('incidents', '--db', db, columns=columns)[1].splitlines()
        check('%d columns: as wide as that' % columns, max(map(len, text)) <= columns)
        check('%d columns: a line for each' % columns, sum(not l.startswith(' ') for l in text) - 1, len(everything))
        check('%d columns: all words' % columns, ' '.join(text).split().count('likely') >= sum(r['grade'] == 'likely' for r in everything))
        if columns in (80, 120):
            check('a terminal of %d' % columns, terminal(columns, 'incidents', '--db', db), text)
    text = run('incidents', '--db', db)[1].splitlines()
    check('no terminal: one line each', len(text), len(everything) + 1)
    for l, r in zip(text[1:], everything):
        check('a line has all of it', all(str(r[k] or '-') in l for k in ('first', 'last', 'what', 'grade', 'client', 'server', 'port', 'sessions', 'exposed', 'sentence')))


# --- others' databases, other users, writers ---

def check_unusual(folder, db):
    copy = shutil.copy(db, os.path.join(folder, 'copy.db'))
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as c:
        c.execute("UPDATE session SET strip = (SELECT code FROM word WHERE kind = 'strip' AND word = 'allowed') WHERE evidence <> 0")
        check('what is allowed is silent', lines(copy, '--grade', 'possible'), [])
        c.execute("UPDATE session SET strip = 3 WHERE evidence <> 0")
        c.execute("UPDATE evidence SET words = 'a' || char(27) || '[2J' || char(10) || ' \"b'")
        c.execute("UPDATE session SET evidence = (SELECT 3 << (2 * kind) FROM evidence WHERE evidence.session = id) WHERE id IN (SELECT session FROM evidence)")
    out = run('incidents', '--db', copy)[1]
    check('no control character', [c for c in out if ord(c) < 32 and c != '\n'], [])
    check('it is shown as what it is', '\\x1b[2J' in out and '"b' in out)
    check('JSON holds it', any(r['sentence'].split(': ')[1].startswith('a\x1b[2J\n "b') for r in lines(copy)))
    for what, status, args in (('no such grade', 64, ('--grade', 'sure')), ('no such hop', 64, ('--hop', 'x')), ('no time', 64, ('--since', 'noon')),
                               ('no such format', 64, ('--format', 'csv')), ('an argument', 64, ('x',)), ('no such option', 64, ('--by', 'day')),
                               ('no database', 66, ('--db', os.path.join(folder, 'none.db')))):
        code, out, err = run('incidents', '--db', db, *args)
        check(what, (code, out, err.count('\n') >= 1), (status, '', True))
    clean = os.path.join(folder, 'clean.db')
    run('analyze', '--quiet', '--db', clean, os.path.join(HERE, 'pcaps', 'smtp-clear.pcap'))
    check('nothing', run('incidents', '--db', clean), (0, '(nothing)\n', ''))
    check('nothing, as JSON', run('incidents', '--db', clean, '--format', 'jsonl'), (0, '', ''))


def check_reader(folder, db):
    """Somebody who may only read, while another program writes."""
    inside = os.path.join(folder, 'inside')
    os.mkdir(inside)
    copy, program = shutil.copy(db, inside), shutil.copy(checks.BIN, inside)
    root = os.geteuid() == 0
    if not root:
        print('skipped: another user: this is not root')
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as c:
        c.execute('PRAGMA journal_mode = WAL')
        c.execute('BEGIN IMMEDIATE')
        c.execute('DELETE FROM evidence')
        for path in folder, inside:
            os.chmod(path, 0o755)
        for name in os.listdir(inside):
            os.chmod(os.path.join(inside, name), 0o755 if name == os.path.basename(checks.BIN) else 0o644)
        status, out, err = run('incidents', '--db', copy, '--format', 'jsonl', program=program,
                               **({'user': 65534, 'group': 65534, 'extra_groups': []} if root else {}))
        check('it reads what was there', (status, err, [json.loads(l) for l in out.splitlines()]), (1, '', lines(db)))
        c.execute('ROLLBACK')


def main():
    checks.begin(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        db = os.path.join(folder, 'goldens.db')
        run('analyze', '--quiet', '--db', db, os.path.join(HERE, 'pcaps'))
        check_rows(db)
        check_sentences(db)
        check_shell(db)
        check_table(db)
        check_unusual(folder, db)
        check_reader(folder, db)
    checks.end()


if __name__ == '__main__':
    main()
