#!/usr/bin/env python3
"""Measures the sensor live: tcpreplay sends a large capture over a pair of veth interfaces, and mailseal monitor has to
take what a bare tcpdump takes.

usage: live.py [--build build] [--sessions N] [--folder DIR] [--lanes N] [--buffer MIB]
               [--json FILE]

As root; makes a network namespace of its own. A rate is good when `tcpdump -w /dev/null`, with the same filter and
the same buffer (64 MiB), loses nothing of it; the highest good one is looked for by halving, up to the fastest that
tcpreplay sends. There, at half of it, and above it (as fast as can be sent, into a buffer of 512 KiB), the sensor listens:
what the interface received must be what it saw and what it says that the kernel dropped, to the packet. Without drops
sessions and verdicts must be those of `analyze` on the capture; with drops no session may have a verdict that
claims more than is true of it. Shown are also CPU times by thread, which do not depend on who else uses the machine;
rates do. The status is 1 when anything is not so.
"""
import argparse, collections, json, os, re, shutil, signal, sqlite3, subprocess, sys, tempfile, time

SPACE = 'mailseal-bench-%d' % os.getpid()
FILTER = 'tcp and (port 25 or port 465 or port 587 or port 110 or port 995 or port 143 or port 993 or port 2525 or port 24 or port 4190)'
TICKS = os.sysconf('SC_CLK_TCK')
# What may be said of a session of which packets are missing: less than the truth, never something else.
LESS = collections.defaultdict(set, {'clear_auth': {'clear'}, 'stripped': {'clear', 'clear_auth', 'tls_failed'}})
ALWAYS = {'incomplete'}
ABOVE = 'above it'


def inside(*args): return ['ip', 'netns', 'exec', SPACE] + list(args)


def run(*args): return subprocess.run(args, check=True, capture_output=True, text=True).stdout


def make_links():
    run('ip', 'netns', 'add', SPACE)
    run(*inside('ip', 'link', 'add', 'dev', 'sent', 'type', 'veth', 'peer', 'name', 'seen'))
    for name in 'sent', 'seen':
        subprocess.run(inside('sysctl', '-q', '-w', 'net.ipv6.conf.%s.disable_ipv6=1' % name))
        run(*inside('ip', 'link', 'set', name, 'mtu', '9000', 'up'))


def received():
    link = json.loads(run(*inside('ip', '-s', '-j', 'link', 'show', 'seen')))[0]
    return link['stats64']['rx']['packets']


def send(capture, rate):
    """Packets that arrived, and how many a second; rate None: as fast as it goes."""
    before = received()
    speed = ['--pps', str(int(rate))] if rate else ['--topspeed']
    out = subprocess.run(inside('tcpreplay', '-q', '-K', '-i', 'sent', *speed, capture), capture_output=True, text=True, check=True)
    pps = float(re.search(r'([\d.]+) pps', out.stdout + out.stderr).group(1))
    time.sleep(.5)
    return received() - before, pps


# --- tcpdump ---

def tcpdump_loses(a, capture, rate):
    p = subprocess.Popen(inside('tcpdump', '-n', '-i', 'seen', '-w', '/dev/null', '-s', '262144', '-B', str(a.buffer << 10), '-Z', 'root', FILTER),
                         stderr=subprocess.PIPE, text=True)
    while 'listening' not in p.stderr.readline():
        pass
    n, pps = send(capture, rate)
    time.sleep(1)
    p.send_signal(signal.SIGINT)
    said = p.communicate()[1]
    captured = int(re.search(r'(\d+) packets captured', said).group(1))
    return n - captured, pps


def highest(a, capture):
    """The highest rate at which tcpdump loses nothing, twice in a row."""
    lost, top = tcpdump_loses(a, capture, None)
    print('tcpdump, as fast as tcpreplay sends: %.0f packets/s, %d lost' % (top, lost), flush=True)
    good, bad, rate = 0, None, top
    if not lost and not tcpdump_loses(a, capture, None)[0]:
        return None, top
    bad = top
    while bad - good > .08 * bad:
        rate = (good + bad) / 2
        lost, pps = tcpdump_loses(a, capture, rate)
        if not lost:
            lost, pps = tcpdump_loses(a, capture, rate)
        print('tcpdump, %.0f packets/s: %d lost' % (pps, lost), flush=True)
        good, bad = (good, rate) if lost else (rate, bad)
    return good, good


# --- mailseal ---

def threads_of(pid):
    """CPU seconds of each thread."""
    out = {}
    for t in os.listdir('/proc/%d/task' % pid):
        words = open('/proc/%d/task/%s/stat' % (pid, t)).read().rsplit(')', 1)[1].split()
        out[int(t)] = (int(words[11]) + int(words[12])) / TICKS
    return [out[t] for t in sorted(out)]


def names_of(process, n):
    """What its threads do, in the order in which they are begun."""
    if process == 'writer':
        return ['listening', 'storing'][:n]
    return ['all'] if n == 1 else ['telling'] + ['lane %d' % (i + 1) for i in range(n - 2)] + ['reading']


def children(pid):
    found = {}
    for child in open('/proc/%d/task/%d/children' % (pid, pid)).read().split():
        found[open('/proc/%s/comm' % child).read().strip().replace('mailseal-', '')] = int(child)
    return found


