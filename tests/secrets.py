#!/usr/bin/env python3
"""Planted secrets in the memory of the running program: none is left when its session has ended.

usage: secrets.py [--bin build/tests/secrets/mailseal] [--lanes N] [--every N] [--write] [NAME…]

The program (readable by its parent, else as it is: tests/secrets/readable.c) reads one long capture from a pipe:
all goldens one after the other, each hours later than the one before, and behind each of them a connection of
another client that stays open. While it waits for more, all memory that a core file would hold is searched for
what holds PLANTED, as text, in base64, hexadecimal and UTF-16. Where the session has closed and nothing of it was
lost, the other client comes right behind it; else an hour and more later, since lost packets may be late ones.
Last of all it is searched when everything has ended and only the summary is still to be written. Left out is
memory that is kept out of core files (MADV_DONTDUMP): the packets being read, and what is unpacked. There the
same search must find what has just been read, or it could find nothing anywhere.
  --write     the same of the parser of a sensor that keeps evidence (monitor --read - --write), which holds packets of
              sessions longer, and of the memory that it shares with the writer: there the words of the protocols must be
              found
  --every N   looks after each N-th golden only, and after all whose name begins with "secret"
The last line is "N passed, N failed"; the status is 0 when nothing failed.
"""
import argparse, array, base64, fcntl, glob, os, re, subprocess, sys, tempfile, termios, time

HERE = os.path.dirname(os.path.abspath(__file__))
PCAPS = os.path.join(HERE, 'pcaps')
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, 'damage'))
import formats

WORD = b'PLANTED'
HOURS = 3 * 3600 * 10**9
PAGE = os.sysconf('SC_PAGESIZE')
KEPT = 32 * 1024                        # bytes of a capture that surely lie whole where packets are read


def needles():
    """The word in all the forms in which a secret could lie about."""
    found = {'text': WORD, 'hexadecimal': WORD.hex().encode(), 'upper hexadecimal': WORD.hex().upper().encode(),
             'UTF-16': WORD.decode().encode('utf-16-le'), 'lower case': WORD.lower()}
    for n, start, end in ((0, 0, 9), (1, 2, 10), (2, 3, 12)):      # the three ways it can lie in Base64
        found['base64 %d' % n] = base64.b64encode(bytes(n) + WORD)[start:end]
    return found


# --- the image ---

def mappings(pid, dumped=True):
    """Of the memory that a core file would hold, with what is shared with other processes, or of the rest: begin, end, name,
    whether it is shared."""
    out = []
    for line in open('/proc/%d/smaps' % pid):
        m = re.match(r'([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)', line)
        if m:
            head = int(m[1], 16), int(m[2], 16), m[4], m[3]
        elif line.startswith('VmFlags:') and head[3].startswith('rw') and not head[2].startswith('[v'):
            if (' dd' not in line or head[3].endswith('s')) == dumped:
                shared = head[3].endswith('s')
                out.append((head[0], head[1], head[2] or 'memory shared' if shared else head[2], shared))
    return out


