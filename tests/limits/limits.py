#!/usr/bin/env python3
"""What a packet and an open session cost, in counts that do not depend on how busy the machine is.

usage: limits.py [--build build] [--list]

Instructions a packet: tools/bench/generate makes a small capture of each mix, and valgrind's callgrind counts what
build/bench/verdicts (file to verdict, nothing stored) and `mailseal analyze` (all of it) execute, less what they
execute for a capture without a packet (of the link: with one connection, so that nDPI has begun). Two counts are held to limits.tsv: of the program's own code, and of all
code with that of the libraries, whose versions differ between systems: its limit is wider.
Bytes a session: what a lane has taken for connections with 22,000 of one kind open, less the same with 2,000.

--list prints a table with what is measured now as its figures, for limits.tsv when a change is meant to cost more.
A limit that is left far behind is said, too: it should be lowered. The last line is "N passed, N failed".
"""
import argparse, concurrent.futures, os, platform, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SLACK = {'own': 1.10, 'all': 1.30, 'bytes': 1.10}
MIXES = {'mail': 150, 'link': 20, 'tiny': 400, 'open': 300, 'fresh': 100}      # connections
KINDS = ('settled', 'upgraded', 'greeted', 'hello')
FEW, MANY, MEMORY = 2000, 22000, 64         # sessions, and MiB: slabs are small then
EMPTY = bytes.fromhex('d4c3b2a1020004000000000000000000000004000100 0000'.replace(' ', ''))


def run(command):
    p = subprocess.run(command, capture_output=True, text=True)
    if p.returncode:
        sys.exit('%s: status %d: %s' % (' '.join(command), p.returncode, p.stderr.strip()[-500:]))
    return p.stdout


def numbers(text):
    """{word: number} of "packets 5 bytes 7"."""
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2])))


def instructions(out, binary):
    """(of the binary, of all) from a callgrind file: costs of a function itself, not of what it calls."""
    names, own, total, here, skip = {}, 0, 0, False, False
    with open(out) as f:
        for line in f:
            if line.startswith('ob='):
                number, name = re.match(r'ob=(\(\d+\))(?: (.*))?', line).groups()
                names.setdefault(number, (name or '').rstrip())
                here = names[number] == binary
            elif line.startswith('cob='):
                number, name = re.match(r'cob=(\(\d+\))(?: (.*))?', line).groups()
                names.setdefault(number, (name or '').rstrip())
            elif line.startswith('calls='):
                skip = True
            elif line[0] in '+-*0123456789' and line.strip():
                if not skip:
                    cost = int(line.split()[1])
                    total += cost
                    own += cost if here else 0
                skip = False
    return own, total


class Counter:
    def __init__(self, build, folder):
        self.build, self.folder = os.path.abspath(build), folder

    def program(self, name, capture):
        if name == 'verdicts':
            return [self.build + '/bench/verdicts', capture]
        db = tempfile.mktemp(dir=self.folder, suffix='.db')
        return [self.build + '/mailseal', 'analyze', '--quiet', '--db', db, capture]

    def count(self, name, capture):
        command = self.program(name, capture)
        out = tempfile.mktemp(dir=self.folder, suffix='.callgrind')
        run(['valgrind', '--tool=callgrind', '--callgrind-out-file=' + out] + command)
        return instructions(out, os.path.realpath(command[0]))

    def generate(self, mix, n):
        path = tempfile.mktemp(dir=self.folder, prefix=mix, suffix='.pcap')
        return path, numbers(run([self.build + '/bench/generate', mix, str(n), path, 'tests/pcaps']))

    def packets(self):
        """(subject, mix, measure, figure): instructions a packet."""
        empty = os.path.join(self.folder, 'empty.pcap')
        with open(empty, 'wb') as f:
            f.write(EMPTY)
        made = {mix: self.generate(mix, n) for mix, n in MIXES.items()}
        made['begin'], made['link begin'] = (empty, {'packets': 0}), self.generate('link', 1)
        jobs = [(p, name) for name in made for p in ('verdicts', 'analyze')]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            counts = dict(zip(jobs, pool.map(lambda j: self.count(j[0], made[j[1]][0]), jobs)))
        for mix in MIXES:
            begin = 'link begin' if mix == 'link' else 'begin'
            packets = made[mix][1]['packets'] - made[begin][1]['packets']
            for program in ('verdicts', 'analyze'):
                for i, measure in enumerate(('own', 'all')):
                    yield program, mix, measure, (counts[program, mix][i] - counts[program, begin][i]) / packets

    def memory(self, kind, n):
        path, _ = self.generate(kind, n)
        taken = numbers(run([self.build + '/bench/verdicts', path, str(MEMORY)]))['memory']
        os.unlink(path)
        return taken

    def sessions(self):
        for kind in KINDS:
            yield 'session', kind, 'bytes', (self.memory(kind, MANY) - self.memory(kind, FEW)) / (MANY - FEW)


def limits():
    table = {}
    with open(os.path.join(HERE, 'limits.tsv')) as f:
        for line in f:
            if not line.startswith('#') and line.strip():
                subject, mix, measure, figure = line.split()
                table[subject, mix, measure] = float(figure)
    return table


def judge(key, figure, table):
    """Whether it passes, with what is to be said."""
    subject, mix, measure = key
    unit = {'own': 'own instructions a packet', 'all': 'instructions a packet with libraries', 'bytes': 'bytes'}[measure]
    if key not in table:
        return False, '%s, %s: %.0f %s, and limits.tsv has no figure for it' % (subject, mix, figure, unit)
    was, most = table[key], table[key] * SLACK[measure]
    text = '%s, %s: %.0f %s, %+.1f %% against %.0f in limits.tsv' % (subject, mix, figure, unit, 100 * (figure / was - 1), was)
    if figure > most:
        return False, text + '; at most %+.0f %% is allowed' % (100 * (SLACK[measure] - 1))
    return True, text + '; please lower it' if figure < was * 0.8 else None


def reason_to_skip(build):
    with open(os.path.join(build, 'config')) as f:
        options = f.read().split()
    if '-O2' not in options or any(o.startswith('-fsanitize') or o == '--coverage' for o in options):
        return 'this is not the usual build (-O2): %s' % ' '.join(options)
    if platform.machine() != 'x86_64':
        return 'the limits are those of x86_64, and this is %s' % platform.machine()
    if not shutil.which('valgrind'):
        return 'valgrind is not installed (tools/deps test)'
    return None


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('--build', default='build')
    p.add_argument('--list', action='store_true')
    args = p.parse_args()
    why = reason_to_skip(args.build)
    passed = failed = 0
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        counter = Counter(args.build, folder)
        found = list(counter.sessions()) + ([] if why else list(counter.packets()))
    if args.list:
        for row in found:
            print('%s\t%s\t%s\t%.0f' % row)
        return
    table = limits()
    for *key, figure in found:
        good, text = judge(tuple(key), figure, table)
        passed, failed = passed + good, failed + (not good)
        if text:
            print(text)
    if why:
        print('skipped: instructions a packet are not counted: %s' % why)
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
