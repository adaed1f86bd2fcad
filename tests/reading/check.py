#!/usr/bin/env python3
"""Compares the second reading of each golden capture (read.py) with what the program says of it.

usage: check.py [--bin build/mailseal] [NAME…]

For each entry of tests/pcaps/MANIFEST, and of tests/pcaps/recorded: the sessions of both, their verdicts,
exposure, grade and evidence of stripping, the offer, and the TLS version that was chosen. Evidence that comes from
other sessions is no part of it: of that, tests/unit and the goldens have to speak. Where the page leaves the
choice, or this reading cannot tell, ALLOWED names the golden and the reason. The last line is "N passed, N failed".
"""
import argparse, collections, contextlib, ipaddress, json, multiprocessing, os, sqlite3, subprocess, sys, tempfile
sys.dont_write_bytecode = True
import read

HERE = os.path.dirname(os.path.abspath(__file__))
PCAPS = os.path.join(HERE, '..', 'pcaps')
COMPARED = ('verdict', 'protocol', 'exposure', 'grade', 'evidence', 'offered', 'version')

# Copies of unlike length (overlap_conflict) are not compared by this reading, nor does it say what follows from them.
SHIFTED = ('verdict', 'grade', 'evidence')
# Golden: fields that may differ. Nothing else is excused.
ALLOWED = {name: SHIFTED for name in ('shifted-offer', 'shifted-offer-first', 'shifted-offer-last', 'shifted-command', 'shifted-pop3', 'shifted-imap',
                                      'shifted-answer', 'shifted-answer-first', 'shifted-answer-overtaken',
                                      'moved-answers', 'moved-end', 'moved-imap', 'moved-pop3', 'moved-hello', 'overlap-out-of-step')}


def entries():
    """(name, captures, options) of each entry of the two manifests."""
    for folder in (PCAPS, os.path.join(PCAPS, 'recorded')):
        for line in open(os.path.join(folder, 'MANIFEST'), encoding='utf-8'):
            if line.strip() and line[0] not in ' #':
                name, *rest = line.split()
                captures = [w for w in rest if w.endswith('.pcap')] or [name + '.pcap']
                yield name, [os.path.join(folder, c) for c in captures], [w for w in rest if not w.endswith('.pcap')]


def judged_alone(db):
    """{session: what would be said of it without evidence from other sessions}, of those that have some."""
    grades, alone = ('none', 'possible', 'likely', 'proven'), {}
    with contextlib.closing(sqlite3.connect(db)) as c:
        words = dict(c.execute("SELECT code, word FROM word WHERE kind = 'evidence'"))
        for n, evidence, kinds, verdict, exposure in c.execute(
                'SELECT s.id, s.evidence, (SELECT group_concat(kind) FROM evidence WHERE session = s.id), v.verdict, v.auth_exposure'
                ' FROM session AS s JOIN sessions AS v ON v.id = s.id WHERE s.id IN (SELECT session FROM evidence)'):
            for kind in map(int, kinds.split(',')):
                own = words[kind] == 'refused_for_now'          # only its grade comes from others
                evidence = evidence & ~(3 << 2 * kind) | own << 2 * kind
            grade = max(evidence >> 2 * k & 3 for k in words)
            if verdict == 'stripped' and grade < 2:
                verdict = 'clear_auth' if exposure in ('secret', 'guessable') else 'clear'
            alone[n] = {'verdict': verdict, 'strip': {'grade': grades[grade], 'evidence': [words[k] for k in words if evidence >> 2 * k & 3]}}
    return alone


def program(binary, captures, options):
    """{capture: sessions} as the program sees them."""
    with tempfile.TemporaryDirectory() as folder:
        db = os.path.join(folder, 'reading.db')
        subprocess.run([binary, 'analyze', '--db', db, '--quiet', *options, *captures], check=True, timeout=300)
        out = subprocess.run([binary, 'sessions', '--db', db, '--format', 'jsonl'], check=True, timeout=60, capture_output=True).stdout
        alone = judged_alone(db)
    found = collections.defaultdict(list)
    for o in map(json.loads, out.decode().splitlines()):
        o.update(alone.get(o['id'], {}))
        s = read.Session(o['verdict'], (o['src_ip'], o['src_port']), (o['dest_ip'], o['dest_port']), o['app_proto'], o['auth']['exposure'],
                         o['strip']['grade'], dict.fromkeys(o['strip']['evidence']), o['starttls']['offered'], o['tls']['version'], o['timestamp'])
        found[os.path.basename(o['source'])].append(s)
    return found


def said(s):
    d = {k: getattr(s, k) for k in COMPARED}
    d['evidence'] = sorted(d['evidence'])
    d['exposure'] = d['exposure'] if d['verdict'] != 'other' else None
    for k in ('protocol', 'grade', 'evidence', 'offered', 'version') if d['verdict'] == 'other' else ():
        d[k] = None
    return d


def truncated(end):
    """What --addresses truncate leaves of an address: its /24 or /48."""
    ip = ipaddress.ip_address(end[0])
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False)[0]), end[1]


def compare(mine, theirs, but=()):
    """Lines that say where two lists of sessions differ; empty if nowhere."""
    def keyed(sessions):
        d = collections.defaultdict(list)
        for s in sorted(sessions, key=lambda s: s.time):
            d[s.client, s.server].append(said(s))
        return d
    a, b, out = keyed(mine), keyed(theirs), []
    for key in sorted(set(a) | set(b), key=str):
        if len(a[key]) != len(b[key]):
            out.append('%s: %d sessions by the reading %s, %d by the program %s' % (key, len(a[key]), [s['verdict'] for s in a[key]], len(b[key]), [s['verdict'] for s in b[key]]))
        for x, y in zip(a[key], b[key]):
            out += ['%s: %s is %s by the reading, %s by the program' % (key[0], k, x[k], y[k]) for k in COMPARED if x[k] != y[k] and k not in but]
    return out


def second_reading(job):
    captures, options = job
    ports = read.ports_of(options[options.index('--ports') + 1]) if '--ports' in options else read.PORTS
    try:
        return read.read(captures, ports, '--separate' in options)
    except Exception as e:                  # a fault of the reader must not hide the other goldens
        return '%s: %s' % (type(e).__name__, e)


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(HERE, '..', '..', 'build', 'mailseal'))
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    chosen = [e for e in entries() if not a.names or e[0] in a.names]
    simple = [e for e in chosen if len(e[1]) == 1 and e[2] in ([], ['--separate'])]
    together = program(a.bin, [e[1][0] for e in simple], ['--separate'])    # one run for all that need no option
    with multiprocessing.Pool(2) as pool:
        readings = pool.map(second_reading, [(c, o) for _, c, o in chosen], chunksize=8)
    passed = failed = 0
    for entry, mine in zip(chosen, readings):
        name, captures, options = entry
        if entry in simple:
            theirs = together[os.path.basename(captures[0])]
        else:
            theirs = [s for found in program(a.bin, captures, options).values() for s in found]
        if '--addresses' in options:
            for s in mine:
                s.client, s.server = truncated(s.client), truncated(s.server)
        problems = [mine] if isinstance(mine, str) else compare(mine, theirs, ALLOWED.get(name, ()))
        for p in problems:
            print('%s: %s' % (name, p))
        passed, failed = passed + (not problems), failed + bool(problems)
    print('%d sessions read twice' % sum(len(m) for m in readings if not isinstance(m, str)))
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
