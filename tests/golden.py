#!/usr/bin/env python3
"""Compares what mailseal says of each golden capture with tests/pcaps/MANIFEST.

usage: golden.py [--bin build/mailseal] [--update | --print] [--make] [--seen FILE] [--sessions FILE] [--every N] [NAME…]

For each entry of the manifests (that of tests/pcaps, made from scripts, and that of tests/pcaps/recorded,
recorded by tools/record): `BIN analyze --db TMP --quiet [OPTIONS] CAPTURE…`, then `BIN sessions
--db TMP --format jsonl`; the sessions must be those of the manifest, field by field (README there
says how to read it). Besides, every script must give its committed capture byte for byte, and no
planted secret may be found in a database, its journal or the output of analyze, sessions or report;
and fingerprints and certificates must be those of a second reading of the capture (tests/hellos.py).

  --update   writes what the program says into the manifest, to be reviewed as a diff
  --print    shows what the program says, and changes nothing
  --make     makes the captures anew from their scripts
  --seen F   writes every rule, evidence, incident and mark that the goldens showed, with its grade,
             for tools/check-rules
  --sessions F  writes the sessions of each entry, for tests/interleave.py
  --every N  only each Nth entry; all captures in one database are looked at in any case
The last line is "N passed, N failed"; the status is 0 when nothing failed.
"""
import argparse, base64, collections, concurrent.futures, contextlib, difflib, glob, importlib.machinery, importlib.util
import json, os, re, sqlite3, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import hellos
PCAPS = os.path.join(HERE, 'pcaps')
RECORDED = os.path.join(PCAPS, 'recorded')
TIMEOUT = 60                                # seconds: a hang, not a busy disk
REPORTS = os.path.join(HERE, '..', 'sql', 'reports')


def load_make_pcap():
    path = os.path.join(HERE, '..', 'tools', 'make-pcap')
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader('make_pcap', path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('make_pcap', loader))
    loader.exec_module(module)
    return module


make_pcap = load_make_pcap()


# --- the manifest ---

OPTIONAL = ('tls.ja3', 'tls.ja4', 'certificate')    # compared only in entries that name them

class Entry:
    def __init__(self, head, line, folder):
        self.head, self.line, self.folder, self.sessions = head, line, folder, []
        self.name, *rest = head.split()
        self.captures = [w for w in rest if w.endswith('.pcap')] or [self.name + '.pcap']
        self.options = [w for w in rest if not w.endswith('.pcap')]
        self.text = []                      # its lines below the head
        self.source = None                  # its line `source`: columns of that table
        self.named = set()                  # of OPTIONAL, what it says anything of


def read_manifest(folder=PCAPS):
    """The entries, and all lines as (entry or None, line)."""
    entries, lines, entry, session = [], [], None, None
    for number, line in enumerate(open(os.path.join(folder, 'MANIFEST'), encoding='utf-8'), 1):
        line = line.rstrip('\n')
        if not line.strip() or line.startswith('#'):
            lines.append((None, line))
        elif not line.startswith(' '):
            entry = Entry(line, number, folder)
            entries.append(entry)
            lines.append((entry, line))
        else:
            entry.text.append(line)
            if line.strip() == '(nothing)':
                continue
            if line.startswith('  source '):
                entry.source = line
                continue
            if not line.startswith('    '):
                session = [line]
                entry.sessions.append(session)
            else:
                session.append(line)
    for e in entries:
        e.sessions = [parse_session(s, e) for s in e.sessions]
    return entries, lines


def show_word(value): return {True: 'yes', False: 'no', None: '-'}.get(value, str(value).replace(' ', '%20'))
def flag(text): return {'yes': True, 'no': False, '-': None}[text]
def listed(text): return [] if text == '' else sorted(text.split(','))


