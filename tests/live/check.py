#!/usr/bin/env python3
"""Real servers and clients with a box in the middle: what mailseal sees of each attack, from either side of the box.

usage: check.py [--bin build/mailseal] [--world NAME]… [--attack NAME]… [--work DIR] [--show] [--from DIR] [--table FILE]

Needs root and Debian: it makes network namespaces. Each world of clients.py (a server, and its clients) runs in
namespaces of its own, all at once; everything in them ends with this program, however it ends. Each client of each
attack is a cell: what the program says of its sessions, analysed from the capture of the client's side of the box, of
the server's, and of both in one capture; each once `alone`, and once `known`, with a database that has seen 24 clients
of other networks upgrade before; of refusals for now also `hours`, in which all of it happens again each quarter of an
hour, seven times. A cell must be what expected.tsv says (its first row that fits), and each row must fit
a cell. The last line is "N passed, N failed".

  --world, --attack   only these          --work DIR   leaves the captures there
  --show              prints all cells    --from DIR   reads the captures of --work, records nothing
  --table FILE        writes, in Markdown, for each attack, protocol and side the grades reached, and what can be known from there
  --sensor            looks at something else: beside each tcpdump a sensor listens, whose sessions, verdicts and rates must
                      be those that analyze finds in tcpdump's capture"""
import argparse, collections, concurrent.futures, csv, ctypes, json, os, shutil, signal, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.append(os.path.join(HERE, '..'))
import clients, monitor, world

SIDES, MEMORY = ('client', 'server', 'both'), ('alone', 'known', 'hours')
HOURS = ('refuse-454', 'refuse-inline')             # attacks that are looked at for hours
GRADES = ('none', 'possible', 'likely', 'proven')
Cell = collections.namedtuple('Cell', 'attack world client kind side memory verdicts evidence grade')
Row = collections.namedtuple('Row', 'attack world client side memory verdicts evidence grade knowable why')


# --- recording ---

def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)          # PR_SET_PDEATHSIG


def can_make_namespaces():
    return os.geteuid() == 0 and os.path.exists('/etc/debian_version') and subprocess.run(
        ['unshare', '--mount', '--pid', '--fork', '--net', 'true'], stderr=subprocess.DEVNULL).returncode == 0


