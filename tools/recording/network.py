"""Two network namespaces joined by a veth pair, and roots that run in them.

tools/record runs itself in mount, pid and network namespaces of its own before it uses this file: all that is
made here (namespaces, mounts, processes) ends with it, however it ends."""
import os, signal, socket, subprocess, threading, time
from . import roots

CLIENT_NET, SERVER_NET = '198.51.100.%d', '192.0.2.%d'
CLIENT_NET6, SERVER_NET6 = '2001:db8:100::%d', '2001:db8:25::%d'
OTHERS = '198.18.0.0/15'            # networks of other clients
SERVER = 25
HOSTS = """127.0.0.1 localhost
::1 localhost
192.0.2.25 mx.example
2001:db8:25::25 mx6.example
""" + ''.join('198.51.100.%d client%d.example\n2001:db8:100::%d client%d.example\n' % (n, n, n, n) for n in range(1, 255))


def ip(*words): return roots.must(['ip', *words])
def within(space, *words): return roots.must(['ip', 'netns', 'exec', space, *words])


class Network:
    """Spaces `client` and `server`. The server is 192.0.2.25 and 2001:db8:25::25; the client has a new address
    whenever client() is called. With `box`, the client's wire ends in a space `inner` and the server's in `outer`, with
    nothing between them yet; both ends there have the hardware address of the end they stand for."""
    def __init__(self, box=False):
        roots.must(['mount', '-t', 'tmpfs', 'tmpfs', '/run'])
        os.mkdir('/run/netns')
        pairs = [('client', 'inner'), ('outer', 'server')] if box else [('client', 'server')]
        spaces = [space for pair in pairs for space in pair]
        for space in spaces:
            ip('netns', 'add', space)
            ip('-n', space, 'link', 'set', 'lo', 'up')
        for one, other in pairs:
            ip('-n', one, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', other)
        for space, last in (('client', 1), ('inner', 2), ('outer', 1), ('server', 2)) if box else ():
            ip('-n', space, 'link', 'set', 'wire', 'address', '02:00:00:00:00:%02d' % last)
        for space in spaces:
            for key in ('all.accept_dad=0', 'default.accept_dad=0', 'wire.accept_dad=0', 'wire.accept_ra=0', 'wire.router_solicitations=0'):
                within(space, 'sysctl', '-q', '-w', 'net.ipv6.conf.' + key)
            # Otherwise checksums are left to a network card that is not there, and segments are huge.
            within(space, 'ethtool', '-K', 'wire', 'tx', 'off', 'rx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off')
            ip('-n', space, 'link', 'set', 'wire', 'up')
        ip('-n', 'server', 'addr', 'add', SERVER_NET % SERVER + '/24', 'dev', 'wire')
        ip('-n', 'server', 'addr', 'add', SERVER_NET6 % SERVER + '/64', 'dev', 'wire', 'nodad')
        for net in ('198.51.100.0/24', OTHERS):
            ip('-n', 'server', 'route', 'add', net, 'dev', 'wire')
        ip('-n', 'server', '-6', 'route', 'add', '2001:db8:100::/64', 'dev', 'wire')
        self.clients = set()

    def client(self, n):
        """From now on clients connect from 198.51.100.n and 2001:db8:100::n."""
        if n not in self.clients:
            ip('-n', 'client', 'addr', 'add', CLIENT_NET % n + '/32', 'dev', 'wire')
            ip('-n', 'client', 'addr', 'add', CLIENT_NET6 % n + '/128', 'dev', 'wire', 'nodad')
            self.clients.add(n)
        ip('-n', 'client', 'route', 'replace', '192.0.2.0/24', 'dev', 'wire', 'src', CLIENT_NET % n)
        ip('-n', 'client', '-6', 'route', 'replace', '2001:db8:25::/64', 'dev', 'wire', 'src', CLIENT_NET6 % n)


class Place:
    """A root with its overlay, in one of the two spaces. `log` is what its servers printed and sent to syslog."""
    def __init__(self, root, space, folder):
        self.name, self.space, self.started = root, space, []
        top = os.path.join(folder, '%s.%s.%d' % (space, root, len(os.listdir(folder))))
        self.root, self.logfile = os.path.join(top, 'root'), os.path.join(top, 'log')
        for name in ('root', 'over', 'work'):
            os.makedirs(os.path.join(top, name))
        roots.must(['mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=%s,upperdir=%s/over,workdir=%s/work'
                    % (os.path.join(roots.CACHE, root), top, top), self.root])
        roots.must(['mount', '--bind', '/proc', self.root + '/proc'])
        self.out = open(self.logfile, 'ab', buffering=0)
        self.write('etc/hosts', HOSTS)
        self.write('etc/hostname', 'mx.example\n')
        self.write('etc/mailname', 'mx.example\n')
        self.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.syslog.bind(self.root + '/dev/log')
        os.chmod(self.root + '/dev/log', 0o666)
        threading.Thread(target=self.keep_syslog, daemon=True).start()

    def keep_syslog(self):
        while True:
            self.out.write(self.syslog.recv(65536).rstrip(b'\0\n') + b'\n')

    def path(self, name): return os.path.join(self.root, name.lstrip('/'))

    def write(self, name, text, mode=0o644, owner=None):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(path, mode)
        if owner:
            self.do('chown %s /%s' % (owner, name.lstrip('/')))

    def command(self, line):
        return ['ip', 'netns', 'exec', self.space, 'unshare', '--uts', 'chroot', self.root,
                '/bin/sh', '-c', 'hostname mx.example; ' + line]

    ENV = dict(PATH='/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/node_modules/node/bin', LC_ALL='C', HOME='/root',
               NODE_PATH='/usr/share/nodejs:/opt/node_modules')

    def do(self, line):
        """A command of the preparation, which must succeed."""
        return roots.must(self.command(line), env=self.ENV)

    def run(self, line, stdin, timeout):
        """Status (None when it took too long) and output of a command that may fail."""
        p = subprocess.Popen(self.command(line), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=self.ENV, start_new_session=True)
        try:
            out, _ = p.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            out, _ = p.communicate()
            return None, out.decode(errors='replace')
        return p.returncode, out.decode(errors='replace')

    def start(self, line):
        self.started.append(subprocess.Popen(self.command('exec ' + line), stdin=subprocess.DEVNULL, stdout=self.out,
                                             stderr=self.out, env=self.ENV, start_new_session=True))

    def wait_for_ports(self, ports):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            open_ports = {line.split()[3].rsplit(':', 1)[1] for line in within(self.space, 'ss', '-Hltn').splitlines()}
            if all(str(p) in open_ports for p in ports):
                return
            if any(p.poll() is not None for p in self.started):
                break
            time.sleep(0.05)
        raise SystemExit('record: the server does not listen on %s; it said:\n%s' % (ports, self.log()))

    def log(self, start=0):
        with open(self.logfile, 'rb') as f:
            f.seek(start)
            return f.read().decode(errors='replace')

    def processes(self):
        """Everything that runs in this root; all of it was started by this program, for the pid namespace is its own."""
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                if os.readlink('/proc/%s/root' % pid) == self.root:
                    yield int(pid)
            except OSError:
                pass

    def stop(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + 2
            for pid in self.processes():
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            while any(True for _ in self.processes()) and time.monotonic() < deadline:
                for p in self.started:
                    p.poll()
                time.sleep(0.05)
        for p in self.started:
            p.wait()
        self.started = []