def parse_session(lines, entry):
    """The fields of one expected session. What is not written is null, or the usual value."""
    m = re.fullmatch(r'  (\w+) (\S+) > (\S+) (\w+) (\w+) (\w+)((?: \w+=\S+)*)', lines[0])
    if not m:
        sys.exit('MANIFEST, %s: cannot read %r' % (entry.name, lines[0]))
    f = dict(zip(('verdict', 'src', 'dest', 'app_proto', 'hop', 'stage'), m.groups()))
    more = dict(w.split('=', 1) for w in m[7].split())
    group = collections.defaultdict(dict)
    for line in lines[1:]:
        name, *rest = line.split()
        if name in ('incidents', 'marks'):
            group[name] = sorted(rest)
        elif name == 'certificate':
            group[name] = line.split(None, 1)[1]
            entry.named.add(name)
        elif name == 'strip':
            group[name] = {'grade': rest[0], 'evidence': sorted(rest[1:])}
        elif name == 'proxy':
            group[name] = ' '.join(rest)
        elif name in ('starttls', 'tls', 'auth'):
            group[name] = dict(w.split('=', 1) for w in rest)
        else:
            sys.exit('MANIFEST, %s: cannot read %r' % (entry.name, line))
    starttls, tls, auth = group['starttls'], group['tls'], group['auth']
    entry.named.update('tls.' + k for k in ('ja3', 'ja4') if k in tls)
    counts = f['app_proto'] in ('smtp', 'lmtp', 'pop3') and f['verdict'] != 'other'
    f.update({
        'direction': more.pop('direction', 'unknown'),
        'messages_clear': int(more.pop('messages', '0')) if counts else None,
        'vlan': more.pop('vlan', ''),
        'tunnel': more.pop('tunnel', ''),
        'starttls.offered': flag(starttls.pop('offered', '-')),
        'starttls.requested': flag(starttls.pop('requested', 'no')),
        'starttls.reply': starttls.pop('reply', None),
        'tls.version': tls.get('version'), 'tls.client_max': tls.get('max'),
        'tls.cipher': tls.pop('cipher', None), 'tls.group': tls.pop('group', None),
        'tls.pq_offered': flag(tls.pop('pq_offered', 'no' if 'max' in tls else '-')),
        'tls.pq': flag(tls.pop('pq', 'no' if 'version' in tls else '-')),
        'tls.sni': tls.pop('sni', None), 'tls.alpn': tls.pop('alpn', None),
        'tls.resumed': flag(tls.pop('resumed', 'no' if 'version' in tls else '-')),
        'tls.downgraded': flag(tls.pop('downgraded', 'no' if 'version' in tls else '-')),
        'tls.ja3': tls.pop('ja3', '-'), 'tls.ja4': tls.pop('ja4', '-'), 'certificate': group['certificate'] or '-',
        'auth.command': auth.pop('command', None), 'auth.mechanism': auth.pop('mechanism', None),
        'auth.exposure': auth.pop('exposure', None),
        'auth.invited_in_clear': flag(auth.pop('invited', 'no' if 'offered' in auth else '-')),
        'auth.offered': listed(auth.pop('offered')) if 'offered' in auth else None,
        'strip.grade': group['strip'].get('grade', 'none'), 'strip.evidence': group['strip'].get('evidence', []),
        'proxy': group['proxy'] or None,
        'incidents': group['incidents'] or [], 'marks': group['marks'] or [],
    })
    for left in (more, starttls, auth, {k: v for k, v in tls.items() if k not in ('version', 'max')}):
        if left:
            sys.exit('MANIFEST, %s: unknown word %s' % (entry.name, ' '.join(left)))
    return f