def record(name, folder, chosen):
    """What went wrong, or None."""
    os.makedirs(folder)
    r = subprocess.run(['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--net', sys.executable,
                        os.path.join(HERE, 'world.py'), name, folder, *chosen],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
    return '%s: %s' % (name, r.stdout.decode(errors='replace')[-3000:]) if r.returncode else None


# --- reading ---

def merged(paths, out, times=1):
    """All in one capture, as a mirror of both ports sees them; so many times, a quarter of an hour apart."""
    packets, head = [], b''
    for path in paths:
        with open(path, 'rb') as f:
            data = f.read()
        head, at = data[:24], 24
        while at + 16 <= len(data):
            size = struct.unpack_from('<I', data, at + 8)[0]
            seconds, us = struct.unpack_from('<II', data, at)
            packets += [((seconds + 900 * n, us), struct.pack('<I', seconds + 900 * n) + data[at + 4:at + 16 + size]) for n in range(times)]
            at += 16 + size
    with open(out, 'wb') as f:
        f.write(head + b''.join(p for _, p in sorted(packets, key=lambda p: p[0])))


def sessions(binary, db, capture):
    """{address of the client: its sessions}; those that were analysed into db before are not among them."""
    for command in ([binary, 'analyze', '--quiet', '--db', db, capture], [binary, 'sessions', '--db', db, '--format', 'jsonl']):
        r = subprocess.run(command, capture_output=True)
        if r.returncode not in (0, 65):
            raise SystemExit('live: %s: %s' % (' '.join(command[:2]), r.stderr.decode(errors='replace')))
    found = collections.defaultdict(list)
    for line in r.stdout.decode().splitlines():
        o = json.loads(line)
        found[o['src_ip']].append(o)
    return found


def look(binary, folder, attack, side, memory, scratch):
    def of(name, times=1):
        paths = [os.path.join(folder, '%s.%s.pcap' % (name, s)) for s in (world.SIDES if side == 'both' else [side])]
        if len(paths) == times == 1:
            return paths[0]
        out = os.path.join(scratch, name + '.pcap')
        merged(paths, out, times)
        return out
    db = os.path.join(scratch, 'db')
    if memory != 'alone':
        sessions(binary, db, of('before'))
    return sessions(binary, db, of(attack, 7 if memory == 'hours' else 1))


def cells_of(binary, name, folder, attack, side, memory):
    with open(os.path.join(folder, 'cells.json')) as f:
        entries = [c for c in json.load(f) if c[0] == attack]
    with tempfile.TemporaryDirectory() as scratch:
        found = look(binary, folder, attack, side, memory, scratch)
    for _, client, kind, address in entries:
        mine = sorted(found[address], key=lambda o: o['timestamp'])
        yield Cell(attack, name, client, kind, side, memory, '+'.join(sorted({o['verdict'] for o in mine})) or '-',
                   '+'.join(sorted({e for o in mine for e in o['strip']['evidence'] or ()})) or '-',
                   max((o['strip']['grade'] for o in mine), key=GRADES.index, default='none'))


# --- a sensor beside tcpdump ---

def compare_sensor(a, folder, name, attack, side):
    """Sentences of what differs, and how many sessions there are."""
    seen, capture = (os.path.join(folder, name, '%s.%s.%s' % (attack, side, end)) for end in ('db', 'pcap'))
    with tempfile.TemporaryDirectory() as scratch:
        db = os.path.join(scratch, 'db')
        if monitor.analyse(a, capture, db):
            return ['the capture cannot be analysed'], 0
        verdicts = collections.Counter(json.loads(s)['verdict'] for s in monitor.sessions_of(a, db).elements())
        said = monitor.differences(a, db, seen) + ([] if verdicts else ['no session at all'])
    print('%s, %s, %s: %s' % (name, attack, side, ', '.join('%d %s' % (n, v) for v, n in sorted(verdicts.items()))))
    return ['%s, %s, %s: %s' % (name, attack, side, s) for s in said], sum(verdicts.values())


def check_sensor(a, folder, names, wrong):
    """The whole of --sensor; gives the status."""
    said, n = list(wrong), 0
    for name in names:
        for attack in ['before', *(x for x in world.attacks_on(clients.WORLDS[name]) if not a.attack or x in a.attack)]:
            for side in SIDES[:2] if not any(w.startswith(name + ':') for w in wrong) else ():
                bad, sessions_here = compare_sensor(a, folder, name, attack, side)
                said, n = said + bad, n + sessions_here
    print(''.join('%s\n' % s[:1000] for s in said) + '%d passed, %d failed' % (n if not said else 0, len(said)))
    return bool(said)


# --- comparing ---

def rows():
    with open(os.path.join(HERE, 'expected.tsv'), encoding='utf-8') as f:
        return [Row(*line) for line in csv.reader((line for line in f if not line.startswith('#')), delimiter='\t', quoting=csv.QUOTE_NONE) if line]


def fits(row, cell):
    def one(pattern, *values): return pattern == '*' or any(v in pattern.split(',') for v in values)
    return (one(row.attack, cell.attack) and one(row.world, cell.world, clients.WORLDS[cell.world].proto) and one(row.client, cell.client, cell.kind)
            and one(row.side, cell.side) and one(row.memory, cell.memory))


def allowed(row, cell):
    """A row may give several ways, divided by |."""
    return all(have in want.split('|') for want, have in ((row.verdicts, cell.verdicts), (row.evidence, cell.evidence), (row.grade, cell.grade)))


def compare(cells, whole):
    table, used, failed, missed = rows(), set(), 0, 0
    for cell in cells:
        n = next((n for n, row in enumerate(table) if fits(row, cell)), None)
        if n is None or not allowed(table[n], cell):
            failed += 1
            print('%s\n    has %s %s %s, expected %s' % (' '.join(cell[:6]), *cell[6:], 'nothing' if n is None else ' '.join(table[n][5:8])))
        else:
            missed += GRADES.index(cell.grade) < GRADES.index(table[n].knowable)
        used.add(n)
    for n, row in enumerate(table):
        if whole and n not in used:
            failed += 1
            print('no cell is that of the row: ' + ' '.join(row[:5]))
    if missed:
        print('%d cells have less than can be known from there: expected.tsv says why' % missed)
    return failed


# --- the table ---

def tally(cells):
    """"3 none, 12 likely" """
    n = collections.Counter(c.grade for c in cells)
    return ', '.join('%d %s' % (n[g], g) for g in GRADES if n[g]) or '-'


def write_table(path, cells):
    """Clients on TLS ports are left out where the attack is on STARTTLS."""
    table, groups = rows(), collections.OrderedDict()
    for cell in cells:
        row = next((r for r in table if fits(r, cell)), None)
        if row and row.why != 'this attack is not on TLS ports':
            groups.setdefault((cell.attack, clients.WORLDS[cell.world].proto, cell.side), []).append((cell, row))
    with open(path, 'w', encoding='utf-8') as f:
        f.write('Sessions of each client at each server by the grade they reached; alone: nothing else was seen; known: 24 clients of other\n'
                'networks had upgraded before; hours: it went on for so long.\n\n'
                '| attack | protocol | capture | alone | known | hours | best that can be known | what it stands on |\n|' + ' --- |' * 8 + '\n')
        for key, found in groups.items():
            best = max((r.knowable for _, r in found), key=GRADES.index)
            why = list(collections.OrderedDict.fromkeys(r.why for _, r in found if r.knowable == best))
            reached = [tally([c for c, _ in found if c.memory == m]) for m in MEMORY]
            f.write('| %s |\n' % ' | '.join([*key, *reached, best, '; '.join(why)]))


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(HERE, '..', '..', 'build', 'mailseal'))
    ap.add_argument('--world', action='append', choices=clients.WORLDS)
    ap.add_argument('--attack', action='append', default=[])
    ap.add_argument('--work')
    ap.add_argument('--from', dest='given')
    ap.add_argument('--show', action='store_true')
    ap.add_argument('--table')
    ap.add_argument('--sensor', action='store_true')
    a = ap.parse_args()
    names, a.bin = a.world or list(clients.WORLDS), os.path.abspath(a.bin)
    if a.sensor:
        os.environ['MAILSEAL_SENSOR'] = a.bin
    if not a.given and not can_make_namespaces():
        print('make check-live cannot make network namespaces here: it needs root on Debian, in a place where unshare(1) may.\n0 passed, 1 failed')
        sys.exit(1)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(len(clients.WORLDS)) as pool:
        def leave(number, _):                           # at once: what runs in namespaces dies with this program
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(128 + number)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        wrong = []
        if not a.given:
            world.build(names)
            wrong = [w for w in pool.map(lambda n: record(n, os.path.join(folder, n), a.attack), names) if w]
            if a.work:
                shutil.copytree(folder, a.work, dirs_exist_ok=True)
        source = a.given or folder
        if a.sensor:
            sys.exit(check_sensor(a, source, names, wrong))
        jobs = [(a.bin, n, os.path.join(source, n), attack, side, memory) for n in names if not any(w.startswith(n + ':') for w in wrong)
                for attack in world.attacks_on(clients.WORLDS[n]) if not a.attack or attack in a.attack for side in SIDES for memory in MEMORY if memory != 'hours' or attack in HOURS]
        cells = [cell for found in pool.map(lambda j: list(cells_of(*j)), jobs) for cell in found]
    if a.show:
        for cell in cells:
            print('\t'.join(cell))
    if a.table:
        write_table(a.table, cells)
    for w in wrong:
        print(w)
    failed = len(wrong) + compare(cells, not a.world and not a.attack)
    print('%d passed, %d failed' % (max(len(cells) + len(wrong) - failed, 0), failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
