#!/usr/bin/env python3
"""mailseal explain: what it says of telling goldens, of all of them at once, and where something is missing.

usage: explain.py [--bin build/mailseal] [--every N] [--update]

tests/explain/NAME.txt is what it says of the sessions of tests/pcaps/NAME.pcap, read again from the capture;
NAME.stored.txt the same from the stored trace. --update writes them anew, to be reviewed as a diff.
Of every session of every golden, in both ways: no planted secret, no name, no address, no mailbox of a script is
in the output; and what was stored says the same as what is read again. The last line is "N passed, N failed".
"""
import argparse, concurrent.futures, difflib, glob, gzip, importlib.util, json, os, random, re, shutil, sqlite3
import subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PCAPS = os.path.join(HERE, 'pcaps')
TEXTS = os.path.join(HERE, 'explain')
WIDTH = 80

spec = importlib.util.spec_from_file_location('golden', os.path.join(HERE, 'golden.py'))
golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden)
tally = golden.Tally()
BIN = None

# Beside what is planted: host names of all scripts end so, and mailboxes are called so.
PRIVATE = [b'.example', b'INBOX', b'.test', b'localhost.']


def run(*args, cwd=None):
    r = subprocess.run([BIN, *args], capture_output=True, timeout=30, cwd=cwd)
    return r.returncode, r.stdout.decode(errors='replace'), r.stderr.decode(errors='replace')


def analyse(db, *captures, cwd=None):
    status, _, err = run('analyze', '--db', db, '--quiet', *captures, cwd=cwd)
    if status:
        sys.exit('analyze: ' + err)


def rows(db, sql, *args):
    with sqlite3.connect(db) as c:
        return c.execute(sql, args).fetchall()


# --- the texts ---

def check_texts(folder, update):
    for path in sorted(glob.glob(os.path.join(TEXTS, '*.txt'))):
        name, stored, _ = re.fullmatch(r'([^.]*)(\.stored)?(\.txt)', os.path.basename(path)).groups()
        db = os.path.join(folder, name + '.db')
        if not os.path.exists(db):
            analyse(db, name + '.pcap', cwd=PCAPS)
        have = ''
        for (n,) in rows(db, 'SELECT id FROM session ORDER BY id'):
            status, out, err = run('explain', '--db', db, *(['--capture', 'gone.pcap'] if stored else []), str(n), cwd=PCAPS)
            have += out + (err if status or err else '')
        if update:
            with open(path, 'w', encoding='utf-8') as f:
                f.write(have)
        want = open(path, encoding='utf-8').read()
        diff = list(difflib.unified_diff(want.splitlines(), have.splitlines(), path, 'the program', n=1, lineterm=''))
        tally.count(os.path.relpath(path, HERE), '\n'.join(diff))


# --- all goldens ---

def dialogue_of(text):
    """The lines of the dialogue, without where they come from."""
    return text.split('evidence, incident)\n', 1)[-1]


def is_beginning(stored, again):
    """A stored trace is as the session, up to where its room ends."""
    whole = re.split(r'\n[^\n]*lines? (?:is|are) not in the stored trace', stored)
    return stored == again if len(whole) == 1 else again.startswith(whole[0])


def explained(db, n, has_trace):
    """As text, from the stored trace, as JSON; the latter two not of each session, for they take time."""
    again = run('explain', '--db', db, str(n), cwd=PCAPS)
    stored = as_json = None
    if has_trace or n % 8 == 0:
        stored = run('explain', '--db', db, '--capture', 'gone.pcap', str(n), cwd=PCAPS)
    if n % 4 == 0:
        as_json = run('explain', '--db', db, '--format', 'json', str(n), cwd=PCAPS)
    return n, again, stored, as_json


