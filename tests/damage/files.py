"""What is no capture, folders, pipes, files that change under the reader's hands, and outputs that fail."""
import os, signal, socket, sqlite3, struct, subprocess, threading, time

import formats
from captures import packets
from kit import DATAERR, IOERR, NOINPUT, golden, powerless, query, reachable_copy

PNG = bytes.fromhex('89504e470d0a1a0a0000000d4948445200000001000000010806000000')
FILLER, FILLER_BYTES = 12000, 1400      # packets that are no mail, and take a while to read


def many(sessions):
    """A capture of one session again and again, each from another client."""
    made, session = formats.Made(bytes(formats.pcap(packets('auth-plain')).data[:24])), packets('auth-plain')
    client, out = bytes([198, 51, 100, 7]), []
    for i in range(sessions):
        other = bytes([10, i >> 16, i >> 8 & 255, i & 255])
        for p in session:
            out.append(formats.Packet(p.ns + i * 10**9 // 50, p.data.replace(client, other), p.wire, p.link))
    out.sort(key=lambda p: p.ns)
    for p in out:
        made.add(struct.pack('<IIII', p.ns // 10**9, p.ns % 10**9 // 1000, len(p.data), p.wire) + p.data, True)
    return bytes(made.data)


def long_capture():
    """The same with many packets of something else in front."""
    first = packets('auth-plain')
    udp = formats.Packet(first[0].ns - 10**9, first[0].data[:12] + b'\x08\0' + b'\x45\0' + struct.pack('>H', FILLER_BYTES) + bytes(5)
                         + b'\x11\0\0' + bytes([192, 0, 2, 1, 192, 0, 2, 2]) + bytes(FILLER_BYTES - 20), FILLER_BYTES + 14, 1)
    head, record = formats.pcap([udp]).data[:24], formats.pcap([udp]).data[24:]
    return bytes(head + record * FILLER + formats.pcap(first).data[24:]), len(record)


# --- what is no capture ---

def no_capture(bench):
    database = bench.path('some.db')
    c = sqlite3.connect(database)
    c.execute('CREATE TABLE t (a)')
    c.commit()
    c.close()
    for name, data in (('text.txt', b'From: somebody\n' * 40), ('picture.png', PNG), ('zeros', bytes(5000)), ('noise', bytes(range(7, 256))),
                       ('some.db', open(database, 'rb').read()), ('program', open(bench.binary, 'rb').read()[:9000]),
                       ('half', b'\xd4\xc3\xb2'), ('version', struct.pack('<IHHIIII', formats.MICRO, 9, 9, 0, 0, 0, 1)),
                       ('packed.gz', formats.gzipped(b'no capture')), ('packed.xz', b'\xfd7zXZ\0' + bytes(60))):
        path, db = bench.write(name, data), bench.new_db()
        bench.expect('not a capture: ' + name, bench.analyze(db, path), DATAERR, path)
        bench.tally.check(name + ': no database is made for it', not os.path.exists(db), 'there is one')
    path = bench.write('nothing', b'')
    bench.expect('an empty file', bench.analyze(bench.new_db(), path), DATAERR, path, 'is empty')
    bench.expect('nothing on standard input', bench.analyze(bench.new_db(), '-'), DATAERR, 'standard input: is empty')
    bench.expect('no packet', bench.analyze(bench.new_db(), bench.write('none.pcap', golden('auth-plain.pcap')[:24])), 0)
    bench.expect('no packet in pcapng', bench.analyze(bench.new_db(), bench.write('none.pcapng', formats.section('<'))), 0)
    bench.expect('/dev/null', bench.analyze(bench.new_db(), '/dev/null'), DATAERR, '/dev/null: is empty')
    bench.expect('/dev/zero', bench.analyze(bench.new_db(), '/dev/zero'), DATAERR, '/dev/zero: is not a capture')
    bench.expect('/dev/urandom', bench.analyze(bench.new_db(), '/dev/urandom'), DATAERR, '/dev/urandom: ')
    with open('/dev/zero', 'rb') as zeros:
        bench.expect('zeros without end', bench.analyze(bench.new_db(), '-', stdin=zeros), DATAERR, 'standard input: is not a capture')
    bench.expect('not there', bench.analyze(bench.new_db(), bench.path('absent')), NOINPUT, bench.path('absent'))
    bench.expect('beneath a file', bench.analyze(bench.new_db(), bench.path('text.txt/x')), NOINPUT, bench.path('text.txt/x'))
    name = bench.path('two\nlines\x1b[31m\x9b')
    bench.expect('a name that is no line', bench.analyze(bench.new_db(), name), NOINPUT, 'two\\x0alines\\x1b')
    bench.expect('a name of 5000 bytes', bench.analyze(bench.new_db(), 'x' * 5000), NOINPUT, 'x' * 20)
    with socket.socket(socket.AF_UNIX) as s:
        here = os.open(bench.folder, os.O_RDONLY)
        s.bind('/proc/self/fd/%d/socket' % here)
        os.close(here)
        bench.expect('a socket', bench.analyze(bench.new_db(), bench.path('socket')), NOINPUT, bench.path('socket'))
    os.symlink('circle', bench.path('circle'))
    bench.expect('a link to itself', bench.analyze(bench.new_db(), bench.path('circle')), NOINPUT, bench.path('circle'))
    db = bench.new_db()
    good = bench.write('good.pcap', golden('auth-plain.pcap'))
    bench.expect('one bad among good ones', bench.analyze(db, bench.path('text.txt'), good, bench.path('absent')), DATAERR, lines=2)
    bench.same('one bad among good ones: sessions', query(db, 'SELECT count(*) FROM session'), [(1,)])


def folders(bench):
    os.makedirs(bench.path('empty'))
    bench.expect('an empty folder', bench.analyze(bench.new_db(), bench.path('empty')), DATAERR, bench.path('empty'), 'no capture')
    bench.write('texts/a.txt', b'a')
    bench.write('texts/deep/b', b'')
    bench.expect('a folder without a capture', bench.analyze(bench.new_db(), bench.path('texts')), DATAERR, 'no capture')
    os.symlink('..', bench.path('texts/up'))
    bench.expect('a circle of links', bench.analyze(bench.new_db(), bench.path('texts')), DATAERR, 'no capture')
    bench.write('nest/1/2/3/4/good.pcap', golden('auth-plain.pcap'))
    bench.write('nest/1/note.txt', b'note')
    bench.write('nest/1/2/empty.pcap', b'')
    os.symlink('../..', bench.path('nest/1/up'))
    os.mkfifo(bench.path('nest/1/pipe'))
    db = bench.new_db()
    bench.expect('folders in folders', bench.analyze(db, bench.path('nest')), DATAERR, 'empty.pcap: is empty')
    bench.same('folders in folders: sessions', query(db, 'SELECT count(*) FROM session'), [(1,)])
    deep = bench.path('deep')
    os.makedirs(deep + '/d' * 70)
    bench.expect('folders too deep', bench.analyze(bench.new_db(), deep), NOINPUT, 'too deep')
    path = bench.path('folder.pcap')
    os.mkdir(path)
    bench.expect('a folder as standard input', bench.analyze(bench.new_db(), '-', stdin=os.open(path, os.O_RDONLY)), NOINPUT, 'is a folder')


def rights(bench):
    binary, how = reachable_copy(bench), powerless()
    os.chmod(bench.folder, 0o777)
    bench.write('mixed/good.pcap', golden('auth-plain.pcap'))
    for name in ('secret.pcap', 'mixed/secret.pcap'):
        os.chmod(bench.write(name, golden('auth-plain.pcap')), 0)
    os.mkdir(bench.path('closed'), 0)
    os.mkdir(bench.path('mixed/closed'), 0)
    def analyze(*paths): return bench.analyze(bench.path('rights.db'), *paths, binary=binary, **how)
    bench.expect('mode 000', analyze(bench.path('secret.pcap')), NOINPUT, bench.path('secret.pcap'), 'Permission denied')
    bench.expect('a folder of mode 000', analyze(bench.path('closed')), NOINPUT, bench.path('closed'), 'Permission denied')
    bench.expect('within a folder', analyze(bench.path('mixed')), NOINPUT, 'secret.pcap', 'mixed/closed', lines=2)
    bench.same('within a folder: sessions', query(bench.path('rights.db'), 'SELECT count(*) FROM session'), [(1,)])


# --- pipes, and files that change ---

def pipes(bench):
    data = golden('auth-plain.pcap')
    made = formats.pcap(packets('auth-plain'))
    border = sorted(made.ends)[8]
    for case, part, status in (('between packets', data[:border], 0), ('within a packet', data[:border + 20], DATAERR), ('at once', b'', DATAERR)):
        fifo = bench.path('fifo ' + case)
        os.mkfifo(fifo)
        def write():
            with open(fifo, 'wb') as f:
                for i in range(0, len(part), 100):
                    f.write(part[i:i + 100])
                    f.flush()
        writer = threading.Thread(target=write)
        writer.start()
        db = bench.new_db()
        bench.expect('a pipe that ends ' + case, bench.analyze(db, fifo), status, *([fifo] if status else []))
        writer.join()
        if part:
            bench.same('a pipe that ends %s: packets' % case, query(db, 'SELECT packets FROM source'), [(8,)])
    bench.expect('standard input closed', bench.run('analyze', '--db', bench.new_db(), '--quiet', '-', preexec_fn=lambda: os.close(0)),
                 NOINPUT, 'standard input')
    db = bench.new_db()
    bench.expect('a file while standard input is closed',
                 bench.run('analyze', '--db', db, '--quiet', bench.write('a.pcap', data), preexec_fn=lambda: os.close(0)), 0)
    whole = bench.write('whole.pcap', data)
    with open(whole, 'rb') as f:
        db = bench.new_db()
        bench.expect('a file as standard input', bench.analyze(db, '-', stdin=f), 0)
        bench.same('a file as standard input: sessions', query(db, 'SELECT count(*) FROM session'), [(1,)])
    bench.expect('standard input twice', bench.analyze(bench.new_db(), '-', '-', input=data), 0)


def vanishing(bench):
    """Between the listing of captures and the reading of one of them."""
    first, later = packets('auth-plain'), packets('imaps-alpn')
    fifo, file, db = bench.path('fifo'), bench.write('later.pcap', golden('imaps-alpn.pcap')), bench.new_db()
    os.mkfifo(fifo)
    for p in first:
        p.ns -= 10**12
    data = formats.pcap(first).data
    p = subprocess.Popen([bench.binary, 'analyze', '--db', db, '--quiet', fifo, file], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with open(fifo, 'wb') as f:
        f.write(data[:500])
        f.flush()
        while not os.path.exists(db):   # it is made when all captures are listed
            time.sleep(.002)
        os.unlink(file)
        f.write(data[500:])
    err = p.communicate(timeout=30)[1]
    from kit import Said
    bench.expect('a file that vanishes', Said(p.returncode, b'', err), NOINPUT, file, 'No such file')
    bench.same('a file that vanishes: sessions', query(db, 'SELECT count(*) FROM session'), [(1,)])


def growing(bench):
    data, size = long_capture()
    more = golden('imaps-alpn.pcap')[24:] * 3
    path, db, stop = bench.write('growing.pcap', data), bench.new_db(), threading.Event()
    def grow():
        with open(path, 'ab') as f:
            for i in range(10**6):
                f.write(more[i * 37 % len(more):][:37])
                f.flush()
                if stop.is_set():
                    break
                time.sleep(.0002)
    writer = threading.Thread(target=grow)
    writer.start()
    said = bench.analyze(db, path)
    stop.set()
    writer.join()
    bench.sane('a growing file', said)
    n, damaged, error = query(db, 'SELECT packets, damaged, error FROM source')[0]
    bench.tally.check('a growing file', n >= FILLER + len(packets('auth-plain')) and said.status == (DATAERR if damaged else 0)
                      and len(said.err.splitlines()) == damaged and (not damaged or 'cut short' in error or 'announced' in error),
                      '%d packets, damaged %d, %s, status %s' % (n, damaged, error, said.status))
    bench.same('a growing file: the session in it', query(db, "SELECT count(*) FROM sessions WHERE verdict = 'clear_auth'"), [(1,)])


def shrinking(bench):
    data, size = long_capture()
    for delay in (.004, .01, .02, .03, .05):
        path, db = bench.write('shrinking.pcap', data), bench.new_db()
        left = 24 + size * (FILLER // 3) + (7 if delay > .01 else 0)
        cut = threading.Timer(delay, os.truncate, (path, left))
        cut.start()
        said = bench.analyze(db, path)
        cut.join()
        bench.sane('a shrinking file', said)
        rows = query(db, 'SELECT packets, damaged, error FROM source')
        n, damaged, error = rows[0] if rows else (0, 1, '')
        whole = n == FILLER + len(packets('auth-plain'))
        before = n == FILLER // 3 and left == 24 + size * n     # it had become shorter before it was opened
        bench.tally.check('a shrinking file', (whole or before) != damaged and said.status == (DATAERR if damaged else 0),
                          '%d packets, damaged %d, %s, status %s' % (n, damaged, error, said.status))


# --- outputs ---

def outputs(bench):
    db, path = bench.new_db(), bench.write('many.pcap', many(400))
    bench.expect('many sessions', bench.analyze(db, path), 0)
    commands = [('sessions', '--db', db), ('sessions', '--db', db, '--format', 'jsonl'), ('sessions', '--db', db, '--format', 'csv'),
                ('report', '--db', db, 'servers'), ('report',), ('--help',), ('--version',), ('analyze', '--help')]
    with open('/dev/full', 'wb') as full:
        for c in commands:
            bench.expect('/dev/full: ' + ' '.join(c), bench.run(*c, stdout=full), IOERR, 'could not be written', 'No space left')
        other = bench.new_db()
        bench.expect('/dev/full: analyze', bench.run('analyze', '--db', other, path, stdout=full), IOERR, 'could not be written')
        bench.same('/dev/full: analyze: sessions', query(other, 'SELECT count(*) FROM session'), [(400,)])
    for c in commands:
        bench.expect('closed output: ' + ' '.join(c), bench.run(*c, stdout=None, preexec_fn=lambda: os.close(1)), IOERR, 'could not be written')
        said = bench.run(*c, preexec_fn=lambda: os.close(2))
        bench.expect('closed errors: ' + ' '.join(c), said, 0)
    db2 = bench.new_db()
    said = bench.run('analyze', '--db', db2, path, bench.path('absent'), preexec_fn=lambda: (os.close(1), os.close(2)))
    bench.tally.check('all closed', said.status == NOINPUT, 'status %s' % said.status)
    bench.whole('all closed', db2)
    for c in commands[:4]:
        p = subprocess.Popen([bench.binary, *c], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.read(10)
        p.stdout.close()
        err = p.stderr.read()
        bench.same('| head: ' + ' '.join(c), (p.wait(), err), (0, b''))
    p = subprocess.Popen('"%s" sessions --db "%s" --format jsonl | head -1 | wc -l' % (bench.binary, db), shell=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    bench.same('| head -1', p.communicate(), (b'1\n', b''))


def tests():
    return [growing, no_capture, folders, rights, pipes, vanishing, shrinking, outputs]