def touched(pagemap, begin, end):
    """The runs of pages that this process has put anything in (proc_pid_pagemap(5)): the others are zeros, and most of
    its memory."""
    pagemap.seek(begin // PAGE * 8)
    entries, runs = array.array('Q', pagemap.read((end - begin) // PAGE * 8)), []
    assert len(entries) == (end - begin) // PAGE
    for at, entry in zip(range(begin, end, PAGE), entries):
        if not entry >> 62:
            continue
        if runs and runs[-1][1] == at:
            runs[-1][1] = at + PAGE
        else:
            runs.append([at, at + PAGE])
    return runs


def search(pid, wanted, dumped=True):
    """What was found: form, where, and what stands around it."""
    found = []
    with open('/proc/%d/mem' % pid, 'rb', 0) as mem, open('/proc/%d/pagemap' % pid, 'rb', 0) as pagemap:
        for begin, end, name, shared in mappings(pid, dumped):
            for first, last in [(begin, end)] if shared else touched(pagemap, begin, end):
                mem.seek(first)
                data = b''
                while len(data) < last - first:
                    part = mem.read(last - first - len(data))
                    if not part:
                        break
                    data += part
                found += found_in(data, wanted, '%s+%#x' % (name or 'memory', first - begin))
    return found


def found_in(data, wanted, where):
    found = []
    for form, needle in wanted.items():
        at = data.find(needle)
        while at >= 0:
            found.append('%s in %s+%#x: %r' % (form, where, at, data[max(0, at - 24):at + 40]))
            at = data.find(needle, at + 1)
    return found


def parser_of(pid):
    """The process that reads the packets of a sensor."""
    for _ in range(500):
        for child in open('/proc/%d/task/%d/children' % (pid, pid)).read().split():
            if open('/proc/%s/comm' % child).read().strip() == 'mailseal-parser':
                return int(child)
        time.sleep(.01)
    sys.exit('the sensor does not start')


def waits(pid, fd):
    """All of its threads have done what there was to do, and wait."""
    seen = 0
    for _ in range(20000):
        left = array.array('i', [0])
        fcntl.ioctl(fd, termios.FIONREAD, left)
        states = {open(path).read().rsplit(')', 1)[1].split()[0] for path in glob.glob('/proc/%d/task/*/stat' % pid)}
        seen = seen + 1 if not left[0] and states == {'S'} else 0
        if seen == 3:
            return True
        if not states or states & set('ZX'):
            return False
        time.sleep(.001)
    return False


# --- the stream ---

def load(path):
    data = open(path, 'rb').read()
    return formats.packets_of(data) if data[:4] == b'\xd4\xc3\xb2\xa1' else []


def bystander(number, ns):
    """The beginning of a session of somebody else's, which goes on."""
    out = []
    for i, p in enumerate(load(os.path.join(PCAPS, 'smtp-clear.pcap'))[:6]):
        data = p.data.replace(bytes([198, 51, 100, 7]), bytes([203, 0, 113, number % 250]))
        out.append(formats.Packet(ns + i * 10**6, data, p.wire, p.link))
    return out


def has_closed(path):
    """Whether a golden's sessions end with FINs and all of their bytes are there: by its script."""
    script = path[:-5] + '.txt'
    return os.path.exists(script) and not re.search(r'^(end|rst|gap|hidden|snaplen|open|fin|next (drop|cut|fin|crossed)|set .*hidden|swap|'
                                                    r'rewind|repeat|keepalive|midstream|wait -)', open(script).read(), re.M)


class Stream:
    """pcapng, with an interface for each link type when it is first needed."""
    def __init__(self): self.links, self.last = [], 0

    def head(self): return formats.section('<')

    def records(self, packets):
        out = b''
        for p in packets:
            if p.link not in self.links:
                self.links.append(p.link)
                out += formats.interface('<', p.link, 9)
            out += formats.enhanced('<', self.links.index(p.link), p.ns, p)
        return out

    def later(self, packets):
        """The same packets, hours behind all before."""
        shift = self.last + HOURS - min(p.ns for p in packets) if self.last else 0
        for p in packets:
            p.ns += shift
        self.last = max(p.ns for p in packets)
        return packets


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--bin', default=os.path.join(HERE, '..', 'build', 'tests', 'secrets', 'mailseal'))
    ap.add_argument('--every', type=int, default=1)
    ap.add_argument('--lanes', type=int, default=0)
    ap.add_argument('--write', action='store_true')
    ap.add_argument('names', nargs='*')
    a = ap.parse_args()
    goldens = sorted(glob.glob(os.path.join(PCAPS, '*.pcap')) + glob.glob(os.path.join(PCAPS, 'recorded', '*.pcap')))
    if a.names:
        goldens = [g for g in goldens if os.path.basename(g)[:-5] in a.names]
    wanted, passed, problems, planted = needles(), 0, [], 0
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        summary, full = os.pipe()
        os.write(full, bytes(fcntl.fcntl(full, 1031, 4096)))        # F_SETPIPE_SZ; no room for more
        common = ['--lanes', str(a.lanes), '--db', os.path.join(folder, 'm.db')]
        sensor = ['monitor', '--read', '-', '--write', os.path.join(folder, 'evidence'), '--evidence-memory', '8M', '--memory', '32M'] + common
        p = subprocess.Popen([a.bin] + (sensor if a.write else ['analyze'] + common + ['-']), stdin=subprocess.PIPE, stdout=full, stderr=subprocess.DEVNULL)
        fd, stream = p.stdin.fileno(), Stream()
        try:
            pid = parser_of(p.pid) if a.write else p.pid
            os.write(fd, stream.head())
            for i, path in enumerate(goldens):
                packets = load(path)
                if not packets:
                    continue
                here = {form: n for form, n in wanted.items() if any(n in x.data for x in packets)}
                planted += here != {}
                data = stream.records(stream.later(packets))
                behind = bystander(i, stream.last + 10**6)
                if not has_closed(path):
                    behind = stream.later(behind)
                data += stream.records(behind)
                p.stdin.write(data)
                p.stdin.flush()
                if i % a.every and not os.path.basename(path).startswith('secret'):
                    continue
                if not waits(pid, fd):
                    problems.append('%s: the program does not wait for more' % path)
                    break
                found = search(pid, wanted)
                passed += not found
                # What is longer overwrites its own beginning where it is read.
                blind = [form for form, n in here.items() if len(data) < KEPT and not search(pid, {form: n}, False)]
                if blind:
                    problems.append('%s: %s was read, and is not found where packets are read' % (path, ', '.join(blind)))
                if found:
                    problems.append('%s: %s' % (os.path.basename(path), '\n    '.join(found[:6])))
            if a.write and not any('memory shared' in f or '/dev/zero' in f for f in search(pid, {'a capability list': b'250-STARTTLS'})):
                problems.append('nothing is kept as evidence')
            p.stdin.close()
            time.sleep(.5)
            found = search(pid, wanted) if not a.write else []      # a sensor has nothing to say then
            passed += not found and not a.write
            problems += ['at the end: ' + '\n    '.join(found[:10])] if found else []
        finally:
            p.kill()
            p.wait()
    if planted < min(20, len(goldens) // 4):
        problems.append('only %d captures had anything to be found' % planted)
    for problem in problems:
        print(problem)
    print('%d passed, %d failed' % (passed, len(problems)))
    sys.exit(len(problems) > 0)


if __name__ == '__main__':
    main()