def wrong_with(n, again, stored, as_json, has_trace, secrets):
    problems = []
    for status, out, err in filter(None, (again, stored, as_json)):
        if status or err:
            problems.append('status %d: %s' % (status, err.strip()))
        problems += golden.leaks(secrets, [('its output', (out + err).encode())])
    if 'read again from' not in again[1] or 'gives the verdict' in again[1]:
        problems.append('not read again, or to another verdict: ' + again[1].split('Dialogue')[-1][:200])
    if stored and ('from the trace' in stored[1].replace('\n', ' ')) != has_trace:
        problems.append('a stored trace is shown where none is, or none where one is')
    elif stored and has_trace and not is_beginning(dialogue_of(stored[1]), dialogue_of(again[1])):
        problems.append('what was stored differs:\n' + dialogue_of(stored[1]))
    wide = [line for line in again[1].splitlines() if len(line) > WIDTH]
    problems += ['%d columns: %s' % (len(line), line) for line in wide]
    problems += wrong_with_json(n, as_json[1]) if as_json else []
    return '\n'.join(problems)


def wrong_with_json(n, text):
    problems = []
    try:
        o = json.loads(text)
        if o['id'] != n or not o['rule']['section'] or o['dialogue_from'] != 'capture' or o['dialogue_damaged']:
            problems.append('the JSON lacks something')
        lines = sum(len(line['evidence']) for line in o['dialogue'])
        own = [e for e in o['evidence'] if 'words' not in e]    # the others come from other sessions
        if any(e['time'] is None for e in own) or lines < len(own):
            problems.append('evidence without its place in the dialogue')
        if any(f['time'] is None for f in o['facts'] if f['fact'] != 'not_mail'):
            problems.append('a fact without its place: %s' % o['facts'])
    except (ValueError, KeyError) as e:
        problems.append('JSON: %r' % e)
    return problems


def check_all(folder, every):
    db = os.path.join(folder, 'all.db')
    analyse(db, '--separate', '.', cwd=PCAPS)
    secrets = set(PRIVATE).union(*(golden.secrets_of(s) for s in glob.glob(os.path.join(PCAPS, '*.txt'))),
                                 *(golden.secrets_of_recording(c) for c in
                                   glob.glob(os.path.join(golden.RECORDED, '*.pcap'))))
    traced = {n for (n,) in rows(db, 'SELECT session FROM trace')}
    sources = dict(rows(db, 'SELECT id, source FROM sessions'))
    of_others = """(SELECT coalesce(sum(3 << 2 * kind), 0) FROM evidence WHERE session = session.id
        AND kind <> (SELECT code FROM word WHERE kind = 'evidence' AND word = 'refused_for_now'))"""
    downgrade = "(SELECT 1 << code FROM word WHERE kind = 'incident' AND word = 'tls_downgrade')"     # may come from others
    must = {n for (n,) in rows(db, 'SELECT id FROM session WHERE evidence & ~%s OR incidents & ~%s' % (of_others, downgrade))}
    may = {n for (n,) in rows(db, 'SELECT id FROM session WHERE evidence & ~%s OR incidents' % of_others)}
    tally.count('a trace is stored of sessions with evidence or an incident, and of no others',
                '' if must <= traced <= may else 'stored: %s, not stored: %s' % (traced - may, must - traced))
    blobs = b''.join(blob for (blob,) in rows(db, 'SELECT bytes FROM trace'))
    tally.count('stored traces hold no secret', '; '.join(golden.leaks(secrets, [('a trace', blobs)])))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for n, again, stored, as_json in pool.map(lambda n: explained(db, n, n in traced), sorted(sources)[::every]):
            tally.count('%s, session %d' % (sources[n], n), wrong_with(n, again, stored, as_json, n in traced, secrets))


# --- captures that moved, changed, went on ---

def expect(what, result, status, *parts):
    code, out, err = result
    said = ' '.join((out + err).split())
    problem = '' if code == status and all(p in said for p in parts) else 'status %d: %s' % (code, out + err)
    if code and len(err.splitlines()) > 2:
        problem = 'more than a sentence: ' + err
    tally.count(what, problem)