def show(f, named):
    """The same fields as the manifest writes them; of OPTIONAL only those named."""
    flags = {True: 'yes', False: 'no', None: '-'}
    head = '  %s %s > %s %s %s %s' % tuple(f[k] for k in ('verdict', 'src', 'dest', 'app_proto', 'hop', 'stage'))
    if f['messages_clear']:
        head += ' messages=%d' % f['messages_clear']
    if (f['messages_clear'] is None) != (f['app_proto'] not in ('smtp', 'lmtp', 'pop3') or f['verdict'] == 'other'):
        head += ' messages=%s' % f['messages_clear']
    head += ' direction=%s' % f['direction'] if f['direction'] != 'unknown' else ''
    head += ' vlan=%s' % f['vlan'] if f['vlan'] else ''
    head += ' tunnel=%s' % f['tunnel'] if f['tunnel'] else ''
    out = [head]

    def group(name, *pairs):
        words = ['%s=%s' % (k, v) for k, v, usual in pairs if v != usual]
        if words:
            out.append('    %s %s' % (name, ' '.join(words)))
    if f['proxy']:
        out.append('    proxy ' + f['proxy'])
    group('starttls', ('offered', flags[f['starttls.offered']], '-'), ('requested', flags[f['starttls.requested']], 'no'),
          ('reply', f['starttls.reply'], None))
    seen, offered = ('no' if f['tls.version'] else '-'), ('no' if f['tls.client_max'] else '-')
    group('tls', ('version', f['tls.version'], None), ('max', f['tls.client_max'], None), ('cipher', f['tls.cipher'], None),
          ('group', f['tls.group'], None), ('pq_offered', flags[f['tls.pq_offered']], offered), ('pq', flags[f['tls.pq']], seen),
          ('sni', f['tls.sni'], None), ('alpn', f['tls.alpn'], None), ('resumed', flags[f['tls.resumed']], seen),
          ('downgraded', flags[f['tls.downgraded']], seen), *((k[4:], f[k], '-') for k in OPTIONAL[:2] if k in named))
    if 'certificate' in named:
        out.append('    certificate ' + f['certificate'])
    names = f['auth.offered']
    group('auth', ('offered', None if names is None else ','.join(names), None),
          ('invited', flags[f['auth.invited_in_clear']], 'no' if names is not None else '-'),
          ('command', f['auth.command'], None), ('mechanism', f['auth.mechanism'], None), ('exposure', f['auth.exposure'], None))
    if f['strip.grade'] != 'none' or f['strip.evidence']:
        out.append('    strip ' + ' '.join([f['strip.grade']] + f['strip.evidence']))
    for name in ('incidents', 'marks'):
        if f[name]:
            out.append('    %s %s' % (name, ' '.join(f[name])))
    return out


def show_all(sessions, named=()):
    sessions = sorted(sessions, key=lambda f: (f['src'], f['dest']))
    return [line for f in sessions for line in show(f, named)] or ['  (nothing)']


# --- the program ---