def listen(a, capture, rate, buffer):
    db = os.path.join(a.folder, 'live.db')
    for end in '', '-wal', '-shm':
        if os.path.exists(db + end):
            os.unlink(db + end)
    p = subprocess.Popen(inside(a.bin, 'monitor', '--interface', 'seen', '--db', db, '--filter', FILTER, '--buffer', str(buffer), '--lanes', str(a.lanes)),
                         stderr=subprocess.PIPE, text=True)
    while len(children(p.pid)) < 2 and p.poll() is None:
        time.sleep(.05)
    time.sleep(1)
    n, pps = send(capture, rate)
    time.sleep(2)
    cpu = {name: threads_of(pid) for name, pid in children(p.pid).items()}
    p.send_signal(signal.SIGTERM)
    said = p.communicate()[1]
    with sqlite3.connect(db) as c:
        seen, dropped, by_interface = c.execute('SELECT sum(packets), sum(dropped_kernel), sum(dropped_interface) FROM source').fetchone()
    return {'code': p.returncode, 'said': said, 'received': n, 'pps': pps, 'seen': seen, 'dropped': dropped, 'interface': by_interface, 'cpu': cpu,
            'sessions': sessions_of(a, db)}


def sessions_of(a, db):
    """Verdicts by the ends of the connection."""
    out = collections.defaultdict(list)
    rows = subprocess.run([a.bin, 'sessions', '--db', db, '--format', 'jsonl'], capture_output=True, text=True, check=True).stdout
    for r in map(json.loads, rows.splitlines()):
        out[r['src_ip'], r['src_port'], r['dest_ip'], r['dest_port']].append(r['verdict'])
    return out


def invented(truth, got):
    """Verdicts that say of a session what is not so."""
    said = []
    for key, verdicts in got.items():
        true = set(truth.get(key, []))
        allowed = ALWAYS.union(true, *(LESS[t] for t in true))
        said += ['%s: %s, not %s' % (key, v, sorted(true)) for v in verdicts if v not in allowed]
    return said


def judge(what, r, truth):
    wrong = []
    if r['seen'] + r['dropped'] != r['received']:
        wrong.append('%d received, %d seen, %d dropped' % (r['received'], r['seen'], r['dropped']))
    if not r['dropped'] and r['sessions'] != truth:
        n = sum(r['sessions'].get(k) != v for k, v in truth.items())
        wrong.append('%d sessions are not as they were: %s' % (n, [(k, v, r['sessions'].get(k)) for k, v in truth.items() if r['sessions'].get(k) != v][:2]))
    made_up = invented(truth, r['sessions'])
    wrong += ['%d verdicts are invented, as %s' % (len(made_up), made_up[0])] if made_up else []
    wrong += ['status %d: %s' % (r['code'], r['said'])] if r['code'] else []
    if r['dropped'] and what != ABOVE:
        wrong.append('tcpdump lost nothing there')
    same = sum(r['sessions'].get(k) == v for k, v in truth.items())
    print('monitor, %s: %.0f packets/s, %d received = %d seen + %d dropped; %d of %d sessions as in the capture' % (
        what, r['pps'], r['received'], r['seen'], r['dropped'], same, len(truth)))
    for name, cpu in sorted(r['cpu'].items()):
        print('  CPU of the %s: %s; %.0f ns a packet seen' % (name, ', '.join('%.2f s %s' % (c, t) for c, t in zip(cpu, names_of(name, len(cpu)))),
                                                             sum(cpu) / max(r['seen'], 1) * 1e9))
    print(''.join('  wrong: %s\n' % w for w in wrong), end='', flush=True)
    return not wrong


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--build', default='build')
    ap.add_argument('--sessions', type=int, default=20000)
    ap.add_argument('--lanes', type=int, default=1)
    ap.add_argument('--buffer', type=int, default=64, help='MiB in the kernel, of both')
    ap.add_argument('--folder')
    ap.add_argument('--json')
    a = ap.parse_args()
    a.bin = os.path.abspath(os.path.join(a.build, 'mailseal'))
    if os.geteuid():
        sys.exit('live.py needs root')
    for tool in 'tcpreplay', 'tcpdump':
        if not shutil.which(tool):
            sys.exit('live.py needs %s; tools/deps bench gets it' % tool)
    folder = a.folder = a.folder or tempfile.mkdtemp(dir='/dev/shm')
    os.chmod(folder, 0o755)
    try:
        capture = os.path.join(folder, 'live.pcap')
        run(os.path.join(a.build, 'bench', 'generate'), 'mail', str(a.sessions), capture, 'tests/pcaps')
        db = os.path.join(folder, 'truth.db')
        subprocess.run([a.bin, 'analyze', '--quiet', '--db', db, capture], check=True)
        truth = sessions_of(a, db)
        make_links()
        print('%d sessions, %.1f GB; %d cores, load %.1f' % (sum(map(len, truth.values())), os.path.getsize(capture) / 1e9, os.cpu_count(), os.getloadavg()[0]))
        rate, pps = highest(a, capture)
        print('tcpdump loses nothing up to %.0f packets/s%s' % (pps, '' if rate else ', which is all that can be sent'), flush=True)
        runs = [('at that rate', rate, a.buffer << 20), ('at half of it', pps / 2, a.buffer << 20), (ABOVE, None, 512 << 10)]
        results = [(what, listen(a, capture, speed, buffer)) for what, speed, buffer in runs]
        good = all([judge(what, r, truth) for what, r in results])
        if a.json:
            with open(a.json, 'w') as f:
                json.dump({'tcpdump_pps': pps, 'runs': {w: {k: v for k, v in r.items() if k != 'sessions'} for w, r in results}}, f, indent=1)
    finally:
        subprocess.run(['ip', 'netns', 'del', SPACE], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(not good)


if __name__ == '__main__':
    main()