def check_places(folder):
    old, new, db = (os.path.join(folder, name) for name in ('old.pcap', 'new.pcap', 'places.db'))
    shutil.copy(os.path.join(PCAPS, 'refused-after-offer.pcap'), old)
    analyse(db, old)
    expect('the capture is there', run('explain', '--db', db, '1'), 0, 'read again from', 'old.pcap', '502')
    os.rename(old, new)
    expect('it moved', run('explain', '--db', db, '1'), 0, 'from the trace that was stored', 'not there any more')
    expect('it moved, and is named', run('explain', '--db', db, '--capture', new, '1'), 0, 'read again from', 'new.pcap')
    with open(new, 'rb') as f, gzip.open(new + '.gz', 'wb') as packed:
        packed.write(f.read())
    expect('it was packed', run('explain', '--db', db, '--capture', new + '.gz', '1'), 0, 'read again from',
           'another file than the one analysed')
    shutil.copy(os.path.join(PCAPS, 'pop3s-ipv6.pcap'), old)
    expect('another one is in its place', run('explain', '--db', db, '1'), 0, 'from the trace that was stored',
           'is not the capture any more')
    expect('the wrong one is named', run('explain', '--db', db, '--capture', old, '1'), 0,
           'from the trace that was stored', 'holds no session with these ends at this time')
    os.remove(old)
    os.mkfifo(old)
    expect('a pipe is in its place', run('explain', '--db', db, '1'), 0, 'from the trace that was stored')
    clear = os.path.join(folder, 'clear.db')
    shutil.copy(os.path.join(PCAPS, 'smtp-clear.pcap'), new)
    analyse(clear, new)
    os.remove(new)
    expect('gone, and nothing stored', run('explain', '--db', clear, '1'), 0, 'not there:', 'no trace is stored')


def check_live(folder):
    """What a sensor saw has no capture: the trace is shown, or what is stored alone, and why."""
    db = os.path.join(folder, 'live.db')
    for name in 'mask-postfix-starttls', 'smtp-clear':
        with open(os.path.join(PCAPS, name + '.pcap'), 'rb') as f:
            subprocess.run([BIN, 'monitor', '--read', '-', '--db', db], stdin=f, check=True, timeout=60)
    expect('live, with a trace', run('explain', '--db', db, '1'), 0, 'from the trace that was stored; it was seen by a sensor', 'XXXXXXXA')
    expect('live, without', run('explain', '--db', db, '2'), 0, 'not there: it was seen by a sensor', 'no trace is stored', 'Verdict')
    expect('live, with a capture', run('explain', '--db', db, '--capture', os.path.join(PCAPS, 'smtp-clear.pcap'), '2'), 0, 'read again from')


def check_groups(folder):
    """A session that goes on in the next capture is read from both."""
    place, db = os.path.join(folder, 'group'), os.path.join(folder, 'group.db')
    os.mkdir(place)
    for name in ('rotated.pcap', 'rotated-2.pcap'):
        shutil.copy(os.path.join(PCAPS, name), place)
    analyse(db, place)
    expect('a group', run('explain', '--db', db, '1'), 0, 'read again from', '# tls_done')
    moved = os.path.join(folder, 'group-moved')
    os.rename(place, moved)
    expect('a group that moved', run('explain', '--db', db, '--capture', os.path.join(moved, 'rotated.pcap'), '1'), 0,
           'read again from', '# tls_done')
    odd = os.path.join(folder, 'group-odd.db')
    shutil.copy(db, odd)
    with sqlite3.connect(odd) as c:
        c.execute('UPDATE session SET first_us = ?1, lasted_us = ?1', (2**63 - 1,))
    expect('a group, and times that cannot be', run('explain', '--db', odd, '--capture', os.path.join(moved, 'rotated.pcap'), '1'),
           0, 'holds no session with these ends at this time')
    os.remove(os.path.join(moved, 'rotated-2.pcap'))
    expect('a group that lacks its end', run('explain', '--db', db, '--capture', os.path.join(moved, 'rotated.pcap'), '1'),
           0, 'rotated-2.pcap is not there any more')


def check_truncated(folder):
    db = os.path.join(folder, 'truncated.db')
    analyse(db, '--addresses', 'truncate', 'refused-after-offer.pcap', 'pop3s-ipv6.pcap', 'smtp-clear.pcap', cwd=PCAPS)
    for (n,) in rows(db, 'SELECT id FROM session'):
        expect('truncated addresses, session %d' % n, run('explain', '--db', db, str(n), cwd=PCAPS), 0,
               'read again from', '(networks)')