def run(command):
    """Output and errors of a command; the second is None unless it died or a sanitizer spoke."""
    try:
        r = subprocess.run(command, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return b'', b'', 'took more than %d s' % TIMEOUT
    err = r.stderr.decode(errors='replace')
    if r.returncode < 0 or r.returncode > 127 or 'Sanitizer' in err or 'runtime error' in err:
        return r.stdout, r.stderr, 'died: status %d\n%s' % (r.returncode, err[-2000:])
    if r.returncode:
        return r.stdout, r.stderr, 'status %d: %s' % (r.returncode, err.strip()[-500:])
    return r.stdout, r.stderr, None


def fields(o):
    """The compared fields of one line of `sessions --format jsonl`."""
    def get(dotted):
        value = o
        for key in dotted.split('.'):
            value = value.get(key) if isinstance(value, dict) else None
        return value
    def endpoint(ip, port): return ('[%s]:%s' if ':' in str(ip) else '%s:%s') % (ip, port)
    f = {k: get(k) for k in ('app_proto', 'hop', 'direction', 'verdict', 'stage', 'tls.version', 'tls.client_max', 'tls.cipher',
                             'tls.group', 'tls.pq_offered', 'tls.pq', 'tls.sni', 'tls.resumed', 'tls.downgraded',
                             'starttls.offered', 'starttls.requested', 'starttls.reply', 'auth.command', 'auth.mechanism',
                             'auth.exposure', 'auth.invited_in_clear', 'strip.grade', 'messages_clear')}
    for k in ('auth.offered', 'strip.evidence', 'incidents', 'marks'):
        f[k] = sorted(get(k)) if get(k) is not None else None if k == 'auth.offered' else []
    alpn = get('tls.alpn')
    f['tls.alpn'] = ','.join(alpn) if isinstance(alpn, list) else alpn
    f['tls.ja3'], f['tls.ja4'] = get('tls.ja3') or '-', get('tls.ja4') or '-'
    f['certificate'] = ' '.join('%s=%s' % (k, show_word(get('tls.' + k))) for k in hellos.NONE) if get('tls.notafter') else '-'
    f['vlan'] = ','.join(map(str, get('vlan') or []))
    f['tunnel'] = ','.join(get('tunnel') or [])
    ends = [get('proxy.' + k) for k in ('src_ip', 'src_port', 'dest_ip', 'dest_port')]
    f['proxy'] = '%s > %s' % (endpoint(*ends[:2]), endpoint(*ends[2:])) if any(e is not None for e in ends) else None
    f['src'], f['dest'] = endpoint(get('src_ip'), get('src_port')), endpoint(get('dest_ip'), get('dest_port'))
    return f


def analyse(binary, captures, options, folder):
    """Sessions as JSON objects, everything that was written anywhere, and what went wrong or None."""
    db = os.path.join(folder, 'golden.db')
    out, err, wrong = run([binary, 'analyze', '--db', db, '--quiet', *options, *captures])
    written = [('the output of analyze', out + err)]
    sessions = []
    if not wrong:
        out, err, wrong = run([binary, 'sessions', '--db', db, '--format', 'jsonl'])
        written.append(('the output of sessions', out + err))
        try:
            sessions = [json.loads(line) for line in out.decode().splitlines()] if not wrong else []
        except ValueError as e:
            wrong = 'sessions: not JSON lines: %s' % e
    for path in glob.glob(db + '*'):
        with open(path, 'rb') as f:
            written.append((os.path.basename(path), f.read()))
    sessions.sort(key=lambda o: (o.get('timestamp') or '', o.get('id') or 0))
    return sessions, written, wrong


# --- planted secrets ---

def secrets_of(script):
    """Byte strings of a script that must be found nowhere: what holds PLANTED, as text, as it stands in
    Base64 on the wire, and parts of both that would give it away."""
    found = set()
    for line in open(script, encoding='utf-8'):
        m = re.match(r'[CS][:=] (.*)', line)
        if not m or 'PLANTED' not in m[1]:
            continue
        for b in re.finditer(r'\{b64:((?:[^{}\\]|\\.)*)\}', m[1]):
            if 'PLANTED' in b[1]:
                wire = make_pcap.unescape(b[0])
                found.update(wire[i:i + 16] for i in range(0, max(1, len(wire) - 15), 4))
    return found | marked(b'PLANTED')


def marked(word):
    """The word as it would show in text, in hexadecimal, and in the three ways it can lie in Base64."""
    found = {word, word.hex().encode(), word.hex().upper().encode()}
    for n, start in ((0, 0), (1, 2), (2, 3)):
        found.add(base64.b64encode(bytes(n) + word)[start:(n + len(word)) * 8 // 6])
    return found


def secrets_of_recording(path):
    """The same of a recorded capture: its users and passwords hold PLANTED or planted, and every response of an
    authentication in clear, which ends a line as Base64, is a secret as a whole (challenges are taken along)."""
    found = marked(b'PLANTED') | marked(b'planted')
    with open(path, 'rb') as f:
        lines = re.findall(rb'[A-Za-z0-9+/]{20,}={0,2}(?=\r\n)', f.read())
    for line in lines:
        found.update(line[i:i + 16] for i in range(0, len(line) - 15, 4))
    return found


def leaks(secrets, written):
    lower = {s.lower(): s for s in secrets}
    written = [(where, data.lower()) for where, data in written]
    return ['%r stands in %s' % (lower[s][:24].decode('latin-1'), where) for where, data in written for s in lower if s in data]


# --- the checks ---

class Tally:
    def __init__(self): self.passed = self.failed = 0

    def count(self, name, problem):
        if problem:
            self.failed += 1
            print('%s: %s' % (name, problem))
        else:
            self.passed += 1


def check_scripts(tally, only, make):
    """Every script gives its capture; every capture has a place in the manifest."""
    for script in sorted(glob.glob(os.path.join(PCAPS, '*.txt'))):
        name = os.path.basename(script)[:-4]
        if only and name not in only:
            continue
        made = make_pcap.Script(script)
        problem = None
        for n, packets in enumerate(made.files, 1):
            path = os.path.join(PCAPS, name + ('' if n == 1 else '-%d' % n) + '.pcap')
            data = make_pcap.pcap(packets, made.link)
            if make:
                with open(path, 'wb') as f:
                    f.write(data)
            elif not os.path.exists(path) or open(path, 'rb').read() != data:
                problem = 'its script gives another capture (tools/make-pcap %s %s)' % tuple(os.path.relpath(p) for p in (script, path))
        tally.count(name, problem)


def wrong_source(entry, db):
    """What the table `source` has else than the entry's line of that name says; None: nothing."""
    want = dict(w.split('=') for w in (entry.source or '').split()[1:])
    with contextlib.closing(sqlite3.connect(db)) as c:
        have = {k: c.execute('SELECT sum("%s") FROM source' % k).fetchone()[0] for k in want}
    return ', '.join('source %s=%s, not %s' % (k, have[k], want[k]) for k in want if str(have[k]) != want[k]) or None


def check_entry(binary, entry):
    with tempfile.TemporaryDirectory() as folder:
        captures = [os.path.join(entry.folder, c) for c in entry.captures]
        absent = [c for c in captures if not os.path.exists(c)]
        if absent:
            return [], 'no such capture: %s' % ' '.join(absent), []
        sessions, written, wrong = analyse(binary, captures, entry.options, folder)
        wrong = wrong or wrong_source(entry, os.path.join(folder, 'golden.db'))
        scripts = {re.sub(r'(-\d)?\.pcap$', '.txt', c) for c in captures}
        secrets = set().union(*(secrets_of(s) for s in scripts if os.path.exists(s)))
        if entry.folder == RECORDED:
            secrets.update(*map(secrets_of_recording, captures))
        return sessions, wrong, leaks(secrets, written)


def second_reading(entry, sessions):
    """How many hellos tests/hellos.py could read, and where it disagrees."""
    told, problems = {}, []
    if len(entry.captures) == 1:            # what goes on in another file it does not see
        told = hellos.read(os.path.join(entry.folder, entry.captures[0]))
    ends = [(o['src_ip'], o['src_port'], o['dest_ip'], o['dest_port']) for o in sessions]
    known = [(told[e], o['tls']) for e, o in zip(ends, sessions) if e in told and ends.count(e) == 1]
    for facts, tls in known:
        problems += ['%s is %s, and %s read again' % (k, tls[k], v) for k, v in facts.items() if tls[k] != v]
    return sum(facts.get('ja3') is not None for facts, _ in known), problems


def check_together(binary, tally):
    """All captures in one database: no secret of any of them in it or in a report."""
    secrets = set().union(*(secrets_of(s) for s in glob.glob(os.path.join(PCAPS, '*.txt'))),
                          *(secrets_of_recording(c) for c in glob.glob(os.path.join(RECORDED, '*.pcap'))))
    with tempfile.TemporaryDirectory() as folder:
        _, written, wrong = analyse(binary, [PCAPS], ['--separate'], folder)
        tally.count('all captures in one database', wrong or '; '.join(leaks(secrets, written)))
        db = os.path.join(folder, 'golden.db')
        jobs = [['sessions', '--format', f] for f in ('table', 'csv')]
        for path in sorted(glob.glob(os.path.join(REPORTS, '*.sql'))):
            jobs += [['report', os.path.basename(path)[:-4], '--format', f] for f in ('table', 'csv', 'json')]
        for job in jobs:
            out, err, wrong = run([binary, job[0], '--db', db, *job[1:]])
            tally.count(' '.join(job), wrong or '; '.join(leaks(secrets, [('its output', out + err)])))


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(HERE, '..', 'build', 'mailseal'))
    for option in ('--update', '--print', '--make'):
        ap.add_argument(option, action='store_true')
    ap.add_argument('--seen')
    ap.add_argument('--sessions')
    ap.add_argument('--every', type=int, default=1)
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    tally = Tally()
    check_scripts(tally, a.names, a.make)
    if a.make:
        return
    manifests = {folder: read_manifest(folder) for folder in (PCAPS, RECORDED)}
    entries = [e for read, _ in manifests.values() for e in read]
    listed_captures = {os.path.join(e.folder, c) for e in entries for c in e.captures}
    for c in sorted(p for folder in manifests for p in glob.glob(os.path.join(folder, '*.pcap*'))):
        if c not in listed_captures and not a.names:
            tally.count(os.path.relpath(c, PCAPS), 'stands in no entry of the manifest')
    chosen = [e for e in entries if not a.names or e.name in a.names][::a.every]
    seen, kept, twice = set(), {}, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for entry, (sessions, wrong, leaked) in zip(chosen, pool.map(lambda e: check_entry(a.bin, e), chosen)):
            got = kept[entry.name] = [fields(o) for o in sessions]
            for o, f in zip(sessions, got):
                seen.add('rule ' + str(o.get('rule')))
                seen.update('evidence %s %s' % (e, f['strip.grade']) for e in f['strip.evidence'])
                seen.update('%s %s' % (k[:-1], w) for k in ('incidents', 'marks') for w in f[k])
                seen.add('verdict %s' % f['verdict'])
            want, have = show_all(entry.sessions, entry.named), show_all(got, entry.named)
            if a.print:
                print('\n'.join([entry.head] + have))
            entry.new = entry.text if want == have else ([entry.source] if entry.source else []) + have
            problem = wrong
            if not wrong and want != have:
                diff = list(difflib.unified_diff(want, have, 'MANIFEST', 'program', n=1, lineterm=''))[2:]
                problem = 'the program disagrees\n' + '\n'.join('  ' + d for d in diff)
            tally.count(entry.name, problem)
            tally.count(entry.name + ': secrets', '; '.join(leaked))
            told, problems = second_reading(entry, sessions)
            twice += told
            if told or problems:
                tally.count(entry.name + ': second reading', '; '.join(problems))
    if not a.names:
        tally.count('second readings', '' if twice >= 130 // a.every else 'it could tell of %d hellos only' % twice)
        check_together(a.bin, tally)
    for folder, (_, lines) in manifests.items() if a.update else ():
        with open(os.path.join(folder, 'MANIFEST'), 'w', encoding='utf-8') as f:
            for entry, line in lines:
                f.write('\n'.join([line] + (getattr(entry, 'new', entry.text) if entry else [])) + '\n')
    if a.seen:
        with open(a.seen, 'w', encoding='utf-8') as f:
            f.write(''.join(s + '\n' for s in sorted(seen)))
    if a.sessions:
        with open(a.sessions, 'w', encoding='utf-8') as f:
            json.dump(kept, f)
    print('%d passed, %d failed' % (tally.passed, tally.failed))
    sys.exit(tally.failed > 0)


if __name__ == '__main__':
    main()