# --- what cannot be explained, and hostile databases ---

def check_errors(folder):
    db = os.path.join(folder, 'errors.db')
    analyse(db, 'refused-after-offer.pcap', cwd=PCAPS)
    expect('no such session', run('explain', '--db', db, '77'), 65, 'has no session 77')
    expect('no database', run('explain', '--db', os.path.join(folder, 'nowhere.db'), '1'), 66, 'is not there')
    expect('no number', run('explain', '--db', db, 'abc'), 64, "'abc' is no number of a session")
    expect('a negative number', run('explain', '--db', db, '--', '-1'), 64, 'is no number of a session')
    expect('no session named', run('explain', '--db', db), 64, 'name one session')
    expect('two sessions named', run('explain', '--db', db, '1', '2'), 64, 'name one session')
    expect('no such format', run('explain', '--db', db, '--format', 'csv', '1'), 64, 'neither text nor json')
    with sqlite3.connect(db) as c:
        c.execute('PRAGMA foreign_keys = ON')
        c.execute('DELETE FROM session')
    tally.count('a trace goes with its session', '' if rows(db, 'SELECT count(*) FROM trace') == [(0,)] else 'it is there')


def check_hostile(folder):
    """Any bytes as a trace, any numbers and texts in the row."""
    db = os.path.join(folder, 'hostile.db')
    analyse(db, 'refused-after-offer.pcap', cwd=PCAPS)
    (good,), = rows(db, 'SELECT bytes FROM trace')
    chance = random.Random(5)
    changes = [('UPDATE trace SET bytes = ?', good[:n]) for n in range(0, len(good), 19)]
    changes += [('UPDATE trace SET bytes = ?', b'\x01' + bytes(chance.randrange(256) for _ in range(chance.randrange(300))))
                for _ in range(25)]
    changes += [('UPDATE trace SET bytes = ?', b'\x01' * 100000)]
    changes += [('UPDATE session SET %s = ?' % column, value)
                for column in ('facts', 'evidence', 'incidents', 'marks', 'protocol', 'first_us', 'lasted_us', 'client_port')
                for value in (-1, 2**63 - 1)]
    changes += [('UPDATE endpoint SET text = ?', '\x1b[31m' + 'x' * 3000), ('UPDATE source SET path = ?', '/dev/zero'),
                ('UPDATE source SET path = ?', 'p' * 100000), ('UPDATE name SET text = text || ?', '\n\x1b]0;x\x07'),
                ('UPDATE source SET ends = ?', b'x'), ('UPDATE source SET size = ?', -5)]
    problems = []
    for sql, value in changes:
        one = os.path.join(folder, 'one.db')
        shutil.copy(db, one)
        with sqlite3.connect(one) as c:
            c.execute(sql, (value,))
        for more in (['--format', 'json'], ['--capture', 'gone.pcap']):
            status, out, err = run('explain', '--db', one, *more, '1', cwd=PCAPS)
            if status not in (0, 65) or '\x1b' in out + err or 'Sanitizer' in err or 'runtime error' in err:
                problems.append('%s %r %s: status %d %s' % (sql, value, more, status, err[:300]))
            if more[:1] == ['--format'] and status == 0:
                json.loads(out)
    tally.count('hostile databases', '\n'.join(problems))


def main():
    global BIN
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(HERE, '..', 'build', 'mailseal'))
    ap.add_argument('--update', action='store_true')
    ap.add_argument('--every', type=int, default=1, help='of the sessions of all goldens only each so-and-so-many-th')
    a = ap.parse_args()
    BIN = os.path.abspath(a.bin)
    with tempfile.TemporaryDirectory() as folder:
        check_texts(folder, a.update)
        check_all(folder, a.every)
        check_places(folder)
        check_live(folder)
        check_groups(folder)
        check_truncated(folder)
        check_errors(folder)
        check_hostile(folder)
    print('%d passed, %d failed' % (tally.passed, tally.failed))
    sys.exit(tally.failed > 0)


if __name__ == '__main__':
    main()
